/* Progress of a screen.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "screen_progress.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "events.h"
#include "progress.h"

static const double MESSAGE_MS = 60000; /* between two messages where there is no terminal */

void screen_progress_skip(screen_progress *progress, bool is_ok) {
  progress->n_skipped++;
  progress->n_failed += !is_ok;
}

void screen_progress_begin(screen_progress *progress, double fraction) {
  progress->start_ms = progress->told_ms = cli_time_ms();
  progress->start_fraction = fraction;
  progress->best_score = NAN;
  if (progress->n_skipped) cli_log_info("%" PRId64 " sequences are done already", progress->n_skipped);
}

/* By the bytes of the input; NAN where that says nothing yet. */
static double left_ms(const screen_progress *progress, double fraction, double now_ms) {
  double done = fraction - progress->start_fraction;
  if (fraction < 0 || progress->start_fraction < 0 || done <= 0) return NAN;
  return (now_ms - progress->start_ms) * (1 - fraction) / done;
}

static void tell_event(const screen_row *row, double left) {
  const pleat_summary *s = &row->summary;
  cli_event(json_pack("{s:s, s:I, s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:f, s:o, s:s}", "event", "row", "index",
                      (json_int_t)row->index, "job", row->id, "length", (json_int_t)row->n_res, "status", row->status,
                      "plddt", cli_event_number(s->plddt), "ptm", cli_event_number(s->ptm), "iptm",
                      cli_event_number(s->iptm), "score", cli_event_number(row->score), "seconds", row->seconds,
                      "left_ms", cli_event_number(left), "reason", row->reason));
}

static void format_line(const screen_progress *progress, const screen_row *row, double left, char *out, size_t n_out) {
  double now_ms = cli_time_ms();
  char last[160] = "", time[CLI_MAX_DURATION], left_text[64] = "", best[48] = "", failed[48] = "";
  if (!isnan(row->summary.plddt)) snprintf(last, sizeof last, "  %.60s pLDDT %.1f", row->id, row->summary.plddt);
  if (!isnan(progress->best_score)) snprintf(best, sizeof best, "  best %.1f", progress->best_score);
  if (progress->n_failed) snprintf(failed, sizeof failed, ", %" PRId64 " failed", progress->n_failed);
  if (!isnan(left)) {
    cli_format_duration(left, time);
    snprintf(left_text, sizeof left_text, "  about %s left", time);
  }
  snprintf(out, n_out, "%" PRId64 " sequences%s%s%s  %.0f ms each%s", progress->n_done + progress->n_skipped, failed,
           last, best, (now_ms - progress->start_ms) / (double)progress->n_done, left_text);
}

void screen_progress_row(screen_progress *progress, const screen_row *row, double fraction) {
  double now_ms = cli_time_ms(), left = left_ms(progress, fraction, now_ms);
  char line[512]; /* what format_line makes at most */
  progress->n_done++;
  progress->n_failed += strcmp(row->status, "ok") != 0;
  if (!isnan(row->score) && !(row->score <= progress->best_score)) progress->best_score = row->score;
  if (cli_events_are_on()) {
    tell_event(row, left);
    return;
  }
  format_line(progress, row, left, line, sizeof line);
  if (cli_progress_show_line(line)) return;
  if (now_ms - progress->told_ms < MESSAGE_MS) return;
  progress->told_ms = now_ms;
  cli_log_info("%s", line);
}

void screen_progress_end(const screen_progress *progress, const char *table_path) {
  int64_t n = progress->n_done + progress->n_skipped;
  if (n == 0) return;
  char skipped[64] = "";
  if (progress->n_skipped) snprintf(skipped, sizeof skipped, ", %" PRId64 " of them before", progress->n_skipped);
  if (cli_events_are_on()) {
    cli_event(json_pack("{s:s, s:I, s:I, s:I, s:s}", "event", "end", "rows", (json_int_t)n, "failed",
                        (json_int_t)progress->n_failed, "skipped", (json_int_t)progress->n_skipped, "table",
                        table_path));
  }
  cli_log_info("%" PRId64 " sequences: %" PRId64 " ok, %" PRId64 " failed%s; %s", n, n - progress->n_failed,
               progress->n_failed, skipped, table_path);
}

cli_exit screen_progress_exit(const screen_progress *progress) {
  if (progress->n_failed == 0) return CLI_EXIT_OK;
  return progress->n_failed == progress->n_done + progress->n_skipped ? CLI_EXIT_INPUT : CLI_EXIT_PARTIAL;
}
