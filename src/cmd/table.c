/*
 * table: every command of `argosy`. Parsing, help, completion and the man page
 * are made from it. Commands of one noun stand together.
 */
#include "cmd/cmds.h"
#include "cmd/sender.h"

#include <limits.h>

const struct cli_option cli_globals[] = {
	{"data-dir", "DIR", "the node's folder (else $ARGOSY_DATA_DIR, ~/.local/state/argosy)"},
	{"json", NULL, "answers for programs, one object a line"},
	{"lang", "en|zh", "language of what is for people (else by LANG)"},
	{"quiet", NULL, "no talk on stderr (-q)"},
	{"verbose", NULL, "more talk (-v)"},
	{"timeout", "SECONDS", "how long argosyd may take to answer (600; 0: any time)"},
	{"help", NULL, "what the command does (-h)"},
	{NULL, NULL, NULL},
};

static const struct cli_option check_options[] = {
	{"member", "ID", "who would act (else $ARGOSY_MEMBER, else the node's operator)"},
	{"key", "FILE", "key file that would sign (else the node's own)"},
	{"offline", NULL, "judge by the standard alone, and ask no node"},
	{NULL, NULL, NULL},
};

static const struct cli_option hash_options[] = {
	{"prehash", NULL, "a fourth column: the text that was hashed"},
	{NULL, NULL, NULL},
};

static const struct cli_option init_options[] = {
	{"member", "ID", "the operator's member id (operator)"},
	{"name", "TEXT", "the operator's name"},
	{"country", "CODE", "ISO 3166-1 alpha-2 (CN)"},
	{"chain-id", "ID", "name of the chain (made from the member's id)"},
	{"next-key", "FILE", "where the validator's next key goes; keep it offline"},
	{"quota", "N", "units of work an hour for each member (4000000)"},
	{"no-passphrase", NULL, "do not encrypt the operator's key: for trials"},
	{NULL, NULL, NULL},
};

static const struct cli_option import_options[] = {
	{"batch", "N", "events a transaction (100; at most 999)"},
	{"proceed", NULL, "record the good events, and write the others into a file to be corrected"},
	{"refused", "FILE", "with --proceed: that file (else FILE.refused.jsonld, FILE.refused.xml)"},
	{"receipts", "DIR", "where the receipts go (\"receipts\" in the data folder)"},
	{"no-receipts", NULL, "keep none"},
	{NULL, NULL, NULL},
};

static const struct cli_option export_options[] = {
	{"output", "FILE", "into a file (-o) instead of stdout"},
	{"from", "INDEX", "from that record on"},
	{"to", "INDEX", "before that record"},
	{"documents", "DIR", "every imported document into a file of its own, as it came"},
	{NULL, NULL, NULL},
};

static const struct cli_option trace_options[] = {
	{"up", NULL, "and what it was made from, and what it was inside of"},
	{"down", NULL, "and what was made from it, and what it held"},
	{"whole", NULL, "both"},
	{"claims", NULL, "and what others say beside the history"},
	{NULL, NULL, NULL},
};

static const struct cli_option prove_options[] = {
	{"output", "FILE", "the bundle (-o)"},
	{"journey", NULL, "with all it was made from and travelled in"},
	{"since", "SIZE|FILE",
	 "show that it continues a log of that size, or the head in that file"},
	{"absence", NULL, "prove that there is nothing about it, if that is so"},
	{"qr", NULL, "show it as a QR code in the terminal"},
	{"svg", "FILE", "write the QR code as SVG"},
	{"text", NULL, "print it as a web address"},
	{"url", "PREFIX", "what stands before the bundle in address and QR code"},
	{NULL, NULL, NULL},
};

static const struct cli_option output_options[] = {
	{"output", "FILE", "into a file (-o)"},
	{NULL, NULL, NULL},
};

static const struct cli_option dry_options[] = {
	{"dry-run", NULL, "say what would be done, and do nothing"},
	{NULL, NULL, NULL},
};

static const struct cli_option resume_options[] = {
	{"last-head", "H:HASH|FILE",
	 "the newest head known from anywhere: height and hash, or a head file"},
	{"none-known", NULL, "no newer head than the copy's own is known"},
	{NULL, NULL, NULL},
};

static const struct cli_option key_create_options[] = {
	{"kind", "person|agent", "with a passphrase, or usable unattended (person)"},
	{"name", "TEXT", "name inside the file"},
	{NULL, NULL, NULL},
};

static const struct cli_option key_add_options[] = {
	{"kind", "person|agent", "what the key may do (agent)"},
	{"scope", "ACT", "an act that an agent's key may do; may be repeated"},
	{NULL, NULL, NULL},
};

static const struct cli_option key_rotate_options[] = {
	{"overlap", "SECONDS", "how long the old key stays valid (86400); 0: not at all"},
	{"next-key", "FILE", "validator: the key that the chain committed to"},
	{"new-next-key", "FILE", "validator: where the key after it goes; keep it offline"},
	{"scope", "ACT", "an act that an agent's key may do; may be repeated"},
	{NULL, NULL, NULL},
};

static const struct cli_option reason_options[] = {
	{"reason", "TEXT", "why; everybody can read it"},
	{NULL, NULL, NULL},
};

static const struct cli_option disown_options[] = {
	{"from-height", "H", "acts in this block and later are disowned"},
	{"reason", "TEXT", "why; everybody can read it"},
	{NULL, NULL, NULL},
};

static const struct cli_option admit_options[] = {
	{"name", "TEXT", "of the organisation"},
	{"country", "CODE", "ISO 3166-1 alpha-2"},
	{"role", "ROLE", "supplier, merchant, carrier, warehouse, customs ...; may be repeated"},
	{"person-key", "HEX|FILE", "public key of a person; may be repeated"},
	{"agent-key", "HEX|FILE", "public key of a node; may be repeated"},
	{"party", "ID", "its GLN or PGLN"},
	{NULL, NULL, NULL},
};

static const struct cli_option member_set_options[] = {
	{"status", "active|suspended", "its status"},
	{"role", "ROLE", "its roles from now on; may be repeated"},
	{"quota", "N|default", "units of work an hour (a row touched, a KiB begun); default: the chain's"},
	{NULL, NULL, NULL},
};

static const struct cli_option prefix_options[] = {
	{"credential", "ID", "of a credential about the member that proves its right (a GS1 licence)"},
	{NULL, NULL, NULL},
};

static const struct cli_option arbitrate_options[] = {
	{"to", "MEMBER", "whose it is from now on"},
	{"nobody", NULL, "it is nobody's from now on"},
	{"reason", "TEXT", "why; everybody can read it"},
	{NULL, NULL, NULL},
};

static const struct cli_option offer_options[] = {
	{"to", "MEMBER", "who is to take them"},
	{"location", "ID", "where"},
	{NULL, NULL, NULL},
};

static const struct cli_option accept_options[] = {
	{"from", "MEMBER", "who hands them over"},
	{"location", "ID", "where"},
	{NULL, NULL, NULL},
};

static const struct cli_option grant_options[] = {
	{"to", "MEMBER", "who may"},
	{"step", "WORD", "which step (any)"},
	{"until-ms", "MS", "until that block time (until revoked)"},
	{NULL, NULL, NULL},
};

static const struct cli_option grant_revoke_options[] = {
	{"to", "MEMBER", "whose grant"},
	{"step", "WORD", "which step"},
	{NULL, NULL, NULL},
};

static const struct cli_option attach_options[] = {
	{"subject", "ID", "what it is about"},
	{"kind", "WORD", "certificate, invoice, photo ... (document)"},
	{"salted", NULL, "FILE is an attachment as another keeps it: the salt, then the payload"},
	{"media-type", "TYPE", "else by the file's ending"},
	{"title", "TEXT", "everybody can read it"},
	{NULL, NULL, NULL},
};

static const struct cli_option statement_options[] = {
	{"partner", "NAME", "who states it"},
	{"text", "TEXT", "what is stated"},
	{NULL, NULL, NULL},
};

static const struct cli_option receipt_options[] = {
	{"output", "FILE", "the receipt (-o)"},
	{"member", "ID", "whose transaction (else $ARGOSY_MEMBER, or the operator)"},
	{NULL, NULL, NULL},
};

static const struct cli_option cosign_options[] = {
	{"key", "FILE", "your key file"},
	{"name", "TEXT", "your name beside the signature"},
	{"genesis", "FINGERPRINT", "of the chain, when it is seen for the first time"},
	{"seen", "FILE",
	 "where the last head that you saw is kept (else by chain, in your state folder)"},
	{"output", "FILE", "your signature, to give back (-o; else stdout)"},
	{NULL, NULL, NULL},
};

static const struct cli_option follow_options[] = {
	{"key", "FILE", "your key file"},
	{"name", "TEXT", "your name beside the signature"},
	{"genesis", "FINGERPRINT", "of the chain, when it is seen for the first time"},
	{"work", "DIR", "where the replayed chain is kept (else by chain, in your state folder)"},
	{"seen", "FILE",
	 "where the last head that you saw is kept (else by chain, in your state folder)"},
	{"output", "FILE", "your signature, to give back (-o; else stdout)"},
	{"send", NULL, "hand it to the node at once, through its socket"},
	{"follow", NULL, "go on until stopped, and sign each new head"},
	{NULL, NULL, NULL},
};

#define ANY UINT_MAX

/* clang-format off */
const struct cli_command cli_commands[] = {
	{"epcis", "check", "FILE...", 1, ANY,
	 "says of each EPCIS document whether \"import\" would record it, and if not, all that is wrong",
	 "检查 EPCIS 文件能否导入，并列出全部问题", check_options, NULL, cmd_epcis_check},
	{"epcis", "hash", "FILE...", 1, ANY,
	 "prints the CBV hash of every event",
	 "输出每个事件的 CBV 哈希", hash_options, NULL, cmd_epcis_hash},
	{"epcis", "context", "add URL FILE|list|remove URL", 1, 3,
	 "registers JSON-LD contexts that documents name by their address; none is ever fetched",
	 "登记文件按网址引用的 JSON-LD 上下文；从不联网获取", NULL, NULL, cmd_epcis_context},
	{"import", "epcis", "FILE...", 1, ANY,
	 "records the events of EPCIS documents",
	 "记录 EPCIS 文件中的事件", import_options, sender_options, cmd_import_epcis},
	{"export", "epcis", "", 0, 0,
	 "writes what was recorded as EPCIS 2.0 JSON-LD",
	 "以 EPCIS 2.0 JSON-LD 导出记录", export_options, NULL, cmd_export_epcis},
	{"trace", NULL, "ITEM", 1, 1,
	 "shows what happened to an item",
	 "显示物品的经历", trace_options, NULL, cmd_trace},
	{"item", "show", "ITEM", 1, 1,
	 "shows holder, owner and container of an item",
	 "显示物品的持有者、所有者与容器", NULL, NULL, cmd_item_show},
	{"prove", NULL, "ITEM", 1, 1,
	 "makes the proof of an item's history",
	 "生成物品经历的证明", prove_options, NULL, cmd_prove},
	{"verify", NULL, "", 0, 0,
	 "checks the whole chain and says where it is damaged",
	 "检查整条链并指出损坏之处", NULL, NULL, cmd_verify},
	{"genesis", "fingerprint", "", 0, 0,
	 "prints what others need to check proofs",
	 "输出验证证明所需的创世指纹", NULL, NULL, cmd_genesis_fingerprint},
	{"init", NULL, "", 0, 0,
	 "makes a node: folder, keys, genesis",
	 "创建节点：目录、密钥、创世", init_options, NULL, cmd_init},
	{"status", NULL, "", 0, 0,
	 "shows the node and its newest block",
	 "显示节点与最新区块", NULL, NULL, cmd_status},
	{"reindex", NULL, "", 0, 0,
	 "rebuilds the state from the journal",
	 "由日志重建状态", dry_options, NULL, cmd_reindex},
	{"clock", "confirm", "", 0, 0,
	 "says that the clock is right after it jumped",
	 "时钟跳变后确认时钟正确", NULL, NULL, cmd_clock_confirm},
	{"backup", "create", "DIR", 1, 1,
	 "copies the node into an empty folder, while it runs",
	 "在线备份到空目录", NULL, NULL, cmd_backup_create},
	{"backup", "verify", "DIR", 1, 1,
	 "checks a copy whole",
	 "完整检查备份", NULL, NULL, cmd_backup_verify},
	{"restore", NULL, "DIR", 1, 1,
	 "makes the data folder from a copy; read-only until resumed",
	 "由备份恢复，恢复运行前只读", dry_options, NULL, cmd_restore},
	{"resume", NULL, "", 0, 0,
	 "begins a new epoch after a restore",
	 "恢复后开始新的纪元", resume_options, NULL, cmd_resume},
	{"head", "export", "", 0, 0,
	 "writes the signed head of the chain",
	 "导出签名链头", output_options, NULL, cmd_head_export},
	{"head", "cosign", "FILE", 1, 1,
	 "signs a partner's head after checking that its log continues the last one seen",
	 "核对日志延续性后为伙伴的链头作见证", cosign_options, NULL, cmd_head_cosign},
	{"witness", "add", "FILE", 1, 1,
	 "keeps a partner's signature on a head: bundles carry it from now on",
	 "保存伙伴对链头的见证签名", NULL, NULL, cmd_witness_add},
	{"witness", "follow", "FOLDER|SOCKET", 1, 1,
	 "executes a partner's whole chain and signs the heads whose state was computed here",
	 "重放伙伴的整条链，仅签署自行算出状态的链头", follow_options, NULL, cmd_witness_follow},
	{"key", "create", "FILE", 1, 1,
	 "makes a key file",
	 "生成密钥文件", key_create_options, NULL, cmd_key_create},
	{"key", "list", "MEMBER", 1, 1,
	 "lists the keys of a member",
	 "列出成员的密钥", NULL, NULL, cmd_key_list},
	{"key", "add", "HEX|FILE", 1, 1,
	 "adds a key to the member",
	 "为成员增加密钥", key_add_options, sender_options, cmd_key_add},
	{"key", "rotate", "agent|operator|validator|FILE", 1, 1,
	 "replaces a key by a new one",
	 "以新密钥替换旧密钥", key_rotate_options, sender_options, cmd_key_rotate},
	{"key", "revoke", "HEX|FILE", 1, 1,
	 "ends a key at once",
	 "立即撤销密钥", reason_options, sender_options, cmd_key_revoke},
	{"key", "disown", "HEX|FILE", 1, 1,
	 "disowns what a stolen key signed from a block on",
	 "自某区块起不承认被盗密钥的签名", disown_options, sender_options, cmd_key_disown},
	{"member", "admit", "ID", 1, 1,
	 "admits an organisation",
	 "接纳组织", admit_options, sender_options, cmd_member_admit},
	{"member", "list", "", 0, 0,
	 "lists the organisations",
	 "列出组织", NULL, NULL, cmd_member_list},
	{"member", "show", "ID", 1, 1,
	 "shows an organisation, its quota, and what it has used of it",
	 "显示组织、其配额及已用量", NULL, NULL, cmd_member_show},
	{"member", "set", "ID", 1, 1,
	 "changes status, roles or quota",
	 "更改状态、角色或配额", member_set_options, sender_options, cmd_member_set},
	{"product", "register", "FILE.json", 1, 1,
	 "registers a product",
	 "登记产品", NULL, sender_options, cmd_product_register},
	{"product", "show", "GTIN|ID", 1, 1,
	 "shows what is registered of a product",
	 "显示产品的登记内容", NULL, NULL, cmd_product_show},
	{"location", "register", "FILE.json", 1, 1,
	 "registers a place",
	 "登记地点", NULL, sender_options, cmd_location_register},
	{"location", "show", "GLN|ID", 1, 1,
	 "shows what is registered of a place",
	 "显示地点的登记内容", NULL, NULL, cmd_location_show},
	{"prefix", "register", "PREFIX", 1, 1,
	 "claims a GS1 company prefix, or a URI prefix",
	 "登记标识符前缀", prefix_options, sender_options, cmd_prefix_register},
	{"prefix", "show", "PREFIX", 1, 1,
	 "shows whose a range of identifiers is, and every act that changed that",
	 "显示标识符前缀的归属及其每次变更", NULL, NULL, cmd_prefix_show},
	{"prefix", "list", "[MEMBER]", 0, 1,
	 "lists the ranges of identifiers, or those of a member",
	 "列出标识符前缀，或某成员的前缀", NULL, NULL, cmd_prefix_list},
	{"prefix", "arbitrate", "PREFIX", 1, 1,
	 "gives a range to a member or to nobody: the operator's decision, seen by all",
	 "裁定前缀归属：由运营者作出，人人可见", arbitrate_options, sender_options, cmd_prefix_arbitrate},
	{"lot", "define", "FILE.json", 1, 1,
	 "defines a lot",
	 "定义批次", NULL, sender_options, cmd_lot_define},
	{"lot", "show", "ID", 1, 1,
	 "shows what is defined of a lot",
	 "显示批次的定义内容", NULL, NULL, cmd_lot_show},
	{"credential", "issue", "FILE.json", 1, 1,
	 "records a qualification of a member",
	 "记录成员资质", NULL, sender_options, cmd_credential_issue},
	{"credential", "revoke", "ID", 1, 1,
	 "revokes it",
	 "撤销资质", reason_options, sender_options, cmd_credential_revoke},
	{"credential", "show", "ID", 1, 1,
	 "shows a qualification, and whether it holds at the newest block",
	 "显示资质及其在最新区块时是否有效", NULL, NULL, cmd_credential_show},
	{"credential", "list", "MEMBER", 1, 1,
	 "lists the qualifications of a member, and whether they hold",
	 "列出成员的资质及其是否有效", NULL, NULL, cmd_credential_list},
	{"custody", "offer", "ITEM...", 1, 1000,
	 "offers goods to another member",
	 "向其他成员移交货物", offer_options, sender_options, cmd_custody_offer},
	{"custody", "accept", "ITEM...", 1, 1000,
	 "accepts them",
	 "接收货物", accept_options, sender_options, cmd_custody_accept},
	{"custody", "decline", "ITEM...", 1, 1000,
	 "declines them",
	 "拒收货物", reason_options, sender_options, cmd_custody_decline},
	{"grant", NULL, "ITEM", 1, 1,
	 "lets another member append a step",
	 "允许其他成员追加步骤", grant_options, sender_options, cmd_grant},
	{"grant", "revoke", "ITEM", 1, 1,
	 "ends that",
	 "撤销该许可", grant_revoke_options, sender_options, cmd_grant_revoke},
	{"grant", "list", "ITEM", 1, 1,
	 "lists who may append to an item, and whether that holds",
	 "列出可为物品追加步骤的成员及许可是否有效", NULL, NULL, cmd_grant_list},
	{"attach", NULL, "FILE", 1, 1,
	 "keeps a document beside the chain, and its salted hash on it",
	 "链旁保存文件，链上保存加盐哈希", attach_options, sender_options, cmd_attach},
	{"attach", "get", "HASH", 1, 1,
	 "reads it",
	 "读取附件", output_options, NULL, cmd_attach_get},
	{"attach", "erase", "HASH", 1, 1,
	 "erases it; the hash and all proofs stay",
	 "删除附件，哈希与证明保留", reason_options, sender_options, cmd_attach_erase},
	{"statement", "record", "ITEM...", 1, 1000,
	 "records what a partner states who is no member",
	 "记录非成员伙伴的声明", statement_options, sender_options, cmd_statement},
	{"submit", NULL, "FILE", 1, 1,
	 "submits a signed transaction",
	 "提交已签名的交易", NULL, NULL, cmd_submit},
	{"tx", "show", "MEMBER ID", 2, 2,
	 "says in which block a transaction was done, and its verdict",
	 "显示交易所在的区块及其裁决", NULL, NULL, cmd_tx_show},
	{"receipt", NULL, "ID", 1, 1,
	 "gets the receipt of a transaction: its records, and that the log holds them",
	 "取得交易回执：其记录及其在日志中的位置", receipt_options, NULL, cmd_receipt},
	{"completion", NULL, "bash|zsh", 1, 1,
	 "prints a completion script",
	 "输出命令补全脚本", NULL, NULL, help_completion},
	{"manpage", NULL, "", 0, 0,
	 "prints the manual page",
	 "输出手册页", NULL, NULL, help_manpage},
	{"version", NULL, "", 0, 0,
	 "prints version, commit and build",
	 "输出版本信息", NULL, NULL, cmd_version},
	{NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
