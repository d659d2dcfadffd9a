/* libpleat: protein structures with the AlphaFold 2 networks, from features or sequences to positions and confidences.
 *
 *   pleat_model *model; pleat_session *session; pleat_arrays *features, *prediction; pleat_error err;
 *   pleat_model_open("params_model_3_ptm.npz", &(pleat_model_options){.name = "model_3_ptm"}, &model, &err);
 *   pleat_features_from_sequence("NLYIQWLKDGGPSSGRPPPS", model, NULL, &features, &err);
 *   pleat_session_create(model, features, NULL, &session, &err);
 *   pleat_session_predict(session, features, NULL, &prediction, &err);
 *   ... pleat_arrays_find(prediction, "structure_module/final_atom_positions")
 *
 * Ownership: who creates destroys. A model is immutable and may serve many sessions; a session is used by one thread at
 * a time. Features and predictions are the caller's. Units: angstrom, pLDDT 0..100, bytes, milliseconds.
 * Errors: every fallible call returns a status and fills `err` (NULL allowed); the library never exits or prints.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_H
#define PLEAT_H

#include "pleat/arrays.h"
#include "pleat/status.h"

#ifdef __cplusplus
extern "C" {
#endif

PLEAT_API const char *pleat_version(void);

/* ---- Simple part: models, features, prediction ------------------------------------------------------------------ */

typedef struct pleat_model pleat_model;
typedef struct pleat_session pleat_session;

/* Zero-initialise, then set what differs from the defaults. */
typedef struct pleat_model_options {
  const char *name;          /* "model_1" .. "model_5", with "_ptm", "_multimer", "_multimer_v2", "_multimer_v3" */
  const char *opt_backend;   /* "cpu" (default), "ref", "null" */
  int n_threads;             /* <= 0: all usable cores */
  const char *opt_precision; /* "f32" (default) or "bf16" */
  /* Highest instruction set of backend cpu: "generic", on x86-64 "avx2", "avx512", "avx512bf16", on arm64 "neon",
   * "neonbf16". One that the machine has not means the highest below it; a name of no instruction set of this
   * architecture is INVALID. NULL: the environment's PLEAT_CPU_MASK, or else whatever the machine has. */
  const char *opt_cpu_mask;
} pleat_model_options;

/* `weights` is a path to .npz or .safetensors, or "synth:FILE.json" (or "synth:{...}", the JSON itself) for synthetic
 * values, or "synth:" alone for synthetic values under the published names and shapes of the network itself (as with a
 * spec that lists these and has seed 0). Names and shapes are checked against the variant. Errors: INVALID (unknown
 * model name; the message suggests the nearest), IO, WEIGHTS, NOMEM. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_model_open(const char *weights, const pleat_model_options *options,
                                                      pleat_model **out_model, pleat_error *err);
PLEAT_API void pleat_model_close(pleat_model *model); /* NULL is allowed; after its sessions are destroyed */
PLEAT_API const char *pleat_model_name(const pleat_model *model);
PLEAT_API bool pleat_model_is_multimer(const pleat_model *model);
PLEAT_API bool pleat_model_is_synthetic(const pleat_model *model); /* weights made up: results are no prediction */
PLEAT_API bool pleat_model_has_templates(const pleat_model *model);
PLEAT_API bool pleat_model_has_pae(const pleat_model *model);

/* One pass of the network, the first or a recycle. Scores are NAN where they are not known: before the last pass without
 * want_pass_scores or opt_pass_result, or of a network without that head. */
typedef struct pleat_pass {
  int64_t recycle, num_recycle; /* 0 is the first pass */
  double mean_plddt, ptm, iptm;
  double distance_change; /* RMS change of all CA-CA distances since the pass before, angstrom; NAN in the first */
} pleat_pass;

/* How features are drawn from alignments and how often the network runs. Zero-initialise; -1 or 0 as said. */
typedef struct pleat_predict_options {
  int64_t num_recycle;         /* -1: the model's own (3 monomer, 20 multimer); 0 and more: that many */
  int64_t num_ensemble;        /* 0: 1 */
  int64_t max_msa;             /* clustered rows; 0: the model's own (512 or 508; multimer 508 or 252) */
  int64_t max_extra_msa;       /* 0: the model's own */
  double early_stop_tolerance; /* angstrom; < 0: never stop early; 0: the model's own (0.5 multimer, never monomer) */
  double msa_mask_fraction;    /* BERT masking; < 0: 0.15 as published; 0: none */
  double dropout; /* factor on the dropout rates of training (0.15 in MSA row attention, 0.25 in the triangle updates);
                     0: none, 1: as published. Drawn by seed and pass */
  bool is_identity_order; /* take alignment rows in order instead of drawing them */
  bool is_unclustered; /* multimers: a cluster is its centre alone, rows outside enter no averages; others: no effect */
  uint64_t seed;
  uint64_t memory_bytes;     /* budget for activations, scratch and packed weights; 0: what is available */
  bool want_logits;          /* also distogram, masked_msa, experimentally_resolved and PAE logits */
  bool want_representations; /* also representations/{single, pair, msa_first_row, structure_module} */
  bool want_chain_scores;    /* also pTM per chain, ipTM and actifpTM per pair; takes a distogram's memory */
  bool is_contact_binary;    /* actifpTM of residues in certain contact, instead of weighted by contact probabilities */
  bool keep_padding; /* compute rows and templates that masks remove as well (to check that skipping is exact) */
  bool is_unfused;   /* run primitives only (to check that fusion changes nothing) */
  bool is_unhoisted; /* compute in every recycle what could be computed once (to check the same) */
  int64_t n_chunks;  /* force at least this many slices where the plan may slice; 0: only as memory asks */
  /* Positions [N_res, 37, 3] in angstrom that the first pass recycles in place of zeros ("initial guess", Bennett et al.
   * 2023), finite and zero where an atom is missing: the first pass sees the binned distances of their pseudo-beta
   * atoms, whatever is masked; the recycled MSA row and pair representation stay zero. NULL: none. */
  const float *opt_initial_positions;
  /* Scores of every pass for opt_progress: the heads then run in each, which costs their time. */
  bool want_pass_scores;
  /* Given every pass's result, the last one's included, on the calling thread: arrays of a prediction that ends there
   * (positions, lDDT logits and confidences; everything only of the last), which live until the call returns. Return
   * false to cancel. The heads run as for want_pass_scores. pleat_session_create has to be given either as well. */
  bool (*opt_pass_result)(void *ctx, int64_t recycle, const pleat_arrays *result);
  void *pass_result_ctx;
  /* Called after every pass, and after opt_pass_result, on the calling thread; return false to cancel. */
  bool (*opt_progress)(void *ctx, const pleat_pass *pass);
  void *progress_ctx;
  /* Asked before every block of the network; return false to cancel. */
  bool (*opt_poll)(void *ctx);
  void *poll_ctx;
} pleat_predict_options;

/* What one prediction will take, known before anything runs. */
typedef struct pleat_estimate {
  uint64_t arena_bytes;   /* activations */
  uint64_t scratch_bytes; /* kernels' temporary memory, all threads */
  uint64_t weight_bytes;  /* packed parameters */
  uint64_t host_bytes;    /* features, and results beside the activations */
  uint64_t total_bytes;
  double milliseconds; /* predicted for all recycles */
  double flops, bytes; /* arithmetic and memory traffic of all recycles */
  uint32_t n_launches; /* kernel launches of all recycles */
  int64_t n_slices;    /* largest number of slices that an axis was cut into */
} pleat_estimate;

/* Features of one chain or complex from a sequence ("AAA:BBB" joins chains), or from an alignment in a3m format. For
 * monomer models the result is processed (one slice per iteration), for multimer models raw. `opt_options` gives rows,
 * seed, recycles. Errors: INPUT, NOMEM; UNSUPPORTED for a complex with a monomer model. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_features_from_sequence(const char *sequence, const pleat_model *model,
                                                                  const pleat_predict_options *opt_options,
                                                                  pleat_arrays **out_features, pleat_error *err);
PLEAT_API PLEAT_CHECKED pleat_status pleat_features_from_a3m(const char *text, size_t n, const char *opt_path,
                                                             const pleat_model *model,
                                                             const pleat_predict_options *opt_options,
                                                             pleat_arrays **out_features, pleat_error *err);

/* Plans for the shapes of `features` (milliseconds; nothing is computed) and takes the memory. A session serves any
 * features of the same shapes, with the same num_ensemble and num_recycle. Errors: SHAPE (missing or misshapen arrays,
 * named), NOMEM (needs and budget). */
PLEAT_API PLEAT_CHECKED pleat_status pleat_session_create(const pleat_model *model, const pleat_arrays *features,
                                                          const pleat_predict_options *opt_options,
                                                          pleat_session **out_session, pleat_error *err);
PLEAT_API void pleat_session_destroy(pleat_session *session); /* NULL is allowed */
/* Is the plan also one for these features: same sizes after what masks remove, same recycles and ensembles? Then a
 * prediction gives the same bytes as with a session of its own. */
PLEAT_API bool pleat_session_fits(const pleat_session *session, const pleat_arrays *features,
                                  const pleat_predict_options *opt_options);
PLEAT_API void pleat_session_estimate(const pleat_session *session, pleat_estimate *out_estimate);
/* The same numbers without taking memory. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_estimate_features(const pleat_model *model, const pleat_arrays *features,
                                                             const pleat_predict_options *opt_options,
                                                             pleat_estimate *out_estimate, pleat_error *err);

/* Runs the network. The prediction holds, under the published names: structure_module/final_atom_positions
 * [N_res, 37, 3] angstrom, structure_module/final_atom_mask, structure_module/final_affines (monomer),
 * predicted_lddt/logits, confidence/plddt [N_res], and with a PAE head confidence/predicted_aligned_error
 * [N_res, N_res], confidence/max_predicted_aligned_error, confidence/ptm, confidence/iptm (complexes);
 * confidence/ranking (0.8 ipTM + 0.2 pTM for multimers, mean pLDDT otherwise); num_recycles; and what want_logits and
 * want_representations add. With want_chain_scores and a PAE head: confidence/per_chain_ptm [N_chain],
 * confidence/pairwise_iptm and confidence/pairwise_actifptm [N_chain, N_chain], confidence/actifptm (formulas:
 * src/bio/confidence_chains.h). Errors: SHAPE, NOMEM, DEVICE, CANCELLED. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_session_predict(pleat_session *session, const pleat_arrays *features,
                                                           const pleat_predict_options *opt_options,
                                                           pleat_arrays **out_prediction, pleat_error *err);

/* ---- Advanced part: looking inside ------------------------------------------------------------------------------ */

/* Text owned by the caller (free with pleat_text_free). */
PLEAT_API void pleat_text_free(char *text);

/* The graph of a model for given sizes at a stage: "build", "simplify", "skip", "hoist", "fuse", "precision",
 * "chunk", "memory" (with offsets) or "plan" (a table of launches with shapes, bytes, FLOPs, predicted ms, peak).
 * n_templ < 0: the variant's own. block counts and channels are the published ones unless opt_weights names a file.
 * Errors: INVALID. */
typedef struct pleat_graph_query {
  const char *model;
  const char *opt_weights;
  const char *opt_stage;   /* default "plan" */
  const char *opt_backend; /* default "cpu"; "null" plans without a device */
  const char *opt_precision;
  int64_t n_res, n_seq, n_extra, n_templ;
  int64_t num_recycle; /* as in pleat_predict_options */
  uint64_t memory_bytes;
  int64_t n_chunks;
  int n_threads;
  const char *opt_cpu_mask; /* as in pleat_model_options */
} pleat_graph_query;
PLEAT_API PLEAT_CHECKED pleat_status pleat_graph_text(const pleat_graph_query *query, char **out_text,
                                                      pleat_estimate *opt_out_estimate, double *opt_out_plan_ms,
                                                      pleat_error *err);

/* One published sub-layer by the tag of shared/golden/README.md ("triangle_attention_starting", ...): inputs "in0",
 * "in1", "in2/aatype" ...; outputs "out" or "out/NAME". Errors: INVALID (unknown tag), SHAPE, WEIGHTS. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_sublayer_run(const char *tag, const char *weights,
                                                        const pleat_model_options *options, const pleat_arrays *inputs,
                                                        pleat_arrays **out_outputs, pleat_error *err);

/* Checks of a weight file: one line per tensor (name, dtype, shape), or the first thing wrong. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_weights_list_text(const char *weights, char **out_text, pleat_error *err);
/* Reads every value; with a model name also compares names and shapes. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_weights_verify(const char *weights, const char *opt_model, pleat_error *err);
PLEAT_API PLEAT_CHECKED pleat_status pleat_weights_convert_file(const char *weights, const char *path,
                                                                pleat_dtype dtype, pleat_error *err);

/* One network timed on random features of a given shape, sub-layer by sub-layer, and compared with a cost model at the
 * rates that this machine shows in between: matrix products in cache, and copies. Zero-initialise. */
typedef struct pleat_bench_query {
  int64_t n_res;       /* residues */
  int64_t n_seq;       /* rows of the clustered alignment, the target's included */
  int64_t n_extra;     /* rows of the extra alignment */
  int64_t num_recycle; /* passes after the first */
  int64_t n_repeats;   /* predictions, of which medians are taken; 0: 1 */
  bool is_json;        /* otherwise a table */
} pleat_bench_query;
/* Of every sub-layer and in total: calls, launches, milliseconds in one prediction, rate of arithmetic, the least time
 * by the cost model ("roofline") and its share in the measured time (percent, in JSON a fraction); then the time of a
 * whole prediction, its memory and the machine. Unless it is estimated to take longer than 10 seconds, one prediction
 * runs before the measured ones. Weights are the model's, so "synth:" will do; templates are none. What a backend does
 * not measure, or the cost model does not have, is "-", in JSON null. The text is owned by the caller (pleat_text_free).
 * Errors: INVALID (sizes out of range; the model's backend is "null"), NOMEM, and those of a prediction. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_bench_text(const pleat_model *model, const pleat_bench_query *query,
                                                      char **out_text, pleat_error *err);

/* Backends compiled in and what they see of this machine; one line each. */
PLEAT_API PLEAT_CHECKED pleat_status pleat_info_text(char **out_text, pleat_error *err);
/* Names of all models, in ranking order; NULL ends the list. */
PLEAT_API const char *const *pleat_model_names(void);

#ifdef __cplusplus
}
#endif
#endif
