/* PDB writer.
 * Source: wwPDB format 3.3, sections 4 (REMARK) and 9 (ATOM, TER, MODEL); alphafold/common/protein.py to_pdb.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pdb_write.h"

#include <string.h>

#include "base/fail.h"
#include "bio/residue.h"
#include "bio/structure_check.h"
#include "io/writer.h"

enum { LINE_WIDTH = 80, REMARK_WIDTH = LINE_WIDTH - 11, MAX_SERIAL = 99999 };

static const char chain_letters[PLEAT_PDB_MAX_CHAINS + 1] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* Every record is padded to the full width, as published. */
static void end_line(pleat_buf *buf, size_t line_start) {
  if (buf->is_failed) return;
  size_t n = buf->n - line_start;
  if (n < LINE_WIDTH) pleat_buf_printf(buf, "%*s", (int)(LINE_WIDTH - n), "");
  pleat_buf_puts(buf, "\n");
}

static void put_record(pleat_buf *buf, const char *text) {
  size_t start = buf->n;
  pleat_buf_puts(buf, text);
  end_line(buf, start);
}

static void put_remark_line(pleat_buf *buf, const char *text, size_t n) {
  char line[REMARK_WIDTH + 1];
  for (size_t i = 0; i < n; i++) line[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
  line[n] = 0;
  size_t start = buf->n;
  pleat_buf_printf(buf, "REMARK   1 %s", line);
  end_line(buf, start);
}

/* Breaks at blanks where it can, inside a word where it must. */
static void put_remark(pleat_buf *buf, const char *text) {
  for (;;) {
    size_t n_line = strcspn(text, "\n");
    size_t n = n_line;
    if (n > REMARK_WIDTH) {
      n = REMARK_WIDTH;
      while (n > 0 && text[n] != ' ') n--;
      if (n == 0) n = REMARK_WIDTH;
    }
    put_remark_line(buf, text, n);
    text += n;
    if (n == n_line) {
      if (!*text) return;
      text++;
    } else {
      while (*text == ' ') text++;
    }
  }
}

/* Appends value right-aligned; false when it needs more than `width` columns. */
static bool put_number(pleat_buf *buf, double value, int n_decimals, int width) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_fixed(value, n_decimals, text);
  if (n > width) return false;
  pleat_buf_printf(buf, "%*s", width, text);
  return true;
}

static pleat_status fail_residue(const pleat_structure *s, int64_t i, const char *what, pleat_error *err) {
  PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
             "%s of residue %s %c %d (number %lld of the model) does not fit the columns of the PDB format: write "
             "mmCIF",
             what, pleat_restype_names[s->aatype[i]], chain_letters[s->chain_index[i]], (int)s->residue_index[i],
             (long long)i + 1);
}

static pleat_status put_atom(const pleat_structure *s, int64_t i, int atom, int64_t serial, pleat_buf *buf,
                             pleat_error *err) {
  if (serial > MAX_SERIAL) return fail_residue(s, i, "the atom serial number", err);
  const char *name = pleat_atom37_names[atom];
  const float *xyz = s->atom_positions + (i * PLEAT_N_ATOM37 + atom) * 3;
  size_t start = buf->n;
  pleat_buf_printf(buf, "ATOM  %5d  %-3s %3s %c%4d    ", (int)serial, name, pleat_restype_names[s->aatype[i]],
                   chain_letters[s->chain_index[i]], (int)s->residue_index[i]);
  for (int d = 0; d < 3; d++) {
    if (!put_number(buf, xyz[d], 3, 8)) return fail_residue(s, i, "a coordinate", err);
  }
  pleat_buf_puts(buf, "  1.00");
  if (!put_number(buf, s->b_factors[i * PLEAT_N_ATOM37 + atom], 2, 6)) return fail_residue(s, i, "a B factor", err);
  pleat_buf_printf(buf, "          %2.1s", name); /* all heavy atoms of proteins have one-letter elements */
  end_line(buf, start);
  return PLEAT_OK;
}

static pleat_status put_chain_end(const pleat_structure *s, int64_t i_last, int64_t serial, pleat_buf *buf,
                                  pleat_error *err) {
  if (serial > MAX_SERIAL) return fail_residue(s, i_last, "the serial number of the chain end", err);
  size_t start = buf->n;
  pleat_buf_printf(buf, "TER   %5d      %3s %c%4d", (int)serial, pleat_restype_names[s->aatype[i_last]],
                   chain_letters[s->chain_index[i_last]], (int)s->residue_index[i_last]);
  end_line(buf, start);
  return PLEAT_OK;
}

static pleat_status put_model(const pleat_structure *s, pleat_buf *buf, pleat_error *err) {
  put_record(buf, "MODEL     1");
  int64_t serial = 1;
  for (int64_t i = 0; i < s->n_res; i++) {
    if (s->chain_index[i] >= PLEAT_PDB_MAX_CHAINS)
      PLEAT_FAIL(err, PLEAT_UNSUPPORTED,
                 "residue %lld is in chain %d, but the PDB format has letters for %d: write mmCIF", (long long)i + 1,
                 (int)s->chain_index[i] + 1, PLEAT_PDB_MAX_CHAINS);
    if (s->residue_index[i] < -999 || s->residue_index[i] > 9999) return fail_residue(s, i, "the number", err);
    if (i > 0 && s->chain_index[i] != s->chain_index[i - 1]) PLEAT_TRY(put_chain_end(s, i - 1, serial++, buf, err));
    for (int a = 0; a < PLEAT_N_ATOM37; a++) {
      if (pleat_structure_has_atom(s, i, a)) PLEAT_TRY(put_atom(s, i, a, serial++, buf, err));
    }
  }
  PLEAT_TRY(put_chain_end(s, s->n_res - 1, serial, buf, err));
  put_record(buf, "ENDMDL");
  put_record(buf, "END");
  return PLEAT_OK;
}

pleat_status pleat_pdb_write(const pleat_structure *structure, const char *const *remarks, size_t n_remarks,
                             pleat_buf *buf, pleat_error *err) {
  PLEAT_TRY(pleat_structure_check(structure, err));
  size_t n_before = buf->n;
  for (size_t r = 0; r < n_remarks; r++) put_remark(buf, remarks[r]);
  return pleat_writer_finish(put_model(structure, buf, err), "a PDB file", n_before, buf, err);
}
