/* The CPU backend's inside: tensors spelled by letters, walks over letters, lines of elements, packed matrices.
 *
 * Every operation is an entry in one table (cpu.c): layout says how much scratch it needs, run executes it. run takes
 * all memory from the same layout, so that what was promised is what is used.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CPU_PRIV_H
#define PLEAT_CPU_PRIV_H

#include "backend/backend.h"
#include "backend/cpu/kern/kern.h"
#include "base/threads.h"

enum {
  PLEAT_CPU_MAX_LETTERS = 3 * PLEAT_MAX_RANK, /* of one operation */
  PLEAT_CPU_MAX_TENSORS = 8,                  /* of one walk */
  PLEAT_CPU_MAX_GROUP = 6,                    /* launches that run as one */
  PLEAT_CPU_ROWS = 96                         /* largest row block: a multiple of every kernel's mr */
};

/* A [K, N] matrix in panels of 2 vl columns; the last panel has vl columns where that suffices. Padding is zero. In bf16
 * a panel's rows are interleaved in pairs, as gemm_bf16 reads them, and K is rounded up to even. */
typedef struct pleat_cpu_packed {
  int64_t K, N;
  bool is_bf16;
  const void *data;
} pleat_cpu_packed;

/* A view with its spelling. Absent operands have is_present false. Strides are in elements. */
typedef struct pleat_cpu_tensor {
  bool is_present;
  bool is_packed; /* a weight that the model keeps in panels */
  uint8_t dtype;
  int rank;
  const char *letters;
  const int64_t *size, *stride;
  uint8_t *data; /* NULL while scratch is sized, and for packed weights */
  pleat_cpu_packed packed;
} pleat_cpu_tensor;

/* One launch. */
typedef struct pleat_cpu_call {
  const pleat_cpu_kernels *kern;
  pleat_threads *pool;
  int n_threads;
  const pleat_node *node;
  pleat_cpu_tensor out;
  pleat_cpu_tensor in[PLEAT_MAX_IN];
  uint8_t *shared; /* scratch of the launch, NULL while it is sized */
  uint8_t *thread; /* scratch of thread 0; thread t's is thread_bytes further on */
  size_t thread_bytes;
} pleat_cpu_call;

/* Scratch of a launch: common to all threads, and of each. */
typedef struct pleat_cpu_scratch {
  size_t shared_bytes, thread_bytes;
} pleat_cpu_scratch;

/* Carves a region into aligned pieces; with base NULL it only counts. */
typedef struct pleat_cpu_bump {
  uint8_t *base;
  size_t used;
} pleat_cpu_bump;
void *pleat_cpu_take(pleat_cpu_bump *bump, int64_t n, size_t item_bytes);
/* Before the region is used for something else or given back. */
void pleat_cpu_scratch_clear(void *scratch, size_t n_bytes);
static inline float *pleat_cpu_take_f32(pleat_cpu_bump *bump, int64_t n) {
  return pleat_cpu_take(bump, n, sizeof(float));
}
static inline int64_t *pleat_cpu_take_i64(pleat_cpu_bump *bump, int64_t n) {
  return pleat_cpu_take(bump, n, sizeof(int64_t));
}
static inline uint16_t *pleat_cpu_take_u16(pleat_cpu_bump *bump, int64_t n) {
  return pleat_cpu_take(bump, n, sizeof(uint16_t));
}
/* Where a task begins: the thread may use kernels, and has this scratch. */
static inline uint8_t *pleat_cpu_enter(const pleat_cpu_call *call, int thread) {
  if (call->kern->enter) call->kern->enter();
  return call->thread + (size_t)thread * call->thread_bytes;
}

static inline int64_t pleat_cpu_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t pleat_cpu_max(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t pleat_cpu_blocks(int64_t n, int64_t size) { return (n + size - 1) / size; }
static inline int64_t pleat_cpu_round(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

/* ---- Letters (cpu_letters.c) ------------------------------------------------------------------------------------- */

/* An ordered set of letters with their sizes: a flattened index, the last letter fastest. */
typedef struct pleat_cpu_axes {
  int n;
  char letter[PLEAT_CPU_MAX_LETTERS + 1];
  int64_t size[PLEAT_CPU_MAX_LETTERS];
} pleat_cpu_axes;

bool pleat_cpu_has(const pleat_cpu_tensor *x, char letter);       /* false for an absent tensor */
int64_t pleat_cpu_size(const pleat_cpu_tensor *x, char letter);   /* 1 when it lacks the letter */
int64_t pleat_cpu_stride(const pleat_cpu_tensor *x, char letter); /* 0 when it lacks the letter */
size_t pleat_cpu_item_bytes(const pleat_cpu_tensor *x);
static inline uint8_t *pleat_cpu_at(const pleat_cpu_tensor *x, int64_t at) {
  return x->data + at * (int64_t)pleat_cpu_item_bytes(x);
}

void pleat_cpu_axes_add(pleat_cpu_axes *axes, const pleat_cpu_tensor *x, char letter);
/* Adds the letters of x that none of the n others has; a letter is added once. */
void pleat_cpu_axes_add_except(pleat_cpu_axes *axes, const pleat_cpu_tensor *x, const pleat_cpu_tensor *const *others,
                               int n);
int64_t pleat_cpu_axes_count(const pleat_cpu_axes *axes);

/* Visits every index of a set of axes and knows each tensor's element offset there. A tensor without a letter does not
 * move with it. Letters that are adjacent in memory in every tensor are walked as one. */
typedef struct pleat_cpu_walk {
  int n_axes, n_tensors;
  int64_t size[PLEAT_CPU_MAX_LETTERS], index[PLEAT_CPU_MAX_LETTERS];
  int64_t stride[PLEAT_CPU_MAX_LETTERS][PLEAT_CPU_MAX_TENSORS];
  int64_t at[PLEAT_CPU_MAX_TENSORS];
} pleat_cpu_walk;

void pleat_cpu_walk_init(pleat_cpu_walk *walk, const pleat_cpu_axes *axes, const pleat_cpu_tensor *const *tensors,
                         int n);
int64_t pleat_cpu_walk_count(const pleat_cpu_walk *walk);
void pleat_cpu_walk_seek(pleat_cpu_walk *walk, int64_t i);
void pleat_cpu_walk_next(pleat_cpu_walk *walk);
/* Offsets of the only tensor at indices [first, first + n). */
void pleat_cpu_walk_fill(pleat_cpu_walk *walk, int64_t first, int64_t n, int64_t *dst);
/* Takes axis d out of the walk; its strides go to out_stride, its size is returned. */
int64_t pleat_cpu_walk_remove(pleat_cpu_walk *walk, int d, int64_t *out_stride);

/* Offsets of x at flattened indices [first, first + n) of axes. */
void pleat_cpu_offsets(const pleat_cpu_axes *axes, const pleat_cpu_tensor *x, int64_t first, int64_t n, int64_t *dst);

/* Where the n elements of a line lie: base + at[i]. step is their common distance; without one, runs of `run` elements
 * are contiguous (run >= 1 divides n). */
typedef struct pleat_cpu_line {
  const int64_t *at;
  int64_t n, step, run;
  bool has_step;
} pleat_cpu_line;
pleat_cpu_line pleat_cpu_line_make(const int64_t *at, int64_t n);
/* The line of x over axes, with its table in bump (only counted while scratch is sized). */
pleat_cpu_line pleat_cpu_line_take(pleat_cpu_bump *bump, const pleat_cpu_axes *axes, const pleat_cpu_tensor *x);

/* ---- Elements (cpu_elements.c) ----------------------------------------------------------------------------------- */

float pleat_cpu_load(const pleat_cpu_tensor *x, int64_t at);
void pleat_cpu_store(const pleat_cpu_tensor *x, int64_t at, float value);
/* n elements at `at`, `step` apart. */
void pleat_cpu_load_step(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t step, int64_t n,
                         float *dst);
void pleat_cpu_store_step(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t step, int64_t n,
                          const float *src);
/* Elements [first, first + n) of the line that starts at `at`. */
void pleat_cpu_load_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                         const pleat_cpu_line *line, int64_t first, int64_t n, float *dst);
void pleat_cpu_store_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *line, int64_t first, int64_t n, const float *src);
/* dst[c * ldd + r] = x[at + r * row_step + c] for r < rows, c < cols: reads along the contiguous side. */
void pleat_cpu_load_transposed(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at, int64_t row_step,
                               int64_t rows, int64_t cols, float *dst, int64_t ldd);
/* n elements from a line: where they lie when they are contiguous float32, else in buf. */
const float *pleat_cpu_view_line(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                                 const pleat_cpu_line *line, int64_t first, int64_t n, float *buf);

/* ---- Matrices (cpu_matrix.c) ------------------------------------------------------------------------------------- */

static inline int64_t pleat_cpu_panel_width(const pleat_cpu_kernels *kern, int64_t N, int64_t panel) {
  return N - panel * 2 * kern->vl > kern->vl ? 2 * kern->vl : kern->vl;
}
static inline int64_t pleat_cpu_panels(const pleat_cpu_kernels *kern, int64_t N) {
  return pleat_cpu_blocks(N, 2 * kern->vl);
}
static inline int64_t pleat_cpu_packed_rows(int64_t K, bool is_bf16) { return is_bf16 ? pleat_cpu_round(K, 2) : K; }
static inline int64_t pleat_cpu_packed_elements(const pleat_cpu_kernels *kern, int64_t K, int64_t N, bool is_bf16) {
  return pleat_cpu_packed_rows(K, is_bf16) * pleat_cpu_round(N, kern->vl);
}
/* Address of row k of a panel; in bf16 k is even. */
const void *pleat_cpu_panel(const pleat_cpu_kernels *kern, const pleat_cpu_packed *matrix, int64_t panel, int64_t k);
/* Packs a row-major float32 matrix into dst (f32 or bf16). */
void pleat_cpu_pack(const pleat_cpu_kernels *kern, const float *src, int64_t K, int64_t N, bool is_bf16, void *dst);
/* The matrix with float32 panels, unpacked into bump when it is bf16. */
pleat_cpu_packed pleat_cpu_matrix_f32(const pleat_cpu_kernels *kern, pleat_cpu_bump *bump,
                                      const pleat_cpu_packed *matrix);
/* One panel: columns col[0, n) of a view whose rows lie at k_line; zero-padded to width. */
void pleat_cpu_pack_panel(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *k_line, const pleat_cpu_line *col_line, int64_t first_col, int64_t n,
                          int64_t width, float *dst);
/* The same in bf16 pairs, x being bf16: dst[k / 2][j][k % 2]. */
void pleat_cpu_pack_pairs(const pleat_cpu_kernels *kern, const pleat_cpu_tensor *x, int64_t at,
                          const pleat_cpu_line *k_line, const pleat_cpu_line *col_line, int64_t first_col, int64_t n,
                          int64_t width, uint16_t *dst);
/* The matrix of a weight operand: as prepacked, or packed now into bump. */
pleat_cpu_packed pleat_cpu_matrix_take(const pleat_cpu_call *call, pleat_cpu_bump *bump, const pleat_cpu_tensor *W,
                                       const pleat_cpu_axes *k_axes, const pleat_cpu_axes *n_axes);
/* Is the operand a matrix that is spelled as it is stored, [K.., N..]? */
bool pleat_cpu_is_packable(const pleat_launch *launch, int slot);
void pleat_cpu_matrix_shape(const pleat_launch *launch, int slot, int64_t *out_K, int64_t *out_N);
/* A vector operand over axes as float32, zero-padded by a whole panel; NULL when absent. */
float *pleat_cpu_vector_take(const pleat_cpu_call *call, pleat_cpu_bump *bump, const pleat_cpu_tensor *x,
                             const pleat_cpu_axes *axes);

/* How many of these launches, at least 1, may run as one: pleat_cpu_linear_group. */
int pleat_cpu_group(const pleat_launch *launches, uint32_t n);
pleat_cpu_scratch pleat_cpu_linear_group_layout(const pleat_cpu_call *calls, int n);
void pleat_cpu_linear_group(const pleat_cpu_call *calls, int n);

/* ---- Operations -------------------------------------------------------------------------------------------------- */

typedef pleat_cpu_scratch pleat_cpu_layout_fn(const pleat_cpu_call *call);
typedef void pleat_cpu_run_fn(const pleat_cpu_call *call);
typedef struct pleat_cpu_op {
  pleat_cpu_layout_fn *layout; /* NULL: no scratch */
  pleat_cpu_run_fn *run;
} pleat_cpu_op;

pleat_cpu_layout_fn pleat_cpu_linear_layout, pleat_cpu_transition_layout, pleat_cpu_contract_layout,
    pleat_cpu_attention_layout, pleat_cpu_outer_layout, pleat_cpu_rows_layout, pleat_cpu_lookup_layout,
    pleat_cpu_dist_bin_layout, pleat_cpu_point_logits_layout;
pleat_cpu_run_fn pleat_cpu_linear, pleat_cpu_transition, pleat_cpu_contract, pleat_cpu_attention, pleat_cpu_outer;
pleat_cpu_run_fn pleat_cpu_map, pleat_cpu_rows, pleat_cpu_sum, pleat_cpu_dropout_mask;
pleat_cpu_run_fn pleat_cpu_permute, pleat_cpu_slice, pleat_cpu_concat, pleat_cpu_lookup;
pleat_cpu_run_fn pleat_cpu_pseudo_beta, pleat_cpu_dist_bin, pleat_cpu_rel_index, pleat_cpu_gather_atoms;
pleat_cpu_run_fn pleat_cpu_frame_init, pleat_cpu_quat_update, pleat_cpu_quat_frame, pleat_cpu_frame_compose,
    pleat_cpu_frame_apply, pleat_cpu_frame_direction, pleat_cpu_point_logits, pleat_cpu_point_norm,
    pleat_cpu_torsion_atoms;

/* Calls fn, in any order and on any thread, for every index of axes with the tensors' offsets there. */
typedef void pleat_cpu_each_fn(const void *job, const int64_t *at);
void pleat_cpu_each(const pleat_cpu_call *call, const pleat_cpu_axes *axes, const pleat_cpu_tensor *const *tensors,
                    int n, pleat_cpu_each_fn *fn, const void *job);

#endif
