/* What the reader of entries collects row by row, before chains are put together of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_MMCIF_ENTRY_PRIV_H
#define PLEAT_IO_MMCIF_ENTRY_PRIV_H

#include "base/map.h"
#include "io/mmcif_entry.h"
#include "io/mmcif_model.h"

/* _entity_poly_seq: a monomer of a polymer. */
typedef struct mmcif_poly_row {
  pleat_text_span entity, monomer;
  int32_t number;
  int64_t line;
} mmcif_poly_row;

/* _struct_asym: a chain, by its own name (label), and its entity. */
typedef struct mmcif_asym_row {
  pleat_text_span label, entity;
} mmcif_asym_row;

/* Rows of _atom_site in model 1 that follow each other and agree in all of this. */
typedef struct mmcif_site {
  pleat_text_span label, label_number;
  pleat_mmcif_place place;
  int64_t line;
} mmcif_site;

/* Spans are borrowed from the text. */
typedef struct mmcif_rows {
  const char *path;
  pleat_error *err;
  mmcif_poly_row *poly;
  mmcif_asym_row *asym;
  mmcif_site *sites;
  bool *is_peptide; /* rows of _chem_comp, by their places in `comps` */
  uint32_t n_poly, poly_capacity, n_asym, asym_capacity, n_sites, sites_capacity, n_comps, comps_capacity;
  pleat_map comps;         /* name -> place */
  pleat_mmcif_model model; /* the first */
} mmcif_rows;

/* Adds the protein chains to an entry without chains. Errors: as pleat_mmcif_read_entry; the entry's owner releases it. */
PLEAT_CHECKED pleat_status pleat_mmcif_build_chains(const mmcif_rows *rows, pleat_mmcif_entry *entry);

#endif
