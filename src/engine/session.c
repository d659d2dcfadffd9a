/* Sessions: features planned once, predicted as often as wanted; recycling, ensembling, early stop (Alg. 2).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "engine/engine_priv.h"
#include "model/model.h"

struct pleat_session {
  const pleat_model *model;
  pleat_plan *plan;
  void *program;
  int64_t num_recycle;
  pleat_model_request request; /* what the plan is made for */
  pleat_skip_sizes kept;
  uint64_t feature_bytes;
  bool want_logits, has_heads_in_loop;
};

static const char PAE_LOGITS[] = "predicted_aligned_error/logits";
static const char DISTOGRAM_LOGITS[] = "distogram/logits";

static double tolerance_of(const pleat_model *model, const pleat_predict_options *options) {
  if (!model->variant->is_multimer && options->early_stop_tolerance == 0) return -1;
  return options->early_stop_tolerance == 0 ? model->variant->early_stop_tolerance : options->early_stop_tolerance;
}

static bool has_heads_in_loop(const pleat_predict_options *options) {
  return options->want_pass_scores || options->opt_pass_result;
}

/* Memory for activations and scratch: the budget less parameters and features, as far as they are not there yet. */
static pleat_status activation_budget(const pleat_model *model, const pleat_predict_options *options,
                                      uint64_t feature_bytes, uint64_t *out, pleat_error *err) {
  uint64_t total = options->memory_bytes ? options->memory_bytes : pleat_os_memory_available();
  *out = 0;
  if (!total || !strcmp(model->backend->name, "null")) return PLEAT_OK; /* unknown, or nothing will run */
  uint64_t held = model->backend->model_bytes(model->be, model->be_model);
  uint64_t weights = options->memory_bytes
                         ? model->weight_bytes
                         : model->weight_bytes - (held < model->weight_bytes ? held : model->weight_bytes);
  if (total <= weights)
    PLEAT_FAIL(err, PLEAT_NOMEM, "the parameters alone need %.2f GB, the memory budget is %.2f GB; raise --memory",
               (double)weights / 1e9, (double)total / 1e9);
  *out = total - weights;
  if (!options->memory_bytes) return PLEAT_OK;
  *out = feature_bytes < *out ? *out - feature_bytes : 1; /* 1: nothing fits, and the planner says so */
  return PLEAT_OK;
}

static pleat_status make_plan(const pleat_model *model, const pleat_inputs *inputs, uint64_t feature_bytes,
                              const pleat_predict_options *options, pleat_plan **out_plan, pleat_error *err) {
  pleat_model_request request;
  pleat_inputs_request(inputs, &request);
  pleat_skip_sizes kept;
  pleat_inputs_skip(inputs, &kept);
  pleat_plan_options plan_options = pleat_plan_options_for(model->backend, model->be, model->storage);
  plan_options.skip = kept.item;
  plan_options.n_skip = kept.n;
  plan_options.is_unfused = options->is_unfused;
  plan_options.is_unhoisted = options->is_unhoisted;
  plan_options.num_recycle = pleat_recycles_of(model->variant, options);
  plan_options.num_ensemble = request.num_ensemble;
  plan_options.has_heads_in_loop = has_heads_in_loop(options);
  plan_options.n_slices = options->n_chunks;
  PLEAT_TRY(activation_budget(model, options, feature_bytes, &plan_options.budget_bytes, err));
  pleat_graph *graph;
  PLEAT_TRY(pleat_build_model(model->variant, &model->sizes, &request, &graph, err));
  return pleat_plan_build(graph, &plan_options, out_plan, err);
}

static uint64_t operand_bytes(const pleat_operand *operand) {
  uint64_t bytes = pleat_dtype_size((pleat_dtype)operand->dtype);
  for (int d = 0; d < operand->rank; d++) bytes *= (uint64_t)operand->size[d];
  return bytes;
}

/* Results as the caller gets them. The aligned-error logits become a matrix, and those of the distogram scores of chains,
 * unless they are wanted themselves. */
static uint64_t result_bytes(const pleat_plan *plan, bool want_logits) {
  uint64_t bytes = 0;
  for (uint32_t i = 0; i < plan->n_bindings; i++) {
    const pleat_binding *binding = &plan->bindings[i];
    if (binding->kind != PLEAT_BIND_OUTPUT) continue;
    uint64_t whole = operand_bytes(&binding->operand);
    bool is_pae = !strcmp(binding->name, PAE_LOGITS);
    bool is_of_pairs = is_pae || !strcmp(binding->name, DISTOGRAM_LOGITS);
    if (!is_of_pairs || want_logits) bytes += whole;
    if (is_pae) bytes += whole / (uint64_t)binding->operand.size[2];
  }
  return bytes;
}

static uint64_t array_bytes(const pleat_arrays *set) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < pleat_arrays_count(set); i++) {
    const pleat_array *array = pleat_arrays_get(set, i);
    bytes += (uint64_t)pleat_array_elements(array) * array->item_size;
  }
  return bytes;
}

void pleat_plan_estimate(const pleat_plan *plan, uint64_t feature_bytes, bool want_logits, pleat_estimate *out) {
  *out = (pleat_estimate){.arena_bytes = plan->arena_bytes,
                          .scratch_bytes = plan->scratch_bytes,
                          .weight_bytes = plan->weight_bytes,
                          .host_bytes = feature_bytes + result_bytes(plan, want_logits),
                          .milliseconds = plan->est_ms,
                          .flops = plan->flops,
                          .bytes = plan->bytes,
                          .n_launches = (uint32_t)plan->n_runs,
                          .n_slices = 1};
  out->total_bytes = out->arena_bytes + out->scratch_bytes + out->weight_bytes + out->host_bytes;
  for (uint32_t r = 0; r < plan->graph->n_regions; r++)
    if (plan->graph->regions[r].is_chunk && plan->graph->regions[r].count > out->n_slices)
      out->n_slices = plan->graph->regions[r].count;
}

const pleat_predict_options pleat_default_options = {.num_recycle = -1, .msa_mask_fraction = -1};

pleat_status pleat_session_create(const pleat_model *model, const pleat_arrays *features,
                                  const pleat_predict_options *opt_options, pleat_session **out_session,
                                  pleat_error *err) {
  *out_session = NULL;
  const pleat_predict_options *options = opt_options ? opt_options : &pleat_default_options;
  pleat_session *session = calloc(1, sizeof *session);
  if (!session) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for a session");
  session->model = model;
  session->num_recycle = pleat_recycles_of(model->variant, options);
  session->feature_bytes = array_bytes(features);
  session->want_logits = options->want_logits;
  session->has_heads_in_loop = has_heads_in_loop(options);
  pleat_inputs *inputs = NULL;
  pleat_status status =
      pleat_inputs_create(model->variant, &model->sizes, features, options, session->num_recycle, &inputs, err);
  if (!status) {
    pleat_inputs_request(inputs, &session->request);
    pleat_inputs_skip(inputs, &session->kept);
    status = make_plan(model, inputs, session->feature_bytes, options, &session->plan, err);
  }
  if (!status)
    status = model->backend->program_create(model->be, model->be_model, session->plan, &session->program, err);
  pleat_inputs_destroy(inputs);
  if (status)
    pleat_session_destroy(session);
  else
    *out_session = session;
  return status;
}

void pleat_session_destroy(pleat_session *session) {
  if (!session) return;
  if (session->program) session->model->backend->program_destroy(session->model->be, session->program);
  pleat_plan_destroy(session->plan);
  free(session);
}

static bool is_same_request(const pleat_model_request *a, const pleat_model_request *b) {
  return a->n_res == b->n_res && a->n_clust == b->n_clust && a->n_extra == b->n_extra && a->n_templ == b->n_templ &&
         a->n_templ_rows == b->n_templ_rows && a->num_ensemble == b->num_ensemble &&
         a->is_template_static == b->is_template_static && a->want_logits == b->want_logits &&
         a->want_representations == b->want_representations && !(a->dropout < b->dropout || a->dropout > b->dropout);
}

static bool is_same_skip(const pleat_skip_sizes *a, const pleat_skip_sizes *b) {
  if (a->n != b->n) return false;
  for (int i = 0; i < a->n; i++)
    if (strcmp(a->item[i].name, b->item[i].name) || a->item[i].size != b->item[i].size) return false;
  return true;
}

bool pleat_session_fits(const pleat_session *session, const pleat_arrays *features,
                        const pleat_predict_options *opt_options) {
  const pleat_predict_options *options = opt_options ? opt_options : &pleat_default_options;
  const pleat_model *model = session->model;
  pleat_inputs *inputs;
  if (session->num_recycle != pleat_recycles_of(model->variant, options)) return false;
  if (session->has_heads_in_loop != has_heads_in_loop(options)) return false;
  if (pleat_inputs_create(model->variant, &model->sizes, features, options, session->num_recycle, &inputs, NULL))
    return false;
  pleat_model_request request;
  pleat_skip_sizes kept;
  pleat_inputs_request(inputs, &request);
  pleat_inputs_skip(inputs, &kept);
  pleat_inputs_destroy(inputs);
  return is_same_request(&request, &session->request) && is_same_skip(&kept, &session->kept);
}

void pleat_session_estimate(const pleat_session *session, pleat_estimate *out_estimate) {
  pleat_plan_estimate(session->plan, session->feature_bytes, session->want_logits, out_estimate);
}

pleat_status pleat_estimate_features(const pleat_model *model, const pleat_arrays *features,
                                     const pleat_predict_options *opt_options, pleat_estimate *out_estimate,
                                     pleat_error *err) {
  const pleat_predict_options *options = opt_options ? opt_options : &pleat_default_options;
  pleat_inputs *inputs;
  PLEAT_TRY(pleat_inputs_create(model->variant, &model->sizes, features, options,
                                pleat_recycles_of(model->variant, options), &inputs, err));
  pleat_plan *plan = NULL;
  pleat_status status = make_plan(model, inputs, array_bytes(features), options, &plan, err);
  pleat_inputs_destroy(inputs);
  if (!status) pleat_plan_estimate(plan, array_bytes(features), options->want_logits, out_estimate);
  pleat_plan_destroy(plan);
  return status;
}

/* ---- Prediction ---- */

/* One running prediction. */
typedef struct prediction {
  pleat_session *session;
  const pleat_predict_options *options;
  pleat_launch_times *opt_times;
  pleat_inputs *inputs;
  pleat_arrays *arrays; /* inputs of the current draw */
  float *ca, *prev_ca;  /* [N_res, 3]: C-alpha positions of this and the last recycle */
  float *positions;     /* [N_res, 37, 3] */
  bool is_started;
  pleat_error *err;
} prediction;

static pleat_status clear_states(const prediction *p, const char *prefix) {
  const pleat_session *s = p->session;
  for (uint32_t i = 0; i < s->plan->n_bindings; i++) {
    const pleat_binding *binding = &s->plan->bindings[i];
    if (binding->kind == PLEAT_BIND_STATE && !strncmp(binding->name, prefix, strlen(prefix)))
      PLEAT_TRY(s->model->backend->write(s->model->be, s->program, &binding->operand, NULL, p->err));
  }
  return PLEAT_OK;
}

/* The states of the first pass. */
static pleat_status write_first_states(const prediction *p) {
  const pleat_session *s = p->session;
  PLEAT_TRY(clear_states(p, "prev_"));
  if (!p->options->opt_initial_positions) return PLEAT_OK;
  const pleat_binding *binding = pleat_plan_find(s->plan, PLEAT_BIND_STATE, "prev_pos");
  if (!binding) PLEAT_FAIL(p->err, PLEAT_INTERNAL, "the network does not recycle positions");
  return s->model->backend->write(s->model->be, s->program, &binding->operand, p->options->opt_initial_positions,
                                  p->err);
}

static pleat_status run_stage(const prediction *p, pleat_stage stage) {
  const pleat_session *s = p->session;
  const pleat_run_watch watch = {p->options->opt_poll, p->options->poll_ctx, p->opt_times};
  return pleat_run_stage(s->model->backend, s->model->be, s->program, s->plan, stage, &watch, p->err);
}

static pleat_status write_inputs(const prediction *p, bool are_static) {
  const pleat_session *s = p->session;
  return pleat_write_inputs(s->model->backend, s->model->be, s->program, s->plan, p->arrays, are_static, p->err);
}

/* One pass of trunk and structure module. Ensemble members run last to first, so that the first one's MSA is there for
 * the masked-MSA head, as published for the monomer. */
static pleat_status run_pass(prediction *p, int64_t recycle) {
  int64_t members = p->session->request.num_ensemble;
  if (members > 1) PLEAT_TRY(clear_states(p, "ensemble/"));
  for (int64_t member = members; member-- > 0;) {
    PLEAT_TRY(pleat_inputs_draw(p->inputs, recycle, member, &p->arrays, p->err));
    if (!p->is_started) {
      PLEAT_TRY(write_inputs(p, true));
      PLEAT_TRY(run_stage(p, PLEAT_STAGE_ONCE));
      PLEAT_TRY(write_first_states(p));
      p->is_started = true;
    }
    PLEAT_TRY(write_inputs(p, false)); /* their places may have held what stage ONCE computed */
    pleat_arrays_destroy(p->arrays);   /* the backend has its copy */
    p->arrays = NULL;
    PLEAT_TRY(run_stage(p, PLEAT_STAGE_TRUNK));
  }
  return run_stage(p, PLEAT_STAGE_FOLD);
}

/* Root mean square change of all CA-CA distances; modules_multimer.py recycle_cond. */
static double distance_change(const prediction *p) {
  int64_t n = pleat_inputs_n_res(p->inputs);
  const float *mask = pleat_inputs_seq_mask(p->inputs), *a = p->prev_ca, *b = p->ca;
  double sum = 0, count = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double da = 0, db = 0, m = (double)(mask[i] * mask[j]);
      for (int k = 0; k < 3; k++) {
        double x = (double)a[3 * i + k] - (double)a[3 * j + k], y = (double)b[3 * i + k] - (double)b[3 * j + k];
        da += x * x;
        db += y * y;
      }
      double change = sqrt(da) - sqrt(db);
      sum += m * change * change;
      count += m;
    }
  return sqrt(sum / (count + 1e-10) + 1e-8);
}

static pleat_status read_ca(prediction *p) {
  const pleat_session *s = p->session;
  const pleat_binding *binding = pleat_plan_find(s->plan, PLEAT_BIND_STATE, "prev_pos");
  if (!binding) PLEAT_FAIL(p->err, PLEAT_INTERNAL, "the network does not recycle positions");
  PLEAT_TRY(s->model->backend->read(s->model->be, s->program, &binding->operand, p->positions, p->err));
  float *swap = p->prev_ca;
  p->prev_ca = p->ca;
  p->ca = swap;
  enum { CA = 1 };
  for (int64_t i = 0; i < pleat_inputs_n_res(p->inputs); i++)
    memcpy(p->ca + 3 * i, p->positions + (37 * i + CA) * 3, 3 * sizeof(float));
  return PLEAT_OK;
}

/* What results of a pass hold that is not the last. */
static bool is_of_every_pass(const char *name) {
  return !strcmp(name, "structure_module/final_atom_positions") || !strcmp(name, "predicted_lddt/logits");
}

static pleat_status collect(const prediction *p, int64_t recycle, bool is_last, pleat_arrays **out) {
  const pleat_session *s = p->session;
  pleat_arrays *set;
  PLEAT_TRY(pleat_arrays_create(&set, p->err));
  pleat_status status = PLEAT_OK;
  pleat_predict_options options = *p->options;
  options.want_logits &= is_last;
  options.want_chain_scores &= is_last;
  pleat_pair_logits pairs = {.backend = s->model->backend, .be = s->model->be, .program = s->program};
  pairs.pae = pleat_plan_find(s->plan, PLEAT_BIND_OUTPUT, PAE_LOGITS);
  pairs.distogram = pleat_plan_find(s->plan, PLEAT_BIND_OUTPUT, DISTOGRAM_LOGITS);
  for (uint32_t i = 0; i < s->plan->n_bindings && !status; i++) {
    const pleat_binding *binding = &s->plan->bindings[i];
    bool is_of_pairs = binding == pairs.pae || binding == pairs.distogram;
    if (binding->kind != PLEAT_BIND_OUTPUT || (is_of_pairs && !options.want_logits)) continue;
    if (is_last || is_of_every_pass(binding->name))
      status = pleat_read_output(s->model->backend, s->model->be, s->program, binding, binding->name, set, p->err);
  }
  int32_t count = (int32_t)recycle;
  if (!status) status = pleat_arrays_add(set, "num_recycles", PLEAT_I32, 0, NULL, &count, NULL, p->err);
  if (!status) status = pleat_add_confidences(s->model->variant, p->inputs, &pairs, &options, set, p->err);
  if (!status) status = pleat_check_finite(set, p->err);
  if (status)
    pleat_arrays_destroy(set);
  else
    *out = set;
  return status;
}

static double scalar_of(const pleat_arrays *opt_set, const char *name) {
  const pleat_array *array = opt_set ? pleat_arrays_find(opt_set, name) : NULL;
  return array ? pleat_array_number(array, 0) : (double)NAN;
}

static double mean_of(const pleat_arrays *opt_set, const char *name) {
  const pleat_array *array = opt_set ? pleat_arrays_find(opt_set, name) : NULL;
  int64_t n = array ? pleat_array_elements(array) : 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += pleat_array_number(array, i);
  return n ? sum / (double)n : (double)NAN;
}

/* opt_results: of this pass, if the heads ran. */
static pleat_status report(const prediction *p, int64_t recycle, double change, const pleat_arrays *opt_results) {
  const pleat_predict_options *o = p->options;
  const pleat_pass pass = {.recycle = recycle,
                           .num_recycle = p->session->num_recycle,
                           .mean_plddt = mean_of(opt_results, "confidence/plddt"),
                           .ptm = scalar_of(opt_results, "confidence/ptm"),
                           .iptm = scalar_of(opt_results, "confidence/iptm"),
                           .distance_change = recycle ? change : (double)NAN};
  if ((opt_results && o->opt_pass_result && !o->opt_pass_result(o->pass_result_ctx, recycle, opt_results)) ||
      (o->opt_progress && !o->opt_progress(o->progress_ctx, &pass)))
    PLEAT_FAIL(p->err, PLEAT_CANCELLED, "cancelled after recycle %lld", (long long)recycle);
  return PLEAT_OK;
}

static pleat_status read_change(prediction *p, double *out_change) {
  PLEAT_TRY(read_ca(p));
  *out_change = distance_change(p);
  return PLEAT_OK;
}

/* A pass that is not the last one, and what is to be told of it. */
static pleat_status run_recycled(prediction *p, int64_t i, double *out_change) {
  const pleat_predict_options *o = p->options;
  pleat_arrays *results = NULL;
  PLEAT_TRY(run_pass(p, i));
  if (tolerance_of(p->session->model, o) >= 0 || o->opt_progress) PLEAT_TRY(read_change(p, out_change));
  if (o->opt_pass_result || (o->want_pass_scores && o->opt_progress)) {
    PLEAT_TRY(run_stage(p, PLEAT_STAGE_LAST));
    PLEAT_TRY(collect(p, i, false, &results));
  }
  pleat_status status = report(p, i, *out_change, results);
  pleat_arrays_destroy(results);
  return status;
}

static pleat_status recycle(prediction *p, pleat_arrays **out) {
  double tolerance = tolerance_of(p->session->model, p->options), change = -1;
  int64_t i = 0;
  for (; i < p->session->num_recycle; i++) {
    if (i && change >= 0 && tolerance >= 0 && change <= tolerance) break;
    PLEAT_TRY(run_recycled(p, i, &change));
  }
  PLEAT_TRY(run_pass(p, i));
  if (p->options->opt_progress) PLEAT_TRY(read_change(p, &change)); /* stage LAST may overwrite the positions */
  PLEAT_TRY(run_stage(p, PLEAT_STAGE_LAST));
  pleat_arrays *results;
  PLEAT_TRY(collect(p, i, true, &results));
  pleat_status status = report(p, i, change, results);
  if (status)
    pleat_arrays_destroy(results);
  else
    *out = results;
  return status;
}

/* The plan is of one number of ensemble members, and may compute templates once. */
static pleat_status check_plan(const prediction *p) {
  const pleat_model_request *planned = &p->session->request;
  pleat_model_request wanted;
  pleat_inputs_request(p->inputs, &wanted);
  if (wanted.num_ensemble != planned->num_ensemble)
    PLEAT_FAIL(p->err, PLEAT_SHAPE, "the session was made for %lld ensemble members, this prediction asks for %lld",
               (long long)planned->num_ensemble, (long long)wanted.num_ensemble);
  if (wanted.dropout < planned->dropout || wanted.dropout > planned->dropout)
    PLEAT_FAIL(p->err, PLEAT_SHAPE, "the session was made for dropout %g, this prediction asks for %g",
               planned->dropout, wanted.dropout);
  if (has_heads_in_loop(p->options) && !p->session->has_heads_in_loop)
    PLEAT_FAIL(p->err, PLEAT_INVALID,
               "neither want_pass_scores nor opt_pass_result was given when the session was made: its plan has the "
               "heads behind the last pass only");
  if (planned->is_template_static && !wanted.is_template_static)
    PLEAT_FAIL(p->err, PLEAT_SHAPE,
               "the session was made for residue and template features that every iteration shares, these differ");
  return PLEAT_OK;
}

static pleat_status check_initial_positions(const prediction *p) {
  const float *x = p->options->opt_initial_positions;
  for (int64_t i = 0; x && i < pleat_inputs_n_res(p->inputs) * 37 * 3; i++)
    if (!isfinite(x[i]))
      PLEAT_FAIL(p->err, PLEAT_INPUT, "the initial positions hold %g for residue %lld, expected finite numbers",
                 (double)x[i], (long long)(i / (37 * 3)) + 1);
  return PLEAT_OK;
}

static pleat_status predict(prediction *p, const pleat_arrays *features, pleat_arrays **out, pleat_error *err) {
  const pleat_session *s = p->session;
  PLEAT_TRY(
      pleat_inputs_create(s->model->variant, &s->model->sizes, features, p->options, s->num_recycle, &p->inputs, err));
  PLEAT_TRY(check_plan(p));
  PLEAT_TRY(check_initial_positions(p));
  size_t n = (size_t)pleat_inputs_n_res(p->inputs) + 1;
  p->ca = calloc(n * 3, sizeof(float));
  p->prev_ca = calloc(n * 3, sizeof(float));
  p->positions = calloc(n * 37 * 3, sizeof(float));
  if (!p->ca || !p->prev_ca || !p->positions) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for positions");
  return recycle(p, out);
}

pleat_status pleat_session_predict_timed(pleat_session *session, const pleat_arrays *features,
                                         const pleat_predict_options *options, pleat_launch_times *opt_times,
                                         pleat_arrays **out_prediction, pleat_error *err) {
  *out_prediction = NULL;
  prediction p = {.session = session, .options = options, .opt_times = opt_times, .err = err};
  pleat_status status = predict(&p, features, out_prediction, err);
  pleat_inputs_destroy(p.inputs);
  pleat_arrays_destroy(p.arrays);
  free(p.ca);
  free(p.prev_ca);
  free(p.positions);
  return status;
}

pleat_status pleat_session_predict(pleat_session *session, const pleat_arrays *features,
                                   const pleat_predict_options *opt_options, pleat_arrays **out_prediction,
                                   pleat_error *err) {
  const pleat_predict_options *options = opt_options ? opt_options : &pleat_default_options;
  return pleat_session_predict_timed(session, features, options, NULL, out_prediction, err);
}

const pleat_plan *pleat_session_plan(const pleat_session *session) { return session->plan; }
