/*
 * table: every command of `argosy`. Parsing, help, completion and the man page
 * are made from it. Commands of one noun stand together.
 */
#include "cmd/cmds.h"

#include <limits.h>

const struct cli_option cli_globals[] = {
	{"data-dir", "DIR", "the node's folder (else $ARGOSY_DATA_DIR, ~/.local/state/argosy)"},
	{"json", NULL, "answers for programs, one object a line"},
	{"lang", "en|zh", "language of what is for people (else by LANG)"},
	{"quiet", NULL, "no talk on stderr (-q)"},
	{"verbose", NULL, "more talk (-v)"},
	{"help", NULL, "what the command does (-h)"},
	{NULL, NULL, NULL},
};

#define ANY UINT_MAX

static const struct cli_option hash_options[] = {
	{"prehash", NULL, "a fourth column: the text that was hashed"},
	{NULL, NULL, NULL},
};

const struct cli_command cli_commands[] = {
	{"epcis", "check", "FILE...", 1, ANY,
	 "says of each EPCIS document whether it obeys the standard", "检查 EPCIS 文件是否符合标准",
	 NULL, NULL, cmd_epcis_check},
	{"epcis", "hash", "FILE...", 1, ANY, "prints the CBV hash of every event",
	 "输出每个事件的 CBV 哈希", hash_options, NULL, cmd_epcis_hash},
	{"completion", NULL, "bash|zsh", 1, 1, "prints a completion script", "输出命令补全脚本",
	 NULL, NULL, help_completion},
	{"manpage", NULL, "", 0, 0, "prints the manual page", "输出手册页", NULL, NULL,
	 help_manpage},
	{"version", NULL, "", 0, 0, "prints version, commit and build", "输出版本信息", NULL, NULL,
	 cmd_version},
	{NULL, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL},
};
