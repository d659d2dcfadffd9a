/* --zip: the files of a job in one archive, with those of the run, as ColabFold packs them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "job_files.h"

static int is_file(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static char *join_path(const char *folder, const char *name) {
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return strdup(path);
}

static pleat_status write_archive(const char *folder, struct dirent *const *entries, size_t n_entries,
                                  const cli_args *args, const char *path, pleat_error *err) {
  static const char *const of_run[] = {CLI_CONFIG_FILE, CLI_CITATION_FILE};
  enum { N_OF_RUN = sizeof of_run / sizeof *of_run };
  size_t n = n_entries + N_OF_RUN;
  char **paths = calloc(n, sizeof *paths);
  if (!paths) return cli_error(err, PLEAT_NOMEM, "no memory for the file names of '%s'", path);
  bool is_ok = true;
  for (size_t i = 0; i < n; i++) {
    paths[i] = i < n_entries ? join_path(folder, entries[i]->d_name) : join_path(args->out, of_run[i - n_entries]);
    is_ok &= paths[i] != NULL;
  }
  pleat_status status = is_ok ? pleat_write_zip(path, (const char *const *)paths, n, err)
                              : cli_error(err, PLEAT_NOMEM, "no memory for the file names of '%s'", path);
  for (size_t i = 0; i < n; i++) free(paths[i]);
  free(paths);
  return status;
}

pleat_status cli_archive_write(const char *folder, const cli_args *args, const char *path, pleat_error *err) {
  struct dirent **entries = NULL;
  int n = scandir(folder, &entries, is_file, alphasort);
  if (n < 0) return cli_error(err, PLEAT_IO, "cannot read the folder '%s': %s", folder, strerror(errno));
  char temporary[CLI_MAX_PATH];
  snprintf(temporary, sizeof temporary, "%s/.result.zip", folder);
  pleat_status status = write_archive(folder, entries, (size_t)n, args, temporary, err);
  if (!status && rename(temporary, path)) {
    status = cli_error(err, PLEAT_IO, "cannot write '%s': %s", path, strerror(errno));
  }
  for (int i = 0; i < n; i++) free(entries[i]);
  free(entries);
  return status;
}
