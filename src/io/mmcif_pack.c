/* An archive of mmCIF entries from a folder of them: a zip, which other programs read too. What is compressed stays as it
 * is, so that packing costs no more than reading; plain files are deflated.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/map.h"
#include "base/os.h"
#include "io/mmcif_source.h"
#include "io/text_file.h"
#include "pleat/structures.h"
#include "tensor/zip.h"

typedef struct packer {
  const char *folder;
  pleat_zip_writer *writer;
  pleat_arena names;
  pleat_map packed; /* member's id -> 0 */
  pleat_structures_pack_options options;
  pleat_structures_packed done;
  pleat_error *err;
} packer;

static pleat_status fail_memory(const packer *p) {
  return pleat_fail_at(p->err, PLEAT_NOMEM, p->folder, 0, 0, "no memory for the names of the entries");
}

static char *join(packer *p, const char *folder, const char *name) {
  size_t n = strlen(folder) + 1 + strlen(name);
  char *path = pleat_arena_alloc(&p->names, n + 1);
  if (path) snprintf(path, n + 1, "%s/%s", folder, name);
  return path;
}

/* "1abc.cif" or "1abc.cif.gz", in lower case: how a member is called. NULL: no memory. */
static const char *member_name(packer *p, const char *id, size_t n_id, bool is_packed) {
  const char *suffix = is_packed ? ".cif.gz" : ".cif";
  char *name = pleat_arena_alloc(&p->names, n_id + strlen(suffix) + 1);
  if (!name) return NULL;
  for (size_t i = 0; i < n_id; i++) name[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] | 0x20) : id[i];
  memcpy(name + n_id, suffix, strlen(suffix) + 1);
  return name;
}

static pleat_status write_file(packer *p, const char *path, const char *name, bool is_packed) {
  pleat_file_map map = {0};
  PLEAT_TRY(pleat_file_map_open(path, &map, p->err));
  pleat_status status;
  if (is_packed != pleat_gzip_is(map.data, map.n))
    status = pleat_fail_at(p->err, PLEAT_INPUT, path, 0, 0,
                           is_packed ? "expected a file compressed by gzip, as its name says, found other bytes"
                                     : "expected plain text, found a file compressed by gzip: call it .cif.gz");
  else
    status = is_packed ? pleat_zip_writer_add(p->writer, name, NULL, 0, map.data, map.n, p->err)
                       : pleat_zip_writer_add_deflated(p->writer, name, map.data, map.n, p->err);
  p->done.n_bytes += map.n;
  pleat_file_map_close(&map);
  return status;
}

/* Of 1abc.cif and 1abc.cif.gz, the first in the order of names is taken: readers of a folder prefer it too. */
static pleat_status add_file(packer *p, const char *folder, const char *file) {
  size_t begin;
  bool is_packed;
  size_t n_id = pleat_mmcif_id_of(file, &begin, &is_packed);
  if (!n_id) {
    p->done.n_others++;
    return PLEAT_OK;
  }
  char *path = join(p, folder, file);
  const char *name = member_name(p, file + begin, n_id, is_packed);
  uint32_t existing;
  if (!path || !name || !pleat_map_insert(&p->packed, name, n_id, 0, &existing)) return fail_memory(p);
  if (existing != PLEAT_MAP_NONE) {
    p->done.n_others++;
    return PLEAT_OK;
  }
  if (p->options.opt_on_entry && !p->options.opt_on_entry(p->options.arg, name, &p->done))
    PLEAT_FAIL(p->err, PLEAT_CANCELLED, "stopped after %llu entries", (unsigned long long)p->done.n_entries);
  PLEAT_TRY(write_file(p, path, name, is_packed));
  p->done.n_entries++;
  return PLEAT_OK;
}

/* Files of a folder, then, at the top, those of its folders. */
static pleat_status add_folder(packer *p, const char *folder, bool is_top) {
  pleat_dir_names names = {0};
  PLEAT_TRY(pleat_dir_list(folder, &names, p->err));
  pleat_status status = PLEAT_OK;
  for (int is_inner = 0; is_inner < (is_top ? 2 : 1); is_inner++) {
    for (size_t i = 0; i < names.n_items && !status; i++) {
      const char *path = join(p, folder, names.items[i]);
      if (!path)
        status = fail_memory(p);
      else if (is_inner && pleat_path_is_dir(path))
        status = add_folder(p, path, false);
      else if (!is_inner && pleat_path_is_file(path))
        status = add_file(p, folder, names.items[i]);
    }
  }
  pleat_dir_list_fini(&names);
  return status;
}

pleat_status pleat_structures_pack(const char *folder, const char *archive,
                                   const pleat_structures_pack_options *opt_options,
                                   pleat_structures_packed *opt_out_packed, pleat_error *err) {
  packer p = {.folder = folder, .err = err};
  if (opt_options) p.options = *opt_options;
  PLEAT_TRY(pleat_zip_writer_open(archive, &p.writer, err));
  pleat_status status = add_folder(&p, folder, true);
  if (!status && !p.done.n_entries)
    status = pleat_fail_at(err, PLEAT_INPUT, folder, 0, 0,
                           "the folder has no entries: expected files like 1abc.cif, 1abc.cif.gz or ab/1abc.cif.gz");
  pleat_status closed =
      pleat_zip_writer_close(p.writer, "mmCIF entries, packed by pleat", status == PLEAT_OK, status ? NULL : err);
  pleat_map_fini(&p.packed);
  pleat_arena_fini(&p.names);
  if (opt_out_packed) *opt_out_packed = p.done;
  return status ? status : closed;
}
