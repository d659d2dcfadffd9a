/* tests/net/server.py as a child of a test.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_UNIT_NET_SERVER_H
#define PLEAT_TESTS_UNIT_NET_SERVER_H

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "folder.h"

typedef struct net_server {
  pid_t pid;
  char dir[256]; /* of its files and of the test's own */
  char url[64];
} net_server;

static inline bool net_server_read_port(const net_server *server, int *out_port) {
  char path[300];
  snprintf(path, sizeof path, "%s/port", server->dir);
  FILE *file = fopen(path, "r");
  bool is_there = file && fscanf(file, "%d", out_port) == 1;
  if (file) fclose(file);
  return is_there;
}

/* false: no python3. Makes the folder, and starts the server with its files there. */
static inline bool net_server_start(net_server *server) {
  char port[300], log[300], features[1024];
  int number = 0;
  if (system("python3 -c 'import http.server' >/dev/null 2>&1") != 0) return false;
  if (!folder_make(server->dir, sizeof server->dir)) return false;
  snprintf(port, sizeof port, "%s/port", server->dir);
  snprintf(log, sizeof log, "%s/log", server->dir);
  snprintf(features, sizeof features, "%s/features/F_colabfold", check_shared_dir());
  static const char *const names[] = {"http_proxy",  "https_proxy", "HTTP_PROXY",
                                      "HTTPS_PROXY", "all_proxy",   "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) unsetenv(names[i]);
  server->pid = fork();
  if (server->pid == 0) {
    execlp("python3", "python3", "tests/net/server.py", port, log, server->dir, features, (char *)NULL);
    _exit(127);
  }
  for (int i = 0; i < 400 && !net_server_read_port(server, &number); i++) {
    const struct timespec pause = {.tv_nsec = 25000000};
    nanosleep(&pause, NULL);
  }
  snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", number);
  return CHECK(number > 0);
}

/* Ends it and removes the folder. */
static inline void net_server_stop(net_server *server) {
  char command[300];
  kill(server->pid, SIGKILL);
  waitpid(server->pid, NULL, 0);
  snprintf(command, sizeof command, "rm -rf '%s'", server->dir);
  CHECK_INT(system(command), 0);
}

#endif
