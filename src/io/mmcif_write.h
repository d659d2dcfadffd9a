/* mmCIF writer with ModelCIF categories.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_WRITE_H
#define PLEAT_IO_MMCIF_WRITE_H

#include <stdbool.h>

#include "base/buf.h"
#include "bio/structure.h"

/* What the file says beside the atoms. Texts may hold anything; bytes outside printable ASCII become '?'. */
typedef struct pleat_mmcif_info {
  const char *entry_id;         /* name of the data block; characters other than letters, digits, '.', '_', '-': '_' */
  const char *title;            /* _struct.title */
  const char *model_name;       /* which network, seed and rank made this model */
  const char *software_version; /* of pleat */
  const char *const *remarks;   /* [n_remarks] lines of free text: _struct.pdbx_model_details */
  size_t n_remarks;
  bool has_msa; /* an alignment was used */
  double ptm;   /* NAN: leave out */
  double iptm;  /* NAN: leave out */
} pleat_mmcif_info;

/* Appends one data block. Chains of equal sequence share an entity; chains are named A..Z, AA, BA, ... as AlphaFold
 * does. label_seq_id counts 1, 2, ... along each chain, auth_seq_id is residue_index. pLDDT of a residue (the local and
 * global quality metric) is the B factor of its first atom. No limit on chains, atoms or coordinates.
 * Errors: INVALID (see pleat_structure_check; pTM or ipTM outside 0..1), NOMEM; `buf` then holds what it held. */
PLEAT_CHECKED pleat_status pleat_mmcif_write(const pleat_structure *structure, const pleat_mmcif_info *info,
                                             pleat_buf *buf, pleat_error *err);

#endif
