/* Manual pages and shell completions on standard output, from the same table as --help.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_DOCS_H
#define PLEAT_CLI_DOCS_H

#include "options.h"

/* All commands, in the order of the help. */
extern const cli_command *const cli_commands[];
extern const int cli_n_commands;

void cli_docs_man_program(const cli_command *const *commands, int n);
void cli_docs_man_command(const cli_command *command);
void cli_docs_bash(const cli_command *const *commands, int n);
void cli_docs_zsh(const cli_command *const *commands, int n);
void cli_docs_fish(const cli_command *const *commands, int n);

#endif
