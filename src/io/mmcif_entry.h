/* mmCIF reader for templates: an entry of the PDB with its chains, sequences and positions.
 * Source: alphafold/data/mmcif_parsing.py, templates.py _get_atom_positions (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_ENTRY_H
#define PLEAT_IO_MMCIF_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "pleat/status.h"

/* One protein chain, by its author's name. All arrays have n_res entries, the residues of SEQRES. */
typedef struct pleat_mmcif_chain {
  char *author_id;
  int64_t n_res;
  char *sequence;      /* letters of SEQRES, modified residues as their parents, else 'X'; NUL-terminated */
  int32_t *auth_num;   /* author's residue number, INT32_MIN where the residue is missing */
  char *insertion;     /* insertion codes, ' ' for none */
  uint8_t *is_missing; /* 1 where the model has no atoms */
  uint8_t *is_hetero;  /* 1 for HETATM */
  float *positions;    /* [n_res, 37, 3] angstrom, 0 where the mask is 0 */
  float *mask;         /* [n_res, 37] */
} pleat_mmcif_chain;

typedef struct pleat_mmcif_entry {
  char *id;           /* lower case, as in data_ and file names */
  char *release_date; /* "YYYY-MM-DD": the earliest revision; "" where the file has none */
  char *method;       /* "x-ray diffraction", ...; several joined by "," */
  double resolution;  /* angstrom; 0 where unknown */
  pleat_mmcif_chain *chains;
  size_t n_chains;
} pleat_mmcif_entry;

/* `path` is only for messages. Errors: INPUT (no protein chain, or what the published reader refuses, with file and
 * line), NOMEM; then *out_entry is empty. Otherwise released with pleat_mmcif_entry_fini. */
PLEAT_CHECKED pleat_status pleat_mmcif_read_entry(const char *text, size_t n, const char *path,
                                                  pleat_mmcif_entry *out_entry, pleat_error *err);
void pleat_mmcif_entry_fini(pleat_mmcif_entry *entry);

/* As templates.py checks it: fails (INPUT) when neighbouring C-alpha atoms of the chain are more than `max_distance`
 * angstrom apart; the message names the chain, residues and distance. */
PLEAT_CHECKED pleat_status pleat_mmcif_check_chain(const pleat_mmcif_chain *chain, double max_distance,
                                                   pleat_error *err);

#endif
