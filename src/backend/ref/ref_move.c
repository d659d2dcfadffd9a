/* Reference data movement: copies, joins, look-ups and the integer features of residue pairs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "backend/ref/ref_priv.h"
#include "bio/residue.h"

/* out = x with its letters reordered; with equal letters a plain copy. */
void pleat_ref_permute(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[2] = {&call->out, &call->in[0]};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 2);
  for (; !all.is_done; pleat_ref_loop_next(&all))
    pleat_ref_store(&call->out, all.at[0], pleat_ref_load(tensors[1], all.at[1]));
}

/* The plan makes a slice a view of its source: there is nothing to do. */
void pleat_ref_slice(const pleat_ref_call *call) { (void)call; }

/* Joins the inputs along dimension attr.dim, which is at the same position in all of them. */
void pleat_ref_concat(const pleat_ref_call *call) {
  const pleat_ref_tensor *out = &call->out;
  int dim = call->node->attr.dim;
  int64_t first = 0;
  for (int i = 0; i < call->node->n_in; i++) {
    const pleat_ref_tensor *x = &call->in[i];
    const pleat_ref_tensor *tensors[2] = {x, out};
    pleat_ref_loop part;
    pleat_ref_loop_init(&part, x->letters, tensors, 2);
    for (; !part.is_done; pleat_ref_loop_next(&part))
      pleat_ref_store(out, first * out->stride[dim] + part.at[1], pleat_ref_load(x, part.at[0]));
    first += x->size[dim];
  }
}

/* An index as a row of a table with n rows, or -1 when it is outside. */
static int64_t row_of(double index, int64_t n) { return index >= 0 && index < (double)n ? (int64_t)index : -1; }

/* out[..c] = table[index[..], c], zeros outside. The row is the table's first axis. */
static void lookup_loop(const pleat_ref_tensor *out, const pleat_ref_tensor *table, const pleat_ref_tensor *index,
                        const pleat_ref_tensor *mask, const pleat_ref_tensor *residual) {
  pleat_ref_tensor row = *table; /* one row: the table without its first letter */
  row.letters[0] = '\1';
  const pleat_ref_tensor *tensors[5] = {out, &row, index, mask, residual};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, out->letters, tensors, 5);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    int64_t r = row_of(pleat_ref_load(index, all.at[2]), table->size[0]);
    double value = r < 0 ? 0 : pleat_ref_load(table, r * table->stride[0] + all.at[1]);
    if (mask->data) value *= pleat_ref_load(mask, all.at[3]);
    if (residual->data) value += pleat_ref_load(residual, all.at[4]);
    pleat_ref_store(out, all.at[0], value);
  }
}

void pleat_ref_lookup(const pleat_ref_call *call) {
  static const pleat_ref_tensor none;
  lookup_loop(&call->out, &call->in[0], &call->in[1], &none, &none);
}

/* Fused: residual + LOOKUP(table, index) * mask- */
void pleat_ref_lookup_add(const pleat_ref_call *call) {
  lookup_loop(&call->out, &call->in[PLEAT_LA_TABLE], &call->in[PLEAT_LA_INDEX], &call->in[PLEAT_LA_MASK],
              &call->in[PLEAT_LA_RESIDUAL]);
}

/* out[i xyz] = aatype[i] is G ? pos[i CA] : pos[i CB]; the atom axis is the letter of pos that out lacks. */
void pleat_ref_pseudo_beta(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_letters atom = {""};
  pleat_ref_letters_add(&atom, call->in[0].letters, call->out.letters);
  int64_t stride = pleat_ref_stride(&call->in[0], atom.text[0]);
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 3);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    int64_t picked = pleat_ref_load(tensors[2], all.at[2]) == PLEAT_RESTYPE_G ? PLEAT_ATOM_CA : PLEAT_ATOM_CB;
    pleat_ref_store(&call->out, all.at[0], pleat_ref_load(tensors[1], all.at[1] + picked * stride));
  }
}

/* out[ij] = group_i == group_j ? clip(pos_i - pos_j + n, 0, 2n) : 2n + 1; without groups always the first case. */
void pleat_ref_rel_index(const pleat_ref_call *call) {
  const pleat_ref_tensor *in = call->in;
  const pleat_ref_tensor *tensors[5] = {&call->out, &in[0], &in[1], &in[2], &in[3]};
  double n = call->node->attr.n;
  bool has_groups = in[2].data && in[3].data;
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 5);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    double offset = pleat_ref_load(&in[0], all.at[1]) - pleat_ref_load(&in[1], all.at[2]) + n;
    offset = offset < 0 ? 0 : offset > 2 * n ? 2 * n : offset;
    if (has_groups && pleat_ref_load(&in[2], all.at[3]) != pleat_ref_load(&in[3], all.at[4])) offset = 2 * n + 1;
    pleat_ref_store(&call->out, all.at[0], offset);
  }
}

/* out[ij] = id_i == id_j */
void pleat_ref_equal_pair(const pleat_ref_call *call) {
  const pleat_ref_tensor *tensors[3] = {&call->out, &call->in[0], &call->in[1]};
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 3);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    bool is_equal = pleat_ref_load(tensors[1], all.at[1]) == pleat_ref_load(tensors[2], all.at[2]);
    pleat_ref_store(&call->out, all.at[0], is_equal);
  }
}

/* out[i 37 xyz] = atom14[i, index[i 37], xyz] * exists[i 37]. An index outside is clamped, as the published gather
 * does. */
void pleat_ref_gather_atoms(const pleat_ref_call *call) {
  const pleat_ref_tensor *atom14 = &call->in[0], *index = &call->in[1], *exists = &call->in[2];
  const pleat_ref_tensor *tensors[4] = {&call->out, atom14, index, exists};
  pleat_ref_letters atom = {""};
  pleat_ref_letters_add(&atom, atom14->letters, call->out.letters);
  int64_t stride = pleat_ref_stride(atom14, atom.text[0]), n = pleat_ref_size(atom14, atom.text[0]);
  pleat_ref_loop all;
  pleat_ref_loop_init(&all, call->out.letters, tensors, 4);
  for (; !all.is_done; pleat_ref_loop_next(&all)) {
    double wanted = pleat_ref_load(index, all.at[2]);
    int64_t picked = !(wanted >= 0) ? 0 : wanted > (double)(n - 1) ? n - 1 : (int64_t)wanted;
    pleat_ref_store(&call->out, all.at[0],
                    pleat_ref_load(atom14, all.at[1] + picked * stride) * pleat_ref_load(exists, all.at[3]));
  }
}
