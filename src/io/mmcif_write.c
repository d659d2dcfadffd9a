/* mmCIF writer with ModelCIF categories.
 * Source: PDBx/mmCIF dictionary 5, ModelCIF dictionary (mmcif_ma.dic); chain names as in alphafold/common/protein.py.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/mmcif_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/map.h"
#include "bio/residue.h"
#include "bio/structure_check.h"
#include "io/writer.h"

enum { SEQUENCE_WIDTH = 80 };

typedef struct chain {
  int64_t begin; /* residues [begin, end) */
  int64_t end;
  uint32_t entity; /* from 0 */
  char name[PLEAT_WRITER_CHAIN];
} chain;

typedef struct entity {
  size_t i_chain; /* the first chain of this sequence */
  size_t n_chains;
} entity;

typedef struct model {
  const pleat_structure *s;
  const pleat_mmcif_info *info;
  chain *chains;
  size_t n_chains;
  entity *entities;
  size_t n_entities;
  pleat_buf *buf;
} model;

static void find_chains(model *m) {
  const pleat_structure *s = m->s;
  for (int64_t i = 0; i < s->n_res; i++) {
    if (i > 0 && s->chain_index[i] == s->chain_index[i - 1]) continue;
    if (m->n_chains) m->chains[m->n_chains - 1].end = i;
    chain *c = &m->chains[m->n_chains++];
    *c = (chain){.begin = i, .end = s->n_res};
    pleat_writer_chain_name(s->chain_index[i], c->name);
  }
}

static bool find_entities(model *m) {
  pleat_map map = {0};
  bool is_ok = true;
  for (size_t k = 0; is_ok && k < m->n_chains; k++) {
    chain *c = &m->chains[k];
    uint32_t existing = PLEAT_MAP_NONE;
    is_ok = pleat_map_insert(&map, (const char *)m->s->aatype + c->begin, (size_t)(c->end - c->begin),
                             (uint32_t)m->n_entities, &existing);
    if (existing == PLEAT_MAP_NONE) {
      existing = (uint32_t)m->n_entities;
      m->entities[m->n_entities++] = (entity){.i_chain = k};
    }
    c->entity = existing;
    m->entities[existing].n_chains++;
  }
  pleat_map_fini(&map);
  return is_ok;
}

/* data_, save_ ... in any case would end the value before. */
static bool is_reserved(const char *text) {
  static const char *const words[] = {"data_", "global_", "loop_", "save_", "stop_"};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    size_t n = 0;
    while (words[k][n] && (text[n] | 0x20) == (words[k][n] | 0x20)) n++;
    if (!words[k][n]) return true;
  }
  return false;
}

/* Appends text as one CIF value, quoted where the syntax asks for it. */
static void put_value(pleat_buf *buf, const char *text) {
  static const char special_start[] = "_#$'\"[];";
  if (!text || !*text) {
    pleat_buf_puts(buf, "?");
    return;
  }
  bool is_plain =
      !strchr(special_start, text[0]) && !is_reserved(text) && strcmp(text, "?") != 0 && strcmp(text, ".") != 0;
  bool has_double = false, has_newline = false;
  for (const char *p = text; *p; p++) {
    if (*p <= ' ' || *p > '~') is_plain = false;
    if (*p == '"') has_double = true;
    if (*p == '\n') has_newline = true;
  }
  const char *quote = is_plain ? "" : "\"";
  bool is_block = !is_plain && (has_double || has_newline);
  pleat_buf_puts(buf, is_block ? "\n;" : quote);
  for (const char *p = text; *p; p++) {
    bool is_kept = (*p >= ' ' && *p <= '~') || *p == '\n';
    pleat_buf_append(buf, is_kept ? p : "?", 1);
    if (*p == '\n' && p[1] == ';') pleat_buf_puts(buf, " "); /* a ';' in the first column would end the block */
  }
  pleat_buf_puts(buf, is_block ? "\n;" : quote);
}

static void put_item(pleat_buf *buf, const char *name, const char *value) {
  pleat_buf_printf(buf, "%-45s ", name);
  put_value(buf, value);
  pleat_buf_puts(buf, "\n");
}

/* Starts a table: its category and the names of its columns, separated by blanks. */
static void put_loop(pleat_buf *buf, const char *category, const char *columns) {
  pleat_buf_puts(buf, "loop_\n");
  while (*columns) {
    int n = (int)strcspn(columns, " ");
    pleat_buf_printf(buf, "_%s.%.*s\n", category, n, columns);
    columns += columns[n] ? n + 1 : n;
  }
}

static void put_entry(const model *m) {
  pleat_buf *buf = m->buf;
  const pleat_mmcif_info *info = m->info;
  static const char name_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  pleat_buf id = {0};
  for (const char *p = info->entry_id ? info->entry_id : ""; *p; p++) {
    bool is_kept = strchr(name_chars, *p) != NULL;
    pleat_buf_append(&id, is_kept ? p : "_", 1);
  }
  if (id.n == 0) pleat_buf_puts(&id, "model");
  if (id.is_failed) buf->is_failed = true;
  const char *name = id.data ? id.data : "";
  pleat_buf_printf(buf, "data_%s\n#\n", name);
  put_item(buf, "_entry.id", name);
  pleat_buf_puts(buf, "#\n");
  put_item(buf, "_audit_conform.dict_name", "mmcif_ma.dic");
  put_item(buf, "_audit_conform.dict_version", "1.3.9");
  put_item(buf, "_audit_conform.dict_location",
           "https://raw.githubusercontent.com/ihmwg/ModelCIF/master/dist/mmcif_ma.dic");
  pleat_buf_puts(buf, "#\n");
  put_item(buf, "_struct.entry_id", name);
  put_item(buf, "_struct.title", info->title);
  put_item(buf, "_struct.pdbx_structure_determination_methodology", "computational");
  pleat_buf details = {0};
  for (size_t r = 0; r < info->n_remarks; r++) pleat_buf_printf(&details, r ? "\n%s" : "%s", info->remarks[r]);
  if (details.is_failed) buf->is_failed = true;
  put_item(buf, "_struct.pdbx_model_details", details.data);
  pleat_buf_puts(buf, "#\n");
  pleat_buf_fini(&details);
  pleat_buf_fini(&id);
}

/* The published method and this program. */
static void put_provenance(const model *m) {
  static const struct {
    const char *name, *value;
  } citation[] = {
      {"_citation.id", "primary"},
      {"_citation.title", "Highly accurate protein structure prediction with AlphaFold"},
      {"_citation.journal_abbrev", "Nature"},
      {"_citation.journal_volume", "596"},
      {"_citation.page_first", "583"},
      {"_citation.page_last", "589"},
      {"_citation.year", "2021"},
      {"_citation.pdbx_database_id_PubMed", "34265844"},
      {"_citation.pdbx_database_id_DOI", "10.1038/s41586-021-03819-2"},
  };
  pleat_buf *buf = m->buf;
  for (size_t i = 0; i < sizeof citation / sizeof citation[0]; i++) put_item(buf, citation[i].name, citation[i].value);
  pleat_buf_puts(buf, "#\n");
  put_item(buf, "_software.pdbx_ordinal", "1");
  put_item(buf, "_software.name", "pleat");
  put_item(buf, "_software.classification", "model building");
  put_item(buf, "_software.description", "AlphaFold 2 structure prediction");
  put_item(buf, "_software.version", m->info->software_version);
  put_item(buf, "_software.type", "program");
  put_item(buf, "_software.citation_id", "primary");
  pleat_buf_puts(buf, "#\n");
  put_item(buf, "_ma_software_group.ordinal_id", "1");
  put_item(buf, "_ma_software_group.group_id", "1");
  put_item(buf, "_ma_software_group.software_id", "1");
  pleat_buf_puts(buf, "#\n");
}

static void put_sequence(const model *m, const chain *c, bool is_canonical) {
  pleat_buf_puts(m->buf, "\n;");
  int width = 0;
  for (int64_t i = c->begin; i < c->end; i++) {
    if (width >= SEQUENCE_WIDTH) {
      pleat_buf_puts(m->buf, "\n");
      width = 0;
    }
    uint8_t type = m->s->aatype[i];
    bool is_spelled = type == PLEAT_RESTYPE_X && !is_canonical;
    pleat_buf_append(m->buf, is_spelled ? "(UNK)" : &pleat_restype_letters[type], is_spelled ? 5 : 1);
    width += is_spelled ? 5 : 1;
  }
  pleat_buf_puts(m->buf, "\n;");
}

static void put_entities(const model *m) {
  pleat_buf *buf = m->buf;
  put_loop(buf, "entity", "id type pdbx_description pdbx_number_of_molecules");
  for (size_t e = 0; e < m->n_entities; e++)
    pleat_buf_printf(buf, "%zu polymer \"Chain %s\" %zu\n", e + 1, m->chains[m->entities[e].i_chain].name,
                     m->entities[e].n_chains);
  pleat_buf_puts(buf, "#\n");
  put_loop(
      buf, "entity_poly",
      "entity_id type nstd_linkage nstd_monomer pdbx_strand_id pdbx_seq_one_letter_code pdbx_seq_one_letter_code_can");
  for (size_t e = 0; e < m->n_entities; e++) {
    pleat_buf_printf(buf, "%zu polypeptide(L) no no ", e + 1);
    const char *comma = "";
    for (size_t k = m->entities[e].i_chain; k < m->n_chains; k++) {
      if (m->chains[k].entity != e) continue;
      pleat_buf_printf(buf, "%s%s", comma, m->chains[k].name);
      comma = ",";
    }
    const chain *c = &m->chains[m->entities[e].i_chain];
    put_sequence(m, c, false);
    put_sequence(m, c, true);
    pleat_buf_puts(buf, "\n");
  }
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "entity_poly_seq", "entity_id num mon_id hetero");
  for (size_t e = 0; e < m->n_entities; e++) {
    const chain *c = &m->chains[m->entities[e].i_chain];
    for (int64_t i = c->begin; i < c->end; i++)
      pleat_buf_printf(buf, "%zu %lld %s n\n", e + 1, (long long)(i - c->begin + 1),
                       pleat_restype_names[m->s->aatype[i]]);
  }
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "struct_asym", "id entity_id details");
  for (size_t k = 0; k < m->n_chains; k++)
    pleat_buf_printf(buf, "%s %d .\n", m->chains[k].name, (int)m->chains[k].entity + 1);
  pleat_buf_puts(buf, "#\n");
}

static void put_components(const model *m) {
  static const char *const names[PLEAT_RESTYPE_X + 1] = {
      "ALANINE", "ARGININE",  "ASPARAGINE", "ASPARTIC ACID", "CYSTEINE", "GLUTAMINE",  "GLUTAMIC ACID",
      "GLYCINE", "HISTIDINE", "ISOLEUCINE", "LEUCINE",       "LYSINE",   "METHIONINE", "PHENYLALANINE",
      "PROLINE", "SERINE",    "THREONINE",  "TRYPTOPHAN",    "TYROSINE", "VALINE",     "UNKNOWN",
  };
  bool is_used[PLEAT_RESTYPE_X + 1] = {false};
  bool is_element_used[128] = {false};
  for (int64_t i = 0; i < m->s->n_res; i++) {
    is_used[m->s->aatype[i]] = true;
    for (int a = 0; a < PLEAT_N_ATOM37; a++) {
      if (pleat_structure_has_atom(m->s, i, a)) is_element_used[(int)pleat_atom37_names[a][0]] = true;
    }
  }
  put_loop(m->buf, "chem_comp", "id type name");
  for (int t = 0; t <= PLEAT_RESTYPE_X; t++) {
    if (!is_used[t]) continue;
    bool is_glycine = strcmp(pleat_restype_names[t], "GLY") == 0;
    pleat_buf_printf(m->buf, "%s \"%speptide linking\" \"%s\"\n", pleat_restype_names[t], is_glycine ? "" : "L-",
                     names[t]);
  }
  pleat_buf_puts(m->buf, "#\n");
  put_loop(m->buf, "atom_type", "symbol");
  for (int c = 'A'; c <= 'Z'; c++) {
    if (is_element_used[c]) pleat_buf_printf(m->buf, "%c\n", c);
  }
  pleat_buf_puts(m->buf, "#\n");
}

static void put_modeling(const model *m) {
  pleat_buf *buf = m->buf;
  put_item(buf, "_ma_data.id", "1");
  put_item(buf, "_ma_data.name", "Model");
  put_item(buf, "_ma_data.content_type", "model coordinates");
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "ma_target_entity", "entity_id data_id origin");
  for (size_t e = 0; e < m->n_entities; e++) pleat_buf_printf(buf, "%zu 1 .\n", e + 1);
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "ma_target_entity_instance", "asym_id entity_id details");
  for (size_t k = 0; k < m->n_chains; k++)
    pleat_buf_printf(buf, "%s %d .\n", m->chains[k].name, (int)m->chains[k].entity + 1);
  pleat_buf_puts(buf, "#\n");
  put_item(buf, "_ma_model_list.ordinal_id", "1");
  put_item(buf, "_ma_model_list.model_id", "1");
  put_item(buf, "_ma_model_list.model_group_id", "1");
  put_item(buf, "_ma_model_list.model_name", m->info->model_name);
  put_item(buf, "_ma_model_list.model_group_name", "pleat models");
  put_item(buf, "_ma_model_list.data_id", "1");
  put_item(buf, "_ma_model_list.model_type", "Ab initio model");
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "ma_protocol_step", "ordinal_id protocol_id step_id method_type");
  int step = 0;
  const bool is_done[] = {m->info->has_msa, true};
  const char *const methods[] = {"coevolution MSA", "modeling"};
  for (int i = 0; i < 2; i++) {
    if (!is_done[i]) continue;
    step++;
    pleat_buf_printf(buf, "%d 1 %d \"%s\"\n", step, step, methods[i]);
  }
  pleat_buf_puts(buf, "#\n");
}

static void put_number(pleat_buf *buf, double value, int n_decimals) {
  char text[PLEAT_WRITER_NUMBER];
  int n = pleat_writer_fixed(value, n_decimals, text);
  pleat_buf_append(buf, text, (size_t)n);
}

/* B factor of the first atom; false for a residue without atoms. */
static bool get_plddt(const pleat_structure *s, int64_t i, double *out_plddt) {
  for (int a = 0; a < PLEAT_N_ATOM37; a++) {
    if (!pleat_structure_has_atom(s, i, a)) continue;
    *out_plddt = s->b_factors[i * PLEAT_N_ATOM37 + a];
    return true;
  }
  return false;
}

static void put_quality(const model *m) {
  pleat_buf *buf = m->buf;
  const pleat_structure *s = m->s;
  const double tm[] = {m->info->ptm, m->info->iptm};
  const char *const tm_names[] = {"pTM", "ipTM"};
  const char *const tm_texts[] = {"predicted TM-score", "predicted TM-score of the interfaces"};
  put_loop(buf, "ma_qa_metric", "id name description type mode software_group_id");
  pleat_buf_puts(
      buf,
      "1 pLDDT \"mean predicted lddt, 0 to 100\" pLDDT global 1\n2 pLDDT \"predicted lddt, 0 to 100\" pLDDT local 1\n");
  for (int i = 0; i < 2; i++) {
    if (!isnan(tm[i]))
      pleat_buf_printf(buf, "%d %s \"%s, 0 to 1\" %s global 1\n", 3 + i, tm_names[i], tm_texts[i], tm_names[i]);
  }
  double sum = 0, plddt = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < s->n_res; i++) {
    if (!get_plddt(s, i, &plddt)) continue;
    sum += plddt;
    n++;
  }
  pleat_buf_puts(buf, "#\n");
  put_loop(buf, "ma_qa_metric_global", "ordinal_id model_id metric_id metric_value");
  pleat_buf_puts(buf, "1 1 1 ");
  put_number(buf, sum / (double)n, 2);
  int ordinal = 1;
  for (int i = 0; i < 2; i++) {
    if (isnan(tm[i])) continue;
    pleat_buf_printf(buf, "\n%d 1 %d ", ++ordinal, 3 + i);
    put_number(buf, tm[i], 4);
  }
  pleat_buf_puts(buf, "\n#\n");
  put_loop(buf, "ma_qa_metric_local",
           "ordinal_id model_id label_asym_id label_seq_id label_comp_id metric_id metric_value");
  n = 0;
  for (size_t k = 0; k < m->n_chains; k++) {
    const chain *c = &m->chains[k];
    for (int64_t i = c->begin; i < c->end; i++) {
      if (!get_plddt(s, i, &plddt)) continue;
      pleat_buf_printf(buf, "%lld 1 %s %lld %s 2 ", (long long)++n, c->name, (long long)(i - c->begin + 1),
                       pleat_restype_names[s->aatype[i]]);
      put_number(buf, plddt, 2);
      pleat_buf_puts(buf, "\n");
    }
  }
  pleat_buf_puts(buf, "#\n");
}

static void put_residue_atoms(const model *m, const chain *c, int64_t i, int64_t *serial) {
  const pleat_structure *s = m->s;
  const char *residue = pleat_restype_names[s->aatype[i]];
  for (int a = 0; a < PLEAT_N_ATOM37; a++) {
    if (!pleat_structure_has_atom(s, i, a)) continue;
    const char *atom = pleat_atom37_names[a];
    pleat_buf_printf(m->buf, "ATOM %lld %c %s . %s %s %d %lld ?", (long long)++*serial, atom[0], atom, residue, c->name,
                     (int)c->entity + 1, (long long)(i - c->begin + 1));
    for (int d = 0; d < 3; d++) {
      pleat_buf_puts(m->buf, " ");
      put_number(m->buf, s->atom_positions[(i * PLEAT_N_ATOM37 + a) * 3 + d], 3);
    }
    pleat_buf_puts(m->buf, " 1.00 ");
    put_number(m->buf, s->b_factors[i * PLEAT_N_ATOM37 + a], 2);
    pleat_buf_printf(m->buf, " %d %s %s %s 1\n", (int)s->residue_index[i], residue, c->name, atom);
  }
}

static void put_atoms(const model *m) {
  put_loop(m->buf, "atom_site",
           "group_PDB id type_symbol label_atom_id label_alt_id label_comp_id label_asym_id label_entity_id "
           "label_seq_id pdbx_PDB_ins_code Cartn_x Cartn_y Cartn_z occupancy B_iso_or_equiv auth_seq_id auth_comp_id "
           "auth_asym_id auth_atom_id pdbx_PDB_model_num");
  int64_t serial = 0;
  for (size_t k = 0; k < m->n_chains; k++) {
    for (int64_t i = m->chains[k].begin; i < m->chains[k].end; i++) put_residue_atoms(m, &m->chains[k], i, &serial);
  }
  pleat_buf_puts(m->buf, "#\n");
}

pleat_status pleat_mmcif_write(const pleat_structure *structure, const pleat_mmcif_info *info, pleat_buf *buf,
                               pleat_error *err) {
  PLEAT_TRY(pleat_structure_check(structure, err));
  PLEAT_TRY(pleat_writer_check_tm(info->ptm, "pTM", err));
  PLEAT_TRY(pleat_writer_check_tm(info->iptm, "ipTM", err));
  size_t n_before = buf->n, n_max_chains = 1;
  for (int64_t i = 1; i < structure->n_res; i++)
    n_max_chains += structure->chain_index[i] != structure->chain_index[i - 1];
  model m = {.s = structure, .info = info, .buf = buf};
  m.chains = calloc(n_max_chains, sizeof *m.chains);
  m.entities = calloc(n_max_chains, sizeof *m.entities);
  pleat_status status = PLEAT_OK;
  if (m.chains && m.entities) find_chains(&m);
  if (!m.chains || !m.entities || !find_entities(&m)) {
    status = pleat_fail(err, PLEAT_NOMEM, "no memory for the chains of an mmCIF file");
    goto done;
  }
  put_entry(&m);
  put_provenance(&m);
  put_components(&m);
  put_entities(&m);
  put_modeling(&m);
  put_quality(&m);
  put_atoms(&m);
done:
  free(m.entities);
  free(m.chains);
  return pleat_writer_finish(status, "an mmCIF file", n_before, buf, err);
}
