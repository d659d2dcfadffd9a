/* Plots as SVG: elements, labels, places of chain borders, colours of embedded images, and jobs that are refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>
#include <zlib.h>

#include "folder.h"
#include "plot/axes.h"
#include "plot_job.h"

static char folder[256];

static int count(const char *text, const char *part) {
  int n = 0;
  for (const char *p = text; p && (p = strstr(p, part)); p++) n++;
  return n;
}

static void check_count(const char *text, const char *part, int want) {
  if (!CHECK_INT(count(text, part), want)) fprintf(stderr, "  of %s\n", part);
}

/* The elements of a group: from <g id="ID"> to </g>. Freed by free(). */
static char *group(const char *svg, const char *id) {
  char head[64];
  snprintf(head, sizeof head, "<g id=\"%s\">", id);
  const char *begin = svg ? strstr(svg, head) : NULL, *end = begin ? strstr(begin, "</g>") : NULL;
  if (!CHECK(end != NULL)) {
    fprintf(stderr, "  no group %s\n", id);
    return calloc(1, 1);
  }
  return strndup(begin, (size_t)(end - begin));
}

static char *draw(pleat_plot_kind kind, const pleat_plot_query *query) {
  char path[512];
  pleat_error err;
  size_t n = 0;
  snprintf(path, sizeof path, "%s/x_%s.svg", folder, pleat_plot_text(kind));
  if (!CHECK_OK(pleat_plot_write(kind, path, query, &err), &err)) return calloc(1, 1);
  char *text = plot_job_read(path, &n);
  CHECK_INT(strlen(text), n);
  unlink(path);
  CHECK(strncmp(text, "<?xml", 5) == 0 && strcmp(text + n - 7, "</svg>\n") == 0);
  return text;
}

static uint32_t load32(const uint8_t *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | p[2] << 8 | p[3]; }

/* The first embedded PNG of a text, unpacked to RGB; NULL after a failed check. */
static uint8_t *unpack_image(const char *text, uint32_t *out_n_cols, uint32_t *out_n_rows) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *p = strstr(text, "data:image/png;base64,");
  if (!CHECK(p != NULL)) return NULL;
  p += strlen("data:image/png;base64,");
  uint8_t *png = malloc(strlen(p) + 3), *pixels = NULL;
  size_t n = 0;
  for (uint32_t bits = 0, n_bits = 0; *p && *p != '"' && *p != '='; p++) {
    bits = bits << 6 | (uint32_t)(strchr(digits, *p) - digits);
    n_bits += 6;
    if (n_bits >= 8) png[n++] = (uint8_t)(bits >> (n_bits -= 8));
  }
  uint32_t n_cols = load32(png + 16), n_rows = load32(png + 20), n_packed = load32(png + 33);
  uLongf n_raw = (uLongf)n_rows * (n_cols * 3 + 1);
  CHECK(memcmp(png, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) == 0 && memcmp(png + 37, "IDAT", 4) == 0);
  CHECK_INT(load32(png + 41 + n_packed), crc32(0, png + 37, n_packed + 4));
  uint8_t *raw = malloc(n_raw);
  if (CHECK_INT(uncompress(raw, &n_raw, png + 41, n_packed), Z_OK)) {
    pixels = malloc((size_t)n_rows * n_cols * 3);
    for (uint32_t i = 0; i < n_rows; i++) {
      const uint8_t *line = raw + (size_t)i * (n_cols * 3 + 1);
      CHECK_INT(line[0], 2); /* filter "up" */
      for (uint32_t k = 0; k < n_cols * 3; k++) {
        pixels[i * n_cols * 3 + k] = (uint8_t)(line[1 + k] + (i ? pixels[(i - 1) * n_cols * 3 + k] : 0));
      }
    }
  }
  free(raw);
  free(png);
  *out_n_cols = n_cols;
  *out_n_rows = n_rows;
  return pixels;
}

static uint32_t colour_of(const uint8_t *pixels, uint32_t n_cols, uint32_t i, uint32_t j) {
  const uint8_t *p = pixels + (size_t)(i * n_cols + j) * 3;
  return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static void test_ticks(void) {
  double t[PLEAT_MAX_TICKS];
  CHECK_INT(pleat_axis_ticks(0, 30, 8, true, t), 7);
  CHECK_NEAR(t[6], 30, 1e-12);
  CHECK(!signbit(t[0]));
  CHECK_INT(pleat_axis_ticks(0, 1, 6, false, t), 6);
  CHECK_NEAR(t[1], 0.2, 1e-12);
  CHECK_INT(pleat_axis_ticks(0, 1, 6, true, t), 2);
  CHECK_INT(pleat_axis_ticks(0, 17653, 8, true, t), 4);
  CHECK_NEAR(t[3], 15000, 0);
  CHECK_INT(pleat_axis_residue_ticks(1, 8, t), 1);
  CHECK_NEAR(t[0], 1, 0);
  CHECK_INT(pleat_axis_residue_ticks(3, 8, t), 3);
  CHECK_NEAR(t[1], 2, 0);
  CHECK_INT(pleat_axis_residue_ticks(180, 12, t), 10);
  CHECK_NEAR(t[0], 1, 0);
  CHECK_NEAR(t[1], 20, 0);
  CHECK_NEAR(t[9], 180, 0);
  for (int64_t n = 1; n < 5000; n++) CHECK(pleat_axis_residue_ticks(n, 6, t) <= 6);
  char text[256];
  pleat_text_fit("0123456789", 10, text);
  CHECK_STR(text, "0123456789");
  pleat_text_fit("0123456789ab", 9, text);
  CHECK_STR(text, "012...9ab");
}

static void test_plddt(const pleat_plot_query *query) {
  char *svg = draw(PLEAT_PLOT_PLDDT, query), *twice = draw(PLEAT_PLOT_PLDDT, query);
  CHECK_STR(svg, twice);
  check_count(svg, ">Predicted lDDT per residue</text>", 1);
  check_count(svg, ">job: 5 residues, 2 chains</text>", 1);
  check_count(svg, ">pLDDT (0 to 100)</text>", 1);
  check_count(svg, ">Residue (numbered through all chains)</text>", 1);
  check_count(svg, ">1  model_1_multimer_v3 (80.0)</text>", 1);
  check_count(svg, ">2  model_2 &lt;&amp;&quot;&gt; (80.0)</text>", 1);
  check_count(svg, "plddt-rank-", 2);
  /* One line per chain; residues 1 to 5 lie a fifth of the width apart: 64 + 590 * (i + 0.5) / 5, 282 px for 100. */
  char *line = group(svg, "plddt-rank-1");
  check_count(line, "<polyline points=\"123,188.8 241,160.6 359,132.4\" fill=\"none\"", 1);
  check_count(line, "<polyline points=\"477,104.2 595,76\" fill=\"none\"", 1);
  check_count(line, "<polyline", 2);
  char *chains = group(svg, "chains");
  check_count(chains, "<polyline points=\"418,358 418,76\"", 1);
  check_count(chains, "<polyline", 1);
  check_count(chains, ">A</text>", 1);
  check_count(chains, ">B</text>", 1);
  free(chains);
  free(line);
  free(twice);
  free(svg);
}

static void test_pae(const pleat_plot_query *query) {
  uint32_t n_cols = 0, n_rows = 0;
  char *svg = draw(PLEAT_PLOT_PAE, query);
  check_count(svg, ">Predicted aligned error</text>", 1);
  check_count(svg, ">Aligned residue</text>", 1);
  check_count(svg, ">Scored residue</text>", 2);
  check_count(svg, ">Expected position error (\u00c5)</text>", 1);
  check_count(svg, ">pTM 0.50, ipTM 0.25</text>", 2);
  check_count(svg, "<image ", 3); /* two panels and the scale */
  char *panel = group(svg, "pae-rank-2");
  check_count(panel, ">Rank 2</text>", 1);
  /* Panels of 320 px at 72 and 422; the border lies after 3 of 5 residues: 192 px. */
  check_count(panel, "<image x=\"422\" y=\"118\" width=\"320\" height=\"320\"", 1);
  check_count(panel, "<polyline points=\"614,118 614,438\"", 1);
  check_count(panel, "<polyline points=\"422,310 742,310\"", 1);
  check_count(panel, ">A</text>", 2);
  uint8_t *pixels = unpack_image(panel, &n_cols, &n_rows);
  CHECK_INT(n_cols, 5);
  CHECK_INT(n_rows, 5);
  if (pixels) {
    CHECK_INT(colour_of(pixels, n_cols, 4, 0), 0x00441b); /* row = aligned residue: 0 below the diagonal */
    CHECK_INT(colour_of(pixels, n_cols, 0, 4), 0xf7fcf5);
  }
  free(pixels);
  free(panel);
  free(svg);
}

static void test_coverage(const pleat_plot_query *query) {
  uint32_t n_cols = 0, n_rows = 0;
  char *svg = draw(PLEAT_PLOT_COVERAGE, query);
  check_count(svg, ">Alignment coverage, 5 sequences</text>", 1);
  check_count(svg, ">Sequences (number)</text>", 1);
  check_count(svg, ">Sequence identity to query (fraction)</text>", 1);
  uint8_t *pixels = unpack_image(svg, &n_cols, &n_rows);
  CHECK_INT(n_cols, 5);
  CHECK_INT(n_rows, 5);
  if (pixels) {
    CHECK_INT(colour_of(pixels, n_cols, 0, 0), 0xfde725); /* the query */
    CHECK_INT(colour_of(pixels, n_cols, 0, 4), 0xfde725);
    CHECK(colour_of(pixels, n_cols, 1, 4) != 0xfde725);   /* half of chain B: (1 + 1/2) / 2 */
    CHECK_INT(colour_of(pixels, n_cols, 2, 2), 0xfde725); /* the copy of chain A */
    CHECK_INT(colour_of(pixels, n_cols, 2, 3), 0xffffff);
    CHECK_INT(colour_of(pixels, n_cols, 3, 1), 0xffffff);
    CHECK_INT(colour_of(pixels, n_cols, 4, 0), 0xffffff);
    CHECK_INT(colour_of(pixels, n_cols, 4, 3), 0x21918c); /* identity 1/2 */
  }
  free(pixels);
  /* 4, 3, 3, 3, 3 sequences have a residue there; 320 px for 5. */
  char *counts = group(svg, "sequences-per-residue");
  check_count(counts, "<polyline points=\"151,140 297,204 443,204\"", 2);
  check_count(counts, "<polyline points=\"589,204 735,204\"", 2);
  char *chains = group(svg, "chains");
  check_count(chains, "<polyline points=\"516,396 516,76\"", 1); /* the border of the chains */
  check_count(chains, "<polyline points=\"78,332 808,332\"", 1); /* B only | A only */
  check_count(chains, "<polyline points=\"78,204 808,204\"", 1); /* A only | both */
  check_count(chains, "<polyline", 3);
  free(chains);
  free(counts);
  free(svg);
}

/* Copies of a chain read the columns of the one that the alignment has; a target without an alignment has one row. */
static void test_copies(void) {
  static const char a3m[] = "#2\t3\n>101\nMK\n>x\nM-\n";
  pleat_arrays *prediction = plot_job_prediction(6, false);
  const pleat_plot_result result = {"model_1", 0, prediction};
  pleat_target target = {.name = "copies", .sequence = "MK:MK:MK", .opt_a3m = a3m, .n_a3m = sizeof a3m - 1};
  const pleat_plot_query query = {.target = &target, .results = &result, .n_results = 1, .is_synthetic = true};
  CHECK(!pleat_plot_has_data(PLEAT_PLOT_PAE, &query));
  CHECK(pleat_plot_has_data(PLEAT_PLOT_PLDDT, &query));
  char *svg = draw(PLEAT_PLOT_COVERAGE, &query);
  char *counts = group(svg, "sequences-per-residue");
  check_count(counts, "<polyline", 6);
  check_count(counts, ",76 ", 6);   /* residue 1 of every copy: both sequences */
  check_count(svg, "SYNTHETIC", 0); /* the alignment is what it is */
  free(counts);
  free(svg);
  svg = draw(PLEAT_PLOT_PLDDT, &query);
  check_count(svg, ">SYNTHETIC WEIGHTS: random parameters, this is no prediction</text>", 1);
  free(svg);
  target.opt_a3m = NULL;
  svg = draw(PLEAT_PLOT_COVERAGE, &query);
  check_count(svg, ">Alignment coverage, 1 sequence</text>", 1);
  free(svg);
  pleat_arrays_destroy(prediction);
}

/* An image has at most 1,000 pixels each way, and each is the mean of what it stands for. */
static void test_large(void) {
  enum { N_RES = 2000 };
  uint32_t n_cols = 0, n_rows = 0;
  char *sequence = malloc(N_RES + 1);
  memset(sequence, 'A', N_RES);
  sequence[N_RES] = 0;
  pleat_arrays *prediction = plot_job_prediction(N_RES, true);
  pleat_plot_result results[12];
  for (int k = 0; k < 12; k++) results[k] = (pleat_plot_result){"model_1_ptm", k, prediction};
  const pleat_target target = {.name = "large", .sequence = sequence};
  pleat_plot_query query = {.target = &target, .results = results, .n_results = 1};
  char *svg = draw(PLEAT_PLOT_PAE, &query);
  uint8_t *pixels = unpack_image(svg, &n_cols, &n_rows);
  CHECK_INT(n_cols, 1000);
  CHECK_INT(n_rows, 1000);
  if (pixels) {
    uint8_t want[3];
    pleat_colour_at(&pleat_map_greens, 0.25, want); /* on the diagonal one of four elements is 30 */
    CHECK_INT(colour_of(pixels, n_cols, 7, 7), (uint32_t)want[0] << 16 | (uint32_t)want[1] << 8 | want[2]);
    CHECK_INT(colour_of(pixels, n_cols, 7, 8), 0xf7fcf5);
  }
  check_count(svg, "<polyline", 2 + 5 + 5 + 7); /* frames of panel and scale; ticks: residues twice, and errors */
  free(pixels);
  free(svg);
  query.n_results = 12;
  svg = draw(PLEAT_PLOT_PLDDT, &query);
  check_count(svg, "plddt-rank-", 10);
  check_count(svg, ">the best 10 of 12</text>", 1);
  check_count(svg, ">10  model_1_ptm, seed 9 (", 1);
  free(svg);
  pleat_arrays_destroy(prediction);
  free(sequence);
}

static void check_refused(pleat_plot_kind kind, const char *name, const pleat_plot_query *query, pleat_status want,
                          const char *part) {
  char path[512];
  pleat_error err = {0};
  snprintf(path, sizeof path, "%s/%s", folder, name);
  CHECK_INT(pleat_plot_write(kind, path, query, &err), want);
  if (!CHECK(strstr(err.message, part))) fprintf(stderr, "  got: %s\n", err.message);
  CHECK(!pleat_path_exists(path));
}

static void test_refused(pleat_plot_query query) {
  pleat_target target = *query.target;
  query.target = &target;
  check_refused(PLEAT_PLOT_PLDDT, "x.pdf", &query, PLEAT_INVALID, "expected .png or .svg");
  check_refused(PLEAT_PLOT_PLDDT, "none/x.svg", &query, PLEAT_IO, "none/x.svg");
  target.sequence = "MKV:ACD";
  check_refused(PLEAT_PLOT_PLDDT, "x.svg", &query, PLEAT_INPUT, "expected 6 residues");
  target.sequence = "MKV:AG";
  check_refused(PLEAT_PLOT_COVERAGE, "x.svg", &query, PLEAT_INPUT, "chain 2 of 'job' is not a query of its alignment");
  target.sequence = "MKVAC:";
  check_refused(PLEAT_PLOT_PLDDT, "x.svg", &query, PLEAT_INPUT, "chain 2 to plot is empty");
  target.sequence = "MKV:AC";
  pleat_arrays *prediction = plot_job_prediction(5, false);
  const pleat_plot_result result = {"model_1", 0, prediction};
  query.results = &result;
  query.n_results = 1;
  check_refused(PLEAT_PLOT_PAE, "x.svg", &query, PLEAT_INVALID, "nothing to plot");
  ((float *)pleat_arrays_find(prediction, "confidence/plddt")->data)[3] = NAN;
  check_refused(PLEAT_PLOT_PLDDT, "x.svg", &query, PLEAT_INPUT, "pLDDT of residue 4 is nan");
  pleat_arrays_destroy(prediction);
}

int main(void) {
  if (!folder_make(folder, sizeof folder)) return check_report();
  pleat_arrays *prediction = plot_job_prediction(5, true);
  const pleat_plot_result results[] = {{"model_1_multimer_v3", 0, prediction}, {"model_2 <&\">", 0, prediction}};
  const pleat_plot_query query = {.target = &plot_job_target, .results = results, .n_results = 2};
  test_ticks();
  test_plddt(&query);
  test_pae(&query);
  test_coverage(&query);
  test_copies();
  test_large();
  test_refused(query);
  pleat_arrays_destroy(prediction);
  CHECK_INT(rmdir(folder), 0);
  return check_report();
}
