/* Atoms to residues; see atom_residues.h.
 * Source: selenomethionine as alphafold/data/templates.py takes it; the rest as alphafold/common/protein.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/atom_residues.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/grow.h"
#include "io/fasta.h"

bool pleat_span_is(pleat_text_span span, const char *text) {
  return span.n == strlen(text) && memcmp(span.text, text, span.n) == 0;
}

static bool is_same_span(pleat_text_span a, pleat_text_span b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.text, b.text, a.n) == 0);
}

/* Digits from *i on; `*mantissa` takes as many as are exact, the others only move the point. */
static int read_digits(pleat_text_span span, size_t *i, double *mantissa, int *n_dropped) {
  int n = 0;
  for (; *i < span.n && span.text[*i] >= '0' && span.text[*i] <= '9'; (*i)++, n++) {
    if (*mantissa < 1e14)
      *mantissa = *mantissa * 10 + (span.text[*i] - '0');
    else
      ++*n_dropped;
  }
  return n;
}

static bool read_sign(pleat_text_span span, size_t *i) {
  bool has_sign = *i < span.n && (span.text[*i] == '-' || span.text[*i] == '+');
  return has_sign && span.text[(*i)++] == '-';
}

bool pleat_span_double(pleat_text_span span, double *out_value) {
  size_t i = 0;
  double mantissa = 0, power = 0;
  int n_whole_dropped = 0, n_fraction_dropped = 0, n_fraction = 0, none = 0;
  bool is_negative = read_sign(span, &i);
  int n_digits = read_digits(span, &i, &mantissa, &n_whole_dropped);
  if (i < span.n && span.text[i] == '.') {
    i++;
    n_fraction = read_digits(span, &i, &mantissa, &n_fraction_dropped);
  }
  if (n_digits + n_fraction == 0) return false;
  if (i < span.n && (span.text[i] == 'e' || span.text[i] == 'E')) {
    i++;
    bool is_small = read_sign(span, &i);
    if (read_digits(span, &i, &power, &none) == 0) return false;
    if (is_small) power = -power;
  }
  if (i != span.n) return false;
  power += n_whole_dropped - (n_fraction - n_fraction_dropped);
  if (mantissa == 0) power = 0;
  if (power > 60) return false;
  double scale = 1;
  for (int k = 0; k < (power < 0 ? -power : power) && k < 400; k++) scale *= 10;
  double value = power < 0 ? mantissa / scale : mantissa * scale;
  *out_value = is_negative ? -value : value;
  return true;
}

bool pleat_span_number(pleat_text_span span, float *out_value) {
  double value;
  if (!pleat_span_double(span, &value) || fabs(value) > (double)FLT_MAX) return false;
  *out_value = (float)value;
  return true;
}

static int find_restype(pleat_text_span name) {
  if (pleat_span_is(name, "MSE")) name = (pleat_text_span){"MET", 3};
  for (int i = 0; i < PLEAT_RESTYPE_X; i++)
    if (pleat_span_is(name, pleat_restype_names[i])) return i;
  return PLEAT_RESTYPE_X;
}

static int find_atom(pleat_text_span residue, pleat_text_span atom) {
  if (pleat_span_is(atom, "SE") && pleat_span_is(residue, "MSE")) atom = (pleat_text_span){"SD", 2};
  for (int i = 0; i < PLEAT_N_ATOM37; i++)
    if (pleat_span_is(atom, pleat_atom37_names[i])) return i;
  return -1;
}

const char *pleat_span_show(pleat_text_span span, char out[PLEAT_SPAN_SHOWN]) {
  size_t n = span.n < PLEAT_SPAN_SHOWN - 1 ? span.n : PLEAT_SPAN_SHOWN - 1;
  for (size_t i = 0; i < n; i++) out[i] = span.text[i] >= ' ' && span.text[i] <= '~' ? span.text[i] : '?';
  out[n] = '\0';
  return out;
}

static pleat_status begin(pleat_atom_residues *residues, const pleat_atom_record *record, const char *path,
                          pleat_error *err) {
  if (residues->n >= PLEAT_MAX_RESIDUES)
    return pleat_fail_at(err, PLEAT_INPUT, path, record->line, 0,
                         "the structure has more than %d residues, the most that pleat reads", PLEAT_MAX_RESIDUES);
  if (!pleat_grow(&residues->items, residues->n, &residues->capacity, sizeof *residues->items))
    return pleat_fail_at(err, PLEAT_NOMEM, path, 0, 0, "no memory for the residues of this structure");
  pleat_atom_residue *residue = &residues->items[residues->n++];
  *residue = (pleat_atom_residue){.aatype = (uint8_t)find_restype(record->residue), .line = record->line};
  char name[PLEAT_SPAN_SHOWN], number[PLEAT_SPAN_SHOWN], chain[PLEAT_SPAN_SHOWN];
  snprintf(residue->label, sizeof residue->label, "%s %s of chain '%s'", pleat_span_show(record->residue, name),
           pleat_span_show(record->number, number), pleat_span_show(record->chain, chain));
  residues->chain = record->chain;
  residues->number = record->number;
  residues->name = record->residue;
  residues->is_closed = false;
  return PLEAT_OK;
}

pleat_status pleat_atom_residues_add(pleat_atom_residues *residues, const pleat_atom_record *record, const char *path,
                                     pleat_error *err) {
  if (record->is_hetero && !pleat_span_is(record->residue, "MSE")) return PLEAT_OK;
  int atom = find_atom(record->residue, record->atom);
  if (atom < 0) return PLEAT_OK;
  bool is_same = residues->n && !residues->is_closed && is_same_span(record->chain, residues->chain) &&
                 is_same_span(record->number, residues->number);
  if (is_same && !is_same_span(record->residue, residues->name)) return PLEAT_OK;
  if (!is_same) PLEAT_TRY(begin(residues, record, path, err));
  pleat_atom_residue *residue = &residues->items[residues->n - 1];
  if (residue->has_atom[atom] && record->occupancy <= residue->occupancy[atom]) return PLEAT_OK;
  residue->has_atom[atom] = true;
  residue->occupancy[atom] = record->occupancy;
  memcpy(residue->positions[atom], record->position, sizeof record->position);
  return PLEAT_OK;
}

void pleat_atom_residues_fini(pleat_atom_residues *residues) {
  free(residues->items);
  *residues = (pleat_atom_residues){0};
}
