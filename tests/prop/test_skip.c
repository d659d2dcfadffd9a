/* What masks remove is left out exactly: skipped = padded, and padded features = features without the padding.
 *
 * Skipping changes the length of sums by terms that are exactly zero, so only the order of additions moves: the same
 * tolerance as between passes (test_equal_numbers.c). Features without the padding give the same plan and the same inputs as
 * skipped ones, hence the same bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "prop.h"

static const double ROUNDING = 1e-5;

/* Logits of the masked-MSA head have a row for each cluster row, so cluster rows are skipped without them only. */
static pleat_predict_options options_of(bool keep_padding) {
  pleat_predict_options o = prop_options();
  o.want_logits = false;
  o.keep_padding = keep_padding;
  return o;
}

static void check_skipped(const pleat_model *model, const prop_shape *shape, const char *what) {
  pleat_arrays *features = prop_features(shape, 11);
  pleat_predict_options o = options_of(false);
  pleat_arrays *skipped = prop_predict(model, features, &o);
  o = options_of(true);
  pleat_arrays *padded = prop_predict(model, features, &o);
  prop_compare(skipped, padded, ROUNDING, what);
  o.is_unfused = true;
  pleat_arrays *unfused = prop_predict(model, features, &o);
  prop_compare(skipped, unfused, ROUNDING, what);
  pleat_arrays_destroy(unfused);
  pleat_arrays_destroy(padded);
  pleat_arrays_destroy(skipped);
  pleat_arrays_destroy(features);
}

/* The same features once with padding rows and once without. */
static void check_trimmed(const pleat_model *model, const prop_shape *shape, const char *what) {
  prop_shape trimmed = *shape;
  trimmed.n_clust -= shape->clust_masked;
  trimmed.n_extra -= shape->extra_masked;
  trimmed.n_templ -= shape->templ_masked;
  trimmed.clust_masked = trimmed.extra_masked = trimmed.templ_masked = 0;
  pleat_arrays *a = prop_features(shape, 12), *b = prop_features(&trimmed, 12);
  pleat_predict_options o = options_of(false);
  pleat_arrays *padded = prop_predict(model, a, &o), *bare = prop_predict(model, b, &o);
  prop_compare(padded, bare, 0, what);
  pleat_arrays_destroy(bare);
  pleat_arrays_destroy(padded);
  pleat_arrays_destroy(b);
  pleat_arrays_destroy(a);
}

static void test_monomer(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  prop_shape s = {.n_res = 9,
                  .n_clust = 6,
                  .n_extra = 7,
                  .n_templ = 4,
                  .n_iterations = 1,
                  .clust_masked = 2,
                  .extra_masked = 3,
                  .templ_masked = 2};
  check_skipped(model, &s, "monomer, padded rows and templates");
  check_trimmed(model, &s, "monomer, trimmed");
  s.templ_masked = 4;
  check_skipped(model, &s, "monomer, all templates masked");
  check_trimmed(model, &s, "monomer, all templates trimmed");
  s.extra_masked = 7; /* the empty extra MSA still adds output_b / 1e-3 to every pair in every block */
  check_skipped(model, &s, "monomer, empty extra MSA");
  check_trimmed(model, &s, "monomer, no extra MSA");
  s.clust_masked = 5;
  check_skipped(model, &s, "monomer, only the query");
  check_trimmed(model, &s, "monomer, trimmed to the query");
  pleat_model_close(model);
}

static void test_multimer(void) {
  pleat_model *model = prop_model(PROP_MULTIMER, "cpu", 0);
  if (!model) return;
  prop_shape s = {.n_res = 8,
                  .n_clust = 5,
                  .n_extra = 6,
                  .n_templ = 4,
                  .clust_masked = 2,
                  .extra_masked = 2,
                  .templ_masked = 3,
                  .is_multimer = true};
  check_skipped(model, &s, "multimer, padded rows, three equal templates of four");
  s.has_equal_templates = true;
  check_skipped(model, &s, "multimer, equal empty templates");
  s.extra_masked = 6;
  check_skipped(model, &s, "multimer, empty extra MSA");
  /* Four empty templates are averaged: the same as one. */
  prop_shape one = s;
  one.n_templ = one.templ_masked = 1;
  pleat_arrays *a = prop_features(&s, 13), *b = prop_features(&one, 13);
  pleat_predict_options o = options_of(false);
  pleat_arrays *four = prop_predict(model, a, &o), *single = prop_predict(model, b, &o);
  prop_compare(four, single, 0, "multimer, four empty templates = one");
  pleat_arrays_destroy(single);
  /* No template arrays at all mean the same as the empty ones that the data pipeline adds. */
  one.n_templ = one.templ_masked = 0;
  pleat_arrays_destroy(b);
  b = prop_features(&one, 13);
  single = prop_predict(model, b, &o);
  prop_compare(four, single, 0, "multimer, four empty templates = none given");
  pleat_arrays_destroy(single);
  pleat_arrays_destroy(four);
  pleat_arrays_destroy(b);
  pleat_arrays_destroy(a);
  pleat_model_close(model);
}

/* With every extra row masked, their number cannot matter; that the blocks still add their bias to the pair is in the graph:
 * tests/unit/test_passes.c. */
static void test_number_of_padding_rows_does_not_matter(void) {
  pleat_model *model = prop_model(PROP_MONOMER, "cpu", 0);
  if (!model) return;
  pleat_arrays *first = NULL;
  for (int64_t n = 1; n <= 5; n += 2) {
    prop_shape s = {.n_res = 7, .n_clust = 3, .n_extra = n, .n_iterations = 1, .extra_masked = n};
    pleat_arrays *features = prop_features(&s, 14);
    pleat_predict_options o = options_of(true);
    pleat_arrays *out = prop_predict(model, features, &o);
    if (first) prop_compare(out, first, ROUNDING, "all extra rows masked, any number of them");
    pleat_arrays_destroy(features);
    if (first)
      pleat_arrays_destroy(out);
    else
      first = out;
  }
  pleat_arrays_destroy(first);
  pleat_model_close(model);
}

int main(void) {
  test_monomer();
  test_multimer();
  test_number_of_padding_rows_does_not_matter();
  return check_report();
}
