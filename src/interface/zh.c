#include "interface/zh.h"

#include "ledger/verdict.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CAPTURES_MAX = 4, DEPTH_MAX = 3 };

/* % stands for any text, in the same order in both, or as %1 to %4 in the Chinese. The first
 * that fits counts. Sentences that may stand behind "name: " are listed without it. */
static const struct sentence {
	const char *en, *zh;
} sentences[] = {
	/* faults of the world (base/err.h) */
	{"out of memory", "内存不足"},
	{"input/output error", "输入输出错误"},
	{"no space left on the device", "设备空间不足"},
	{"not found", "未找到"},
	{"already exists", "已存在"},
	{"in use by another process", "正被其他进程使用"},
	{"damaged: the bytes are not what was written", "已损坏：内容与写入时不一致"},
	{"malformed", "格式错误"},
	{"over a limit", "超出限制"},
	{"out of range", "超出范围"},
	{"refused", "被拒绝"},
	{"does not match", "不匹配"},
	{"conflict", "冲突"},
	{"permission denied", "权限不足"},
	{"not available now", "暂时不可用"},
	{"unsupported version", "不支持的版本"},
	{"read-only", "只读"},
	{"verification failed", "验证失败"},
	{"wrong usage", "用法错误"},
	{"cannot open: No such file or directory", "无法打开：没有该文件或目录"},
	{"cannot open: Permission denied", "无法打开：权限不足"},

	/* the command line's parser, and what commands ask for */
	{"there is no option --%; did you mean --%?", "没有选项 --%，是否要用 --%？"},
	{"there is no option %", "没有选项 %"},
	{"--%: \"%\" is not a whole number up to %", "--%：“%”不是不超过 % 的整数"},
	{"--% needs 32 hex digits", "--% 需要 32 位十六进制数字"},
	{"--% takes no value", "--% 不带参数值"},
	{"--kind is person or agent", "--kind 为 person 或 agent"},
	{"--name and --country are needed", "需要 --name 与 --country"},
	{"--partner and --text are needed", "需要 --partner 与 --text"},
	{"--up, --down and --whole exclude each other", "--up、--down 与 --whole 不能同时使用"},
	{"--% needs %", "--% 需要 %"},
	{"--country \"%\" is not one of ISO 3166-1 (\"CN\")", "--country“%”不是 ISO 3166-1 代码（如“CN”）"},
	{"too many options", "选项过多"},
	{"% must be 64 hex digits", "% 须为 64 位十六进制数字"},
	{"a member's id is 2 to 32 of a-z 0-9 - . and begins with a letter or digit",
	 "成员编号为 2 至 32 个 a-z 0-9 - . 字符，以字母或数字开头"},
	{"a member's id has at most % characters", "成员编号至多 % 个字符"},
	{"a passphrase has at least % bytes", "口令至少 % 字节"},
	{"a passphrase is needed: set ARGOSY_PASSPHRASE or use a terminal",
	 "需要口令：请设置 ARGOSY_PASSPHRASE 或使用终端"},
	{"the two are not the same", "两次输入不一致"},
	{"at most % keys may sign", "至多 % 个密钥签名"},
	{"no context is registered for %", "未登记该网址的上下文：%"},
	{"% contexts are registered, which is the most", "已登记 % 个上下文，已达上限"},
	{"\"%\" is not an address", "“%”不是网址"},
	{"usage: argosy epcis context add URL FILE, list, or remove URL",
	 "用法：argosy epcis context add URL FILE、list 或 remove URL"},
	{"cannot write: %", "无法写入：%"},
	{"completion is made for bash and zsh", "仅支持 bash 与 zsh 的补全"},
	{"name the file with -o FILE, or ask for --qr or --text", "请用 -o FILE 指定文件，或使用 --qr 或 --text"},
	{"name the member with --member", "请用 --member 指定成员"},
	{"name the newest head known from anywhere with --last-head HEIGHT:HASH or a head file, or say "
	 "--none-known",
	 "请用 --last-head HEIGHT:HASH 或链头文件指明任何途径所知的最新链头，或使用 --none-known"},
	{"name your key file with --key", "请用 --key 指定密钥文件"},
	{"say from which block on with --from-height H", "请用 --from-height H 指明起始区块"},
	{"say to whom with --to MEMBER", "请用 --to MEMBER 指明授予的成员"},
	{"say whose grant with --to MEMBER", "请用 --to MEMBER 指明被授予的成员"},
	{"say whose it is: --to MEMBER, or --nobody", "请用 --to MEMBER 指明归属，或使用 --nobody"},
	{"say why with --reason TEXT; everybody can read it", "请用 --reason TEXT 说明理由；人人可见"},
	{"% is too short to begin with a salt", "% 过短，不含盐"},
	{"% stays: it is not known who else has attached it", "% 保留：不知是否还有其他成员附加了它"},
	{"% can be read by others (mode %): chmod 600 it", "% 可被他人读取（权限 %）：请执行 chmod 600"},
	{"% is in use by another process: stop argosyd first", "% 正被其他进程使用：请先停止 argosyd"},
	{"% is not what was attached", "% 与所附内容不一致"},
	{"there is no node in %", "% 中没有节点"},
	{"the node's answer is not JSON", "节点的应答不是 JSON"},

	/* the API's refusals */
	{"% must be a whole number from % to %", "% 须为 % 至 % 的整数"},
	{"a height is a whole number", "区块高度为整数"},
	{"an index is a whole number", "记录序号为整数"},
	{"a transaction's id is % hex digits", "交易编号为 % 位十六进制数字"},
	{"direction is self, up, down or whole", "direction 为 self、up、down 或 whole"},
	{"name an identifier of at most % bytes in the path or with ?id=",
	 "请在路径中或以 ?id= 指明至多 % 字节的标识符"},
	{"the identifier is longer than % bytes", "标识符超过 % 字节"},
	{"the identifier is badly encoded", "标识符编码有误"},
	{"no body is expected here", "此处不应有请求体"},
	{"operating the node is possible over its unix socket alone", "仅可通过 unix 套接字操作节点"},
	{"see /v1/status for a start", "可从 /v1/status 开始"},
	{"send %", "请发送 %"},
	{"use % here", "此处请用 %"},
	{"the address is longer than % bytes", "地址超过 % 字节"},
	{"the body is larger than % bytes", "请求体超过 % 字节"},
	{"the body must be 1 to % transactions, each after its length as a varint",
	 "请求体须为 1 至 % 笔交易，每笔之前为 varint 长度"},
	{"this is not a member's id", "这不是成员编号"},
	{"this is not a witness's file", "这不是见证文件"},
	{"there is no member %", "没有成员 %"},
	{"there is no product %", "没有产品 %"},
	{"there is no location %", "没有地点 %"},
	{"there is no lot %", "没有批次 %"},
	{"there is no credential %", "没有资质 %"},
	{"the range % was never registered", "标识符前缀 % 从未登记"},
	{"the prefix is badly encoded", "前缀编码有误"},
	{"there is no block % yet", "尚无区块 %"},
	{"there is no record % yet", "尚无记录 %"},
	{"this transaction recorded nothing: there is nothing to give a receipt for",
	 "该交易未作任何记录，没有可出具回执的内容"},
	{"the records are too many bytes for a receipt", "记录过大，无法出具回执"},
	{"nothing is recorded about %", "没有关于 % 的记录"},
	{"no transaction % of member % was done", "成员 %2 的交易 %1 未曾执行"},
	{"% has no history here", "% 在此没有历史"},
	{"record % is not the head of a document", "记录 % 不是文件的首部"},

	/* a chain that is replayed */
	{"the genesis is another than the one that was replayed before", "创世与先前重放的不同"},
	{"the genesis is another chain's: it has another fingerprint", "创世属于另一条链：指纹不同"},
	{"the journal does not begin with a genesis", "日志不以创世开头"},
	{"epoch % is another than the one that was replayed before", "纪元 % 与先前重放的不同"},
	{"block % is another than the one that was replayed before", "区块 % 与先前重放的不同"},
	{"block % is another than the one whose head was seen before", "区块 % 与先前所见链头的区块不同"},
	{"block %: its header carries other verdicts for the block before than executing it gives",
	 "区块 %：区块头所载前一区块的裁决与执行结果不同"},
	{"block %: its header carries the app hash %; executing the chain gives %", "区块 %：区块头所载应用哈希为 %；执行此链得到 %"},
	{"block %: the journal says that it gives the app hash %; executing it gives %",
	 "区块 %：日志称其应用哈希为 %；执行得到 %"},
	{"block %: nobody signed it", "区块 %：无人签署"},
	{"this chain ends at block %, but the head of block % was seen before",
	 "此链止于区块 %，但先前见过区块 % 的链头"},
	{"this chain ends at block %, but block % was replayed before: its end was cut off, or it is an "
	 "older copy",
	 "此链止于区块 %，但先前已重放区块 %：其末尾被截断，或为较旧的副本"},
	{"%: holds something else than a replayed chain", "%：其中并非重放的链"},
	{"the witness computed another log or state than the header of block % carries",
	 "见证者算出的日志或状态与区块 % 的区块头不符"},

	/* the node */
	{"another process is using this folder", "另一进程正在使用该目录"},
	{"the node is read-only: %", "节点只读：%"},
	{"the node has stopped: %", "节点已停止：%"},
	{"the disk is nearly full: nothing is accepted until there is room", "磁盘将满：腾出空间之前不接受交易"},
	{"the clock jumped ahead: no blocks until the operator confirms it (argosy clock confirm)",
	 "时钟向前跳变：确认之前不产生区块（argosy clock confirm）"},
	{"too many transactions are waiting: try again", "等待的交易过多：请稍后再试"},
	{"too many large requests are under way: send it again in a moment",
	 "正在处理的大请求过多：请稍后重新发送"},
	{"another trial runs: try again", "另一次试行正在进行：请稍后再试"},
	{"blocks changed what the trial is about while it ran: try again",
	 "试行期间区块改动了相关内容：请重试"},
	{"this folder does not know what was signed last (a copy, or keys/last_signed is gone): 'argosy "
	 "resume' begins a new epoch",
	 "该目录不知道最后签过什么（备份，或 keys/last_signed 已丢失）：argosy resume 将开始新的纪元"},
	{"this folder does not know what was signed last (a copy, or keys/last_signed is damaged): 'argosy "
	 "resume' begins a new epoch",
	 "该目录不知道最后签过什么（备份，或 keys/last_signed 已损坏）：argosy resume 将开始新的纪元"},
	{"the journal ends at height % but height % was signed: an older copy, or its end was cut off; "
	 "'argosy resume' begins a new epoch",
	 "日志止于高度 %，但高度 % 已签过：是较旧的备份，或末尾被截断；argosy resume 将开始新的纪元"},
	{"the journal ends at block % but this node signed block %: an older copy, or its end was cut off",
	 "日志止于区块 %，但本节点已签过区块 %：是较旧的备份，或末尾被截断"},
	{"the journal ends at block % but %/state holds block %: an older copy, or its end was cut off",
	 "日志止于区块 %，但 %/state 含有区块 %：是较旧的备份，或末尾被截断"},
	{"the last block is not carried by a header yet, and this node makes no blocks",
	 "最后一个区块尚未被区块头承载，而本节点不产生区块"},
	{"record % is not what was written: % is damaged; stop argosyd and run \"argosy reindex\"",
	 "记录 % 与写入时不一致：% 已损坏；请停止 argosyd 后运行 argosy reindex"},
	{"byte % is not what the journal gives (%)", "第 % 字节与日志不符（%）"},
	{"byte % is not what the journal gives", "第 % 字节与日志不符"},
	{"has % bytes where % are due", "有 % 字节，应有 % 字节"},
	{"FORMAT is missing from %, which holds the journal or keys of a node: write one line into it, % (unless "
	 "'argosy init' was interrupted there: then it can be run again)",
	 "% 中缺少 FORMAT 文件，而其中有节点的日志或密钥：请写入一行 %（若是 argosy init 在此中断，则可重新运行）"},
	{"is missing; the journal's genesis is %", "缺失；日志的创世指纹为 %"},
	{"is not the payload that the chain knows", "与链上哈希不符"},
	{"names another chain than the journal's genesis, which is %", "与日志的创世不是同一条链，后者为 %"},

	/* the door, and the rules of trade (trade/prepare.c and the acts) */
	{"a class of goods is in nobody's custody", "货物类别不由任何人保管"},
	{"a key is registered once, for ever", "密钥只能登记一次"},
	{"add another person's key first: this is the last", "请先增加另一个人员密钥：这是最后一个"},
	{"already attached", "已附加"},
	{"already disowned from there on", "自该处起已不予承认"},
	{"already erased", "已删除"},
	{"already recorded", "已登记"},
	{"already revoked or about to retire", "已撤销或即将退役"},
	{"already revoked", "已撤销"},
	{"an operator neither suspends himself nor gives up the role", "运营者不能暂停自己或放弃该角色"},
	{"another member's key", "属于其他成员的密钥"},
	{"attached by another member", "由其他成员附加"},
	{"custody was not offered", "未提出移交"},
	{"goes with the container it is in", "随所在容器移交"},
	{"held by another member", "由其他成员持有"},
	{"holds more than 10,000: name what is unpacked", "内含超过 10,000 件：请列明拆出之物"},
	{"is a member", "已是成员"},
	{"is the granter", "即授予者本人"},
	{"is the holder himself", "即持有者本人"},
	{"lies in more than 16 containers", "嵌套超过 16 层容器"},
	{"more than % units of work", "超过 % 个工作单位"},
	{"more than 64 keys", "超过 64 个密钥"},
	{"no such attachment", "没有该附件"},
	{"no such credential", "没有该资质"},
	{"you gave no such grant", "您没有授予过该许可"},
	{"no such key", "没有该密钥"},
	{"no such member", "没有该成员"},
	{"not after the block's time", "不晚于区块时间"},
	{"only a member with the role operator may", "仅限具有 operator 角色的成员"},
	{"only the member who recorded an event may declare it in error", "仅记录该事件的成员可声明其有误"},
	{"outside the scope of the signing key", "超出签名密钥的权限范围"},
	{"a member registers at most % ranges", "每个成员至多登记 % 个标识符前缀"},
	{"is registered to another member", "登记在其他成员名下"},
	{"lies in a range of another member", "位于其他成员的标识符前缀之内"},
	{"no such credential about the sender", "没有关于发送者的该资质"},
	{"is this member's already", "已归该成员"},
	{"is nobody's", "本不属于任何成员"},
	{"recorded by another member", "由其他成员登记"},
	{"recorded with another content", "已以不同内容登记"},
	{"touches more than % rows", "涉及超过 % 行"},
	{"registered to another member, who has not commissioned it", "登记在其他成员名下，且尚未启用"},
	{"registered to another member", "登记在其他成员名下"},
	{"the container is inside it", "容器位于其内部"},
	{"the container is among its own contents", "容器在其自身内容之中"},
	{"the product is not registered", "产品未登记"},
	{"too long to be granted by itself", "过长，无法单独授权"},
	{"too long", "过长"},
	{"would nest deeper than 16", "嵌套将超过 16 层"},
	{"active or suspended", "须为 active 或 suspended"},
	{"an identifier has 1 to 480 bytes", "标识符为 1 至 480 字节"},
	{"cannot be decoded", "无法解码"},
	{"missing", "缺失"},
	{"neither a CBV business step nor a URI of at most 150 bytes", "既非 CBV 业务步骤，也非至多 150 字节的 URI"},
	{"neither a GLN nor a URI", "既非 GLN，也非 URI"},
	{"neither a GTIN nor a URI", "既非 GTIN，也非 URI"},
	{"neither an LGTIN nor a URI", "既非 LGTIN，也非 URI"},
	{"not a date and time with zone", "不是带时区的日期时间"},
	{"not a member's id", "不是成员编号"},
	{"not a role", "不是角色"},
	{"not an ISO 3166-1 alpha-2 code", "不是 ISO 3166-1 二字母代码"},
	{"not an act that a node's key may do", "节点密钥不得执行的操作"},
	{"person or agent", "须为 person 或 agent"},
	{"the same key", "同一密钥"},
	{"twice the same role", "角色重复"},

	/* the data standard (data/standard.c) */
	{"is missing: category % needs it", "缺失：类别 % 必填"},
	{"is missing: % is given without it", "缺失：给出 % 时必填"},
	{"is missing or no category", "缺失或不是已知类别"},
	{"is missing or no kind of place", "缺失或不是已知的地点种类"},
	{"is missing", "缺失"},
	{"has more than % entries", "超过 % 项"},
	{"holds a control character", "含有控制字符"},
	{"is before %", "早于 %"},
	{"is below %", "低于 %"},
	{"is not after %", "不晚于 %"},
	{"is given twice", "重复"},
	{"is longer than % bytes", "超过 % 字节"},
	{"is negative", "为负数"},
	{"is neither a GS1 key nor an absolute URI", "既非 GS1 标识，也非绝对 URI"},
	{"is no absolute URI", "不是绝对 URI"},
	{"is no country code of ISO 3166-1%", "不是 ISO 3166-1 国家代码%"},
	{"is no date YYYY-MM-DD", "不是 YYYY-MM-DD 格式的日期"},
	{"is no decimal number", "不是十进制数"},
	{"is no number", "不是数"},
	{"is no subheading of HS 2022 (6 digits, or 8 to 10)", "不是 HS 2022 子目（6 位，或 8 至 10 位）"},
	{"is no unit of UN/ECE Recommendation 20", "不是 UN/ECE 第 20 号建议书的单位"},
	{"is no right identifier: %", "标识符有误：%"},
	{"is not greater than zero", "不大于零"},
	{"is not UTF-8", "不是 UTF-8"},
	{"wrong check digit: % is due", "校验位错误：应为 %"},

	/* identifiers (data/gs1*.c, data/uri.c) and ranges of them (trade/owner.c) */
	{"the identifier is empty", "标识符为空"},
	{"the identifier holds a zero byte", "标识符含有零字节"},
	{"neither a GS1 key nor an absolute URI", "既非 GS1 标识，也非绝对 URI"},
	{"(%) % has the wrong check digit %: it should be %", "(%1) %2 的校验位 %3 有误：应为 %4"},
	{"(%) needs % digits and nothing else", "(%) 须恰为 % 位数字"},
	{"(%) needs % digits at its beginning", "(%) 开头须有 % 位数字"},
	{"(%) at character % needs % digits, not %", "第 %2 个字符处的 (%1) 需要 %3 位数字，而非 %4 位"},
	{"(%) at character % is longer than % characters, or FNC1 is missing behind it",
	 "第 %2 个字符处的 (%1) 超过 %3 个字符，或其后缺少 FNC1"},
	{"(%) needs % digits, not %", "(%) 需要 % 位数字，而非 % 位"},
	{"(%) needs % characters, not %", "(%) 需要 % 个字符，而非 % 个"},
	{"(%) is longer than % characters", "(%) 超过 % 个字符"},
	{"(%) is too short", "(%) 过短"},
	{"(%) is empty", "(%) 为空"},
	{"(%) is given twice", "(%) 重复且不一致"},
	{"(%) takes digits alone", "(%) 只能是数字"},
	{"(%) has a broken % escape", "(%1) 含有不完整的 %2 转义"},
	{"(%) may not hold the character %", "(%) 不得含有字符 %"},
	{"(%) may not hold byte %", "(%) 不得含有字节 %"},
	{"(%) may not begin with a zero", "(%) 不得以零开头"},
	{"(%) must begin with a zero", "(%) 须以零开头"},
	{"(%) must begin with the digits of a company prefix", "(%) 须以厂商识别代码的数字开头"},
	{"(%) needs a piece number from 1 to the total", "(%) 的件号须为 1 至总件数"},
	{"(%) needs piece and total of two digits, piece 1 to total", "(%) 的件号与总件数各为两位数字，件号为 1 至总件数"},
	{"(%) has no such qualifier: only AIs of the key's own list may follow it",
	 "(%) 之后只能跟随该标识的限定符"},
	{"(%) stands in the wrong place behind (%)", "(%) 在 (%) 之后的位置不对"},
	{"(%) does not go with (%)", "(%) 不能与 (%) 同用"},
	{"(%) and (%) name two things: give one", "(%) 与 (%) 指称两个事物：请只给出一个"},
	{"the element string names nothing: no (01), (00), (414) or other key",
	 "单元数据串未指称任何事物：没有 (01)、(00)、(414) 等标识"},
	{"at character %: (%) is no application identifier; a bracket of a value is written \\(",
	 "第 %1 个字符处：(%2) 不是应用标识符；值中的括号请写作 \\("},
	{"at character % no application identifier begins: %", "第 % 个字符处不是应用标识符：%"},
	{"at character % no application identifier begins", "第 % 个字符处不是应用标识符"},
	{"more than % elements", "超过 % 个单元"},
	{"\"%\" is no symbology that carries identifiers", "“%”不是承载标识符的码制"},
	{"the scanner's text is no number", "扫描所得不是数字"},
	{"a GLN has 13 digits, not %", "GLN 为 13 位数字，而非 % 位"},
	{"a number of % digits is no GTIN (8, 12, 13 or 14 digits) and no SSCC (18)",
	 "% 位数字既非 GTIN（8、12、13 或 14 位），也非 SSCC（18 位）"},
	{"the text begins like a GS1 key and holds none", "开头像 GS1 标识，但不含任何标识"},
	{"a canonical text begins with its key", "规范文本以其标识开头"},
	{"id.gs1.org: the address is no Digital Link of a key that is known here (01, 00, 414 ...)",
	 "id.gs1.org：该地址不是已知标识（01、00、414 等）的 Digital Link"},
	{"what follows (%) is not in pairs of AI and value", "(%) 之后不是成对的应用标识符与值"},
	{"urn:epc:% needs a company prefix of 6 to 12 digits", "urn:epc:% 需要 6 至 12 位的厂商识别代码"},
	{"urn:epc:% needs % digits in company prefix and reference, not %",
	 "urn:epc:% 的厂商识别代码与参考号共 % 位，而非 % 位"},
	{"urn:epc:% has the wrong number of parts", "urn:epc:% 的段数不对"},
	{"urn:epc:% has a reference that is not all digits", "urn:epc:% 的参考号不全是数字"},
	{"urn:epc:% ends in .* and names one class: one thing is named by urn:epc:id:, many classes have no name",
	 "urn:epc:% 以 .* 结尾，指称一个类别：单个事物以 urn:epc:id: 指称，多个类别没有名称"},
	{"urn:epc:% says what is written on a tag: a thing is named by urn:epc:id:",
	 "urn:epc:% 表示标签上所写内容：事物以 urn:epc:id: 指称"},
	{"urn:epc:% is followed by %", "urn:epc:% 之后应为 %"},
	{"urn:epc: is followed by id:, class: or idpat:", "urn:epc: 之后应为 id:、class: 或 idpat:"},
	{"there is no class of that scheme: urn:epc:idpat: is for %", "该体系没有类别：urn:epc:idpat: 适用于 %"},
	{"no scheme of the Tag Data Standard stands behind urn:epc:%", "urn:epc:% 之后不是标签数据标准的体系"},
	{"not the normal form of the URI: %", "不是 URI 的规范写法：%"},
	{"there is no scheme", "没有 scheme"},
	{"the scheme is written in small letters", "scheme 须小写"},
	{"letters beyond ASCII are written as escapes (%C3%A9)", "ASCII 以外的字符须写作转义"},
	{"escapes are written in capitals (%2F)", "转义须大写"},
	{"an escape stands for a character that needs none", "有不必要的转义"},
	{"the path has a segment . or ..", "路径含有 . 或 .. 段"},
	{"it has an empty query or fragment", "含有空的查询或片段"},
	{"a web address has // and a host", "网址须有 // 与主机名"},
	{"user info stands before the host", "主机名前有用户信息"},
	{"the host is written in small letters", "主机名须小写"},
	{"the host is no name of letters, digits, - and dots", "主机名须由字母、数字、- 与点组成"},
	{"the host is an address of many spellings, not a name", "主机是有多种写法的地址，而非名称"},
	{"the port is no plain number", "端口不是普通数字"},
	{"the port is the scheme's own: it is left out", "默认端口须省略"},
	{"behind the host stands a path, if only /", "主机名之后须有路径，至少为 /"},
	{"urn: is followed by a namespace, a colon and a name", "urn: 之后须有命名空间、冒号与名称"},
	{"the namespace of a URN is small letters, digits and -", "URN 的命名空间由小写字母、数字与 - 组成"},
	{"what follows ? or # in a URN names no other thing: it is left out", "URN 中 ? 或 # 之后的部分不区分事物，须省略"},
	{"a UUID has 32 digits 0-9 a-f in groups of 8-4-4-4-12", "UUID 为 32 位 0-9 a-f，按 8-4-4-4-12 分组"},
	{"an object identifier is numbers with dots between and no leading zeros", "对象标识符为以点分隔、无前导零的数字"},
	{"an ISBN of 13 digits is a GTIN: it is named as one", "13 位 ISBN 即 GTIN，请以 GTIN 指称"},
	{"a company prefix has 4 to 12 digits", "厂商识别代码为 4 至 12 位数字"},
	{"000, 02, 04 and 2 begin numbers that GS1 gives to no firm", "以 000、02、04 和 2 开头的号码不属于任何企业"},
	{"everybody's names begin so: a range begins with a name of one's own",
	 "人人的名称都如此开头：范围须以自己的名称开头"},
	{"the names of gs1.org are everybody's", "gs1.org 的名称属于所有人"},
	{"a host of one's own has a dot in its name", "自己的主机名中须有点"},
	{"neither \"gcp:\" and 4 to 12 digits nor an absolute URI of 12 to 400 bytes",
	 "既非“gcp:”加 4 至 12 位数字，也非 12 至 400 字节的绝对 URI"},
	{"a range of URIs ends with one of / : # = ?", "URI 范围以 / : # = ? 之一结尾"},
	{"a range has at most 24 of / : # = ?", "URI 范围至多含 24 个 / : # = ?"},
};

/* ---- matching ---- */

struct capture {
	const char *p;
	size_t n;
	bool sentence; /* stands behind ": ", so it may be a sentence itself */
};

static const char *find(const char *text, const char *what, size_t n)
{
	for (; *text; text++)
		if (strncmp(text, what, n) == 0)
			return text;
	return NULL;
}

/* Does the whole text fit the template? */
static bool fits(struct capture *c, const char *en, const char *text)
{
	size_t n = strcspn(en, "%"), k = 0;
	if (strncmp(text, en, n) != 0)
		return false;
	text += n;
	while (en[n] == '%') {
		bool sentence = n >= 2 && en[n - 1] == ' ' && en[n - 2] == ':';
		const char *end;
		en += n + 1;
		n = strcspn(en, "%");
		if (en[n])
			end = find(text, en, n);
		else /* the last piece stands at the end */
			end = strlen(text) >= n && strcmp(text + strlen(text) - n, en) == 0
				      ? text + strlen(text) - n
				      : NULL;
		if (!end || k == CAPTURES_MAX)
			return false;
		c[k++] = (struct capture){text, (size_t)(end - text), sentence};
		text = end + n;
	}
	return *text == 0;
}

static bool translate(char *out, size_t size, const char *text, unsigned depth);

/* Appends; what does not fit is cut. */
static void put(char *out, size_t size, const char *p, size_t n)
{
	size_t at = strlen(out);
	if (at + 1 < size)
		snprintf(out + at, size - at, "%.*s", (int)n, p);
}

static void fill(char *out, size_t size, const char *zh, const struct capture *c, unsigned depth)
{
	char part[600], inner[600];
	size_t next = 0;
	out[0] = 0;
	for (;;) {
		size_t n = strcspn(zh, "%");
		put(out, size, zh, n);
		if (!zh[n])
			return;
		zh += n + 1;
		size_t k = next++;
		if (*zh >= '1' && *zh < '1' + CAPTURES_MAX)
			k = (size_t)(*zh++ - '1');
		snprintf(part, sizeof part, "%.*s", (int)c[k].n, c[k].p);
		if (c[k].sentence && translate(inner, sizeof inner, part, depth + 1))
			put(out, size, inner, strlen(inner));
		else
			put(out, size, part, strlen(part));
	}
}

static bool whole(char *out, size_t size, const char *text, unsigned depth)
{
	struct capture c[CAPTURES_MAX] = {{NULL, 0, false}};
#define X(number, name, en, zh)                                                                    \
	if (strcmp(text, en) == 0) {                                                               \
		snprintf(out, size, "%s", zh);                                                     \
		return true;                                                                       \
	}
	VERDICT_TABLE(X)
#undef X
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		if (!fits(c, sentences[i].en, text))
			continue;
		fill(out, size, sentences[i].zh, c, depth);
		return true;
	}
	return false;
}

/* The whole text, or what stands behind a name ("DIR: another process is ..."). */
static bool translate(char *out, size_t size, const char *text, unsigned depth)
{
	char inner[600];
	if (depth == DEPTH_MAX)
		return false;
	if (whole(out, size, text, depth))
		return true;
	for (const char *at = strstr(text, ": "); at; at = strstr(at + 2, ": ")) {
		if (!whole(inner, sizeof inner, at + 2, depth))
			continue;
		snprintf(out, size, "%.*s：%s", (int)(at - text), text, inner);
		return true;
	}
	return false;
}

const char *zh_of(char *out, size_t size, const char *text)
{
	return *text && translate(out, size, text, 0) ? out : text;
}
