/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"
#include "check.h"
#include "folder.h"

static char dir[256];

static pleat_status collect(void *arg, const char *bytes, size_t n, pleat_error *err) {
  (void)err;
  pleat_buf_append(arg, bytes, n);
  return PLEAT_OK;
}

/* Runs a line of shell with its output in *out. */
static pleat_status run_shell(const char *line, pleat_process options, pleat_buf *out, pleat_process_result *result,
                              pleat_error *err) {
  const char *argv[] = {"/bin/sh", "-c", line, NULL};
  options.argv = argv;
  if (out) {
    options.opt_on_stdout = collect;
    options.arg = out;
  }
  return pleat_process_run(&options, result, err);
}

static void test_arguments(void) {
  pleat_error err;
  pleat_process_result result;
  pleat_buf out = {0};
  const char *argv[] = {"/bin/sh", "-c", "printf '<%s>' \"$@\"", "sh", "a b", "$HOME;'", "", "*", NULL};
  pleat_process process = {.argv = argv, .opt_on_stdout = collect, .arg = &out};
  CHECK_OK(pleat_process_run(&process, &result, &err), &err);
  CHECK_STR(out.data, "<a b><$HOME;'><><*>");
  CHECK_INT(result.exit_code, 0);
  CHECK_INT(result.signum, 0);
  CHECK_STR(result.tail, "");
  char text[128];
  pleat_process_quote(argv + 4, text, sizeof text);
  CHECK_STR(text, "'a b' '$HOME;'\\''' '' '*'");
  pleat_process_quote(argv + 4, text, 6);
  CHECK_STR(text, "'a b'");
  pleat_buf_fini(&out);
}

/* More than a pipe holds, in both directions. */
static void test_input_and_output(void) {
  enum { N = 1 << 20 };
  pleat_error err;
  pleat_process_result result;
  char *text = malloc(N + 1);
  if (!CHECK(text != NULL)) return;
  for (int i = 0; i < N; i++) text[i] = (char)('A' + i % 23);
  text[N] = '\0';
  pleat_buf out = {0};
  CHECK_OK(run_shell("cat; cat >&2", (pleat_process){.opt_stdin_text = text}, &out, &result, &err), &err);
  CHECK_INT(out.n, N);
  CHECK(out.n == N && memcmp(out.data, text, N) == 0);

  char path[512], copy[512];
  snprintf(path, sizeof path, "%s/in", dir);
  snprintf(copy, sizeof copy, "%s/out", dir);
  CHECK_OK(pleat_file_write(path, text, N, &err), &err);
  pleat_process from_file = {.opt_stdin_path = path, .opt_stdout_path = copy};
  CHECK_OK(run_shell("cat", from_file, NULL, &result, &err), &err);
  char *copied = NULL;
  size_t n = 0;
  CHECK_OK(pleat_file_read(copy, 2 * N, &copied, &n, &err), &err);
  CHECK(n == N && copied && memcmp(copied, text, N) == 0);
  free(copied);
  unlink(copy);

  /* What fails leaves no file. */
  CHECK_INT(run_shell("cat; exit 3", from_file, NULL, &result, &err), PLEAT_PROGRAM);
  CHECK_INT(result.exit_code, 3);
  CHECK(!pleat_path_exists(copy));
  unlink(path);
  from_file.opt_stdin_path = path;
  CHECK_INT(run_shell("cat", from_file, NULL, &result, &err), PLEAT_IO);
  CHECK(strstr(err.message, path) != NULL);

  /* Without input the program sees its end, not the terminal. */
  pleat_buf_clear(&out);
  CHECK_OK(run_shell("cat; echo end", (pleat_process){0}, &out, &result, &err), &err);
  CHECK_STR(out.data, "end\n");
  pleat_buf_fini(&out);
  free(text);
}

static void test_failures(void) {
  pleat_error err;
  pleat_process_result result;
  pleat_process plain = {0};
  CHECK_INT(run_shell("echo first >&2; echo 'no such database' >&2; exit 7", plain, NULL, &result, &err),
            PLEAT_PROGRAM);
  CHECK_INT(result.exit_code, 7);
  CHECK_STR(result.tail, "first\nno such database\n");
  CHECK(strstr(err.message, "failed with exit code 7") != NULL);
  CHECK(strstr(err.message, "it said: first\nno such database; command: /bin/sh -c '") != NULL);

  CHECK_INT(run_shell("kill -9 $$", plain, NULL, &result, &err), PLEAT_PROGRAM);
  CHECK_INT(result.exit_code, -1);
  CHECK_INT(result.signum, SIGKILL);
  CHECK(strstr(err.message, "signal 9") != NULL && strstr(err.message, "memory") != NULL);

  /* The end of long words is kept; output without a reader counts as words. */
  CHECK_INT(
      run_shell("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 1", plain, NULL, &result, &err),
      PLEAT_PROGRAM);
  CHECK_INT(strlen(result.tail), PLEAT_PROCESS_TAIL);
  CHECK_STR(result.tail + PLEAT_PROCESS_TAIL - 20, "line 2998\nline 2999\n");
  CHECK(strstr(err.message, "it said: line ") != NULL && strstr(err.message, "line 2999;") != NULL);

  const char *argv[] = {"/nowhere/jackhmmer", NULL};
  plain.argv = argv;
  CHECK_INT(pleat_process_run(&plain, &result, &err), PLEAT_PROGRAM);
  CHECK_INT(result.exit_code, -1);
  CHECK(strstr(err.message, "/nowhere/jackhmmer") != NULL);
}

static pleat_status refuse(void *arg, const char *bytes, size_t n, pleat_error *err) {
  (void)bytes;
  size_t *n_taken = arg;
  *n_taken += n;
  if (*n_taken < 100000) return PLEAT_OK;
  PLEAT_FAIL(err, PLEAT_INPUT, "enough");
}

static void test_refused_output(void) {
  pleat_error err;
  pleat_process_result result;
  size_t n_taken = 0;
  const char *argv[] = {"/bin/sh", "-c", "while :; do echo more and more; done", NULL};
  pleat_process process = {.argv = argv, .opt_on_stdout = refuse, .arg = &n_taken};
  CHECK_INT(pleat_process_run(&process, &result, &err), PLEAT_INPUT);
  CHECK_STR(err.message, "enough");
  CHECK_INT(result.signum, SIGTERM);
}

/* Opens a FIFO for reading, which no program has open for writing yet. */
static int open_fifo(char *path, size_t n_path) {
  snprintf(path, n_path, "%s/alive", dir);
  if (!CHECK_INT(mkfifo(path, 0600), 0)) return -1;
  return open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

/* Whether everything that had the FIFO open is gone: nothing to read then means the end, else EAGAIN. */
static bool is_abandoned(int fd) {
  char bytes[64];
  for (double end = pleat_os_time_ms() + 5000; pleat_os_time_ms() < end; usleep(1000)) {
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n == 0) return true;
  }
  return false;
}

static bool count_polls(void *arg) {
  int *n_left = arg;
  return (*n_left)-- > 0;
}

/* A grandchild outlives neither the end of the program, nor its time limit, nor cancelling; also one that ignores SIGTERM
 * and one that closed its output. */
static void test_nothing_left(void) {
  static const char *const lines[] = {
      "sleep 100 & exit 0",
      "sleep 100 & wait",
      "trap '' TERM; sleep 100 & sleep 100; sleep 100",
      "exec >&- 2>&-; sleep 100 & wait",
  };
  for (int i = 0; i < 4; i++) {
    for (int is_cancelled = 0; is_cancelled < 2; is_cancelled++) {
      char path[512], line[1024];
      int fd = open_fifo(path, sizeof path);
      snprintf(line, sizeof line, "exec 9>'%s'; echo x >&9; %s", path, lines[i]);
      int n_polls = 6;
      pleat_process process = {.time_limit_s = is_cancelled ? 0 : 0.3};
      const char *argv[] = {"/bin/sh", "-c", line, NULL};
      process.argv = argv;
      if (is_cancelled) {
        process.opt_poll = count_polls;
        process.arg = &n_polls;
      }
      pleat_error err;
      pleat_process_result result;
      pleat_status status = pleat_process_run(&process, &result, &err);
      if (i == 0) {
        CHECK_OK(status, &err);
        CHECK(result.time_ms < 10000);
      } else {
        CHECK_INT(status, is_cancelled ? PLEAT_CANCELLED : PLEAT_PROGRAM);
        CHECK_INT(result.is_timed_out, !is_cancelled);
        CHECK_INT(result.signum, i == 2 ? SIGKILL : SIGTERM);
        if (!is_cancelled) CHECK(strstr(err.message, "time limit of 0.3 s") != NULL);
      }
      CHECK(is_abandoned(fd));
      close(fd);
      unlink(path);
    }
  }
}

/* Files that this test was started with, as by CTest within CTest, would look like some that the runner let through. */
static void hide_inherited(void) {
  for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
}

/* Programs started at the same time see none of each other's pipes, and no other file of ours. */
static void *run_many(void *arg) {
  long *n_wrong = arg;
  for (int i = 0; i < 10; i++) {
    pleat_buf out = {0};
    pleat_process_result result;
    pleat_error err;
    pleat_status status = run_shell("for f in 4 5 6 7 8 9; do [ ! -e /dev/fd/$f ] || echo $f; done; cat",
                                    (pleat_process){.opt_stdin_text = "text"}, &out, &result, &err);
    if (status || strcmp(out.data ? out.data : "", "text")) ++*n_wrong;
    pleat_buf_fini(&out);
  }
  return NULL;
}

static void test_threads(void) {
  enum { N = 6 };
  pthread_t threads[N];
  long n_wrong[N] = {0};
  int ours = open("/dev/null", O_RDONLY | O_CLOEXEC);
  for (int i = 0; i < N; i++) CHECK_INT(pthread_create(&threads[i], NULL, run_many, &n_wrong[i]), 0);
  for (int i = 0; i < N; i++) {
    pthread_join(threads[i], NULL);
    CHECK_INT(n_wrong[i], 0);
  }
  close(ours);
}

static void on_alarm(int signum) { (void)signum; }

/* Signals that interrupt calls, and a host that ignores SIGPIPE. */
static void test_signals(void) {
  struct sigaction action = {.sa_handler = on_alarm}, previous;
  sigaction(SIGALRM, &action, &previous);
  struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, NULL);
  void (*on_pipe)(int) = signal(SIGPIPE, SIG_IGN);
  pleat_error err;
  pleat_process_result result;
  pleat_buf out = {0};
  CHECK_OK(run_shell("yes | head -n 1; exec 2>&-; sleep 0.3; cat", (pleat_process){.opt_stdin_text = "text"}, &out,
                     &result, &err),
           &err);
  CHECK_STR(out.data, "y\ntext");
  CHECK_STR(result.tail, ""); /* not: "broken pipe" */
  CHECK(result.time_ms >= 290);
  signal(SIGPIPE, on_pipe);
  setitimer(ITIMER_REAL, &never, NULL);
  sigaction(SIGALRM, &previous, NULL);
  pleat_buf_fini(&out);
}

/* A host without standard files: ours must not land there, nor be closed in the program. */
static void test_closed_standard_files(void) {
  int saved[3];
  for (int i = 0; i < 3; i++) saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
  for (int i = 0; i < 3; i++) close(i);
  pleat_error err;
  pleat_process_result result;
  pleat_buf out = {0};
  pleat_process process = {.opt_stdin_text = "text"};
  pleat_status status = run_shell("cat; echo words >&2; exit 2", process, &out, &result, &err);
  for (int i = 0; i < 3; i++) {
    dup2(saved[i], i);
    close(saved[i]);
  }
  CHECK_INT(status, PLEAT_PROGRAM);
  CHECK_STR(out.data, "text");
  CHECK_STR(result.tail, "words\n");
  pleat_buf_fini(&out);
}

static void write_program(const char *path, mode_t mode) {
  pleat_error err;
  CHECK_OK(pleat_file_write(path, "#!/bin/sh\n", 10, &err), &err);
  CHECK_INT(chmod(path, mode), 0);
}

static void test_find(void) {
  char folder[512], file[600], paths[2048];
  snprintf(folder, sizeof folder, "%s/bin", dir);
  snprintf(file, sizeof file, "%s/tool", folder);
  CHECK_INT(mkdir(folder, 0700), 0);
  const char *path = getenv("PATH");
  char *kept = strdup(path ? path : "");
  if (!CHECK(kept != NULL)) return;
  snprintf(paths, sizeof paths, "/nowhere:%s:%s", folder, kept);
  setenv("PATH", paths, 1);
  pleat_error err;
  char *found = NULL;
  CHECK_INT(pleat_program_find("tool", &found, &err), PLEAT_PROGRAM);
  CHECK_STR(err.message, "no program 'tool' on PATH");
  write_program(file, 0600);
  CHECK_INT(pleat_program_find("tool", &found, &err), PLEAT_PROGRAM);
  CHECK_INT(pleat_program_find(file, &found, &err), PLEAT_PROGRAM);
  CHECK(strstr(err.message, "not a program") != NULL);
  CHECK_INT(pleat_program_find("", &found, &err), PLEAT_PROGRAM);
  CHECK_INT(pleat_program_find(folder, &found, &err), PLEAT_PROGRAM);
  CHECK(found == NULL);
  CHECK_INT(chmod(file, 0700), 0);
  if (CHECK_OK(pleat_program_find("tool", &found, &err), &err)) CHECK_STR(found, file);
  free(found);
  if (CHECK_OK(pleat_program_find(file, &found, &err), &err)) CHECK_STR(found, file);
  free(found);
  setenv("PATH", kept, 1);
  free(kept);
  unlink(file);
  rmdir(folder);
}

int main(void) {
  hide_inherited();
  if (!folder_make(dir, sizeof dir)) return check_report();
  test_arguments();
  test_input_and_output();
  test_failures();
  test_refused_output();
  test_nothing_left();
  test_threads();
  test_signals();
  test_closed_standard_files();
  test_find();
  CHECK_INT(rmdir(dir), 0);
  return check_report();
}
