/* pleat docs: manual pages and shell completions, for packages and 'make install'.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "docs.h"

static cli_exit print_man(const char *page) {
  bool is_page = strncmp(page, "pleat-", 6) == 0;
  const char *name = is_page ? page + 6 : page;
  if (strcmp(page, "pleat") == 0) {
    cli_docs_man_program(cli_commands, cli_n_commands);
    return CLI_EXIT_OK;
  }
  for (int i = 0; i < cli_n_commands; i++) {
    if (strcmp(cli_commands[i]->name, name)) continue;
    cli_docs_man_command(cli_commands[i]);
    return CLI_EXIT_OK;
  }
  return cli_fail_usage("docs", "'%s' is no manual page: expected pleat or the name of a command", page);
}

static cli_exit print_pages(void) {
  printf("pleat\n");
  for (int i = 0; i < cli_n_commands; i++) {
    printf("%s%s\n", strcmp(cli_commands[i]->name, CLI_COLABFOLD) ? "pleat-" : "", cli_commands[i]->name);
  }
  return CLI_EXIT_OK;
}

static cli_exit cli_docs(const cli_args *args) {
  static const struct {
    const char *name;
    void (*print)(const cli_command *const *commands, int n);
  } shells[] = {{"bash", cli_docs_bash}, {"zsh", cli_docs_zsh}, {"fish", cli_docs_fish}};
  static const char *const kinds[] = {"man", "completion", NULL};
  const char *kind = args->positionals[0], *what = args->positionals[1];
  if (strcmp(kind, "man") == 0) return strcmp(what, "list") ? print_man(what) : print_pages();
  if (strcmp(kind, "completion")) {
    const char *nearest = cli_nearest(kind, kinds);
    return cli_fail_usage("docs", "expected man or completion, found '%s'%s%s%s", kind,
                          nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
  }
  for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, what)) continue;
    shells[i].print(cli_commands, cli_n_commands);
    return CLI_EXIT_OK;
  }
  return cli_fail_usage("docs", "expected bash, zsh or fish, found '%s'", what);
}

const cli_command cli_command_docs = {
    .name = "docs",
    .positionals = "man|completion WHAT",
    .n_positionals = 2,
    .summary = "Print manual pages and shell completions.",
    .details =
        "'man PAGE' prints a manual page in roff, 'man list' the names of all pages; 'completion SHELL' prints\n"
        "the completion for bash, zsh or fish. 'make install' installs both.\n",
    .examples =
        "  pleat docs man pleat-fold | man -l -\n"
        "  pleat docs completion bash >~/.local/share/bash-completion/completions/pleat\n",
    .options = {CLI_OPT_END},
    .run = cli_docs};
