/* Status codes and the error record that every fallible pleat call fills.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_STATUS_H
#define PLEAT_STATUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PLEAT_API               __attribute__((visibility("default")))
#define PLEAT_CHECKED           __attribute__((warn_unused_result))
#define PLEAT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PLEAT_API
#define PLEAT_CHECKED
#define PLEAT_PRINTF(fmt, args)
#endif

/* One list holds code, value and text. Negative values are failures. */
#define PLEAT_STATUS_MAP(X)                                                                      \
  X(OK, 0, "ok")                                                                                 \
  X(INVALID, -1, "invalid argument")  /* the caller broke the contract of a function */          \
  X(INPUT, -2, "bad input")           /* a sequence, alignment or feature file is wrong */       \
  X(WEIGHTS, -3, "bad weights")       /* missing, truncated, misnamed or misshapen parameters */ \
  X(SHAPE, -4, "shapes do not fit")   /* graph construction or features with wrong axes */       \
  X(NOMEM, -5, "out of memory")       /* also: the plan does not fit the memory budget */        \
  X(IO, -6, "cannot read or write")   /* file system errors; nothing half-written stays */       \
  X(UNSUPPORTED, -7, "not supported") /* a backend, dtype or option this build cannot do */      \
  X(DEVICE, -8, "device error")       /* a backend failed while running */                       \
  X(CANCELLED, -9, "cancelled")       /* the caller's cancel callback said so */                 \
  X(MISMATCH, -10, "results differ")  /* a self-test exceeded its allowance */                   \
  X(INTERNAL, -11, "internal error")  /* a broken invariant of pleat: please report */           \
  X(PROGRAM, -12, "program failed")   /* another program is missing, was killed or failed */     \
  X(NETWORK, -13, "network failed")   /* a server is out of reach, refused or gave nonsense */

typedef enum pleat_status {
#define X(name, value, text) PLEAT_##name = value,
  PLEAT_STATUS_MAP(X)
#undef X
} pleat_status;

/* Filled on failure when the caller passes one (NULL is allowed everywhere). Plain storage: nothing to free.
 * file/line/column locate the *input* that is wrong ("" and 0 when there is none); line and column count from 1. */
typedef struct pleat_error {
  pleat_status status;
  char message[1024]; /* one sentence: what was expected, what was found, what to do */
  char file[512];
  int64_t line;
  int64_t column;
} pleat_error;

/* Short text of a status; never NULL. */
PLEAT_API const char *pleat_status_text(pleat_status status);

#ifdef __cplusplus
}
#endif
#endif
