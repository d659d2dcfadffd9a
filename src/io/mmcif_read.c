/* mmCIF reader. What is accepted and refused: mmcif_read.h.
 * Source: PDBx/mmCIF dictionary 5 (_atom_site).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_read.h"

#include "base/fail.h"
#include "io/cif.h"

/* The columns that are read; the second name of each stands in for the first where that is missing or has no value. */
typedef enum column {
  COL_GROUP,
  COL_ATOM,
  COL_RESIDUE,
  COL_CHAIN,
  COL_NUMBER,
  COL_INSERTION,
  COL_X,
  COL_Y,
  COL_Z,
  COL_OCCUPANCY,
  COL_MODEL,
  N_COLUMNS
} column;
static const pleat_cif_column columns[N_COLUMNS] = {
    [COL_GROUP] = {"group_PDB", NULL, false},
    [COL_ATOM] = {"label_atom_id", "auth_atom_id", true},
    [COL_RESIDUE] = {"label_comp_id", "auth_comp_id", true},
    [COL_CHAIN] = {"label_asym_id", "auth_asym_id", false},
    [COL_NUMBER] = {"label_seq_id", "auth_seq_id", true},
    [COL_INSERTION] = {"pdbx_PDB_ins_code", NULL, false},
    [COL_X] = {"Cartn_x", NULL, true},
    [COL_Y] = {"Cartn_y", NULL, true},
    [COL_Z] = {"Cartn_z", NULL, true},
    [COL_OCCUPANCY] = {"occupancy", NULL, false},
    [COL_MODEL] = {"pdbx_PDB_model_num", NULL, false},
};

typedef struct atom_reader {
  const char *path;
  pleat_text_span model, insertion; /* of the first row; of the last one */
  pleat_atom_residues *residues;
  pleat_error *err;
} atom_reader;

static pleat_status read_position(const atom_reader *r, const pleat_cif_token *cells, pleat_atom_record *record) {
  char shown[PLEAT_SPAN_SHOWN];
  for (int d = 0; d < 3; d++) {
    const pleat_cif_token *cell = &cells[COL_X + d];
    if (!pleat_span_number(cell->text, &record->position[d]))
      return pleat_fail_at(r->err, PLEAT_INPUT, r->path, cell->line, 0,
                           "'%s' is no number: expected the atom's %c coordinate", pleat_span_show(cell->text, shown),
                           "xyz"[d]);
  }
  const pleat_cif_token *occupancy = &cells[COL_OCCUPANCY];
  if (pleat_cif_has_value(occupancy) && !pleat_span_number(occupancy->text, &record->occupancy))
    return pleat_fail_at(r->err, PLEAT_INPUT, r->path, occupancy->line, 0,
                         "'%s' is no number: expected the atom's occupancy", pleat_span_show(occupancy->text, shown));
  return PLEAT_OK;
}

static pleat_status add_row(void *arg, const pleat_cif_token *cells) {
  atom_reader *r = arg;
  pleat_text_span model = cells[COL_MODEL].text, insertion = cells[COL_INSERTION].text;
  if (!r->model.text) r->model = model;
  if (!pleat_span_is_same(r->model, model)) return PLEAT_OK;
  pleat_atom_record record = {.chain = cells[COL_CHAIN].text,
                              .number = cells[COL_NUMBER].text,
                              .residue = cells[COL_RESIDUE].text,
                              .atom = cells[COL_ATOM].text,
                              .is_hetero = pleat_span_is(cells[COL_GROUP].text, "HETATM"),
                              .occupancy = 1,
                              .line = cells[COL_X].line};
  PLEAT_TRY(read_position(r, cells, &record));
  if (!pleat_span_is_same(r->insertion, insertion)) r->residues->is_closed = true;
  r->insertion = insertion;
  return pleat_atom_residues_add(r->residues, &record, r->path, r->err);
}

static const pleat_cif_category atoms = {
    .prefix = "_atom_site.", .noun = "atoms", .columns = columns, .n_columns = N_COLUMNS, .row = add_row};

static pleat_status read_file(atom_reader *r, const char *text, size_t n) {
  pleat_cif_reader cif;
  PLEAT_TRY(pleat_cif_open(text, n, r->path, &cif, r->err));
  while (cif.now.kind != PLEAT_CIF_END && !r->residues->n) {
    bool is_loop = cif.now.kind == PLEAT_CIF_LOOP;
    int64_t line = cif.now.line;
    PLEAT_TRY(pleat_cif_next(&cif));
    if (is_loop && cif.now.kind == PLEAT_CIF_TAG && pleat_span_begins(cif.now.text, atoms.prefix))
      PLEAT_TRY(pleat_cif_read_loop(&cif, &atoms, line, r));
  }
  if (r->residues->n) return PLEAT_OK;
  return pleat_fail_at(r->err, PLEAT_INPUT, r->path, 0, 0,
                       "the file has no atom of a protein: expected an _atom_site loop with ATOM rows");
}

bool pleat_mmcif_is(const char *text, size_t n) { return pleat_cif_is(text, n); }

pleat_status pleat_mmcif_read(const char *text, size_t n, const char *path, pleat_atom_residues *out_residues,
                              pleat_error *err) {
  *out_residues = (pleat_atom_residues){0};
  atom_reader r = {.path = path, .residues = out_residues, .err = err};
  pleat_status status = read_file(&r, text, n);
  if (status) pleat_atom_residues_fini(out_residues);
  return status;
}
