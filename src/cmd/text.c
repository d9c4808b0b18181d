#include "cmd/text.h"

#include <stdio.h>

/* CBV business steps and dispositions, acts, sensor types. English where the word says less. */
static const struct {
	const char *word, *en, *zh;
} words[] = {
	{"accepting", NULL, "接收"},
	{"arriving", NULL, "到达"},
	{"assembling", NULL, "组装"},
	{"collecting", NULL, "回收"},
	{"commissioning", NULL, "启用标识"},
	{"consigning", NULL, "寄售"},
	{"creating_class_instance", "producing a lot", "生成批次"},
	{"cycle_counting", NULL, "盘点"},
	{"decommissioning", NULL, "停用标识"},
	{"departing", NULL, "离开"},
	{"destroying", NULL, "销毁"},
	{"disassembling", NULL, "拆解"},
	{"dispensing", NULL, "分发"},
	{"encoding", NULL, "编码"},
	{"entering_exiting", "passing", "进出"},
	{"holding", NULL, "暂扣"},
	{"inspecting", NULL, "检验"},
	{"installing", NULL, "安装"},
	{"killing", NULL, "标签失效"},
	{"loading", NULL, "装载"},
	{"other", NULL, "其他"},
	{"packing", NULL, "包装"},
	{"picking", NULL, "拣货"},
	{"receiving", NULL, "收货"},
	{"removing", NULL, "移除"},
	{"repackaging", NULL, "重新包装"},
	{"repairing", NULL, "维修"},
	{"replacing", NULL, "更换"},
	{"reserving", NULL, "预留"},
	{"retail_selling", NULL, "零售"},
	{"sampling", NULL, "抽样"},
	{"sensor_reporting", NULL, "传感器记录"},
	{"shipping", NULL, "发货"},
	{"staging_outbound", NULL, "待发"},
	{"stock_taking", NULL, "清点库存"},
	{"stocking", NULL, "上架"},
	{"storing", NULL, "储存"},
	{"transporting", NULL, "运输"},
	{"unloading", NULL, "卸载"},
	{"unpacking", NULL, "拆包"},
	{"void_shipping", NULL, "撤销发货"},
	{"document", NULL, "文件"},
	{"register_product", NULL, "登记产品"},
	{"register_location", NULL, "登记地点"},
	{"register_prefix", NULL, "登记前缀"},
	{"define_lot", NULL, "定义批次"},
	{"issue_credential", NULL, "颁发资质"},
	{"revoke_credential", NULL, "撤销资质"},
	{"error_declaration", "declared in error", "声明错误"},
	{"offer_custody", "custody offered", "提出移交"},
	{"accept_custody", "custody accepted", "接受移交"},
	{"decline_custody", "custody declined", "拒绝移交"},
	{"grant_step", "step granted", "授权步骤"},
	{"revoke_grant", "grant revoked", "撤销授权"},
	{"attach", "document attached", "附加文件"},
	{"erase_attachment", "document erased", "删除附件"},
	{"statement", NULL, "声明"},
	{"arbitrate_range", "range arbitrated", "裁定前缀归属"},
	{"valid", NULL, "有效"},
	{"early", "not valid yet", "尚未生效"},
	{"expired", NULL, "已过期"},
	{"revoked", NULL, "已撤销"},
	{"active", NULL, "正常"},
	{"suspended", NULL, "已暂停"},
	{"person", NULL, "人员"},
	{"agent", NULL, "代理"},
	{"item", NULL, "单品"},
	{"lot", NULL, "批次"},
	{"class", NULL, "类别"},
	{"logistic_unit", "logistic unit", "物流单元"},
	{"asset", NULL, "资产"},
	{"shipment", NULL, "货运"},
	{"order", NULL, "订单"},
	{"transformation", NULL, "转化"},
	{"container", "was inside", "所在容器"},
	{"input", "made from", "原料"},
	{"output", "made into", "制成"},
	{"child", "held", "内含"},
	{"about", "by way of", "经由"},
	{"Mass", "mass", "质量"},
	{"Temperature", "temperature", "温度"},
	{"RelativeHumidity", "humidity", "湿度"},
};

const char *text_word(char out[static 128], const char *word, bool zh)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		if (zh)
			return words[i].zh;
		if (words[i].en)
			return words[i].en;
	}
	text_cut(out, 128, snprintf(out, 128, "%s", word));
	/* URIs stay as they are. */
	for (char *p = out; *p && !strchr(word, ':'); p++) {
		if (*p == '_')
			*p = ' ';
	}
	return out;
}

/* East Asian Wide and Fullwidth, roughly: what stands in our texts. */
static bool is_wide(uint32_t c)
{
	return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) ||
	       (c >= 0xac00 && c <= 0xd7a3) || (c >= 0xf900 && c <= 0xfaff) ||
	       (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
	       (c >= 0x20000 && c <= 0x3fffd);
}

size_t text_width(const char *s)
{
	size_t width = 0;
	for (const uint8_t *p = (const uint8_t *)s; *p;) {
		unsigned n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
		uint32_t c = n == 1 ? *p : *p & (0xffu >> (n + 1));
		for (unsigned i = 1; i < n && p[i]; i++)
			c = c << 6 | (p[i] & 0x3f);
		for (; n && *p; n--)
			p++;
		width += is_wide(c) ? 2 : 1;
	}
	return width;
}

void text_put(const char *s, size_t width)
{
	size_t n = text_width(s);
	printf("%s%*s", s, n < width ? (int)(width - n) : 1, "");
}
