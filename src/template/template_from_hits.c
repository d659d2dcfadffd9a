/* One hit after the other until there are enough templates; see template_from_hits.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "template/template_from_hits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "template/chain_match.h"

/* A hit on its way to a template. */
typedef struct hit_job {
  const pleat_template_hit *hit;
  const char *query;
  int64_t n_query;
  const pleat_template_rules *rules;
  const pleat_mmcif_entry *entry;
  char *sequence;   /* the hit's, without gaps */
  int32_t *mapping; /* [n_query] */
  pleat_hit_report *report;
} hit_job;

static void say(hit_job *job, pleat_hit_outcome outcome, const char *text) {
  job->report->outcome = outcome;
  snprintf(job->report->text, sizeof job->report->text, "%s", text);
}

/* A failure that is about this hit is reported and no failure of the search. */
static pleat_status absorb(hit_job *job, pleat_status status, pleat_hit_outcome outcome, const pleat_error *why,
                           pleat_error *err) {
  if (status == PLEAT_INPUT || status == PLEAT_IO) {
    say(job, outcome, why->message);
    return PLEAT_OK;
  }
  if (err) *err = *why;
  return status;
}

/* ---- Before the entry is read ---- */

/* Sets report->entry; false: the hit needs no further look. An entry whose day is in the list is taken for what it says,
 * though it may be obsolete too. */
static bool choose_entry(hit_job *job) {
  pleat_hit_report *report = job->report;
  if (!job->rules->hit.opt_lists) return true;
  pleat_pdb_note note = pleat_pdb_lists_find(job->rules->hit.opt_lists, report->entry);
  if (!note.is_obsolete) return true;
  if (!note.opt_successor) {
    char text[96];
    snprintf(text, sizeof text, "entry %s is obsolete, and no other replaces it", report->entry);
    say(job, PLEAT_HIT_WARNING, text);
    return false;
  }
  if (note.day == PLEAT_NO_DATE) snprintf(report->entry, sizeof report->entry, "%s", note.opt_successor);
  return true;
}

static bool passes(hit_job *job) {
  pleat_hit_report *report = job->report;
  report->verdict = pleat_hit_check(job->hit, job->sequence, report->entry, job->query, &job->rules->hit);
  if (report->verdict == PLEAT_HIT_GOOD) return true;
  say(job, PLEAT_HIT_PASSED, pleat_hit_verdict_text(report->verdict));
  return false;
}

/* ---- The entry ---- */

/* *out_entry stays NULL when it cannot be used. */
static pleat_status load_entry(hit_job *job, pleat_error *err) {
  pleat_hit_report *report = job->report;
  pleat_error why = {0};
  char text[160];
  int32_t day;
  pleat_status status = job->rules->load(job->rules->load_arg, report->entry, &job->entry, &why);
  if (status) {
    job->entry = NULL;
    return absorb(job, status, PLEAT_HIT_WARNING, &why, err);
  }
  const char *date = job->entry->release_date;
  if (!pleat_date_parse(date, strlen(date), &day)) {
    /* DEVIATION: the published code stops with an exception. */
    snprintf(text, sizeof text, "entry %s does not say when it was released", report->entry);
    say(job, PLEAT_HIT_WARNING, text);
    job->entry = NULL;
  } else if (day > job->rules->hit.max_day) {
    snprintf(text, sizeof text, "entry %s was released on %.10s", report->entry, date);
    say(job, PLEAT_HIT_PASSED, text);
    report->verdict = PLEAT_HIT_LATE;
    job->entry = NULL;
  }
  return PLEAT_OK;
}

/* A chain that is not there by name is refused even where it is the only one: the published code lines up its sequence,
 * and then asks for atoms by the name. */
static pleat_status find_chain(hit_job *job, pleat_template_place *place, pleat_error *err) {
  pleat_hit_report *report = job->report;
  char text[sizeof report->text];
  *place = (pleat_template_place){.mapping = job->mapping, .letters = job->sequence, .n_res = job->n_query};
  place->chain = pleat_chain_match(job->entry, report->chain, job->sequence, &place->first);
  if (place->chain) return PLEAT_OK;
  report->is_realigned = true;
  if (!pleat_chain_find(job->entry, report->chain)) {
    snprintf(text, sizeof text, "entry %s has no protein chain %s, nor the hit's sequence in its %zu others",
             report->entry, report->chain, job->entry->n_chains);
    say(job, job->entry->n_chains == 1 ? PLEAT_HIT_WARNING : PLEAT_HIT_ERROR, text);
    return PLEAT_OK;
  }
  pleat_error why = {0};
  pleat_status status = pleat_chain_realign(job->entry, report->chain, job->sequence, job->rules->align,
                                            job->rules->align_arg, job->mapping, job->n_query, &place->chain, &why);
  if (status) {
    place->chain = NULL;
    return absorb(job, status, PLEAT_HIT_ERROR, &why, err);
  }
  place->letters = place->chain->sequence;
  return PLEAT_OK;
}

/* Where the hit's first residue stands, which mapping counts from. */
static int64_t first_number(const pleat_template_hit *hit) {
  int64_t first = INT32_MAX;
  for (int64_t c = 0; c < hit->n_cols; c++) {
    if (hit->indices_hit[c] >= 0 && hit->indices_hit[c] < first) first = hit->indices_hit[c];
  }
  return first;
}

static void find_by_number(hit_job *job, pleat_template_place *place) {
  pleat_hit_report *report = job->report;
  char text[sizeof report->text];
  int64_t last = -1;
  *place = (pleat_template_place){.mapping = job->mapping, .first = first_number(job->hit), .n_res = job->n_query};
  for (int64_t i = 0; i < job->n_query; i++) {
    if (job->mapping[i] >= 0 && place->first + job->mapping[i] > last) last = place->first + job->mapping[i];
  }
  const pleat_mmcif_chain *chain = pleat_chain_find(job->entry, report->chain);
  if (chain && last < chain->n_res) {
    place->chain = chain;
    place->letters = chain->sequence + (last < 0 ? 0 : place->first);
    return;
  }
  if (!chain) {
    snprintf(text, sizeof text, "entry %s has no protein chain %s", report->entry, report->chain);
  } else {
    snprintf(text, sizeof text, "the hit goes to residue %lld of chain %s, which has %lld in entry %s",
             (long long)last + 1, report->chain, (long long)chain->n_res, report->entry);
  }
  say(job, PLEAT_HIT_ERROR, text);
}

static pleat_status use_chain(hit_job *job, const pleat_template_place *place, pleat_template *made, pleat_error *err) {
  pleat_hit_report *report = job->report;
  pleat_error why = {0};
  pleat_status status = pleat_mmcif_check_chain(place->chain, PLEAT_TEMPLATE_CA_DISTANCE, &why);
  if (!status) status = pleat_template_place_atoms(place, report->entry, made, &why);
  if (status) return absorb(job, status, PLEAT_HIT_WARNING, &why, err);
  made->sum_probs = isnan(job->hit->sum_probs) ? 0.0 : job->hit->sum_probs;
  if (report->is_realigned) {
    char text[sizeof report->text];
    snprintf(text, sizeof text, "the hit's sequence is not in entry %s: lined up with its chain %s again",
             report->entry, report->chain);
    say(job, PLEAT_HIT_USED, text);
  }
  return PLEAT_OK;
}

/* ---- Hits ---- */

/* made->name stays NULL where the hit gives no template; the report says why. */
static pleat_status process(hit_job *job, pleat_template *made, pleat_error *err) {
  pleat_error why = {0};
  char id[PLEAT_HIT_ENTRY_TEXT];
  pleat_status status = pleat_hit_place(job->hit, id, job->report->chain, &why);
  if (status) return absorb(job, status, PLEAT_HIT_ERROR, &why, err);
  snprintf(job->report->entry, sizeof job->report->entry, "%s", id);
  if (!choose_entry(job) || !passes(job)) return PLEAT_OK;
  status = pleat_hit_map(job->hit, job->query, job->mapping, &why);
  if (status) return absorb(job, status, PLEAT_HIT_ERROR, &why, err);
  PLEAT_TRY(load_entry(job, err));
  if (!job->entry) return PLEAT_OK;
  pleat_template_place place;
  if (job->rules->is_by_number) {
    find_by_number(job, &place);
  } else {
    PLEAT_TRY(find_chain(job, &place, err));
  }
  return place.chain ? use_chain(job, &place, made, err) : PLEAT_OK;
}

static bool is_repeated(const pleat_templates *templates, const pleat_template *made) {
  for (size_t t = 0; t < templates->n_items; t++) {
    if (strcmp(templates->items[t].sequence, made->sequence) == 0) return true;
  }
  return false;
}

static pleat_status add_hit(const pleat_template_hit *hit, const char *query, const pleat_template_rules *rules,
                            pleat_templates *templates, pleat_error *err) {
  pleat_hit_report report = {0};
  pleat_template made = {0};
  hit_job job = {.hit = hit, .query = query, .n_query = (int64_t)strlen(query), .rules = rules, .report = &report};
  job.sequence = pleat_hit_sequence(hit);
  job.mapping = calloc((size_t)job.n_query + 1, sizeof *job.mapping);
  pleat_status status = PLEAT_OK;
  if (!job.sequence || !job.mapping) status = pleat_fail(err, PLEAT_NOMEM, "no memory for a template hit");
  if (!status) status = process(&job, &made, err);
  if (!status && made.name && rules->is_distinct && is_repeated(templates, &made)) {
    report.outcome = PLEAT_HIT_REPEATED;
    pleat_template_fini(&made);
  }
  if (!status && rules->opt_on_report) rules->opt_on_report(rules->report_arg, hit, &report);
  if (!status && made.name) status = pleat_templates_add(templates, &made, err);
  free(job.mapping);
  free(job.sequence);
  return status;
}

static int by_sum_probs(const void *left, const void *right) {
  const pleat_template_hit *a = *(const pleat_template_hit *const *)left,
                           *b = *(const pleat_template_hit *const *)right;
  if (a->sum_probs != b->sum_probs) return a->sum_probs < b->sum_probs ? 1 : -1;
  return a < b ? -1 : a > b; /* in the order of the list, which is an array */
}

pleat_status pleat_templates_from_hits(const pleat_template_hits *hits, const char *query,
                                       const pleat_template_rules *rules, pleat_templates *out_templates,
                                       pleat_error *err) {
  *out_templates = (pleat_templates){0};
  const pleat_template_hit **order = malloc((hits->n_hits + 1) * sizeof(const pleat_template_hit *));
  if (!order) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory for %zu template hits", hits->n_hits);
  bool has_scores = true;
  for (size_t k = 0; k < hits->n_hits; k++) {
    order[k] = &hits->hits[k];
    has_scores = has_scores && !isnan(hits->hits[k].sum_probs);
  }
  if (has_scores) qsort(order, hits->n_hits, sizeof(const pleat_template_hit *), by_sum_probs);
  pleat_status status = PLEAT_OK;
  for (size_t k = 0; k < hits->n_hits && !status; k++) {
    if ((int64_t)out_templates->n_items >= rules->max_templates) break;
    status = add_hit(order[k], query, rules, out_templates, err);
  }
  free(order);
  if (status) pleat_templates_fini(out_templates);
  return status;
}
