/* What the user sees and does while the program works: messages, a progress line, Ctrl-C.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_PROGRESS_H
#define PLEAT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "pleat/pleat.h"

typedef enum cli_log_level { CLI_LOG_QUIET, CLI_LOG_INFO, CLI_LOG_DEBUG } cli_log_level;

/* Process-wide, set once from the command line. */
void cli_log_set_level(cli_log_level level);
bool cli_log_has_level(cli_log_level level);
/* From now on every message and every recycle also stands in this file, each line with its time. A file that cannot be
 * opened is done without. */
void cli_log_file_open(const char *path);
void cli_log_file_close(void);
void cli_log_file_only(const char *fmt, ...) PLEAT_PRINTF(1, 2);
/* A line to standard error ("pleat: " in front): errors and warnings always, the others from their level on. */
void cli_log_error(const char *fmt, ...) PLEAT_PRINTF(1, 2);
/* One warning of each line. */
void cli_log_warnings(const char *lines);
void cli_log_warning(const char *fmt, ...) PLEAT_PRINTF(1, 2);
void cli_log_info(const char *fmt, ...) PLEAT_PRINTF(1, 2);
void cli_log_debug(const char *fmt, ...) PLEAT_PRINTF(1, 2);

double cli_time_ms(void); /* monotonic */
/* "820 ms", "41 s", "12 min", "3 h 20 min", "2 d 5 h". */
enum { CLI_MAX_DURATION = 32 };
void cli_format_duration(double ms, char out[CLI_MAX_DURATION]);

/* From here on SIGINT, SIGTERM and SIGHUP only raise a flag, which ends a prediction before its next block; the
 * second one ends the program at once, unless files are being written (those are finished first). */
void cli_interrupt_init(void);
bool cli_interrupt_is_raised(void);
/* pleat_predict_options.opt_poll: false once a signal has come. */
bool cli_interrupt_poll(void *ctx);
void cli_interrupt_set_writing(bool is_writing);

enum { CLI_MAX_TIMED_PASSES = 128 };

/* Estimates of plans against the time that they took, over all predictions of a run. Zero-initialise. */
typedef struct cli_pace {
  double estimated_ms, measured_ms;
} cli_pace;

/* What is known of a prediction before it starts. Texts are borrowed. */
typedef struct cli_progress_job {
  const char *job, *model;
  int64_t number, n_jobs; /* of the target in the run, from 1 */
  int64_t seed;
  double estimated_ms; /* of this prediction, by its plan */
  double n_after;      /* what follows it in this run, in units of it */
  cli_pace *pace;
} cli_progress_job;

/* One prediction as it proceeds; its address is pleat_predict_options.progress_ctx. */
typedef struct cli_progress {
  cli_progress_job job;
  double last_ms;                       /* when the last pass ended */
  double pass_ms[CLI_MAX_TIMED_PASSES]; /* of the passes done so far */
  int64_t n_passes;
} cli_progress;

void cli_progress_begin(cli_progress *progress, const cli_progress_job *job);
/* pleat_predict_options.opt_progress: shows the pass and asks for the end once a signal has come. */
bool cli_progress_step(void *ctx, const pleat_pass *pass);
/* A target of several is done, `job` being the last of its predictions: one line where there is no terminal. */
void cli_progress_job_end(const cli_progress_job *job, double mean_plddt, double took_ms);
/* What the estimates say now that some of them can be compared with the clock. */
double cli_pace_apply(const cli_pace *pace, double estimated_ms);
/* Shows a line on the terminal in place of the last one; false when there is no terminal or lines are not wanted. */
bool cli_progress_show_line(const char *line);
void cli_progress_set_shown(bool is_shown); /* process-wide, set once from the command line */
/* Removes the line from the terminal, if there is one. */
void cli_progress_clear_line(void);

#endif
