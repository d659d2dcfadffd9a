/* Manual pages, made from the commands and the table of options.
 * Source: man(7) for the macros.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "docs.h"
#include "option_table.h"

/* Text for roff: '\\' and '-' escaped, and no line that begins with a control character. */
static void print_text(const char *text) {
  bool is_line_start = true;
  for (; *text; text++) {
    if (is_line_start && (*text == '.' || *text == '\'')) fputs("\\&", stdout);
    if (*text == '\\')
      fputs("\\e", stdout);
    else if (*text == '-')
      fputs("\\-", stdout);
    else
      putchar(*text);
    is_line_start = *text == '\n';
  }
}

/* Paragraphs are separated by empty lines; other line ends are those of the terminal's help. */
static void print_paragraphs(const char *text) {
  for (; *text; text++) {
    size_t n = strcspn(text, "\n");
    char line[1024];
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    if (n == 0) fputs(".PP", stdout);
    print_text(line);
    putchar('\n');
    text += n;
    if (!*text) break;
  }
}

static void print_option(const option *opt) {
  printf(".TP\n");
  if (opt->letter) printf("\\fB\\-%c\\fR, ", opt->letter);
  printf("\\fB\\-\\-");
  print_text(opt->name);
  printf("\\fR");
  if (opt->value) printf(" \\fI%s\\fR", opt->value);
  printf("\n");
  print_text(opt->help);
  for (const char *const *choice = opt->choices; choice && *choice; choice++) {
    printf("%s", choice == opt->choices ? ": " : ", ");
    print_text(*choice);
  }
  printf("\n");
}

static void print_options(const cli_command *command, option_fate fate, const char *title) {
  bool is_first = true;
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (cli_option(*id)->fate != fate) continue;
    if (is_first) printf(".SH %s\n", title);
    is_first = false;
    print_option(cli_option(*id));
  }
}

static void print_title(const char *page, const char *summary) {
  printf(".TH \"%s\" 1 \"\" \"pleat %s\" \"User Commands\"\n.SH NAME\n%s \\- ", page, pleat_version(), page);
  print_text(summary);
  printf("\n");
}

static void print_see_also(const char *page) { printf(".SH SEE ALSO\n.BR %s (1)\n", page); }

void cli_docs_man_command(const cli_command *command) {
  bool is_program = strcmp(command->name, CLI_COLABFOLD) == 0;
  char page[64];
  snprintf(page, sizeof page, "%s%s", is_program ? "" : "pleat-", command->name);
  print_title(page, command->summary);
  printf(".SH SYNOPSIS\n\\fB%s%s\\fR", is_program ? "" : "pleat ", command->name);
  if (command->n_positionals) printf(" \\fI%s\\fR", command->positionals);
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (!opt->is_required) continue;
    printf(" \\fB\\-\\-");
    print_text(opt->name);
    printf("\\fR \\fI%s\\fR", opt->value);
  }
  printf(" [\\fIoptions\\fR]\n.SH DESCRIPTION\n");
  print_paragraphs(command->details);
  print_options(command, FATE_HONOURED, "OPTIONS");
  printf(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint this as text\n");
  print_options(command, FATE_NOTED, "OPTIONS WITHOUT EFFECT");
  print_options(command, FATE_REFUSED, "OPTIONS THAT ARE REFUSED");
  printf(".SH EXAMPLES\n.nf\n");
  print_text(command->examples);
  printf(".fi\n");
  print_see_also("pleat");
}

void cli_docs_man_program(const cli_command *const *commands, int n) {
  print_title("pleat", "protein structures with the AlphaFold 2 networks");
  printf(".SH SYNOPSIS\n\\fBpleat\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n.SH COMMANDS\n");
  for (int i = 0; i < n; i++) {
    printf(".TP\n\\fB%s\\fR\n", commands[i]->name);
    print_text(commands[i]->summary);
    printf("\n");
  }
  printf(".SH EXIT STATUS\n");
#define X(name, value, text)  \
  printf(".TP\n%d\n", value); \
  print_text(text);           \
  printf("\n");
  CLI_EXIT_MAP(X)
#undef X
  printf(".SH SEE ALSO\n");
  for (int i = 0; i < n; i++) {
    bool is_program = strcmp(commands[i]->name, CLI_COLABFOLD) == 0;
    printf(".BR %s%s (1)%s\n", is_program ? "" : "pleat\\-", commands[i]->name, i + 1 < n ? "," : "");
  }
}
