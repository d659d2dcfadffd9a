/* Letters, walks over them, and lines of elements.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/cpu/cpu_priv.h"
#include "base/fail.h"

bool pleat_cpu_has(const pleat_cpu_tensor *x, char letter) {
  return x->is_present && letter && strchr(x->letters, letter) != NULL;
}

int64_t pleat_cpu_size(const pleat_cpu_tensor *x, char letter) {
  for (int d = 0; x->is_present && d < x->rank; d++)
    if (x->letters[d] == letter) return x->size[d];
  return 1;
}

/* A letter that a tensor carries twice walks its diagonal. */
int64_t pleat_cpu_stride(const pleat_cpu_tensor *x, char letter) {
  int64_t stride = 0;
  for (int d = 0; x->is_present && d < x->rank; d++)
    if (x->letters[d] == letter) stride += x->stride[d];
  return stride;
}

size_t pleat_cpu_item_bytes(const pleat_cpu_tensor *x) { return pleat_dtype_size((pleat_dtype)x->dtype); }

void pleat_cpu_axes_add(pleat_cpu_axes *axes, const pleat_cpu_tensor *x, char letter) {
  if (memchr(axes->letter, letter, (size_t)axes->n)) return;
  PLEAT_ASSERT(axes->n < PLEAT_CPU_MAX_LETTERS);
  axes->letter[axes->n] = letter;
  axes->size[axes->n++] = pleat_cpu_size(x, letter);
}

void pleat_cpu_axes_add_except(pleat_cpu_axes *axes, const pleat_cpu_tensor *x, const pleat_cpu_tensor *const *others,
                               int n) {
  for (int d = 0; x->is_present && d < x->rank; d++) {
    bool is_elsewhere = false;
    for (int i = 0; i < n; i++) is_elsewhere |= pleat_cpu_has(others[i], x->letters[d]);
    if (!is_elsewhere) pleat_cpu_axes_add(axes, x, x->letters[d]);
  }
}

int64_t pleat_cpu_axes_count(const pleat_cpu_axes *axes) {
  int64_t count = 1;
  for (int i = 0; i < axes->n; i++) count *= axes->size[i];
  return count;
}

/* Can letter `inner` follow the walk's last axis as one axis? */
static bool is_adjacent(const pleat_cpu_walk *walk, int64_t inner_size, const int64_t *inner_stride) {
  if (!walk->n_axes) return false;
  const int64_t *outer_stride = walk->stride[walk->n_axes - 1];
  for (int t = 0; t < walk->n_tensors; t++)
    if (outer_stride[t] != inner_size * inner_stride[t]) return false;
  return true;
}

void pleat_cpu_walk_init(pleat_cpu_walk *walk, const pleat_cpu_axes *axes, const pleat_cpu_tensor *const *tensors,
                         int n) {
  PLEAT_ASSERT(n <= PLEAT_CPU_MAX_TENSORS);
  walk->n_axes = 0;
  walk->n_tensors = n;
  for (int a = 0; a < axes->n; a++) {
    if (axes->size[a] == 1) continue;
    int64_t stride[PLEAT_CPU_MAX_TENSORS];
    for (int t = 0; t < n; t++) stride[t] = pleat_cpu_stride(tensors[t], axes->letter[a]);
    int last = walk->n_axes;
    int64_t size = axes->size[a];
    if (is_adjacent(walk, size, stride)) {
      last--;
      size *= walk->size[last];
    } else {
      walk->n_axes++;
    }
    walk->size[last] = size;
    memcpy(walk->stride[last], stride, sizeof stride);
  }
  pleat_cpu_walk_seek(walk, 0);
}

int64_t pleat_cpu_walk_count(const pleat_cpu_walk *walk) {
  int64_t count = 1;
  for (int a = 0; a < walk->n_axes; a++) count *= walk->size[a];
  return count;
}

void pleat_cpu_walk_seek(pleat_cpu_walk *walk, int64_t i) {
  memset(walk->at, 0, sizeof walk->at);
  for (int a = walk->n_axes - 1; a >= 0; a--) {
    int64_t size = walk->size[a] ? walk->size[a] : 1;
    walk->index[a] = i % size;
    i /= size;
    for (int t = 0; t < walk->n_tensors; t++) walk->at[t] += walk->index[a] * walk->stride[a][t];
  }
}

void pleat_cpu_walk_next(pleat_cpu_walk *walk) {
  for (int a = walk->n_axes - 1; a >= 0; a--) {
    bool is_wrapped = ++walk->index[a] == walk->size[a];
    int64_t steps = is_wrapped ? 1 - walk->size[a] : 1;
    for (int t = 0; t < walk->n_tensors; t++) walk->at[t] += steps * walk->stride[a][t];
    if (!is_wrapped) return;
    walk->index[a] = 0;
  }
}

int64_t pleat_cpu_walk_remove(pleat_cpu_walk *walk, int d, int64_t *out_stride) {
  int64_t size = walk->size[d];
  memcpy(out_stride, walk->stride[d], sizeof walk->stride[d]);
  for (int a = d; a + 1 < walk->n_axes; a++) {
    walk->size[a] = walk->size[a + 1];
    memcpy(walk->stride[a], walk->stride[a + 1], sizeof walk->stride[a]);
  }
  walk->n_axes--;
  pleat_cpu_walk_seek(walk, 0);
  return size;
}

void pleat_cpu_walk_fill(pleat_cpu_walk *walk, int64_t first, int64_t n, int64_t *dst) {
  pleat_cpu_walk_seek(walk, first);
  int last = walk->n_axes - 1;
  if (last < 0) {
    for (int64_t i = 0; i < n; i++) dst[i] = walk->at[0];
    return;
  }
  int64_t stride = walk->stride[last][0];
  for (int64_t i = 0, m; i < n; i += m) {
    m = pleat_cpu_min(n - i, walk->size[last] - walk->index[last]);
    for (int64_t j = 0; j < m; j++) dst[i + j] = walk->at[0] + j * stride;
    walk->index[last] += m - 1;
    walk->at[0] += (m - 1) * stride;
    pleat_cpu_walk_next(walk);
  }
}

void pleat_cpu_offsets(const pleat_cpu_axes *axes, const pleat_cpu_tensor *x, int64_t first, int64_t n, int64_t *dst) {
  pleat_cpu_walk walk;
  pleat_cpu_walk_init(&walk, axes, &x, 1);
  pleat_cpu_walk_fill(&walk, first, n, dst);
}

pleat_cpu_line pleat_cpu_line_make(const int64_t *at, int64_t n) {
  pleat_cpu_line line = {.at = at, .n = n, .step = n > 1 ? at[1] - at[0] : 1, .run = 1, .has_step = true};
  int64_t n_equal = n < 2 ? n : 2;
  while (n_equal < n && at[n_equal] - at[n_equal - 1] == line.step) n_equal++;
  line.has_step = n_equal == n;
  if (line.has_step || line.step != 1 || n % n_equal) return line;
  line.run = n_equal;
  for (int64_t i = 0; i < n; i++)
    if (at[i] != at[i - i % line.run] + i % line.run) line.run = 1;
  return line;
}

pleat_cpu_line pleat_cpu_line_take(pleat_cpu_bump *bump, const pleat_cpu_axes *axes, const pleat_cpu_tensor *x) {
  int64_t n = pleat_cpu_axes_count(axes);
  int64_t *at = pleat_cpu_take_i64(bump, n);
  if (!at) return (pleat_cpu_line){0};
  pleat_cpu_offsets(axes, x, 0, n, at);
  return pleat_cpu_line_make(at, n);
}
