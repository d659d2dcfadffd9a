/* Cores and memory on Linux, from /proc and the control groups of version 2 and 1.
 * Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/, proc(5).
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__linux__)

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <sys/syscall.h>
#endif

#include "base/os.h"

enum { PATH_BYTES = 1024, LINE_BYTES = 1024 };

/* First line of a small file; false when it cannot be read. */
static bool read_line(const char *path, char *line, int n_line) {
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool is_ok = fgets(line, n_line, file) != NULL;
  fclose(file);
  return is_ok;
}

/* Number behind `key` in a file of "key value" lines, or 0. */
static uint64_t read_keyed(const char *path, const char *key) {
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  char line[LINE_BYTES];
  size_t n_key = strlen(key);
  uint64_t value = 0;
  while (fgets(line, sizeof line, file)) {
    if (strncmp(line, key, n_key) == 0) {
      value = strtoull(line + n_key, NULL, 10);
      break;
    }
  }
  fclose(file);
  return value;
}

/* This process's group below the mount of a controller ("" = version 2); false when it is in none. */
static bool find_group(const char *controller, char *group, int n_group) {
  FILE *file = fopen("/proc/self/cgroup", "re");
  if (!file) return false;
  bool is_found = false;
  char line[LINE_BYTES];
  while (!is_found && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    char *names = strchr(line, ':');
    char *path = names ? strchr(names + 1, ':') : NULL;
    if (!path) continue;
    *path++ = '\0';
    names++;
    size_t n = strlen(controller);
    for (const char *name = names; name && !is_found; name = strchr(name, ',')) {
      if (*name == ',') name++;
      is_found = strncmp(name, controller, n) == 0 && (name[n] == ',' || name[n] == '\0');
    }
    if (is_found) snprintf(group, (size_t)n_group, "%s", strcmp(path, "/") ? path : "");
  }
  fclose(file);
  return is_found;
}

/* Calls visit for the directory of this process's group and of each of its parents: a limit of any of them counts.
 * In a container the group's own path may not be visible; the mount's root, which comes last, then is the group. */
static void visit_groups(const char *controller, const char *mount, void (*visit)(const char *dir, void *arg),
                         void *arg) {
  char group[PATH_BYTES];
  if (!find_group(controller, group, sizeof group)) return;
  for (;;) {
    char dir[PATH_BYTES + 64];
    snprintf(dir, sizeof dir, "%s%s", mount, group);
    visit(dir, arg);
    char *slash = strrchr(group, '/');
    if (!slash) return;
    *slash = '\0';
  }
}

static bool read_group_line(const char *dir, const char *name, char *line, int n_line) {
  char path[PATH_BYTES + 128];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return read_line(path, line, n_line);
}

static void lower_cores(double quota, double period, double *cores) {
  if (quota > 0 && period > 0 && quota / period < *cores) *cores = quota / period;
}

static void visit_cpu_v2(const char *dir, void *arg) {
  char line[LINE_BYTES];
  double quota, period;
  if (read_group_line(dir, "cpu.max", line, sizeof line) && sscanf(line, "%lf %lf", &quota, &period) == 2) {
    lower_cores(quota, period, arg);
  }
}

static void visit_cpu_v1(const char *dir, void *arg) {
  char quota[LINE_BYTES], period[LINE_BYTES];
  if (read_group_line(dir, "cpu.cfs_quota_us", quota, sizeof quota) &&
      read_group_line(dir, "cpu.cfs_period_us", period, sizeof period)) {
    lower_cores(strtod(quota, NULL), strtod(period, NULL), arg);
  }
}

int pleat_os_cores(void) {
  double cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = CPU_COUNT(&set);
  visit_groups("", "/sys/fs/cgroup", visit_cpu_v2, &cores);
  visit_groups("cpu", "/sys/fs/cgroup/cpu", visit_cpu_v1, &cores);
  int n = (int)cores;
  if (n < cores) n++;
  return n < 1 ? 1 : n;
}

typedef struct memory {
  uint64_t total;
  uint64_t available;
} memory;

/* Pages of files that were not used lately are given back on demand, so they do not count as taken. */
static void limit_memory(const char *dir, const char *limit_name, const char *usage_name, const char *inactive_key,
                         memory *mem) {
  char line[LINE_BYTES];
  if (!read_group_line(dir, limit_name, line, sizeof line) || line[0] < '0' || line[0] > '9') return;
  uint64_t limit = strtoull(line, NULL, 10);
  if (limit < mem->total) mem->total = limit;
  if (!read_group_line(dir, usage_name, line, sizeof line)) return;
  uint64_t usage = strtoull(line, NULL, 10);
  char path[PATH_BYTES + 128];
  snprintf(path, sizeof path, "%s/memory.stat", dir);
  uint64_t inactive = read_keyed(path, inactive_key);
  usage = usage > inactive ? usage - inactive : 0;
  uint64_t available = limit > usage ? limit - usage : 0;
  if (available < mem->available) mem->available = available;
}

static void visit_memory_v2(const char *dir, void *arg) {
  limit_memory(dir, "memory.max", "memory.current", "inactive_file ", arg);
}

static void visit_memory_v1(const char *dir, void *arg) {
  limit_memory(dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ", arg);
}

static memory read_memory(void) {
  memory mem = {.total = read_keyed("/proc/meminfo", "MemTotal:") * 1024,
                .available = read_keyed("/proc/meminfo", "MemAvailable:") * 1024};
  visit_groups("", "/sys/fs/cgroup", visit_memory_v2, &mem);
  visit_groups("memory", "/sys/fs/cgroup/memory", visit_memory_v1, &mem);
  return mem;
}

uint64_t pleat_os_memory_total(void) { return read_memory().total; }

uint64_t pleat_os_memory_available(void) { return read_memory().available; }

/* Not getrusage: its ru_maxrss survives exec, so a small program started by a large one would look large. */
uint64_t pleat_os_resident_peak(void) { return read_keyed("/proc/self/status", "VmHWM:") * 1024; }

uint64_t pleat_os_resident_now(void) { return read_keyed("/proc/self/status", "VmRSS:") * 1024; }

#if defined(__x86_64__)
bool pleat_os_allow_amx(void) {
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 }; /* asm/prctl.h; Documentation/arch/x86/xstate.rst */
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}
#endif

#if defined(__aarch64__)
uint32_t pleat_os_arm_features(void) {
  uint32_t features = 0;
  if (getauxval(AT_HWCAP) & HWCAP_ASIMD) features |= PLEAT_OS_ARM_ASIMD;
#if defined(HWCAP2_BF16)
  if (getauxval(AT_HWCAP2) & HWCAP2_BF16) features |= PLEAT_OS_ARM_BF16;
#endif
  return features;
}
#endif

#endif
