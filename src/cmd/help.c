/*
 * help, completion and the man page, all from the one table.
 */
#include "cmd/cli.h"

#include <stdio.h>

static const struct {
	int code;
	const char *en;
} exits[] = {
	{CLI_DONE, "done"},
	{CLI_FAILED, "refused or failed"},
	{CLI_USAGE, "wrong usage"},
	{CLI_NOTFOUND, "not found"},
	{CLI_TAMPERED, "verification failed: something was tampered with"},
	{CLI_DENIED, "authentication or permission"},
	{CLI_LATER, "unavailable or timed out: may be tried again"},
	{CLI_CONFLICT, "conflict"},
	{CLI_FOLDER, "data folder locked, corrupt, or a copy that must be resumed"},
};

static void title_put(const struct cli_command *c)
{
	printf("%s%s%s%s%s", c->noun, c->verb ? " " : "", c->verb ? c->verb : "",
	       c->args[0] ? " " : "", c->args);
}

static int title_width(const struct cli_command *c)
{
	return (int)(strlen(c->noun) + (c->verb ? strlen(c->verb) + 1 : 0) +
		     (c->args[0] ? strlen(c->args) + 1 : 0));
}

static void line_put(const struct cli_command *c, bool zh)
{
	enum { WIDTH = 36 };
	printf("  ");
	title_put(c);
	printf("%*s%s\n", title_width(c) < WIDTH ? WIDTH - title_width(c) : 2, "",
	       zh ? c->summary_zh : c->summary);
}

static void options_put(const struct cli_option *o)
{
	for (; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
			 o->value ? o->value : "");
		printf("  %-24s %s\n", left, o->help);
	}
}

void help_all(bool zh)
{
	printf("%s\n\n", zh ? "argosy：记录贸易并证明贸易\n用法：argosy 名词 动词 [参数] [选项]"
			    : "argosy: records trade and proves it\n"
			      "usage: argosy NOUN VERB [ARGUMENTS] [OPTIONS]");
	for (const struct cli_command *c = cli_commands; c->noun; c++)
		line_put(c, zh);
	printf("\n%s\n", zh ? "通用选项：" : "options of every command:");
	options_put(cli_globals);
	printf("\n%s\n", zh ? "退出码：" : "exit codes:");
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		printf("  %d  %s\n", exits[i].code, exits[i].en);
}

void help_noun(const char *noun, bool zh)
{
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (strcmp(c->noun, noun) == 0)
			line_put(c, zh);
	}
}

void help_command(const struct cli_command *c, bool zh)
{
	printf("%s argosy ", zh ? "用法：" : "usage:");
	title_put(c);
	printf(" [%s]\n%s\n", zh ? "选项" : "OPTIONS", zh ? c->summary_zh : c->summary);
	if (c->options || c->more_options)
		printf("\n%s\n", zh ? "选项：" : "options:");
	options_put(c->options);
	options_put(c->more_options);
	printf("\n%s\n", zh ? "通用选项：" : "options of every command:");
	options_put(cli_globals);
}

/* ---- completion ---- */

static bool first_of_noun(const struct cli_command *c)
{
	return c == cli_commands || strcmp(c[-1].noun, c->noun) != 0;
}

static void words_of_nouns(void)
{
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (first_of_noun(c))
			printf("%s%s", c == cli_commands ? "" : " ", c->noun);
	}
}

static void words_of_options(const struct cli_option *o)
{
	for (; o && o->name; o++)
		printf(" --%s", o->name);
}

static void completion_bash(void)
{
	printf("# bash completion for argosy\n"
	       "_argosy() {\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} noun=${COMP_WORDS[1]} verb=${COMP_WORDS[2]}\n"
	       "\tlocal words\n"
	       "\tif [ \"$COMP_CWORD\" = 1 ]; then words=\"");
	words_of_nouns();
	printf("\"\n\telse case \"$noun $verb\" in\n");
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		printf("\t\t\"%s %s\"*) words=\"", c->noun, c->verb ? c->verb : "");
		words_of_options(c->options);
		words_of_options(c->more_options);
		words_of_options(cli_globals);
		printf("\";;\n");
	}
	printf("\tesac\n\tfi\n\tif [ \"$COMP_CWORD\" = 2 ]; then case \"$noun\" in\n");
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (!first_of_noun(c) || !c->verb)
			continue;
		printf("\t\t%s) words=\"", c->noun);
		for (const struct cli_command *v = c; v->noun && strcmp(v->noun, c->noun) == 0; v++)
			printf("%s ", v->verb ? v->verb : "");
		printf("\";;\n");
	}
	printf("\tesac; fi\n"
	       "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\t[ \"${#COMPREPLY[@]}\" = 0 ] && COMPREPLY=($(compgen -f -- \"$cur\"))\n"
	       "}\n"
	       "complete -o filenames -F _argosy argosy\n");
}

/* Single quotes inside single-quoted zsh words. */
static void zsh_text(const char *s)
{
	for (; *s; s++) {
		if (*s == '\'')
			printf("'\\''");
		else if (*s == ':')
			printf("\\:");
		else
			putchar(*s);
	}
}

static void completion_zsh(void)
{
	printf("#compdef argosy\n_argosy() {\n\tlocal noun=$words[2]\n\tlocal -a list\n"
	       "\tif (( CURRENT == 2 )); then list=(");
	words_of_nouns();
	printf("); _describe command list; return; fi\n"
	       "\tcase \"$noun\" in\n");
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (!first_of_noun(c))
			continue;
		printf("\t%s)\n\t\tlist=(", c->noun);
		for (const struct cli_command *v = c; v->noun && strcmp(v->noun, c->noun) == 0;
		     v++) {
			if (v->verb) {
				printf("'%s:", v->verb);
				zsh_text(v->summary);
				printf("' ");
			}
		}
		printf(")\n\t\t(( CURRENT == 3 && $#list )) && { _describe verb list; return; }\n"
		       "\t\tlist=(");
		for (const struct cli_command *v = c; v->noun && strcmp(v->noun, c->noun) == 0;
		     v++) {
			words_of_options(v->options);
			words_of_options(v->more_options);
		}
		words_of_options(cli_globals);
		printf("); _describe option list; _files;;\n");
	}
	printf("\tesac\n}\n_argosy \"$@\"\n");
}

int help_completion(struct cli *cli)
{
	if (strcmp(cli->argv[0], "bash") == 0)
		completion_bash();
	else if (strcmp(cli->argv[0], "zsh") == 0)
		completion_zsh();
	else
		return cli_fail(cli, CLI_USAGE, "completion is made for bash and zsh");
	return CLI_DONE;
}

/* ---- the man page ---- */

/* Text for roff: a leading dot or quote, and backslashes and hyphens, are escaped. */
static void roff(const char *s)
{
	if (*s == '.' || *s == '\'')
		printf("\\&");
	for (; *s; s++) {
		if (*s == '\\')
			printf("\\e");
		else if (*s == '-')
			printf("\\-");
		else
			putchar(*s);
	}
}

static void roff_options(const struct cli_option *o)
{
	for (; o && o->name; o++) {
		printf(".TP\n.B \\-\\-");
		roff(o->name);
		printf("%s%s\n", o->value ? " " : "", o->value ? o->value : "");
		roff(o->help);
		printf("\n");
	}
}

int help_manpage(struct cli *cli)
{
	(void)cli;
	printf(".TH ARGOSY 1\n.SH NAME\nargosy \\- records trade and proves it\n.SH SYNOPSIS\n"
	       ".B argosy\nNOUN VERB [ARGUMENTS] [OPTIONS]\n.SH DESCRIPTION\n"
	       "Where argosyd serves the data folder, commands go through its socket; else they "
	       "open "
	       "the folder themselves.\nData are written to standard output, talk to standard "
	       "error.\n"
	       ".SH COMMANDS\n");
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		printf(".SS argosy ");
		title_put(c);
		printf("\n");
		roff(c->summary);
		printf("\n");
		roff_options(c->options);
		roff_options(c->more_options);
	}
	printf(".SH OPTIONS OF EVERY COMMAND\n");
	roff_options(cli_globals);
	printf(".SH EXIT STATUS\n");
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++)
		printf(".TP\n.B %d\n%s\n", exits[i].code, exits[i].en);
	printf(".SH ENVIRONMENT\n.TP\n.B ARGOSY_DATA_DIR\nThe data folder.\n.TP\n"
	       ".B ARGOSY_PASSPHRASE\nOpens a person's key without a prompt.\n.TP\n"
	       ".B ARGOSY_MEMBER\nThe member that acts.\n.TP\n.B LANG, NO_COLOR\nAs usual.\n"
	       ".SH SEE ALSO\nargosyd \\-\\-help, argosy\\-verify \\-\\-help\n");
	return CLI_DONE;
}
