/* Alignments that AlphaFold's searches left in a folder (msas/ of its output).
 * Source: alphafold/data/pipeline.py, pipeline_multimer.py (google-deepmind/alphafold c77e5d2).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_PIPELINE_MSAS_H
#define PLEAT_PIPELINE_MSAS_H

#include <stdbool.h>

#include "feat/feat.h"

/* Rows that are read at most, the query included. */
typedef struct pleat_msas_limits {
  int64_t uniref90, bfd, mgnify, uniprot;
} pleat_msas_limits;
extern const pleat_msas_limits pleat_msas_published_limits;

/* The alignments of one chain in the published order: UniRef90, BFD, MGnify; and the UniProt hits. */
enum { PLEAT_MAX_CHAIN_MSAS = 3 };
typedef struct pleat_chain_msas {
  pleat_msa msas[PLEAT_MAX_CHAIN_MSAS];
  size_t n_msas;
  pleat_msa hits;
  bool has_hits;
} pleat_chain_msas;

/* Reads uniref90_hits.sto, bfd_uniref_hits.a3m (else small_bfd_hits.sto), mgnify_hits.sto, and with wants_hits
 * uniprot_hits.sto, each also as NAME.gz. What is missing is left out; all may not be missing. Errors: those of the
 * readers; INPUT. Released with pleat_chain_msas_fini. */
PLEAT_CHECKED pleat_status pleat_chain_msas_read(const char *folder, const pleat_msas_limits *limits, bool wants_hits,
                                                 pleat_chain_msas *out_msas, pleat_error *err);
void pleat_chain_msas_fini(pleat_chain_msas *msas);

/* Is there a file of that kind in the folder? */
bool pleat_chain_msas_exist(const char *folder);

/* The alignments of a target, chains joined by ':': for one chain those in `folder`; for several those of folder/A,
 * folder/B, ... by the sequences in folder/chain_id_map.json, or without that file in the order of the chains. Copies of
 * a chain are read once. */
typedef struct pleat_target_msas {
  pleat_feat_chain *chains;
  size_t n_chains;
  pleat_chain_msas *msas; /* [n_chains] those of copies are empty */
  char *sequences;        /* the chains, each with a NUL behind it */
} pleat_target_msas;

/* Errors: those of chain_msas_read; INPUT (a chain is not in the map, or the map cannot be read). Released with fini. */
PLEAT_CHECKED pleat_status pleat_target_msas_read(const char *folder, const char *sequence,
                                                  const pleat_msas_limits *limits, pleat_target_msas *out_msas,
                                                  pleat_error *err);
void pleat_target_msas_fini(pleat_target_msas *msas);

#endif
