/* Templates that the command line names.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_TEMPLATES_H
#define PLEAT_CLI_TEMPLATES_H

#include "options.h"
#include "pleat/io.h"

/* Zero-initialise; without files there are no templates. */
typedef struct cli_templates {
  pleat_template_files *files;
  char *told; /* what was last said about them, which is said once per target and not for every network */
} cli_templates;

/* --template and --custom-template-path. Errors: those of pleat_template_files_add. */
PLEAT_CHECKED pleat_status cli_templates_open(const cli_args *args, cli_templates *out_templates, pleat_error *err);
void cli_templates_close(cli_templates *templates);

/* pleat_target_features, with templates. */
PLEAT_CHECKED pleat_status cli_features(cli_templates *opt_templates, const pleat_target *target,
                                        const pleat_model *model, const pleat_predict_options *options,
                                        pleat_arrays **out_features, pleat_error *err);

#endif
