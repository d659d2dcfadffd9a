/* .npz archives in memory; files are pleat_arrays_read_npz and _write_npz of pleat/arrays.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TENSOR_NPZ_H
#define PLEAT_TENSOR_NPZ_H

#include "pleat/arrays.h"
#include "tensor/npy.h"
#include "tensor/zip.h"

/* The header of a member "NAME.npy". Errors: the archive's bad_status, NOMEM. */
PLEAT_CHECKED pleat_status pleat_npz_peek(const pleat_zip *zip, const pleat_zip_member *member, pleat_npy *out_npy,
                                          pleat_error *err);

/* Reads every member; `path` is only for messages. Errors: INPUT, NOMEM. */
PLEAT_CHECKED pleat_status pleat_arrays_parse_npz(const uint8_t *data, size_t n, const char *path,
                                                  pleat_arrays **out_set, pleat_error *err);

#endif
