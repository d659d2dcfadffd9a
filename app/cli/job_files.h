/* Files of a job as a whole, beside those of its single results, and those of the run.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_JOB_FILES_H
#define PLEAT_CLI_JOB_FILES_H

#include "results.h"

/* Plots, and the aligned errors of the best result, into results->folder; --skip-output leaves them out. */
PLEAT_CHECKED pleat_status cli_job_files_write(const cli_results *results, const cli_args *args, pleat_error *err);

/* --af2-layout: AlphaFold's own files into results->folder. */
PLEAT_CHECKED pleat_status cli_af2_layout_write(const cli_results *results, const cli_args *args, pleat_error *err);

/* --zip: packs the files of a folder in the order of their names, and those of the run, into an archive, which is made in
 * that folder and then moved to path. */
PLEAT_CHECKED pleat_status cli_archive_write(const char *folder, const cli_args *args, const char *path,
                                             pleat_error *err);

/* Files of the whole run: config.json, what was asked for, and cite.bibtex, what to cite for it; made in `folder`, then
 * moved to args->out. */
PLEAT_CHECKED pleat_status cli_run_files_write(const cli_args *args, const pleat_targets *targets, const char *folder,
                                               pleat_error *err);
#define CLI_CONFIG_FILE   "config.json"
#define CLI_CITATION_FILE "cite.bibtex"

#endif
