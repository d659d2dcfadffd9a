/* PDB reader. What is accepted and refused: pdb_read.h.
 * Source: wwPDB format 3.3, section 9 (ATOM, HETATM, TER, MODEL): columns.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/pdb_read.h"

#include <string.h>

#include "base/fail.h"

/* Columns first..last of the format, from 1, without the blanks around what they hold; a line may end before. */
static pleat_text_span columns(pleat_text_span line, size_t first, size_t last) {
  if (line.n < first) return (pleat_text_span){line.text, 0};
  const char *begin = line.text + first - 1, *end = line.text + (last < line.n ? last : line.n);
  while (begin < end && *begin == ' ') begin++;
  while (begin < end && end[-1] == ' ') end--;
  return (pleat_text_span){begin, (size_t)(end - begin)};
}

static bool is_record(pleat_text_span line, const char *name) { return pleat_span_is(columns(line, 1, 6), name); }

static pleat_status read_atom(pleat_text_span line, int64_t number, const char *path, pleat_atom_residues *residues,
                              pleat_error *err) {
  static const size_t first_column[3] = {31, 39, 47};
  pleat_atom_record record = {.chain = columns(line, 22, 22),
                              .number = columns(line, 23, 27), /* with the insertion code */
                              .residue = columns(line, 18, 20),
                              .atom = columns(line, 13, 16),
                              .is_hetero = is_record(line, "HETATM"),
                              .occupancy = 1,
                              .line = number};
  char shown[PLEAT_SPAN_SHOWN];
  if (line.n < 54)
    return pleat_fail_at(err, PLEAT_INPUT, path, number, 0,
                         "an atom's line ends at column %zu: expected coordinates up to column 54, as the PDB format "
                         "has them",
                         line.n);
  for (int d = 0; d < 3; d++) {
    pleat_text_span text = columns(line, first_column[d], first_column[d] + 7);
    if (!pleat_span_number(text, &record.position[d]))
      return pleat_fail_at(err, PLEAT_INPUT, path, number, (int64_t)first_column[d],
                           "'%s' is no number: expected the atom's %c coordinate in columns %zu to %zu",
                           pleat_span_show(text, shown), "xyz"[d], first_column[d], first_column[d] + 7);
  }
  pleat_text_span occupancy = columns(line, 55, 60);
  if (occupancy.n && !pleat_span_number(occupancy, &record.occupancy))
    return pleat_fail_at(err, PLEAT_INPUT, path, number, 55,
                         "'%s' is no number: expected the atom's occupancy in columns 55 to 60",
                         pleat_span_show(occupancy, shown));
  return pleat_atom_residues_add(residues, &record, path, err);
}

static pleat_status read_lines(const char *text, size_t n, const char *path, pleat_atom_residues *residues,
                               pleat_error *err) {
  const char *end = text + n;
  for (int64_t number = 1; text < end; number++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text)), *line_end = newline ? newline : end;
    pleat_text_span line = {text, (size_t)(line_end - text)};
    const char *nul = memchr(line.text, '\0', line.n);
    if (nul)
      return pleat_fail_at(err, PLEAT_INPUT, path, number, nul - line.text + 1,
                           "NUL byte: expected a PDB text file, found binary data");
    while (line.n && line.text[line.n - 1] == '\r') line.n--;
    if (is_record(line, "ENDMDL")) break;
    if (is_record(line, "TER")) residues->is_closed = true;
    if (is_record(line, "ATOM") || is_record(line, "HETATM")) PLEAT_TRY(read_atom(line, number, path, residues, err));
    text = newline ? newline + 1 : end;
  }
  if (residues->n) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                       "the file has no atom of a protein: expected a structure as ATOM records (PDB) or as an "
                       "_atom_site loop (mmCIF)");
}

pleat_status pleat_pdb_read(const char *text, size_t n, const char *path, pleat_atom_residues *out_residues,
                            pleat_error *err) {
  *out_residues = (pleat_atom_residues){0};
  pleat_status status = read_lines(text, n, path, out_residues, err);
  if (status) pleat_atom_residues_fini(out_residues);
  return status;
}
