/* Result files as one archive. Files are mapped, not read, and packed piece by piece.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdbool.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "pleat/io.h"
#include "tensor/zip.h"

static bool is_packed_already(const char *name) {
  size_t n = strlen(name);
  return n > 4 && strcmp(name + n - 4, ".png") == 0;
}

static pleat_status add_file(pleat_zip_writer *writer, const char *path, pleat_error *err) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  pleat_file_map map = {0};
  PLEAT_TRY(pleat_file_map_open(path, &map, err));
  pleat_status status = is_packed_already(name) ? pleat_zip_writer_add(writer, name, NULL, 0, map.data, map.n, err)
                                                : pleat_zip_writer_add_deflated(writer, name, map.data, map.n, err);
  pleat_file_map_close(&map);
  return status;
}

pleat_status pleat_write_zip(const char *path, const char *const *files, size_t n_files, pleat_error *err) {
  pleat_zip_writer *writer = NULL;
  PLEAT_TRY(pleat_zip_writer_open(path, &writer, err));
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < n_files && !status; i++) status = add_file(writer, files[i], err);
  pleat_status closed = pleat_zip_writer_close(writer, NULL, status == PLEAT_OK, status ? NULL : err);
  return status ? status : closed;
}
