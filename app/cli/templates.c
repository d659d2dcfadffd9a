/* Files of templates, and features with them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "templates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "models.h"
#include "progress.h"

/* "FILE[:CHAIN],FILE[:CHAIN]". */
static pleat_status add_list(pleat_template_files *files, const char *list, pleat_error *err) {
  char path[CLI_MAX_PATH];
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, ",");
    if (n == 0 || n >= sizeof path)
      return cli_error(err, PLEAT_INPUT, "--template: expected FILE[:CHAIN], found '%s'", p);
    memcpy(path, p, n);
    path[n] = '\0';
    pleat_status status = pleat_template_files_add(files, path, err);
    if (status) return status;
    p += n + (p[n] == ',');
  }
  return PLEAT_OK;
}

pleat_status cli_templates_open(const cli_args *args, cli_templates *out_templates, pleat_error *err) {
  *out_templates = (cli_templates){0};
  if (!args->templates && !args->template_folder) return PLEAT_OK;
  pleat_status status = pleat_template_files_create(&out_templates->files, err);
  if (!status && args->templates) status = add_list(out_templates->files, args->templates, err);
  if (!status && args->template_folder) {
    status = pleat_template_files_add_folder(out_templates->files, args->template_folder, args->max_template_date, err);
  }
  if (status) cli_templates_close(out_templates);
  return status;
}

void cli_templates_close(cli_templates *templates) {
  pleat_template_files_destroy(templates->files);
  pleat_text_free(templates->told);
  *templates = (cli_templates){0};
}

static void tell(cli_templates *templates, const char *name, char *notes) {
  bool is_told = templates->told && strcmp(templates->told, notes) == 0;
  pleat_text_free(templates->told);
  templates->told = notes;
  for (const char *p = notes; *p && !is_told;) {
    size_t n = strcspn(p, "\n");
    cli_log_info("%s: %.*s", name, (int)n, p);
    p += n + (p[n] == '\n');
  }
}

pleat_status cli_features(cli_templates *opt_templates, const pleat_target *target, const pleat_model *model,
                          const pleat_predict_options *options, pleat_arrays **out_features, pleat_error *err) {
  pleat_status status = pleat_target_features(target, model, options, out_features, err);
  if (status || !opt_templates || !opt_templates->files) return status;
  char *notes = NULL;
  status = pleat_template_files_apply(opt_templates->files, target->sequence, model, *out_features, &notes, err);
  if (!status) {
    tell(opt_templates, target->name, notes);
    return PLEAT_OK;
  }
  pleat_arrays_destroy(*out_features);
  *out_features = NULL;
  return status;
}
