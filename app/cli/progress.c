/* Messages, the progress line and Ctrl-C.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "progress.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "events.h"
#include "exit.h"
#include "models.h"

static cli_log_level log_level = CLI_LOG_INFO;
static int log_file = -1;
static bool is_line_wanted = true;
static bool has_line; /* a progress line without its end is on the terminal */
static volatile sig_atomic_t is_interrupted;
static volatile sig_atomic_t is_writing_files;

void cli_log_set_level(cli_log_level level) { log_level = level; }

bool cli_log_has_level(cli_log_level level) { return log_level >= level; }

void cli_progress_clear_line(void) {
  if (!has_line) return;
  fputs("\r\033[K", stderr);
  has_line = false;
}

/* One write per line: processes that share a folder, such as the shards of one input, do not mix theirs. */
static void write_to_file(const char *kind, const char *fmt, va_list args) {
  if (log_file < 0) return;
  char line[2048], clock_text[32];
  time_t now = time(NULL);
  struct tm local;
  localtime_r(&now, &local);
  strftime(clock_text, sizeof clock_text, "%Y-%m-%d %H:%M:%S", &local);
  size_t n = (size_t)snprintf(line, sizeof line, "%s %s", clock_text, kind);
  int n_text = vsnprintf(line + n, sizeof line - n - 1, fmt, args);
  if (n_text > 0) n += (size_t)n_text < sizeof line - n - 1 ? (size_t)n_text : sizeof line - n - 2;
  line[n++] = '\n';
  if (write(log_file, line, n) < 0) return; /* results matter more than their log */
}

static void print_message(const char *kind, bool is_shown, const char *fmt, va_list args) {
  va_list copy;
  va_copy(copy, args);
  write_to_file(kind, fmt, copy);
  va_end(copy);
  if (!is_shown) return;
  cli_progress_clear_line();
  fprintf(stderr, "pleat: %s", kind);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
}

void cli_log_file_open(const char *path) { log_file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); }

void cli_log_file_close(void) {
  if (log_file >= 0) close(log_file);
  log_file = -1;
}

void cli_log_file_only(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  write_to_file("", fmt, args);
  va_end(args);
}

void cli_log_error(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  print_message("", true, fmt, args);
  va_end(args);
}

void cli_log_warning(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  print_message("warning: ", true, fmt, args);
  va_end(args);
}

void cli_log_warnings(const char *lines) {
  while (*lines) {
    int n = (int)strcspn(lines, "\n");
    cli_log_warning("%.*s", n, lines);
    lines += n + (lines[n] == '\n');
  }
}

void cli_log_info(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  print_message("", cli_log_has_level(CLI_LOG_INFO), fmt, args);
  va_end(args);
}

void cli_log_debug(const char *fmt, ...) {
  if (!cli_log_has_level(CLI_LOG_DEBUG)) return;
  va_list args;
  va_start(args, fmt);
  print_message("", true, fmt, args);
  va_end(args);
}

double cli_time_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

void cli_format_duration(double ms, char out[CLI_MAX_DURATION]) {
  double s = ms / 1e3, min = s / 60, h = min / 60, d = h / 24;
  size_t n = CLI_MAX_DURATION;
  if (s < 1) snprintf(out, n, "%.0f ms", ms);
  if (s >= 1) snprintf(out, n, "%.0f s", s);
  if (s >= 90) snprintf(out, n, "%.0f min", min);
  if (min >= 90) snprintf(out, n, "%.0f h %.0f min", floor(h), floor(min) - 60 * floor(h));
  if (h >= 36) snprintf(out, n, "%.0f d %.0f h", floor(d), floor(h) - 24 * floor(d));
}

/* Only async-signal-safe calls. */
static void on_signal(int signum) {
  static const char message[] = "\npleat: stopping; once more to stop at once\n";
  (void)signum;
  if (is_interrupted && !is_writing_files) _exit(CLI_EXIT_INTERRUPTED);
  is_interrupted = 1;
  if (!is_writing_files && write(STDERR_FILENO, message, sizeof message - 1) < 0) return;
}

void cli_interrupt_init(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  /* A terminal that is closed; nohup has it ignored. */
  struct sigaction hangup;
  if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

bool cli_interrupt_is_raised(void) { return is_interrupted != 0; }

bool cli_interrupt_poll(void *ctx) {
  (void)ctx;
  return !is_interrupted;
}

void cli_interrupt_set_writing(bool is_writing) { is_writing_files = is_writing; }

void cli_progress_set_shown(bool is_shown) { is_line_wanted = is_shown; }

bool cli_progress_show_line(const char *line) {
  if (!is_line_wanted || !cli_log_has_level(CLI_LOG_INFO) || !isatty(STDERR_FILENO)) return false;
  fprintf(stderr, "\r\033[K%s", line);
  fflush(stderr);
  has_line = true;
  return true;
}

double cli_pace_apply(const cli_pace *pace, double estimated_ms) {
  if (!pace || !(pace->estimated_ms > 0) || !(pace->measured_ms > 0)) return estimated_ms;
  return estimated_ms * pace->measured_ms / pace->estimated_ms;
}

/* "[2/20] JOB  MODEL", as it begins every line about a prediction. */
static size_t format_job(const cli_progress_job *job, char *out, size_t n_out) {
  size_t n = 0;
  if (job->n_jobs > 1) n = (size_t)snprintf(out, n_out, "[%lld/%lld] ", (long long)job->number, (long long)job->n_jobs);
  return n + (size_t)snprintf(out + n, n_out - n, "%.60s  %s", job->job, job->model);
}

void cli_progress_begin(cli_progress *progress, const cli_progress_job *job) {
  *progress = (cli_progress){.job = *job, .last_ms = cli_time_ms()};
  char line[256], time_text[CLI_MAX_DURATION];
  size_t n = format_job(job, line, sizeof line);
  double left = cli_pace_apply(job->pace, job->estimated_ms * (1 + job->n_after));
  cli_format_duration(left, time_text);
  n += (size_t)snprintf(line + n, sizeof line - n, "  first pass ...");
  if (left > 0) snprintf(line + n, sizeof line - n, "  about %s left", time_text);
  cli_progress_show_line(line);
}

/* Of the whole run: what is left of this prediction and what follows. */
static double left_ms(const cli_progress *progress, const pleat_pass *pass) {
  const cli_progress_job *job = &progress->job;
  double share = (double)(pass->num_recycle - pass->recycle) / (double)(pass->num_recycle + 1);
  return cli_pace_apply(job->pace, job->estimated_ms * (share + job->n_after));
}

static void tell_event(const cli_progress *progress, const pleat_pass *pass, double pass_ms) {
  const cli_progress_job *job = &progress->job;
  cli_event(json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:f, s:f}", "event", "pass", "job",
                      job->job, "number", (json_int_t)job->number, "jobs", (json_int_t)job->n_jobs, "model", job->model,
                      "seed", (json_int_t)job->seed, "recycle", (json_int_t)pass->recycle, "num_recycle",
                      (json_int_t)pass->num_recycle, "plddt", cli_event_number(pass->mean_plddt), "ptm",
                      cli_event_number(pass->ptm), "iptm", cli_event_number(pass->iptm), "change_ang",
                      cli_event_number(pass->distance_change), "ms", pass_ms, "left_ms", left_ms(progress, pass)));
}

/* As ColabFold writes its log: "alphafold2_ptm_model_1_seed_000 recycle=1 pLDDT=71.2 pTM=0.65 tol=0.5", and the time. */
static void log_pass(const cli_progress *progress, const pleat_pass *pass, double pass_ms) {
  char line[256];
  const char *type;
  int number;
  cli_model_type(progress->job.model, &type, &number);
  size_t n = (size_t)snprintf(line, sizeof line, "%s_model_%d_seed_%03lld recycle=%lld", type, number,
                              (long long)progress->job.seed, (long long)pass->recycle);
  const struct {
    const char *name;
    double value;
  } items[] = {{"pLDDT", pass->mean_plddt}, {"pTM", pass->ptm}, {"ipTM", pass->iptm}, {"tol", pass->distance_change}};
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    if (isnan(items[i].value)) continue;
    n += (size_t)snprintf(line + n, sizeof line - n, " %s=%.3g", items[i].name, items[i].value);
  }
  cli_log_file_only("%s (%.0f ms)", line, pass_ms);
}

static void show_pass(const cli_progress *progress, const pleat_pass *pass, double pass_ms) {
  char line[320], time_text[CLI_MAX_DURATION];
  size_t n = format_job(&progress->job, line, sizeof line);
  n += (size_t)snprintf(line + n, sizeof line - n, "  recycle %lld of %lld", (long long)pass->recycle,
                        (long long)pass->num_recycle);
  const struct {
    const char *name;
    int n_decimals;
    double value;
    const char *unit;
  } items[] = {{"pLDDT", 1, pass->mean_plddt, ""},
               {"pTM", 3, pass->ptm, ""},
               {"ipTM", 3, pass->iptm, ""},
               {"change", 2, pass->distance_change, " A"}};
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    if (isnan(items[i].value)) continue;
    n += (size_t)snprintf(line + n, sizeof line - n, "  %s %.*f%s", items[i].name, items[i].n_decimals, items[i].value,
                          items[i].unit);
  }
  n += (size_t)snprintf(line + n, sizeof line - n, "  %.0f ms", pass_ms);
  log_pass(progress, pass, pass_ms);
  if (cli_log_has_level(CLI_LOG_DEBUG)) {
    cli_log_debug("%s", line);
    return;
  }
  double left = left_ms(progress, pass);
  cli_format_duration(left, time_text);
  if (left > 0) snprintf(line + n, sizeof line - n, "  about %s left", time_text);
  cli_progress_show_line(line);
}

bool cli_progress_step(void *ctx, const pleat_pass *pass) {
  cli_progress *progress = ctx;
  double now_ms = cli_time_ms(), pass_ms = now_ms - progress->last_ms;
  progress->last_ms = now_ms;
  if (progress->n_passes < CLI_MAX_TIMED_PASSES) progress->pass_ms[progress->n_passes++] = pass_ms;
  if (progress->job.pace) {
    progress->job.pace->measured_ms += pass_ms;
    progress->job.pace->estimated_ms += progress->job.estimated_ms / (double)(pass->num_recycle + 1);
  }
  if (cli_events_are_on()) tell_event(progress, pass, pass_ms);
  show_pass(progress, pass, pass_ms);
  return !cli_interrupt_is_raised();
}

void cli_progress_job_end(const cli_progress_job *job, double mean_plddt, double took_ms) {
  char took[CLI_MAX_DURATION], left[CLI_MAX_DURATION], left_text[CLI_MAX_DURATION + 24] = "";
  if (job->n_jobs < 2 || !is_line_wanted || isatty(STDERR_FILENO)) return;
  cli_format_duration(took_ms, took);
  if (job->n_after > 0) {
    cli_format_duration(cli_pace_apply(job->pace, job->estimated_ms * job->n_after), left);
    snprintf(left_text, sizeof left_text, ", about %s left", left);
  }
  cli_log_info("[%lld/%lld] %.60s: pLDDT %.1f, %s%s", (long long)job->number, (long long)job->n_jobs, job->job,
               mean_plddt, took, left_text);
}
