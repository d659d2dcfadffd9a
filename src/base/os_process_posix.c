/* Other programs: posix_spawn, pipes that are read until they are empty, and process groups that end as a whole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <crt_externs.h>
#endif

#include "base/fail.h"
#include "base/os.h"
#include "base/process.h"

enum {
  TICK_MS = 50,              /* how often cancellation, the time limit and the program's end are looked for */
  GRACE_MS = 2000,           /* between SIGTERM and SIGKILL: time to remove temporary files */
  READ_BYTES = 64 * 1024,    /* what a pipe holds at once on Linux */
  LEFT_BYTES_MAX = 16 << 20, /* read from a pipe after the program's end; more than any pipe holds */
  MESSAGE_TAIL = 400         /* of the program's own words in a message */
};

/* A program that runs. */
typedef struct child {
  const pleat_process *process;
  pleat_process_result *result;
  pleat_error *err;
  pleat_status status; /* the first failure, which ended the program */
  pid_t pid;
  int fd_in;     /* its standard input */
  int fds[2];    /* our ends of standard output and error; -1 = closed or not there */
  int theirs[2]; /* its ends */
  size_t n_tail;
  double begin_ms;
  double killed_ms; /* time of SIGTERM; 0: not yet */
  pleat_out_file *out_file;
  char buffer[READ_BYTES];
} child;

static char **environment(void) {
#if defined(__APPLE__)
  return *_NSGetEnviron(); /* a shared library has no environ there */
#else
  return environ;
#endif
}

/* Files. All are closed by exec, and stand above the standard three: a program without standard input of its own would
 * otherwise get pipes there, and posix_spawn would find them already in place and leave them to be closed. */

static int move_up(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int errnum = errno;
  close(fd);
  errno = errnum;
  return moved;
}

static int open_pipe(int fds[2]) {
#if defined(__APPLE__)
  /* Another thread may spawn between the calls: POSIX_SPAWN_CLOEXEC_DEFAULT closes what it finds there. */
  if (pipe(fds)) return errno;
  fcntl(fds[0], F_SETFD, FD_CLOEXEC);
  fcntl(fds[1], F_SETFD, FD_CLOEXEC);
#else
  if (pipe2(fds, O_CLOEXEC)) return errno;
#endif
  for (int i = 0; i < 2; i++) fds[i] = move_up(fds[i]);
  return fds[0] < 0 || fds[1] < 0 ? errno : 0;
}

/* Text for standard input goes through a nameless file: a pipe could fill up, or break, while we wait for output. */
static int open_text(const char *text) {
  const char *dir = getenv("TMPDIR");
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/pleat-stdin-XXXXXX", dir && dir[0] ? dir : "/tmp");
  if (n >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
#if defined(__APPLE__)
  int fd = mkstemp(path);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
#else
  int fd = mkostemp(path, O_CLOEXEC);
#endif
  if (fd < 0) return -1;
  unlink(path);
  for (size_t left = strlen(text); left;) {
    ssize_t n_written = write(fd, text, left);
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written < 0) {
      int errnum = errno;
      close(fd);
      errno = errnum;
      return -1;
    }
    text += n_written;
    left -= (size_t)n_written;
  }
  lseek(fd, 0, SEEK_SET);
  return move_up(fd);
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static pleat_status open_files(child *c) {
  const pleat_process *p = c->process;
  char text[128];
  const char *path = p->opt_stdin_path ? p->opt_stdin_path : "/dev/null";
  c->fd_in = p->opt_stdin_text ? open_text(p->opt_stdin_text) : move_up(open(path, O_RDONLY | O_CLOEXEC));
  if (c->fd_in < 0) {
    return pleat_fail(c->err, PLEAT_IO, "cannot open %s for %s: %s", p->opt_stdin_text ? "a temporary file" : path,
                      p->argv[0], pleat_errno_text(errno, text, sizeof text));
  }
  if (p->opt_stdout_path) PLEAT_TRY(pleat_out_file_open(p->opt_stdout_path, &c->out_file, c->err));
  bool has_reader = p->opt_stdout_path || p->opt_on_stdout;
  for (int i = has_reader ? 0 : 1; i < 2; i++) {
    int ends[2] = {-1, -1};
    int errnum = open_pipe(ends);
    c->fds[i] = ends[0];
    c->theirs[i] = ends[1];
    if (errnum) {
      return pleat_fail(c->err, PLEAT_IO, "cannot open a pipe to %s: %s", p->argv[0],
                        pleat_errno_text(errnum, text, sizeof text));
    }
  }
  return PLEAT_OK;
}

/* The start. */

/* A host's ignored or blocked signals are its own affair; SIGTERM has to reach the program. */
static int set_attributes(posix_spawnattr_t *attributes) {
  sigset_t none, ours;
  sigemptyset(&none);
  sigemptyset(&ours);
  const int signums[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2, SIGALRM, SIGXFSZ};
  for (size_t i = 0; i < sizeof signums / sizeof signums[0]; i++) sigaddset(&ours, signums[i]);
  short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
#if defined(__APPLE__)
  flags |= POSIX_SPAWN_CLOEXEC_DEFAULT;
#endif
  int errnum = posix_spawnattr_setflags(attributes, flags);
  if (!errnum) errnum = posix_spawnattr_setpgroup(attributes, 0);
  if (!errnum) errnum = posix_spawnattr_setsigmask(attributes, &none);
  if (!errnum) errnum = posix_spawnattr_setsigdefault(attributes, &ours);
  return errnum;
}

static int spawn(child *c) {
  /* Where vfork is a fork, as in an emulator, a failed exec could not be told from a program that fails. */
  if (access(c->process->argv[0], X_OK)) return errno;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int errnum = posix_spawn_file_actions_init(&actions);
  if (errnum) return errnum;
  errnum = posix_spawnattr_init(&attributes);
  if (errnum) {
    posix_spawn_file_actions_destroy(&actions);
    return errnum;
  }
  errnum = set_attributes(&attributes);
  int out = c->theirs[0] >= 0 ? c->theirs[0] : c->theirs[1];
  if (!errnum) errnum = posix_spawn_file_actions_adddup2(&actions, c->fd_in, STDIN_FILENO);
  if (!errnum) errnum = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  if (!errnum) errnum = posix_spawn_file_actions_adddup2(&actions, c->theirs[1], STDERR_FILENO);
  if (!errnum) {
    /* argv is const for callers; exec promises not to write to it, but its type is older than const. */
    char *const *argv = (char *const *)(uintptr_t)c->process->argv;
    errnum = posix_spawn(&c->pid, argv[0], &actions, &attributes, argv, environment());
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return errnum;
}

/* While it runs. */

static void keep_tail(child *c, const char *bytes, size_t n) {
  char *tail = c->result->tail;
  if (n > PLEAT_PROCESS_TAIL) {
    bytes += n - PLEAT_PROCESS_TAIL;
    n = PLEAT_PROCESS_TAIL;
  }
  if (c->n_tail + n > PLEAT_PROCESS_TAIL) {
    size_t n_drop = c->n_tail + n - PLEAT_PROCESS_TAIL;
    memmove(tail, tail + n_drop, c->n_tail - n_drop);
    c->n_tail -= n_drop;
  }
  memcpy(tail + c->n_tail, bytes, n);
  c->n_tail += n;
  tail[c->n_tail] = '\0';
}

static pleat_status deliver(child *c, const char *bytes, size_t n) {
  if (c->out_file) return pleat_out_file_write(c->out_file, bytes, n, c->err);
  return c->process->opt_on_stdout(c->process->arg, bytes, n, c->err);
}

/* Reads once from stream 0 (output) or 1 (error); what comes after a failure is thrown away. */
static size_t read_stream(child *c, int stream) {
  ssize_t n = read(c->fds[stream], c->buffer, READ_BYTES);
  if (n < 0 && errno == EINTR) return 0;
  if (n <= 0) {
    close_fd(&c->fds[stream]);
    return 0;
  }
  if (stream == 1)
    keep_tail(c, c->buffer, (size_t)n);
  else if (!c->status)
    c->status = deliver(c, c->buffer, (size_t)n);
  return (size_t)n;
}

/* Waits for output for at most timeout_ms and reads what is there; how many bytes. */
static size_t read_streams(child *c, int timeout_ms) {
  struct pollfd polls[2];
  int streams[2], n_polls = 0;
  for (int i = 0; i < 2; i++) {
    if (c->fds[i] < 0) continue;
    polls[n_polls] = (struct pollfd){.fd = c->fds[i], .events = POLLIN};
    streams[n_polls++] = i;
  }
  if (poll(polls, (nfds_t)n_polls, timeout_ms) <= 0) return 0;
  size_t n = 0;
  for (int i = 0; i < n_polls; i++) {
    if (polls[i].revents) n += read_stream(c, streams[i]);
  }
  return n;
}

/* Whether the program has ended. It stays a zombie, so that its number still names its group and nothing else. */
static bool has_ended(child *c) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  int code;
  do code = waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT);
  while (code && errno == EINTR);
  return code || info.si_pid == c->pid; /* an error: the host ignores SIGCHLD, and it is gone */
}

static void ask_to_end(child *c) {
  if (c->killed_ms > 0) return;
  c->killed_ms = pleat_os_time_ms();
  kill(-c->pid, SIGTERM);
}

/* Sends signals when it has to end: first SIGTERM, then SIGKILL, which nobody survives. */
static void watch(child *c) {
  const pleat_process *p = c->process;
  double now = pleat_os_time_ms();
  if (!c->status && p->opt_poll && !p->opt_poll(p->arg)) {
    c->status = pleat_fail(c->err, PLEAT_CANCELLED, "%s was ended: cancelled", p->argv[0]);
  }
  if (p->time_limit_s > 0 && now - c->begin_ms > p->time_limit_s * 1000) c->result->is_timed_out = true;
  if (c->status || c->result->is_timed_out) ask_to_end(c);
  if (c->killed_ms > 0 && now - c->killed_ms > GRACE_MS) kill(-c->pid, SIGKILL);
}

static void wait_for_end(child *c) {
  int pause_ms = 1;
  while (!has_ended(c)) {
    watch(c);
    if (c->fds[0] >= 0 || c->fds[1] >= 0) {
      read_streams(c, TICK_MS);
      continue;
    }
    /* It closed both but goes on. */
    struct timespec pause = {.tv_nsec = pause_ms * 1000000L};
    nanosleep(&pause, NULL);
    pause_ms = pause_ms < TICK_MS / 2 ? pause_ms * 2 : TICK_MS;
  }
  kill(-c->pid, SIGKILL); /* what it left behind */
  /* Everything that it wrote is in the pipes by now. Their end may never come: a daemon can hold them open. */
  for (size_t n = 0, n_read = 1; n_read && n < LEFT_BYTES_MAX && (c->fds[0] >= 0 || c->fds[1] >= 0); n += n_read) {
    n_read = read_streams(c, 0);
  }
  int code = 0;
  pid_t pid;
  do pid = waitpid(c->pid, &code, 0);
  while (pid < 0 && errno == EINTR);
  if (pid == c->pid && WIFEXITED(code)) c->result->exit_code = WEXITSTATUS(code);
  if (pid == c->pid && WIFSIGNALED(code)) c->result->signum = WTERMSIG(code);
}

/* The report. */

void pleat_process_quote(const char *const *argv, char *text, size_t n_text) {
  size_t n = 0;
  if (n_text) text[0] = '\0';
  for (int i = 0; argv[i]; i++) {
    bool is_plain = argv[i][0] && !argv[i][strspn(argv[i],
                                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "0123456789_-+=.,:/@%")];
    const char *quote = is_plain ? "" : "'";
    if (n < n_text) n += (size_t)snprintf(text + n, n_text - n, "%s%s", i ? " " : "", quote);
    for (const char *at = argv[i]; *at; at++) {
      if (n < n_text && *at == '\'')
        n += (size_t)snprintf(text + n, n_text - n, "'\\''");
      else if (n < n_text)
        n += (size_t)snprintf(text + n, n_text - n, "%c", *at);
    }
    if (n < n_text) n += (size_t)snprintf(text + n, n_text - n, "%s", quote);
  }
}

/* The last lines of the tail, without blank ones at its end. */
static void last_words(const char *tail, char *text, size_t n_text) {
  size_t n = strlen(tail);
  while (n && strchr(" \t\r\n", tail[n - 1])) n--;
  size_t begin = n >= n_text ? n - n_text + 1 : 0;
  if (begin) { /* from the start of a line, unless one line is all there is */
    const char *line = memchr(tail + begin, '\n', n - begin);
    if (line) begin = (size_t)(line + 1 - tail);
  }
  memcpy(text, tail + begin, n - begin);
  text[n - begin] = '\0';
}

static pleat_status judge(child *c) {
  const pleat_process *p = c->process;
  pleat_process_result *r = c->result;
  if (c->status) return c->status;
  if (r->exit_code == 0 && !r->is_timed_out) return PLEAT_OK;
  char how[128], words[MESSAGE_TAIL], command[sizeof c->err->message / 2];
  if (r->is_timed_out) {
    snprintf(how, sizeof how, "took longer than the time limit of %g s and was ended", p->time_limit_s);
  } else if (r->signum) {
    const char *why = r->signum == SIGKILL ? ", as the system does when memory is exhausted" : "";
    snprintf(how, sizeof how, "was ended by signal %d (%s)%s", r->signum, strsignal(r->signum), why);
  } else {
    snprintf(how, sizeof how, "failed with exit code %d", r->exit_code);
  }
  last_words(r->tail, words, sizeof words);
  pleat_process_quote(p->argv, command, sizeof command);
  return pleat_fail(c->err, PLEAT_PROGRAM, "%s %s after %.1f s; %s%s; command: %s", p->argv[0], how, r->time_ms / 1000,
                    words[0] ? "it said: " : "it said nothing", words, command);
}

static pleat_status run(child *c) {
  PLEAT_TRY(open_files(c));
  c->begin_ms = pleat_os_time_ms();
  int errnum = spawn(c);
  for (int i = 0; i < 2; i++) close_fd(&c->theirs[i]);
  close_fd(&c->fd_in);
  if (errnum) {
    char text[128];
    return pleat_fail(c->err, PLEAT_PROGRAM, "cannot start %s: %s", c->process->argv[0],
                      pleat_errno_text(errnum, text, sizeof text));
  }
  wait_for_end(c);
  c->result->time_ms = pleat_os_time_ms() - c->begin_ms;
  return judge(c);
}

pleat_status pleat_process_run(const pleat_process *process, pleat_process_result *out_result, pleat_error *err) {
  *out_result = (pleat_process_result){.exit_code = -1};
  child *c = calloc(1, sizeof *c);
  if (!c) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to run %s", process->argv[0]);
  c->process = process;
  c->result = out_result;
  c->err = err;
  c->fd_in = -1;
  for (int i = 0; i < 2; i++) c->fds[i] = c->theirs[i] = -1;
  pleat_status status = run(c);
  close_fd(&c->fd_in);
  for (int i = 0; i < 2; i++) {
    close_fd(&c->fds[i]);
    close_fd(&c->theirs[i]);
  }
  pleat_status close_status = pleat_out_file_close(c->out_file, status == PLEAT_OK, err);
  free(c);
  return status ? status : close_status;
}

/* Programs on PATH. */

static bool is_program(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

pleat_status pleat_program_find(const char *name, char **out_path, pleat_error *err) {
  *out_path = NULL;
  bool has_folder = strchr(name, '/') != NULL;
  if (has_folder && !is_program(name)) {
    PLEAT_FAIL(err, PLEAT_PROGRAM, "'%s' is %s", name,
               pleat_path_exists(name) ? "not a program that may be run" : "not there");
  }
  const char *dirs = has_folder ? "" : getenv("PATH");
  if (!dirs) dirs = "/usr/local/bin:/usr/bin:/bin";
  size_t n_max = strlen(dirs) + strlen(name) + 3;
  char *path = malloc(n_max);
  if (!path) PLEAT_FAIL(err, PLEAT_NOMEM, "no memory to look for '%s'", name);
  if (has_folder) {
    snprintf(path, n_max, "%s", name);
    *out_path = path;
    return PLEAT_OK;
  }
  while (name[0]) {
    size_t n_dir = strcspn(dirs, ":");
    snprintf(path, n_max, "%.*s/%s", n_dir ? (int)n_dir : 1, n_dir ? dirs : ".", name); /* empty: this folder */
    if (is_program(path)) {
      *out_path = path;
      return PLEAT_OK;
    }
    if (!dirs[n_dir]) break;
    dirs += n_dir + 1;
  }
  free(path);
  PLEAT_FAIL(err, PLEAT_PROGRAM, "no program '%s' on PATH", name);
}
