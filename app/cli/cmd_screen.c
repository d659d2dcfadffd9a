/* pleat screen: many sequences in, a table and the best structures out.
 *
 * Rows are appended in the order of the input, so that a run goes on behind the last row of the one before it, and
 * memory does not depend on the number of sequences: the input is read record by record, nothing is remembered of a row
 * that is written but the names of the best.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "predict.h"
#include "screen_best.h"
#include "screen_progress.h"
#include "screen_table.h"

/* Everything that one run has open. */
typedef struct screen {
  const cli_args *args;
  pleat_target_stream *input;
  screen_table table;
  screen_best best;
  cli_models models;
  cli_sessions sessions;
  screen_progress progress;
  int64_t index; /* of the current target in the input, from 1 */
  char table_path[CLI_MAX_PATH], best_path[CLI_MAX_PATH];
} screen;

/* The folder. */

/* What rows depend on, a line each: rows made with other settings do not belong into the same table. */
static char *format_settings(const cli_args *args) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  if (!out) return NULL;
  fprintf(out, "pleat %s\nweights %s\nmodel %s\n", pleat_version(), args->weights,
          args->n_models ? args->models[0] : "by the number of chains");
  fprintf(out, "num-recycle %" PRId64 "\nearly-stop-tolerance %g\nnum-ensemble %" PRId64 "\nseed %" PRId64 "\n",
          args->num_recycle, args->early_stop_tolerance, args->num_ensemble, args->seed);
  fprintf(out, "max-msa %" PRId64 ":%" PRId64 "\nbackend %s\nprecision %s\n", args->max_msa[0], args->max_msa[1],
          args->backend, args->precision);
  fprintf(out, "rank %s\nkeep-top %" PRId64 "\nmin-plddt %g\n", args->rank_by, args->keep_top, args->min_plddt);
  return fclose(out) ? NULL : text;
}

/* The first line that differs; both texts have the same lines but for their values. */
static pleat_status compare_settings(const char *path, const char *want, pleat_error *err) {
  char line[CLI_MAX_PATH + 64];
  FILE *file = fopen(path, "rb");
  if (!file) return cli_error(err, PLEAT_IO, "cannot read '%s': %s", path, strerror(errno));
  pleat_status status = PLEAT_OK;
  while (!status && *want) {
    size_t n = strcspn(want, "\n");
    if (!fgets(line, sizeof line, file)) line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    if (strlen(line) != n || memcmp(line, want, n)) {
      status = cli_error(err, PLEAT_INVALID,
                         "the table in this folder was made with '%s', now it is '%.*s': give a folder of its own, or "
                         "--overwrite-existing-results to begin again",
                         line, (int)n, want);
      cli_error_set_place(err, path);
    }
    want += n + (want[n] == '\n');
  }
  fclose(file);
  return status;
}

static pleat_status check_settings(const screen *s, pleat_error *err) {
  char path[CLI_MAX_PATH];
  snprintf(path, sizeof path, "%s/screen.settings.txt", s->args->out);
  char *text = format_settings(s->args);
  if (!text) return cli_error(err, PLEAT_NOMEM, "no memory for the settings of this run");
  pleat_status status = access(path, F_OK) == 0 && !s->args->is_overwriting
                            ? compare_settings(path, text, err)
                            : cli_file_write(path, text, strlen(text), err);
  free(text);
  return status;
}

static pleat_status open_folder(screen *s, pleat_error *err) {
  const cli_args *args = s->args;
  bool is_new;
  if (strlen(args->out) + 400 > CLI_MAX_PATH) {
    return cli_error(err, PLEAT_IO, "the path of the results is longer than %d bytes", CLI_MAX_PATH - 400);
  }
  pleat_status status = cli_folder_create(args->out, &is_new, err);
  if (!status) status = check_settings(s, err);
  if (status) return status;
  char suffix[64] = "";
  if (args->shard[1]) {
    snprintf(suffix, sizeof suffix, ".%" PRId64 "-of-%" PRId64, args->shard[0], args->shard[1]);
  }
  snprintf(s->table_path, sizeof s->table_path, "%s/screen%s.tsv", args->out, suffix);
  snprintf(s->best_path, sizeof s->best_path, "%s/best", args->out);
  s->best = (screen_best){.folder = s->best_path, .n_max = args->keep_top, .min_plddt = args->min_plddt};
  if (args->keep_top > 0 && mkdir(s->best_path, 0777) && errno != EEXIST) {
    return cli_error(err, PLEAT_IO, "cannot make the folder '%s': %s", s->best_path, strerror(errno));
  }
  if (args->is_overwriting && unlink(s->table_path) && errno != ENOENT) {
    return cli_error(err, PLEAT_IO, "cannot remove '%s': %s", s->table_path, strerror(errno));
  }
  return screen_table_open(s->table_path, &s->table, err);
}

/* The input. */

/* The next target of this shard; NULL at the end. */
static pleat_status next_target(screen *s, const pleat_target **out_target, pleat_error *err) {
  const int64_t *shard = s->args->shard;
  for (;;) {
    pleat_status status = pleat_target_stream_next(s->input, out_target, err);
    if (status || !*out_target) return status;
    s->index++;
    if (!shard[1] || (s->index - 1) % shard[1] == shard[0] - 1) return PLEAT_OK;
  }
}

/* Rows of earlier runs. */

static pleat_status check_old_row(const screen *s, const screen_old_row *row, const pleat_target *opt_target,
                                  pleat_error *err) {
  bool is_same = opt_target && row->index == s->index && strcmp(row->id, opt_target->name) == 0 &&
                 strcmp(row->sequence, opt_target->sequence) == 0;
  if (is_same) return PLEAT_OK;
  cli_error(
      err, PLEAT_INPUT,
      "the row of '%.100s' (number %lld) is not what the input has there%s%.100s%s: a table belongs to one input, "
      "which may only grow at its end; give a folder of its own, or --overwrite-existing-results to begin again",
      row->id, (long long)row->index, opt_target ? ", '" : "", opt_target ? opt_target->name : "",
      opt_target ? "'" : "");
  cli_error_set_place(err, s->table_path);
  err->line = s->table.line_number;
  return PLEAT_INPUT;
}

/* Passes what is done. *out_target: the first that is not, NULL when all are. */
static pleat_status skip_done(screen *s, const pleat_target **out_target, pleat_error *err) {
  for (;;) {
    screen_old_row row;
    bool has_row;
    pleat_status status = screen_table_next(&s->table, &row, &has_row, err);
    if (!status) status = next_target(s, out_target, err);
    if (!status && has_row) status = check_old_row(s, &row, *out_target, err);
    if (status || !has_row) return status;
    bool is_ok = strcmp(row.status, "ok") == 0;
    screen_progress_skip(&s->progress, is_ok);
    if (is_ok && screen_best_takes(&s->best, row.plddt, row.score, row.index)) {
      status = screen_best_add(&s->best, row.score, row.index, row.id, err);
      if (status) return status;
    }
  }
}

/* Folding. */

/* mmCIF where the older format cannot hold the structure. */
static pleat_status write_structure(const screen *s, const pleat_target *target, const cli_result *result,
                                    pleat_error *err) {
  char path[CLI_MAX_PATH];
  screen_best_path(&s->best, s->index, target->name, "pdb", path, sizeof path);
  pleat_status status = cli_result_write_structure(target, result, true, path, err);
  if (status != PLEAT_INPUT) return status;
  screen_best_path(&s->best, s->index, target->name, "cif", path, sizeof path);
  return cli_result_write_structure(target, result, false, path, err);
}

/* Fills in the row of a result and, if it is one of the best, writes its structure before there is a row. */
static pleat_status keep_result(screen *s, const pleat_target *target, const cli_result *result, screen_row *row,
                                bool *out_is_best, pleat_error *err) {
  pleat_status status = pleat_summarize(target->sequence, result->prediction, &row->summary, err);
  if (status) return status;
  row->model = result->model->name;
  row->recycles = result->n_recycles;
  row->score = screen_as_written(result->ranking, SCREEN_SCORE_DECIMALS);
  *out_is_best =
      screen_best_takes(&s->best, screen_as_written(row->summary.plddt, SCREEN_PLDDT_DECIMALS), row->score, row->index);
  return *out_is_best ? write_structure(s, target, result, err) : PLEAT_OK;
}

/* One target to its row. Errors: those that are not the target's own. */
static pleat_status screen_target(screen *s, const pleat_target *target, cli_model *model, pleat_error *err) {
  static const pleat_summary nothing = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
  char reason[CLI_MAX_ERROR_TEXT] = "";
  const pleat_predict_options options = cli_predict_options(s->args);
  cli_result result = {.model = model, .seed = s->args->seed};
  screen_row row = {.index = s->index,
                    .id = target->name,
                    .n_res = cli_sequence_residues(target->sequence),
                    .n_chains = *target->sequence ? cli_sequence_chains(target->sequence) : 0,
                    .model = "",
                    .summary = nothing,
                    .score = NAN,
                    .sequence = target->sequence,
                    .reason = reason};
  bool is_best = false;
  int64_t n_folded = s->progress.n_skipped + s->progress.n_done - s->progress.n_failed;
  double start_ms = cli_time_ms();
  pleat_status status = PLEAT_INPUT;
  if (target->opt_error) {
    *err = *target->opt_error;
  } else {
    status = cli_predict(&s->sessions, s->args, target, NULL, &options, NULL, &result, err);
    if (!status) status = keep_result(s, target, &result, &row, &is_best, err);
  }
  pleat_arrays_destroy(result.prediction);
  row.seconds = (cli_time_ms() - start_ms) / 1e3;
  row.status = status ? cli_target_failure(status, n_folded > 0) : "ok";
  if (!row.status) return status;
  if (status) {
    err->status = status;
    cli_error_format(err, reason, sizeof reason);
    row.model = "";
    row.summary = nothing;
    row.score = NAN;
  }
  cli_interrupt_set_writing(true);
  status = screen_table_append(&s->table, &row, err);
  if (!status && is_best) status = screen_best_add(&s->best, row.score, row.index, row.id, err);
  cli_interrupt_set_writing(false);
  if (!status) screen_progress_row(&s->progress, &row, pleat_target_stream_fraction(s->input));
  return status;
}

/* The network for a target, opened when it is the first; weights that are wrong concern all targets. */
static pleat_status find_model(screen *s, const pleat_target *target, cli_model **out_model, pleat_error *err) {
  const char *names[CLI_MAX_MODELS];
  *out_model = NULL;
  if (target->opt_error) return PLEAT_OK;
  cli_models_of(s->args, target->sequence, names);
  int64_t n_before = s->models.n_items;
  pleat_status status = cli_models_open(&s->models, s->args, names[0], out_model, err);
  if (n_before == 1 && s->models.n_items == 2 && s->args->keep_top > 0 && strcmp(s->args->rank_by, "auto") == 0) {
    cli_log_warning(
        "the input has single chains and complexes, whose scores are of different scales: --rank plddt chooses the "
        "best "
        "among all");
  }
  return status;
}

static pleat_status screen_open_targets(screen *s, const pleat_target *target, pleat_error *err) {
  while (target) {
    cli_model *model;
    cli_log_warnings(pleat_target_stream_warnings(s->input));
    pleat_status status = find_model(s, target, &model, err);
    if (!status && cli_interrupt_is_raised()) status = cli_error(err, PLEAT_CANCELLED, "interrupted");
    if (!status) status = screen_target(s, target, model, err);
    if (!status) status = next_target(s, &target, err);
    if (status) return status;
  }
  return PLEAT_OK;
}

static pleat_status run(screen *s, pleat_error *err) {
  const pleat_target *target;
  pleat_status status = pleat_target_stream_open(s->args->positionals[0], &s->input, err);
  if (!status) status = open_folder(s, err);
  if (!status) status = skip_done(s, &target, err);
  if (status) return status;
  if (s->args->keep_top > 0) screen_best_tidy(&s->best, s->args->shard);
  screen_progress_begin(&s->progress, pleat_target_stream_fraction(s->input));
  return screen_open_targets(s, target, err);
}

static cli_exit cli_screen(const cli_args *args) {
  screen *s = calloc(1, sizeof *s);
  pleat_error err = {0};
  if (!s) return cli_fail(cli_error(&err, PLEAT_NOMEM, "no memory to begin"), &err);
  s->args = args;
  s->table.fd = -1;
  cli_interrupt_init();
  pleat_status status = run(s, &err);
  screen_table_close(&s->table);
  screen_progress_end(&s->progress, s->table_path);
  cli_sessions_log(&s->sessions);
  cli_exit code = status ? cli_fail(status, &err) : screen_progress_exit(&s->progress);
  cli_sessions_fini(&s->sessions);
  cli_models_close(&s->models);
  screen_best_fini(&s->best);
  pleat_target_stream_close(s->input);
  free(s);
  return code;
}

const cli_command cli_command_screen = {
    .name = "screen",
    .positionals = "INPUT",
    .n_positionals = 1,
    .summary = "Score many sequences: a table, and the best structures.",
    .details =
        "INPUT is a FASTA file (every record is a sequence, ':' joins the chains of a complex), a table (.csv, .tsv)\n"
        "with the columns id, sequence and optionally a3mpath, or '-', standard input; it is read as needed, so that\n"
        "its length does not matter. DIR/screen.tsv receives a row per sequence the moment it is done, in the order "
        "of\n"
        "the input (with --shard I/N: DIR/screen.I-of-N.tsv), DIR/best the structures that score best. One network\n"
        "runs once on each. Started again, it goes on behind the last row. What cannot be folded is a row with its\n"
        "status and reason.\n"
        "\n"
        "Columns: index (in the input, from 1), id, length, chains, status (ok, bad_input, no_memory, unsupported,\n"
        "not_finite), model, plddt (mean), ptm, iptm, score (see --rank), pae_mean, pae_max and pae_interface (of\n"
        "pairs of different chains; angstrom), gyration_ang (radius of gyration of the C-alpha atoms), helix, strand\n"
        "and coil (shares of the residues, by the rules of DSSP), recycles, seconds, sequence, reason. A cell is "
        "empty\n"
        "where there is nothing to say.\n",
    .examples =
        "  pleat screen designs.fasta -o out --weights params/ --num-recycle 1\n"
        "  pleat screen designs.csv -o out --weights params/ --keep-top 500 --min-plddt 80\n"
        "  pleat screen designs.csv -o out --weights params/ --shard 3/16\n",
    .options = {CLI_OPT_OUT_DIR,
                CLI_OPT_WEIGHTS,
                CLI_OPT_SCREEN_MODEL,
                CLI_OPT_KEEP_TOP,
                CLI_OPT_MIN_PLDDT,
                CLI_OPT_SCREEN_RANK,
                CLI_OPT_NUM_RECYCLE,
                CLI_OPT_EARLY_STOP_TOLERANCE,
                CLI_OPT_SEED,
                CLI_OPT_MAX_MSA,
                CLI_OPT_NUM_ENSEMBLE,
                CLI_OPT_SCREEN_SHARD,
                CLI_OPT_SCREEN_OVERWRITE,
                CLI_OPT_BACKEND,
                CLI_OPT_THREADS,
                CLI_OPT_CPU_MASK,
                CLI_OPT_PRECISION,
                CLI_OPT_MEMORY,
                CLI_OPT_LOG_LEVEL,
                CLI_OPT_PROGRESS,
                CLI_OPT_END},
    .run = cli_screen};
