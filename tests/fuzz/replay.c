/* Runs a fuzz target over every file of the directories and files named as arguments: the seed corpus as a plain test.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { INPUT_MAX = 64 << 20 };

static long n_inputs;

/* The input lies in memory of exactly its size, so that the sanitizers see a read beyond its end. */
static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  struct stat info;
  if (!file || fstat(fileno(file), &info) || info.st_size > INPUT_MAX) {
    fprintf(stderr, "cannot read %s\n", path);
    if (file) fclose(file);
    return 1;
  }
  size_t n = (size_t)info.st_size;
  uint8_t *data = malloc(n ? n : 1);
  int failed = !data || fread(data, 1, n, file) != n;
  fclose(file);
  if (failed) {
    fprintf(stderr, "cannot read %s\n", path);
  } else {
    fprintf(stderr, "%s\n", path);
    LLVMFuzzerTestOneInput(data, n);
    n_inputs++;
  }
  free(data);
  return failed;
}

static int replay(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) return replay_file(path);
  int failed = 0;
  const struct dirent *entry;
  while ((entry = readdir(dir))) {
    if (entry->d_name[0] == '.') continue;
    char file[4096];
    snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
    failed |= replay_file(file);
  }
  closedir(dir);
  return failed;
}

int main(int argc, char **argv) {
  uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  int failed = 0;
  for (int i = 1; i < argc; i++) failed |= replay(argv[i]);
  printf("%ld inputs\n", n_inputs);
  return failed || (argc > 1 && n_inputs == 0);
}
