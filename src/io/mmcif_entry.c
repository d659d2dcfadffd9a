/* mmCIF reader for templates: rows of the file; see mmcif_entry.h. Chains are put together in mmcif_chains.c.
 * SPDX-License-Identifier: Apache-2.0
 *
 * DEVIATION: only the first data block is read; a coordinate that is not finite, a category that comes twice and a loop
 * that ends within a row are refused. Biopython mixes up blocks, reads "nan", and takes the last category.
 */
#include "io/mmcif_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/grow.h"
#include "io/cif.h"
#include "io/mmcif_entry_priv.h"

/* The keys of the resolution, in the order in which they are asked. */
enum { RESOLUTION_REFINE, RESOLUTION_EM, RESOLUTION_REFLNS, N_RESOLUTIONS };

typedef struct entry_reader {
  mmcif_rows rows;
  pleat_text_span date;
  pleat_buf method;
  double resolutions[N_RESOLUTIONS];
  bool is_seen[N_RESOLUTIONS], is_known[N_RESOLUTIONS];
  uint64_t n_models, n_atoms, n_anisotropy;
  int32_t model_number;
  pleat_mmcif_model other; /* the models behind the first, one after another */
  uint64_t bad_anisotropy; /* number from 1 of the first row that is malformed, and its line; 0 = none */
  int64_t bad_anisotropy_line;
} entry_reader;

static pleat_status fail_memory(const entry_reader *r) {
  return pleat_fail_at(r->rows.err, PLEAT_NOMEM, r->rows.path, 0, 0, "no memory for this entry");
}

static pleat_status fail_value(const entry_reader *r, const pleat_cif_token *cell, const char *expected) {
  char shown[PLEAT_SPAN_SHOWN];
  return pleat_fail_at(r->rows.err, PLEAT_INPUT, r->rows.path, cell->line, 0, "'%s' is no number: expected %s",
                       pleat_span_show(cell->text, shown), expected);
}

/* ---- Small categories ---- */

enum { POLY_ENTITY, POLY_MONOMER, POLY_NUMBER, N_POLY };
static const pleat_cif_column poly_columns[N_POLY] = {
    {"entity_id", NULL, true}, {"mon_id", NULL, true}, {"num", NULL, true}};

static pleat_status add_poly(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  mmcif_rows *rows = &r->rows;
  mmcif_poly_row row = {cells[POLY_ENTITY].text, cells[POLY_MONOMER].text, 0, cells[POLY_MONOMER].line};
  if (!pleat_span_int(cells[POLY_NUMBER].text, &row.number))
    return fail_value(r, &cells[POLY_NUMBER], "the number of a monomer in its polymer");
  if (!pleat_grow(&rows->poly, rows->n_poly, &rows->poly_capacity, sizeof *rows->poly)) return fail_memory(r);
  rows->poly[rows->n_poly++] = row;
  return PLEAT_OK;
}

enum { ASYM_ID, ASYM_ENTITY, N_ASYM };
static const pleat_cif_column asym_columns[N_ASYM] = {{"id", NULL, true}, {"entity_id", NULL, true}};

static pleat_status add_asym(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  mmcif_rows *rows = &r->rows;
  if (!pleat_grow(&rows->asym, rows->n_asym, &rows->asym_capacity, sizeof *rows->asym)) return fail_memory(r);
  rows->asym[rows->n_asym++] = (mmcif_asym_row){cells[ASYM_ID].text, cells[ASYM_ENTITY].text};
  return PLEAT_OK;
}

enum { COMP_ID, COMP_TYPE, N_COMP };
static const pleat_cif_column comp_columns[N_COMP] = {{"id", NULL, true}, {"type", NULL, true}};

static bool holds_word(pleat_text_span text, const char *word) {
  for (; text.n; text.text++, text.n--)
    if (pleat_span_begins(text, word)) return true;
  return false;
}

/* The last row of a name counts. */
static pleat_status add_comp(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  mmcif_rows *rows = &r->rows;
  pleat_text_span id = cells[COMP_ID].text;
  uint32_t at;
  if (!pleat_grow(&rows->is_peptide, rows->n_comps, &rows->comps_capacity, sizeof *rows->is_peptide) ||
      !pleat_map_insert(&rows->comps, id.text, id.n, rows->n_comps, &at))
    return fail_memory(r);
  if (at == PLEAT_MAP_NONE) at = rows->n_comps++;
  rows->is_peptide[at] = holds_word(cells[COMP_TYPE].text, "peptide");
  return PLEAT_OK;
}

static const pleat_cif_column date_columns[] = {{"revision_date", NULL, false}};

static bool is_before(pleat_text_span a, pleat_text_span b) {
  int order = memcmp(a.text, b.text, a.n < b.n ? a.n : b.n);
  return order < 0 || (order == 0 && a.n < b.n);
}

static pleat_status add_date(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  if (cells->kind != PLEAT_CIF_VALUE) return PLEAT_OK;
  if (!r->date.text || is_before(cells->text, r->date)) r->date = cells->text;
  return PLEAT_OK;
}

static const pleat_cif_column method_columns[] = {{"method", NULL, true}};

static pleat_status add_method(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  if (r->method.n) pleat_buf_puts(&r->method, ",");
  for (size_t i = 0; i < cells->text.n; i++) {
    char c = cells->text.text[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c | 0x20);
    pleat_buf_append(&r->method, &c, 1);
  }
  return r->method.is_failed ? fail_memory(r) : PLEAT_OK;
}

/* Only the first row of a key is asked. */
static pleat_status add_resolution(entry_reader *r, const pleat_cif_token *cell, int key) {
  if (r->is_seen[key] || cell->kind != PLEAT_CIF_VALUE) return PLEAT_OK;
  r->is_seen[key] = true;
  r->is_known[key] = pleat_span_double(cell->text, &r->resolutions[key]);
  return PLEAT_OK;
}

static const pleat_cif_column refine_columns[] = {{"ls_d_res_high", NULL, false}};
static const pleat_cif_column em_columns[] = {{"resolution", NULL, false}};
static const pleat_cif_column reflns_columns[] = {{"d_resolution_high", NULL, false}};
static pleat_status add_refine(void *arg, const pleat_cif_token *cells) {
  return add_resolution(arg, cells, RESOLUTION_REFINE);
}
static pleat_status add_em(void *arg, const pleat_cif_token *cells) {
  return add_resolution(arg, cells, RESOLUTION_EM);
}
static pleat_status add_reflns(void *arg, const pleat_cif_token *cells) {
  return add_resolution(arg, cells, RESOLUTION_REFLNS);
}

/* ---- Atoms ---- */

enum {
  ATOM_GROUP,
  ATOM_ID,
  ATOM_NAME,
  ATOM_ALTLOC,
  ATOM_MONOMER,
  ATOM_LABEL,
  ATOM_LABEL_NUMBER,
  ATOM_INSERTION,
  ATOM_X,
  ATOM_Y,
  ATOM_Z,
  ATOM_OCCUPANCY,
  ATOM_B_FACTOR,
  ATOM_NUMBER,
  ATOM_CHAIN,
  ATOM_MODEL,
  N_ATOM
};
static const pleat_cif_column atom_columns[N_ATOM] = {
    [ATOM_GROUP] = {"group_PDB", NULL, true},
    [ATOM_ID] = {"id", NULL, true},
    [ATOM_NAME] = {"label_atom_id", NULL, true},
    [ATOM_ALTLOC] = {"label_alt_id", NULL, true},
    [ATOM_MONOMER] = {"label_comp_id", NULL, true},
    [ATOM_LABEL] = {"label_asym_id", NULL, true},
    [ATOM_LABEL_NUMBER] = {"label_seq_id", NULL, true},
    [ATOM_INSERTION] = {"pdbx_PDB_ins_code", NULL, true},
    [ATOM_X] = {"Cartn_x", NULL, true},
    [ATOM_Y] = {"Cartn_y", NULL, true},
    [ATOM_Z] = {"Cartn_z", NULL, true},
    [ATOM_OCCUPANCY] = {"occupancy", NULL, true},
    [ATOM_B_FACTOR] = {"B_iso_or_equiv", NULL, true},
    [ATOM_NUMBER] = {"auth_seq_id", NULL, true},
    [ATOM_CHAIN] = {"auth_asym_id", NULL, true},
    [ATOM_MODEL] = {"pdbx_PDB_model_num", NULL, true},
};

/* Values that stand for none, quoted or not, become " ". */
static pleat_text_span blank_when_unset(const pleat_cif_token *cell) {
  bool is_unset = cell->text.n == 1 && (cell->text.text[0] == '.' || cell->text.text[0] == '?');
  return is_unset ? (pleat_text_span){" ", 1} : cell->text;
}

static pleat_status read_place(const entry_reader *r, const pleat_cif_token *cells, pleat_mmcif_place *place) {
  *place = (pleat_mmcif_place){.chain = cells[ATOM_CHAIN].text,
                               .insertion = blank_when_unset(&cells[ATOM_INSERTION]),
                               .name = cells[ATOM_MONOMER].text,
                               .hetero = ' '};
  if (pleat_span_is(cells[ATOM_GROUP].text, "HETATM"))
    place->hetero = pleat_span_is(place->name, "HOH") || pleat_span_is(place->name, "WAT") ? 'W' : 'H';
  if (!pleat_span_int(cells[ATOM_NUMBER].text, &place->number))
    return fail_value(r, &cells[ATOM_NUMBER], "the author's number of the residue (auth_seq_id)");
  return PLEAT_OK;
}

static pleat_status read_atom(const entry_reader *r, const pleat_cif_token *cells, pleat_mmcif_atom_row *row) {
  static const char *const axes[] = {"the atom's x coordinate", "the atom's y coordinate", "the atom's z coordinate"};
  double b_factor;
  *row = (pleat_mmcif_atom_row){
      .atom = cells[ATOM_NAME].text, .altloc = blank_when_unset(&cells[ATOM_ALTLOC]), .line = cells[ATOM_NAME].line};
  for (int d = 0; d < 3; d++)
    if (!pleat_span_number(cells[ATOM_X + d].text, &row->position[d]))
      return fail_value(r, &cells[ATOM_X + d], axes[d]);
  if (!pleat_span_double(cells[ATOM_B_FACTOR].text, &b_factor))
    return fail_value(r, &cells[ATOM_B_FACTOR], "the atom's B factor");
  if (!pleat_span_double(cells[ATOM_OCCUPANCY].text, &row->occupancy))
    return fail_value(r, &cells[ATOM_OCCUPANCY], "the atom's occupancy");
  return PLEAT_OK;
}

/* A model ends where its number changes, also when it comes again. */
static pleat_status enter_model(entry_reader *r, const pleat_cif_token *cell) {
  int32_t number;
  if (!pleat_span_int(cell->text, &number)) return fail_value(r, cell, "the number of a model");
  if (r->n_models && number == r->model_number) return PLEAT_OK;
  if (r->n_models > 1) pleat_mmcif_model_clear(&r->other);
  r->model_number = number;
  r->n_models++;
  return PLEAT_OK;
}

static pleat_status add_site(entry_reader *r, const pleat_cif_token *cells, const pleat_mmcif_place *place,
                             bool is_new_place) {
  mmcif_rows *rows = &r->rows;
  const mmcif_site *last = rows->n_sites ? &rows->sites[rows->n_sites - 1] : NULL;
  pleat_text_span label = cells[ATOM_LABEL].text, number = cells[ATOM_LABEL_NUMBER].text;
  if (last && !is_new_place && pleat_span_is_same(last->label_number, number) && pleat_span_is_same(last->label, label))
    return PLEAT_OK;
  if (!pleat_grow(&rows->sites, rows->n_sites, &rows->sites_capacity, sizeof *rows->sites)) return fail_memory(r);
  rows->sites[rows->n_sites++] = (mmcif_site){label, number, *place, cells[ATOM_LABEL_NUMBER].line};
  return PLEAT_OK;
}

static pleat_status add_atom(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  pleat_mmcif_place place;
  pleat_mmcif_atom_row row;
  PLEAT_TRY(enter_model(r, &cells[ATOM_MODEL]));
  PLEAT_TRY(read_place(r, cells, &place));
  PLEAT_TRY(read_atom(r, cells, &row));
  r->n_atoms++;
  if (pleat_span_is(cells[ATOM_MODEL].text, "1")) {
    bool is_new_place =
        !r->rows.n_sites || !pleat_mmcif_place_is_same(&place, &r->rows.sites[r->rows.n_sites - 1].place);
    PLEAT_TRY(add_site(r, cells, &place, is_new_place));
  }
  pleat_mmcif_model *model = r->n_models == 1 ? &r->rows.model : &r->other;
  return pleat_mmcif_model_add(model, &place, &row, r->rows.path, r->rows.err);
}

/* Not used, but where these are no numbers, Biopython refuses the file. */
static const pleat_cif_column anisotropy_columns[] = {{"U[1][1]", NULL, false}, {"U[1][2]", NULL, false},
                                                      {"U[1][3]", NULL, false}, {"U[2][2]", NULL, false},
                                                      {"U[2][3]", NULL, false}, {"U[3][3]", NULL, false}};
enum { N_ANISOTROPY = sizeof anisotropy_columns / sizeof *anisotropy_columns };

static pleat_status add_anisotropy(void *arg, const pleat_cif_token *cells) {
  entry_reader *r = arg;
  r->n_anisotropy++;
  int n_bad = 0;
  double value;
  for (int c = 0; c < N_ANISOTROPY; c++) {
    if (cells[c].kind != PLEAT_CIF_VALUE) return PLEAT_OK; /* a column is missing: none is read */
    n_bad += !pleat_span_double(cells[c].text, &value);
  }
  if (!n_bad || r->bad_anisotropy) return PLEAT_OK;
  r->bad_anisotropy = r->n_anisotropy;
  r->bad_anisotropy_line = cells->line;
  return PLEAT_OK;
}

/* ---- The file ---- */

#define CATEGORY(prefix_, noun_, columns_, row_)                                                               \
  {                                                                                                            \
    .prefix = prefix_, .noun = noun_, .columns = columns_, .n_columns = sizeof(columns_) / sizeof *(columns_), \
    .row = row_                                                                                                \
  }
static const pleat_cif_category categories[] = {
    CATEGORY("_atom_site.", "atoms", atom_columns, add_atom),
    CATEGORY("_atom_site_anisotrop.", "anisotropic B factors", anisotropy_columns, add_anisotropy),
    CATEGORY("_entity_poly_seq.", "polymers", poly_columns, add_poly),
    CATEGORY("_struct_asym.", "chains", asym_columns, add_asym),
    CATEGORY("_chem_comp.", "monomers", comp_columns, add_comp),
    CATEGORY("_pdbx_audit_revision_history.", "revisions", date_columns, add_date),
    CATEGORY("_exptl.", "experiments", method_columns, add_method),
    CATEGORY("_refine.", "refinements", refine_columns, add_refine),
    CATEGORY("_em_3d_reconstruction.", "reconstructions", em_columns, add_em),
    CATEGORY("_reflns.", "reflections", reflns_columns, add_reflns),
};

static pleat_status copy_header(entry_reader *r, pleat_text_span block, pleat_mmcif_entry *entry) {
  entry->id = malloc(block.n + 1);
  entry->release_date = malloc(r->date.n + 1);
  entry->method = malloc(r->method.n + 1);
  if (!entry->id || !entry->release_date || !entry->method) return fail_memory(r);
  for (size_t i = 0; i < block.n; i++) {
    char c = block.text[i];
    entry->id[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
  }
  entry->id[block.n] = '\0';
  if (r->date.n) memcpy(entry->release_date, r->date.text, r->date.n);
  entry->release_date[r->date.n] = '\0';
  if (r->method.n) memcpy(entry->method, r->method.data, r->method.n);
  entry->method[r->method.n] = '\0';
  for (int key = N_RESOLUTIONS; key-- > 0;)
    if (r->is_known[key]) entry->resolution = r->resolutions[key];
  return PLEAT_OK;
}

static pleat_status read_entry(entry_reader *r, const char *text, size_t n, pleat_mmcif_entry *entry) {
  pleat_cif_reader cif;
  const char *path = r->rows.path;
  PLEAT_TRY(pleat_cif_open(text, n, path, &cif, r->rows.err));
  if (cif.now.kind != PLEAT_CIF_DATA)
    return pleat_fail_at(r->rows.err, PLEAT_INPUT, path, cif.now.line, 0,
                         "expected an mmCIF file, which begins with data_, found something else");
  pleat_text_span block = {cif.now.text.text + strlen("data_"), cif.now.text.n - strlen("data_")};
  PLEAT_TRY(pleat_cif_read_block(&cif, categories, sizeof categories / sizeof *categories, r));
  if (!r->n_atoms) return pleat_fail_at(r->rows.err, PLEAT_INPUT, path, 0, 0, "the file has no atoms (_atom_site)");
  if (r->bad_anisotropy && r->bad_anisotropy <= r->n_atoms)
    return pleat_fail_at(r->rows.err, PLEAT_INPUT, path, r->bad_anisotropy_line, 0,
                         "an anisotropic B factor is no number: refused, as AlphaFold's reader refuses it");
  PLEAT_TRY(copy_header(r, block, entry));
  return pleat_mmcif_build_chains(&r->rows, entry);
}

pleat_status pleat_mmcif_read_entry(const char *text, size_t n, const char *path, pleat_mmcif_entry *out_entry,
                                    pleat_error *err) {
  *out_entry = (pleat_mmcif_entry){0};
  entry_reader r = {.rows = {.path = path, .err = err}};
  pleat_status status = read_entry(&r, text, n, out_entry);
  free(r.rows.poly);
  free(r.rows.asym);
  free(r.rows.sites);
  free(r.rows.is_peptide);
  pleat_map_fini(&r.rows.comps);
  pleat_mmcif_model_fini(&r.rows.model);
  pleat_mmcif_model_fini(&r.other);
  pleat_buf_fini(&r.method);
  if (status) pleat_mmcif_entry_fini(out_entry);
  return status;
}

void pleat_mmcif_entry_fini(pleat_mmcif_entry *entry) {
  for (size_t i = 0; i < entry->n_chains; i++) {
    pleat_mmcif_chain *chain = &entry->chains[i];
    free(chain->author_id);
    free(chain->sequence);
    free(chain->auth_num);
    free(chain->insertion);
    free(chain->is_missing);
    free(chain->is_hetero);
    free(chain->positions);
    free(chain->mask);
  }
  free(entry->chains);
  free(entry->id);
  free(entry->release_date);
  free(entry->method);
  *entry = (pleat_mmcif_entry){0};
}
