/* Files and directories to targets: which format a file has, and what of it is folded.
 * Source: rules of colabfold/input.py, get_queries (sokrypton/ColabFold 3b808f0).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "io/af3_json.h"
#include "io/fasta.h"
#include "io/table.h"
#include "pipeline/targets_priv.h"

/* One input file. */
typedef struct input_file {
  const char *path; /* "stdin" for standard input */
  char *text;       /* owned; a reader may take it over and leave NULL */
  size_t n;
  bool is_in_folder;      /* one of many: one target, called like the file, and alignments are read again when needed */
  int64_t first_line;     /* of the text, which is a part of a longer file; 0 = the whole file */
  const char *opt_header; /* of such a part of a table */
  size_t n_header;
} input_file;

typedef pleat_status read_fn(pleat_targets *targets, input_file *file, pleat_error *err);

static pleat_status no_memory(const char *path, pleat_error *err) {
  return pleat_fail(err, PLEAT_NOMEM, "no memory for the targets of '%s'", path);
}

/* A target that cannot be folded for what is wrong in the input; lack of memory is nobody's fault. */
static pleat_status add_wrong(pleat_targets *targets, pleat_new_target *target, const pleat_error *wrong,
                              pleat_error *err) {
  free(target->sequence);
  target->sequence = NULL;
  target->opt_error = wrong;
  if (wrong->status == PLEAT_INPUT || wrong->status == PLEAT_IO) return pleat_targets_add(targets, target, err);
  if (err) *err = *wrong;
  return wrong->status;
}

/* ---- Formats ---- */

static pleat_status read_fasta(pleat_targets *targets, input_file *file, pleat_error *err) {
  pleat_fasta fasta = {0};
  PLEAT_TRY(pleat_fasta_parse_each(file->text, file->n, file->path, file->first_line, &fasta, err));
  if (fasta.opt_warning) pleat_buf_puts(&targets->warnings, fasta.opt_warning);
  size_t n = fasta.n_records;
  if (file->is_in_folder && n > 1) {
    pleat_buf_printf(&targets->warnings,
                     "%s: only the first of %zu records is folded, as ColabFold does with files of a directory; give "
                     "this file itself to fold all\n",
                     file->path, n);
    n = 1;
  }
  pleat_status status = PLEAT_OK;
  for (size_t i = 0; i < n && !status; i++) {
    pleat_fasta_record *record = &fasta.records[i];
    const pleat_new_target target = {.path = file->path,
                                     .opt_name = file->is_in_folder ? NULL : record->description,
                                     .sequence = record->sequence,
                                     .opt_error = record->opt_error};
    record->sequence = NULL; /* taken over */
    status = pleat_targets_add(targets, &target, err);
  }
  pleat_fasta_fini(&fasta);
  return status;
}

/* The first row, or for a complex its distinct chains as often as they occur, joined by ':'. The parser has bounded
 * the residues of all copies. */
static pleat_status a3m_sequence(const pleat_a3m *a3m, const char *path, char **out_sequence, pleat_error *err) {
  const int64_t plain_lengths[] = {a3m->msa.n_cols}, plain_cardinalities[] = {1};
  const int64_t *lengths = a3m->n_chains > 0 ? a3m->chain_lengths : plain_lengths;
  const int64_t *cardinalities = a3m->n_chains > 0 ? a3m->cardinalities : plain_cardinalities;
  int64_t n_chains = a3m->n_chains > 0 ? a3m->n_chains : 1;
  pleat_buf buf = {0};
  int64_t column = 0;
  for (int64_t k = 0; k < n_chains; k++) {
    for (int64_t copy = 0; copy < cardinalities[k]; copy++) {
      if (buf.n) pleat_buf_puts(&buf, ":");
      pleat_buf_append(&buf, a3m->msa.letters + column, (size_t)lengths[k]);
    }
    column += lengths[k];
  }
  if (buf.is_failed) {
    pleat_buf_fini(&buf);
    return no_memory(path, err);
  }
  *out_sequence = buf.data;
  return PLEAT_OK;
}

/* What a list needs to know of an alignment; the sequence is freed by free(). */
static pleat_status scan_a3m(const char *text, size_t n, const char *path, char **out_sequence, int64_t *out_n_rows,
                             pleat_error *err) {
  pleat_a3m a3m = {0};
  PLEAT_TRY(pleat_a3m_parse(text, n, path, &a3m, err));
  *out_n_rows = a3m.msa.n_rows;
  pleat_status status = a3m_sequence(&a3m, path, out_sequence, err);
  pleat_a3m_fini(&a3m);
  return status;
}

static pleat_status read_a3m(pleat_targets *targets, input_file *file, pleat_error *err) {
  pleat_new_target target = {.path = file->path};
  PLEAT_TRY(scan_a3m(file->text, file->n, file->path, &target.sequence, &target.n_rows, err));
  if (file->is_in_folder) {
    target.opt_a3m_path = file->path;
  } else {
    target.opt_a3m = file->text;
    target.n_a3m = file->n;
    file->text = NULL;
  }
  return pleat_targets_add(targets, &target, err);
}

pleat_status pleat_targets_scan_a3m(const char *path, const char *name, const char *sequence, int64_t *out_n_rows,
                                    pleat_error *err) {
  pleat_a3m a3m;
  char *query = NULL;
  PLEAT_TRY(pleat_a3m_read(path, PLEAT_ALL_ROWS, &a3m, err));
  *out_n_rows = a3m.msa.n_rows;
  pleat_status status = a3m_sequence(&a3m, path, &query, err);
  pleat_a3m_fini(&a3m);
  if (!status && strcmp(query, sequence)) {
    status = pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                           "the alignment's first row is not the sequence of '%.100s': expected the same residues "
                           "(chains in the same order)",
                           name);
  }
  free(query);
  return status;
}

static pleat_status read_row(pleat_targets *targets, const pleat_table_row *row, const char *path, char **out_sequence,
                             int64_t *out_n_rows, pleat_error *err) {
  if (row->opt_error) {
    *err = *row->opt_error;
    return err->status;
  }
  const pleat_sequence_place place = {path, row->id, row->line, row->sequence_column};
  PLEAT_TRY(pleat_sequence_parse(row->sequence, strlen(row->sequence), &place, &targets->warnings, out_sequence, err));
  if (row->opt_template_path) {
    return pleat_fail_at(
        err, PLEAT_INPUT, path, row->line, 0,
        "row '%.100s' names templates ('templatepath'), which cannot be read yet: leave the cell empty", row->id);
  }
  return row->opt_a3m_path ? pleat_targets_scan_a3m(row->opt_a3m_path, row->id, *out_sequence, out_n_rows, err)
                           : PLEAT_OK;
}

static pleat_status read_table(pleat_targets *targets, const input_file *file, char separator, pleat_error *err) {
  pleat_table table = {0};
  pleat_status status = file->opt_header ? pleat_table_parse_part(file->opt_header, file->n_header, file->text, file->n,
                                                                  file->first_line, separator, file->path, &table, err)
                                         : pleat_table_parse(file->text, file->n, separator, file->path, &table, err);
  if (status) return status;
  for (size_t i = 0; i < table.n_rows && !status; i++) {
    const pleat_table_row *row = &table.rows[i];
    pleat_error wrong = {0};
    pleat_new_target target = {.path = file->path, .opt_name = row->id, .opt_a3m_path = row->opt_a3m_path};
    status = read_row(targets, row, file->path, &target.sequence, &target.n_rows, &wrong);
    status = status ? add_wrong(targets, &target, &wrong, err) : pleat_targets_add(targets, &target, err);
  }
  pleat_table_fini(&table);
  return status;
}

static pleat_status read_csv(pleat_targets *targets, input_file *file, pleat_error *err) {
  return read_table(targets, file, ',', err);
}

static pleat_status read_tsv(pleat_targets *targets, input_file *file, pleat_error *err) {
  return read_table(targets, file, '\t', err);
}

/* Result files call chains A, B, C, ... in the order of the sequence. */
static bool are_ids_usual(const char *ids) {
  for (char usual = 'A'; *ids; usual++) {
    if (ids[0] != usual || usual > 'Z' || (ids[1] && ids[1] != ':')) return false;
    ids += ids[1] ? 2 : 1;
  }
  return true;
}

static pleat_status add_af3_job(pleat_targets *targets, const char *path, pleat_af3_job *job, pleat_error *err) {
  pleat_new_target target = {
      .path = path, .opt_name = job->name, .sequence = job->sequence, .opt_error = job->opt_error};
  pleat_error wrong = {0};
  job->sequence = NULL;
  bool has_ids = job->chain_ids && job->chain_ids[strspn(job->chain_ids, ":")];
  if (has_ids && !are_ids_usual(job->chain_ids)) {
    pleat_buf_printf(&targets->warnings, "%s: chains %.100s of job '%.100s' are called A, B, ... in the results\n",
                     path, job->chain_ids, job->name);
  }
  if (job->opt_a3m && !job->opt_error) {
    char *query = NULL;
    pleat_status status = scan_a3m(job->opt_a3m, strlen(job->opt_a3m), path, &query, &target.n_rows, &wrong);
    if (!status && strcmp(query, target.sequence)) {
      status = pleat_fail_at(&wrong, PLEAT_INPUT, path, 0, 0,
                             "the first row of \"unpairedMsa\" is not the sequence of job '%.100s': expected the same "
                             "residues",
                             job->name);
    }
    free(query);
    if (status) return add_wrong(targets, &target, &wrong, err);
    target.opt_a3m = job->opt_a3m;
    target.n_a3m = strlen(job->opt_a3m);
    job->opt_a3m = NULL;
  }
  return pleat_targets_add(targets, &target, err);
}

static pleat_status read_af3(pleat_targets *targets, input_file *file, pleat_error *err) {
  pleat_af3_jobs jobs = {0};
  bool is_other;
  pleat_status status = pleat_af3_parse(file->text, file->n, file->path, &jobs, &is_other, err);
  if (status && is_other && file->is_in_folder) {
    pleat_buf_printf(&targets->warnings, "%s: left out, JSON but no input of AlphaFold 3\n", file->path);
    return PLEAT_OK;
  }
  if (jobs.opt_warning) pleat_buf_puts(&targets->warnings, jobs.opt_warning);
  for (size_t i = 0; i < jobs.n_items && !status; i++) {
    status = add_af3_job(targets, file->path, &jobs.items[i], err);
  }
  pleat_af3_jobs_fini(&jobs);
  return status;
}

static pleat_status refuse_structure(pleat_targets *targets, input_file *file, pleat_error *err) {
  (void)targets;
  return pleat_fail_at(err, PLEAT_INPUT, file->path, 0, 0,
                       "a structure as input cannot be read yet: expected a sequence (FASTA, a3m, CSV, TSV or JSON)");
}

/* ---- Which format ---- */

typedef struct format {
  const char *suffix;
  read_fn *read;
} format;

/* Suffixes as ColabFold knows them, and a few more for FASTA. */
static const format formats[] = {{".a3m", read_a3m},         {".fasta", read_fasta},    {".fa", read_fasta},
                                 {".faa", read_fasta},       {".fas", read_fasta},      {".seq", read_fasta},
                                 {".csv", read_csv},         {".tsv", read_tsv},        {".json", read_af3},
                                 {".pdb", refuse_structure}, {".cif", refuse_structure}};
enum { N_FORMATS = (int)(sizeof formats / sizeof *formats) };

static read_fn *format_of_suffix(const char *path) {
  size_t n_path = strlen(path);
  for (int i = 0; i < N_FORMATS; i++) {
    size_t n = strlen(formats[i].suffix);
    if (n_path > n && strcasecmp(path + n_path - n, formats[i].suffix) == 0) return formats[i].read;
  }
  return NULL;
}

/* Is the first line a table's header? */
static bool is_table(const char *text, size_t n, char separator) {
  const char *end = memchr(text, '\n', n);
  const char *line_end = end ? end : text + n;
  bool has_id = false, has_sequence = false;
  for (const char *p = text; p <= line_end;) {
    const char *q = p;
    while (q < line_end && *q != separator && *q != '\r' && *q != '"') q++;
    has_id |= q - p == 2 && !memcmp(p, "id", 2);
    has_sequence |= q - p == 8 && !memcmp(p, "sequence", 8);
    p = q + 1;
  }
  return has_id && has_sequence;
}

/* Without a known suffix: JSON begins with a bracket, a table with its header; ColabFold's header or a gap in a sequence
 * line mean a3m. */
static read_fn *format_of_text(const char *text, size_t n) {
  size_t i = 0;
  while (i < n && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n')) i++;
  if (i < n && (text[i] == '{' || text[i] == '[')) return read_af3;
  if (is_table(text, n, ',')) return read_csv;
  if (is_table(text, n, '\t')) return read_tsv;
  if (n > 1 && text[0] == '#' && text[1] >= '0' && text[1] <= '9') return read_a3m;
  bool is_line_start = true, is_sequence = false;
  for (i = 0; i < n; i++) {
    if (is_line_start) is_sequence = text[i] != '>' && text[i] != '#';
    if (is_sequence && text[i] == '-') return read_a3m;
    is_line_start = text[i] == '\n';
  }
  return read_fasta;
}

/* ---- Parts of files ---- */

pleat_part_format pleat_part_format_of(const char *path, const char *text, size_t n) {
  read_fn *read = format_of_suffix(path);
  if (!read) read = format_of_text(text, n);
  if (read == read_fasta) return PLEAT_PART_FASTA;
  if (read == read_csv) return PLEAT_PART_CSV;
  return read == read_tsv ? PLEAT_PART_TSV : PLEAT_PART_NONE;
}

pleat_status pleat_targets_read_part(pleat_targets *targets, const pleat_input_part *part, pleat_error *err) {
  input_file file = {.path = part->path,
                     .text = (char *)(uintptr_t)part->text, /* only an a3m is taken over */
                     .n = part->n,
                     .first_line = part->first_line,
                     .opt_header = part->opt_header,
                     .n_header = part->n_header};
  if (part->format == PLEAT_PART_FASTA) return read_fasta(targets, &file, err);
  return read_table(targets, &file, part->format == PLEAT_PART_CSV ? ',' : '\t', err);
}

/* ---- Files and directories ---- */

static pleat_status read_file(pleat_targets *targets, const char *path, bool is_in_folder, pleat_error *err) {
  input_file file = {.path = strcmp(path, "-") == 0 ? "stdin" : path, .is_in_folder = is_in_folder};
  PLEAT_TRY(pleat_file_read(path, PLEAT_MAX_INPUT_BYTES, &file.text, &file.n, err));
  read_fn *read = format_of_suffix(file.path);
  if (!read) read = format_of_text(file.text, file.n);
  pleat_status status = read(targets, &file, err);
  free(file.text);
  return status;
}

/* A file that cannot be read is one target that cannot be folded. */
static pleat_status read_file_of_folder(pleat_targets *targets, const char *path, pleat_error *err) {
  if (!format_of_suffix(path)) {
    pleat_buf_printf(&targets->warnings, "%s: left out, not a FASTA, a3m, CSV, TSV or JSON file\n", path);
    return PLEAT_OK;
  }
  pleat_error wrong = {0};
  pleat_new_target target = {.path = path};
  pleat_status status = read_file(targets, path, true, &wrong);
  return status ? add_wrong(targets, &target, &wrong, err) : PLEAT_OK;
}

static pleat_status read_folder(pleat_targets *targets, const char *path, pleat_error *err) {
  pleat_dir_names names;
  PLEAT_TRY(pleat_dir_list(path, &names, err));
  pleat_buf file = {0};
  pleat_status status = PLEAT_OK;
  const char *slash = path[strlen(path) - 1] == '/' ? "" : "/";
  for (size_t i = 0; i < names.n_items && !status; i++) {
    if (names.items[i][0] == '.') continue; /* nobody's sequence is hidden */
    pleat_buf_clear(&file);
    pleat_buf_printf(&file, "%s%s%s", path, slash, names.items[i]);
    if (file.is_failed) {
      status = no_memory(path, err);
    } else if (pleat_path_is_file(file.data)) {
      status = read_file_of_folder(targets, file.data, err);
    }
  }
  pleat_buf_fini(&file);
  pleat_dir_list_fini(&names);
  if (!status && targets->n_items == 0) {
    status = pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                           "the directory has no input: expected .fasta, .fa, .faa, .a3m, .csv, .tsv or .json files");
  }
  return status;
}

pleat_status pleat_targets_read_path(pleat_targets *targets, const char *path, pleat_error *err) {
  return pleat_path_is_dir(path) ? read_folder(targets, path, err) : read_file(targets, path, false, err);
}
