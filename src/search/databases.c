/* Sequence databases: the table, and what is to be seen of them on disk.
 * Source: alphafold/scripts/download_*.sh and docker/run_docker.py (google-deepmind/alphafold c77e5d2),
 * setup_databases.sh (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/databases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/os.h"

#define BFD             "bfd_metaclust_clu_complete_id30_c90_final_seq.sorted_opt"
#define SMALL_BFD       "bfd-first_non_consensus_sequences"
#define AF_SCRIPT(name) "AlphaFold's scripts/download_" name ".sh"
#define CF_SCRIPT       "ColabFold's setup_databases.sh"

const pleat_db_row pleat_db_rows[PLEAT_N_DBS] = {
    [PLEAT_DB_UNIREF90] = {"uniref90", "uniref90-database-path", PLEAT_DB_FASTA, "uniref90", "uniref90", ".fasta", NULL,
                           AF_SCRIPT("uniref90"), "34 GB, 67 GB unpacked"},
    [PLEAT_DB_MGNIFY] = {"mgnify", "mgnify-database-path", PLEAT_DB_FASTA, "mgnify", "mgy_clusters", ".fa", "_2022_05",
                         AF_SCRIPT("mgnify"), "67 GB, 120 GB unpacked"},
    [PLEAT_DB_BFD] = {"bfd", "bfd-database-path", PLEAT_DB_HHSUITE, "bfd", BFD, "", NULL, AF_SCRIPT("bfd"),
                      "272 GB, 1.8 TB unpacked"},
    [PLEAT_DB_UNIREF30] = {"uniref30", "uniref30-database-path", PLEAT_DB_HHSUITE, "uniref30", "UniRef30", "",
                           "_2021_03", AF_SCRIPT("uniref30"), "53 GB, 206 GB unpacked"},
    [PLEAT_DB_SMALL_BFD] = {"small_bfd", "small-bfd-database-path", PLEAT_DB_FASTA, "small_bfd", SMALL_BFD, ".fasta",
                            NULL, AF_SCRIPT("small_bfd"), "10 GB, 17 GB unpacked"},
    [PLEAT_DB_UNIPROT] = {"uniprot", "uniprot-database-path", PLEAT_DB_FASTA, "uniprot", "uniprot", ".fasta", NULL,
                          AF_SCRIPT("uniprot"), "53 GB, 105 GB unpacked"},
    [PLEAT_DB_PDB70] = {"pdb70", "pdb70-database-path", PLEAT_DB_HHSUITE, "pdb70", "pdb70", "", NULL,
                        AF_SCRIPT("pdb70"), "20 GB, 56 GB unpacked"},
    [PLEAT_DB_PDB_SEQRES] = {"pdb_seqres", "pdb-seqres-database-path", PLEAT_DB_FASTA, "pdb_seqres", "pdb_seqres",
                             ".txt", NULL, AF_SCRIPT("pdb_seqres"), "0.2 GB"},
    [PLEAT_DB_MMCIF] = {"template_mmcif_dir", "template-mmcif-dir", PLEAT_DB_FOLDER, "pdb_mmcif", "mmcif_files", "",
                        NULL, AF_SCRIPT("pdb_mmcif"), "43 GB, 238 GB unpacked"},
    [PLEAT_DB_OBSOLETE] = {"obsolete_pdbs", "obsolete-pdbs-path", PLEAT_DB_TEXT, "pdb_mmcif", "obsolete", ".dat", NULL,
                           AF_SCRIPT("pdb_mmcif"), "with the mmCIF files"},
    [PLEAT_DB_CF_UNIREF30] = {"colabfold_uniref30", "db1", PLEAT_DB_MMSEQS, "", "uniref30_", "_db", "2302", CF_SCRIPT,
                              "all of it 940 GB"},
    [PLEAT_DB_CF_PDB] = {"colabfold_pdb100", "db2", PLEAT_DB_MMSEQS, "", "pdb100_", "", "230517", CF_SCRIPT,
                         "all of it 940 GB"},
    [PLEAT_DB_CF_ENV] = {"colabfold_envdb", "db3", PLEAT_DB_MMSEQS, "", "colabfold_envdb_", "_db", "202108", CF_SCRIPT,
                         "all of it 940 GB"},
    [PLEAT_DB_CF_SPIRE] = {"colabfold_spire", "db4", PLEAT_DB_MMSEQS, "", "spire_ctg10_", "_db", "2401", CF_SCRIPT,
                           "all of it 940 GB"},
};

const char *pleat_db_name(pleat_db db) { return pleat_db_rows[db].name; }

/* What is found on disk. */

/* Adds a file to the report's size and date; false when it is missing or empty. */
static bool count_file(const char *path, pleat_db_report *report) {
  pleat_path_info info;
  if (!pleat_path_stat(path, &info) || info.size_bytes == 0) return false;
  report->size_bytes += info.is_dir ? 0 : info.size_bytes;
  if (info.changed_s > report->changed_s) report->changed_s = info.changed_s;
  return true;
}

static void set_state(pleat_db_report *report, pleat_db_state state, const char *note, const char *about) {
  report->state = state;
  snprintf(report->note, sizeof report->note, "%.100s%.400s", note, about);
}

/* A download that ended early lacks the end of its last line. */
static pleat_status inspect_fasta(pleat_db_report *report, pleat_error *err) {
  pleat_file_map map;
  PLEAT_TRY(pleat_file_map_open(report->path, &map, err));
  count_file(report->path, report);
  if (map.n == 0)
    set_state(report, PLEAT_DB_DAMAGED, "is empty", "");
  else if (map.data[0] != '>')
    set_state(report, PLEAT_DB_DAMAGED, "does not begin with '>' as FASTA does", "");
  else if (map.data[map.n - 1] != '\n')
    set_state(report, PLEAT_DB_DAMAGED, "ends within a line: a download cut short?", "");
  pleat_file_map_close(&map);
  return PLEAT_OK;
}

/* The last entries of an index, "NAME<TAB>OFFSET<TAB>LENGTH", must lie within the data. Entries are in the order of
 * names, not of places: when data are cut short, some of them are beyond the end. */
static pleat_status inspect_ffindex(const char *index_path, const char *data_path, pleat_db_report *report,
                                    pleat_error *err) {
  enum { LOOK_BYTES = 1 << 20 };
  pleat_path_info data;
  pleat_file_map map;
  PLEAT_TRY(pleat_file_map_open(index_path, &map, err));
  pleat_path_stat(data_path, &data);
  const char *end = (const char *)map.data + map.n;
  const char *at = map.n > LOOK_BYTES ? memchr(end - LOOK_BYTES, '\n', LOOK_BYTES) : (const char *)map.data;
  while (at && at < end && report->state == PLEAT_DB_COMPLETE) {
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    const char *tab = line_end ? memchr(at, '\t', (size_t)(line_end - at)) : at;
    char *number_end = NULL;
    uint64_t offset = tab && tab > at ? strtoull(tab + 1, &number_end, 10) : 0;
    uint64_t n = number_end && *number_end == '\t' ? strtoull(number_end + 1, NULL, 10) : 0;
    if (!line_end)
      set_state(report, PLEAT_DB_DAMAGED, "the index ends within a line: ", index_path);
    else if (at != line_end && offset + n > data.size_bytes)
      set_state(report, PLEAT_DB_DAMAGED, "shorter than its index says: ", data_path);
    at = line_end ? line_end + 1 : end;
  }
  pleat_file_map_close(&map);
  return PLEAT_OK;
}

static pleat_status inspect_hhsuite(pleat_db_report *report, pleat_error *err) {
  static const char *const parts[] = {"_a3m", "_hhm", "_cs219"};
  char data[sizeof report->path + 16], index[sizeof report->path + 16];
  for (int i = 0; i < 3 && report->state == PLEAT_DB_COMPLETE; i++) {
    snprintf(data, sizeof data, "%s%s.ffdata", report->path, parts[i]);
    snprintf(index, sizeof index, "%s%s.ffindex", report->path, parts[i]);
    const char *missing = !count_file(data, report) ? data : !count_file(index, report) ? index : NULL;
    if (missing)
      set_state(report, PLEAT_DB_UNPACKED_PARTLY, "one of its six files is missing or empty: ", missing);
    else
      PLEAT_TRY(inspect_ffindex(index, data, report, err));
  }
  return PLEAT_OK;
}

/* Expandable databases keep members and alignments of the clusters beside; with an index, also there. The data may be
 * cut into numbered files. */
static void inspect_mmseqs(pleat_db_report *report) {
  static const char *const parts[] = {".dbtype", ".index", "_h.dbtype", "_seq.dbtype", "_aln.dbtype"};
  char path[sizeof report->path + 16];
  int n_parts = report->db == PLEAT_DB_CF_PDB ? 3 : 5;
  snprintf(path, sizeof path, "%s.0", report->path);
  bool is_there = count_file(report->path, report) || count_file(path, report);
  for (int i = 0; i < n_parts && is_there; i++) {
    snprintf(path, sizeof path, "%s%s", report->path, parts[i]);
    is_there = count_file(path, report);
  }
  if (!is_there) {
    set_state(report, PLEAT_DB_UNPACKED_PARTLY, "one of its files is missing or empty: ", path);
    return;
  }
  snprintf(path, sizeof path, "%s.idx.dbtype", report->path);
  if (!pleat_path_exists(path)) snprintf(report->note, sizeof report->note, "without an index: searches take longer");
}

static pleat_status inspect_folder(pleat_db_report *report, pleat_error *err) {
  char raw[sizeof report->path + 16];
  pleat_dir_names names;
  PLEAT_TRY(pleat_dir_list(report->path, &names, err));
  size_t n = 0;
  for (size_t i = 0; i < names.n_items; i++) n += strstr(names.items[i], ".cif") != NULL;
  pleat_dir_list_fini(&names);
  count_file(report->path, report);
  snprintf(report->note, sizeof report->note, "%zu structures", n);
  if (n == 0) set_state(report, PLEAT_DB_UNPACKED_PARTLY, "there is no .cif file in it", "");
  snprintf(raw, sizeof raw, "%s/../raw", report->path);
  if (pleat_path_is_dir(raw)) {
    set_state(report, PLEAT_DB_UNPACKED_PARTLY, "its download was not finished: 'raw' is still there beside it", "");
  }
  return PLEAT_OK;
}

pleat_status pleat_db_inspect(pleat_db db, pleat_db_report *report, pleat_error *err) {
  report->db = db;
  report->state = PLEAT_DB_COMPLETE;
  report->note[0] = '\0';
  switch (pleat_db_rows[db].kind) {
    case PLEAT_DB_HHSUITE: return inspect_hhsuite(report, err);
    case PLEAT_DB_MMSEQS: inspect_mmseqs(report); return PLEAT_OK;
    case PLEAT_DB_FASTA:
    case PLEAT_DB_FOLDER:
    case PLEAT_DB_TEXT: break;
  }
  if (!pleat_path_exists(report->path))
    report->state = PLEAT_DB_MISSING;
  else if (pleat_db_rows[db].kind == PLEAT_DB_FASTA)
    return inspect_fasta(report, err);
  else if (pleat_db_rows[db].kind == PLEAT_DB_FOLDER)
    return inspect_folder(report, err);
  else if (!count_file(report->path, report))
    set_state(report, PLEAT_DB_DAMAGED, "is empty", "");
  return PLEAT_OK;
}

/* Below a folder. */

/* Does `name` begin with the row's prefix and end with its suffix and `more`, with a release in digits between? Returns
 * the length without `more`; 0 when not. */
static size_t match_name(const pleat_db_row *row, const char *name, const char *more) {
  size_t n = strlen(name), n_prefix = strlen(row->prefix), n_suffix = strlen(row->suffix), n_more = strlen(more);
  if (n < n_prefix + n_suffix + n_more || strncmp(name, row->prefix, n_prefix)) return 0;
  size_t n_stem = n - n_more - n_suffix;
  if (strncmp(name + n_stem, row->suffix, n_suffix) || strcmp(name + n_stem + n_suffix, more)) return 0;
  if (strspn(name + n_prefix, row->opt_release ? "0123456789_-" : "") < n_stem - n_prefix) return 0;
  return n - n_more;
}

/* Signs of a download that is not over. */
static const char *find_leftover(const pleat_db_row *row, const pleat_dir_names *names) {
  static const char *const endings[] = {".aria2", ".gz", ".tar", ".part"};
  for (size_t i = 0; i < names->n_items; i++) {
    const char *name = names->items[i];
    /* A folder of its own may hold archives under any name. */
    if (row->folder[0] == '\0' && strncmp(name, row->prefix, strlen(row->prefix))) continue;
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
      size_t n = strlen(name), n_ending = strlen(endings[k]);
      if (n > n_ending && strcmp(name + n - n_ending, endings[k]) == 0) return name;
    }
  }
  return NULL;
}

/* The ending of the file by which a database is recognised. */
static const char *telling_file(pleat_db_kind kind) {
  switch (kind) {
    case PLEAT_DB_HHSUITE: return "_a3m.ffdata";
    case PLEAT_DB_MMSEQS: return ".dbtype";
    case PLEAT_DB_FASTA:
    case PLEAT_DB_FOLDER:
    case PLEAT_DB_TEXT: break;
  }
  return "";
}

pleat_status pleat_db_locate(pleat_db db, const char *dir, pleat_db_report *out_report, pleat_error *err) {
  const pleat_db_row *row = &pleat_db_rows[db];
  *out_report = (pleat_db_report){.db = db, .state = PLEAT_DB_MISSING};
  char folder[sizeof out_report->path / 2];
  snprintf(folder, sizeof folder, "%s%s%s", dir, row->folder[0] ? "/" : "", row->folder);
  if (!pleat_path_is_dir(folder)) return PLEAT_OK;
  pleat_dir_names names;
  PLEAT_TRY(pleat_dir_list(folder, &names, err));
  const char *more = telling_file(row->kind);
  for (size_t i = 0; i < names.n_items; i++) { /* in order: the last is the newest */
    size_t n = match_name(row, names.items[i], more);
    if (n) snprintf(out_report->path, sizeof out_report->path, "%s/%.*s", folder, (int)n, names.items[i]);
  }
  const char *leftover = find_leftover(row, &names);
  pleat_status status = PLEAT_OK;
  if (out_report->path[0]) status = pleat_db_inspect(db, out_report, err);
  if (!status && leftover && (!out_report->path[0] || strstr(leftover, ".aria2"))) {
    set_state(out_report, PLEAT_DB_UNPACKED_PARTLY, "its download was begun but not finished: ", leftover);
  } else if (!status && names.n_items && !out_report->path[0] && row->folder[0] && db != PLEAT_DB_OBSOLETE) {
    set_state(out_report, PLEAT_DB_UNPACKED_PARTLY, "its folder has other files only, such as ", names.items[0]);
  }
  pleat_dir_list_fini(&names);
  return status;
}

/* Where a database that is not there would be. */
static void put_expected_path(const pleat_db_report *report, const char *opt_dir, pleat_buf *out) {
  const pleat_db_row *row = &pleat_db_rows[report->db];
  if (report->path[0]) {
    pleat_buf_puts(out, report->path);
    return;
  }
  if (opt_dir) pleat_buf_printf(out, "%s/", opt_dir);
  pleat_buf_printf(out, "%s%s%s%s%s", row->folder, row->folder[0] ? "/" : "", row->prefix,
                   row->opt_release ? row->opt_release : "", row->suffix);
}

pleat_status pleat_db_fail(const pleat_db_report *report, const char *opt_dir, pleat_error *err) {
  const pleat_db_row *row = &pleat_db_rows[report->db];
  pleat_buf what = {0};
  if (report->state == PLEAT_DB_MISSING && !report->path[0] && !opt_dir) {
    pleat_buf_puts(&what, "is needed: say by --db in which folder databases are");
  } else if (report->state == PLEAT_DB_MISSING) {
    pleat_buf_puts(&what, "is missing: expected ");
    put_expected_path(report, opt_dir, &what);
  } else {
    pleat_buf_puts(&what, "cannot be used: ");
    put_expected_path(report, opt_dir, &what);
    pleat_buf_printf(&what, ": %s", report->note);
  }
  pleat_status status =
      pleat_fail(err, PLEAT_INPUT, "the database %s %s; %s fetches it (%s), or say where it is by --%s", row->name,
                 what.data ? what.data : "", row->fetch, row->size, row->flag);
  pleat_buf_fini(&what);
  return status;
}

pleat_status pleat_db_check(const char *dir, pleat_db_report out_reports[PLEAT_N_DBS], pleat_error *err) {
  if (!pleat_path_is_dir(dir)) PLEAT_FAIL(err, PLEAT_IO, "there is no folder '%s'", dir);
  for (int db = 0; db < PLEAT_N_DBS; db++) {
    PLEAT_TRY(pleat_db_locate((pleat_db)db, dir, &out_reports[db], err));
  }
  return PLEAT_OK;
}
