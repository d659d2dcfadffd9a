/* Inputs and results as files: FASTA, a3m, tables, JSON and structures in; PDB, mmCIF and ColabFold's JSON out.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_IO_H
#define PLEAT_IO_H

#include "pleat/pleat.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One thing to fold, or one that cannot be folded and says why. */
typedef struct pleat_target {
  const char *name;     /* from the header, table or file name; safe as a file name; unique in the list */
  const char *sequence; /* chains joined by ':'; "" with opt_error */
  const char *opt_a3m;  /* text of the alignment, NULL = single sequence, or see opt_a3m_path */
  size_t n_a3m;
  const char *opt_a3m_path;  /* the alignment's file, of directories and tables: read when features are made */
  const char *opt_msas_path; /* folder of AlphaFold's searches (msas/): read when features are made */
  int64_t n_rows;            /* of the alignment or alignments; 0 = none */
  const char *source;        /* path it came from */
  const pleat_error *opt_error;
} pleat_target;

typedef struct pleat_targets pleat_targets;

/* Reads, told apart by suffix or else by content: FASTA (every record is a target), a3m (one), CSV and TSV (columns id,
 * sequence, and optionally a3mpath), AlphaFold 3's JSON (protein chains), and a directory of such files in the order of
 * their names, where FASTA and a3m files give one target each, called like the file. "-" is standard input. A record,
 * row or file of a directory that is wrong becomes a target with opt_error. Errors: IO; INPUT with file, line and
 * column when nothing in `path` can be read. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_targets_read(const char *path, pleat_targets **out_targets,
                                                        pleat_error *err);
PLEAT_API void pleat_targets_destroy(pleat_targets *targets);
PLEAT_API size_t pleat_targets_count(const pleat_targets *targets);
PLEAT_API const pleat_target *pleat_targets_get(const pleat_targets *targets, size_t i);
PLEAT_API const char *pleat_targets_warnings(const pleat_targets *targets); /* "" or one line each */

/* Finds alignments for the targets that have none: per target the first that exists of PATH/NAME.a3m (ColabFold's),
 * PATH/NAME/msas, PATH/NAME, PATH/msas and PATH, which are folders of AlphaFold's searches (msas/ of its output: uniref90_hits.sto
 * and the like; for complexes in A/, B/, ..., named by chain_id_map.json), or PATH as an .a3m file. A target for which there
 * is nothing, or something of another sequence, gets opt_error. Errors: IO (no such path), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_targets_find_msas(pleat_targets *targets, const char *path,
                                                             pleat_error *err);

/* The targets of a FASTA file or table one after the other, for inputs of any length: memory is that of one record. "-" is
 * standard input. Names are as in a list, but not made unique. */
typedef struct pleat_target_stream pleat_target_stream;
/* Errors: IO; INPUT (a directory, or a format that is not read record by record); NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_target_stream_open(const char *path, pleat_target_stream **out_stream,
                                                              pleat_error *err);
PLEAT_API void pleat_target_stream_close(pleat_target_stream *stream); /* NULL is allowed */
/* The next target, borrowed until the next call; NULL at the end. A wrong record becomes a target with opt_error.
 * Errors: INPUT (nothing behind this can be read), IO, NOMEM; the stream is then at its end. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_target_stream_next(pleat_target_stream *stream,
                                                              const pleat_target **out_target, pleat_error *err);
/* Of the last target: "" or one line each. */
PLEAT_API const char *pleat_target_stream_warnings(const pleat_target_stream *stream);
/* Share of the input that has been taken, 0 to 1; negative when its size is unknown. */
PLEAT_API double pleat_target_stream_fraction(const pleat_target_stream *stream);

/* Features of a target for a model. Errors: its opt_error, IO, and as pleat_features_from_*. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_target_features(const pleat_target *target, const pleat_model *model,
                                                           const pleat_predict_options *opt_options,
                                                           pleat_arrays **out_features, pleat_error *err);

/* The same for a network by name, without its weights. is_raw: of monomers, the features before rows are drawn, masked and
 * clustered (features of multimers are always so). Errors also: INPUT (no such network). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_target_features_for(const pleat_target *target, const char *model,
                                                               bool is_raw, const pleat_predict_options *opt_options,
                                                               pleat_arrays **out_features, pleat_error *err);

/* Structures that are given as templates, for any number of targets. */
typedef struct pleat_template_files pleat_template_files;
PLEAT_API PLEAT_CHECKED pleat_status pleat_template_files_create(pleat_template_files **out_files, pleat_error *err);
PLEAT_API void pleat_template_files_destroy(pleat_template_files *files); /* NULL is allowed */
/* A structure, mmCIF or PDB, told apart by content, plain or packed by gzip. "FILE:CHAIN" names a chain as its author does;
 * without, every distinct chain is tried. Errors: IO; INPUT (cannot be read, no such chain); NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_template_files_add(pleat_template_files *files, const char *path,
                                                              pleat_error *err);
/* The .cif and .pdb files of a folder, also packed (.gz), in the order of their names; entries that say that they were
 * released later than opt_max_date ("2021-09-30") are left out. Errors: as above; INPUT (there is none). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_template_files_add_folder(pleat_template_files *files, const char *path,
                                                                     const char *opt_max_date, pleat_error *err);
/* Adds templates to the features of a target, made for this model: each structure's chain lies on the target's chain that
 * it has most residues in common with, as Kalign (another program) lines them up, and on its copies. Chains that were not
 * named need a quarter of equal residues, 10 at least, on a tenth of the target's chain. A model takes four for each chain,
 * those with most equal residues first; one that takes none leaves the features as they are. *out_notes says what became
 * of each, a line each (pleat_text_free). Errors: INPUT, PROGRAM (no Kalign: says what to install), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_template_files_apply(const pleat_template_files *files, const char *sequence,
                                                                const pleat_model *model, pleat_arrays *features,
                                                                char **out_notes, pleat_error *err);

/* Positions of a structure file, for pleat_predict_options.opt_initial_positions: an array "atom_positions" [N_res, 37, 3]
 * in angstrom with zeros where the file has no atom, and "atom_mask" [N_res, 37]. The file is PDB or mmCIF, told apart
 * by content; its first model counts. Its residues must be those of `sequence`, all and in order; chains are joined as
 * they follow each other, and their names and numbers do not matter. Errors: IO; INPUT with the line of the first residue
 * that differs, or of what cannot be read. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_positions_read(const char *path, const char *sequence,
                                                          pleat_arrays **out_positions, pleat_error *err);

/* One prediction in a few numbers; NAN where the network or the target has none. */
typedef struct pleat_summary {
  double plddt;               /* mean, 0..100 */
  double ptm, iptm;           /* 0..1 */
  double pae_mean, pae_max;   /* of all pairs of residues, angstrom */
  double pae_interface;       /* mean of the pairs of different chains, angstrom */
  double gyration_ang;        /* radius of gyration of the C-alpha atoms */
  double helix, strand, coil; /* shares of the residues, by the rules of DSSP: H, G and I; E and B; the others */
} pleat_summary;

/* `prediction` as from pleat_session_predict, `sequence` with ':' between chains. Errors: INPUT (not the prediction of
 * this sequence), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_summarize(const char *sequence, const pleat_arrays *prediction,
                                                     pleat_summary *out_summary, pleat_error *err);

/* What is written beside the coordinates. */
typedef struct pleat_result_info {
  const char *name;       /* of the target */
  const char *model;      /* e.g. "model_3_ptm" */
  bool is_synthetic;      /* adds a remark that the result is no prediction */
  bool has_msa;           /* an alignment was used (mmCIF: the protocol) */
  const char *opt_remark; /* further lines */
} pleat_result_info;

/* Write one prediction of a target; atomic: the file is complete or absent. `prediction` as from
 * pleat_session_predict, `sequence` with ':' between chains. Errors: IO, INPUT (cannot be represented: more than 62
 * chains, NaN), NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_pdb(const char *path, const char *sequence,
                                                     const pleat_arrays *prediction, const pleat_result_info *info,
                                                     pleat_error *err);
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_mmcif(const char *path, const char *sequence,
                                                       const pleat_arrays *prediction, const pleat_result_info *info,
                                                       pleat_error *err);
/* ColabFold's ..._scores_....json: plddt, max_pae, pae, ptm, iptm, and with want_chain_scores
 * pairwise_actifptm, pairwise_iptm, per_chain_ptm, actifptm. Written row by row, without a copy in memory. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_scores(const char *path, const pleat_arrays *prediction,
                                                        pleat_error *err);
/* ColabFold's ..._predicted_aligned_error_v1.json, row by row too. Errors also: INPUT (the network has no such head). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_pae(const char *path, const pleat_arrays *prediction,
                                                     pleat_error *err);

/* A target's alignment as ColabFold writes it: "#lengths<TAB>copies" of the distinct chains, then a header line and a
 * sequence line per row. Without an alignment, the distinct chains themselves, called 101, 102, ... Errors: IO, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_a3m(const char *path, const pleat_target *target, pleat_error *err);

/* AlphaFold's own files of a prediction: confidence_<model>.json and pae_<model>.json. Errors as above. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_af2_confidence(const char *path, const pleat_arrays *prediction,
                                                                pleat_error *err);
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_af2_pae(const char *path, const pleat_arrays *prediction,
                                                         pleat_error *err);

/* Packs files, under their names without folders, into a .zip; atomic, and the same files give the same bytes. Errors:
 * IO, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_write_zip(const char *path, const char *const *files, size_t n_files,
                                                     pleat_error *err);

#ifdef __cplusplus
}
#endif
#endif
