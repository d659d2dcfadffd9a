/* pleat info: what this build can do and what it sees of the machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "options.h"

static cli_exit run(const cli_args *args) {
  pleat_error err;
  char *text = NULL;
  (void)args;
  pleat_status status = pleat_info_text(&text, &err);
  if (status) return cli_fail(status, &err);
  fputs(text, stdout);
  pleat_text_free(text);
  return CLI_EXIT_OK;
}

const cli_command cli_command_info = {.name = "info",
                                      .positionals = "",
                                      .summary = "Say what this build can do and what it sees of the machine.",
                                      .details = "Backends, processor features, threads and memory.\n",
                                      .examples = "  pleat info\n",
                                      .options = {CLI_OPT_LOG_LEVEL, CLI_OPT_END},
                                      .run = run};
