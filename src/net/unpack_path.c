/* Which paths of an archive may be written.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "net/unpack.h"

bool pleat_unpack_is_safe(const char *path) {
  enum { MAX_PATH = 1024 };
  if (!path || !path[0] || path[0] == '/' || strlen(path) > MAX_PATH) return false;
  for (const char *p = path; *p; p++) {
    if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\') return false;
  }
  for (const char *part = path; *part; part += *part == '/') {
    size_t n = strcspn(part, "/");
    if (n == 2 && part[0] == '.' && part[1] == '.') return false;
    part += n;
  }
  return true;
}
