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

#include "exit.h"

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

void cli_progress_begin(cli_progress *progress, const char *job, const char *model) {
  *progress = (cli_progress){.job = job, .model = model, .last_ms = cli_time_ms()};
  char line[256];
  snprintf(line, sizeof line, "%.60s  %s  first pass ...", job, model);
  cli_progress_show_line(line);
}

bool cli_progress_step(void *ctx, int64_t recycle, int64_t num_recycle, double mean_plddt, double distance_change) {
  cli_progress *progress = ctx;
  double now_ms = cli_time_ms(), pass_ms = now_ms - progress->last_ms;
  progress->last_ms = now_ms;
  if (progress->n_passes < CLI_MAX_TIMED_PASSES) progress->pass_ms[progress->n_passes++] = pass_ms;
  char line[256];
  int n = snprintf(line, sizeof line, "%.60s  %s  recycle %lld of %lld", progress->job, progress->model,
                   (long long)recycle, (long long)num_recycle);
  if (mean_plddt >= 0) n += snprintf(line + n, sizeof line - (size_t)n, "  pLDDT %.1f", mean_plddt);
  if (distance_change >= 0) n += snprintf(line + n, sizeof line - (size_t)n, "  change %.2f A", distance_change);
  snprintf(line + n, sizeof line - (size_t)n, "  %.0f ms", pass_ms);
  if (cli_log_has_level(CLI_LOG_DEBUG)) {
    cli_log_debug("%s", line);
  } else {
    cli_log_file_only("%s", line);
    cli_progress_show_line(line);
  }
  return !cli_interrupt_is_raised();
}
