/* Cores and memory on macOS.
 * SPDX-License-Identifier: Apache-2.0
 */
#if defined(__APPLE__)

#include <mach/mach.h>
#include <sys/sysctl.h>

#include "base/os.h"

/* Value of an integer sysctl of 4 or 8 bytes, or 0. */
static uint64_t read_sysctl(const char *name) {
  uint64_t value = 0;
  size_t n = sizeof value;
  if (sysctlbyname(name, &value, &n, NULL, 0)) return 0;
  if (n == sizeof(uint32_t)) {
    uint32_t narrow = 0;
    n = sizeof narrow;
    return sysctlbyname(name, &narrow, &n, NULL, 0) ? 0 : narrow;
  }
  return value;
}

/* macOS has neither affinity masks nor control groups. */
int pleat_os_cores(void) {
  uint64_t n = read_sysctl("hw.activecpu");
  return n < 1 ? 1 : (int)n;
}

uint64_t pleat_os_memory_total(void) { return read_sysctl("hw.memsize"); }

uint64_t pleat_os_memory_available(void) {
  vm_statistics64_data_t stats;
  mach_msg_type_number_t n = HOST_VM_INFO64_COUNT;
  if (host_statistics64(mach_host_self(), HOST_VM_INFO64, (host_info64_t)&stats, &n) != KERN_SUCCESS) return 0;
  uint64_t n_pages = (uint64_t)stats.free_count + stats.inactive_count + stats.purgeable_count;
  return n_pages * (uint64_t)vm_kernel_page_size;
}

static mach_task_basic_info_data_t read_task(void) {
  mach_task_basic_info_data_t info = {0};
  mach_msg_type_number_t n = MACH_TASK_BASIC_INFO_COUNT;
  task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &n);
  return info;
}

uint64_t pleat_os_resident_peak(void) { return read_task().resident_size_max; }

uint64_t pleat_os_resident_now(void) { return read_task().resident_size; }

#if defined(__x86_64__)
bool pleat_os_allow_amx(void) { return false; } /* no Mac has it */
#endif

#if defined(__aarch64__)
uint32_t pleat_os_arm_features(void) {
  uint32_t features = PLEAT_OS_ARM_ASIMD; /* every Mac with such a processor */
  if (read_sysctl("hw.optional.arm.FEAT_BF16")) features |= PLEAT_OS_ARM_BF16;
  return features;
}
#endif

#endif
