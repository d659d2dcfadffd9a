/* For tests of the writers: arrays converted to one type, structures from .npz.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_TESTS_GOLDEN_FILES_H
#define PLEAT_TESTS_GOLDEN_FILES_H

#include "base/buf.h"
#include "bio/structure.h"
#include "reference.h"

/* Elements of an array converted to one type; NULL when absent. Freed by free(). */
#define GOLDEN_ARRAY(type)                                                                       \
  static inline type *golden_##type(const pleat_arrays *set, const char *name, int64_t *opt_n) { \
    const pleat_array *a = set ? pleat_arrays_find(set, name) : NULL;                            \
    if (!CHECK(a != NULL)) return NULL;                                                          \
    int64_t n = pleat_array_elements(a);                                                         \
    type *out = calloc((size_t)n + 1, sizeof *out);                                              \
    for (int64_t i = 0; out && i < n; i++) out[i] = (type)pleat_array_number(a, i);              \
    if (opt_n) *opt_n = n;                                                                       \
    return out;                                                                                  \
  }
GOLDEN_ARRAY(double)
GOLDEN_ARRAY(float)
GOLDEN_ARRAY(int32_t)
GOLDEN_ARRAY(uint8_t)

static inline void golden_structure_free(pleat_structure *s) {
  free((void *)s->aatype);
  free((void *)s->atom_positions);
  free((void *)s->atom_mask);
  free((void *)s->residue_index);
  free((void *)s->chain_index);
  free((void *)s->b_factors);
}

static inline bool golden_structure(const char *name, pleat_structure *out) {
  pleat_arrays *set = reference_npz(name);
  *out = (pleat_structure){0};
  out->aatype = golden_uint8_t(set, "aatype", &out->n_res);
  out->atom_positions = golden_float(set, "atom_positions", NULL);
  out->atom_mask = golden_float(set, "atom_mask", NULL);
  out->residue_index = golden_int32_t(set, "residue_index", NULL);
  out->chain_index = golden_int32_t(set, "chain_index", NULL);
  out->b_factors = golden_float(set, "b_factors", NULL);
  pleat_arrays_destroy(set);
  return out->aatype && out->atom_positions && out->atom_mask && out->residue_index && out->chain_index &&
         out->b_factors;
}

/* Two short chains of equal sequence and one of another, with residue 2 of chain B lacking its side chain. */
static inline pleat_structure golden_small(void) {
  enum { N = 5 };
  static const uint8_t aatype[N] = {0, 15, 0, 15, 20}; /* ALA SER, ALA SER, UNK */
  static const int32_t residue_index[N] = {1, 2, 1, 2, 7}, chain_index[N] = {0, 0, 1, 1, 2};
  static float positions[N][37][3], mask[N][37], b_factors[N][37];
  for (int i = 0; i < N; i++) {
    for (int a = 0; a < 37; a++) {
      bool is_there = a < 5 || (a == 8 && aatype[i] == 15); /* N CA C CB O, OG */
      if (i == 3 && a > 2 && a != 4) is_there = false;
      mask[i][a] = is_there;
      b_factors[i][a] = is_there ? 90.125f - (float)i * 10 : 0;
      for (int d = 0; d < 3; d++) positions[i][a][d] = (float)(i * 3 + a) * 1.25f - (float)d * 10.0625f;
    }
  }
  return (pleat_structure){.n_res = N,
                           .aatype = aatype,
                           .atom_positions = &positions[0][0][0],
                           .atom_mask = &mask[0][0],
                           .residue_index = residue_index,
                           .chain_index = chain_index,
                           .b_factors = &b_factors[0][0]};
}

#endif
