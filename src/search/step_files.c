/* Result files of searches: how many hits they have, and whose they are.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/os.h"
#include "io/a3m.h"
#include "io/lines.h"
#include "io/stockholm.h"
#include "search/steps.h"

/* Rows of the first chunk of an alignment in Stockholm format; all of them are in each chunk. */
static pleat_status count_sto(const char *path, int64_t *out_n, pleat_error *err) {
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  *out_n = 0;
  pleat_status status;
  bool is_line;
  while (!(status = pleat_lines_next(&lines, &is_line, err)) && is_line) {
    bool is_markup = lines.n > 0 && (lines.line[0] == '#' || lines.line[0] == '/');
    if (lines.n > 0 && !is_markup) ++*out_n;
    if (lines.n == 0 && *out_n > 0) break;
  }
  pleat_lines_close(&lines);
  return status;
}

static pleat_status count_a3m(const char *path, int64_t *out_n, pleat_error *err) {
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  *out_n = 0;
  pleat_status status;
  bool is_line;
  while (!(status = pleat_lines_next(&lines, &is_line, err)) && is_line) *out_n += lines.n > 0 && lines.line[0] == '>';
  pleat_lines_close(&lines);
  return status;
}

/* Lines of the table of hits, which a blank line ends; and the length of the query. */
static pleat_status count_hhr(const char *path, int64_t *out_n, int64_t *out_n_query, pleat_error *err) {
  static const char columns[] = "Match_columns", title[] = " No Hit";
  pleat_lines lines;
  PLEAT_TRY(pleat_lines_open(path, PLEAT_LINES_FILE, &lines, err));
  *out_n = *out_n_query = -1;
  pleat_status status;
  bool is_line;
  while (!(status = pleat_lines_next(&lines, &is_line, err)) && is_line) {
    if (*out_n >= 0 && lines.n == 0) break;
    if (*out_n >= 0) ++*out_n;
    if (lines.n >= sizeof title - 1 && memcmp(lines.line, title, sizeof title - 1) == 0) *out_n = 0;
    if (lines.n >= sizeof columns && memcmp(lines.line, columns, sizeof columns - 1) == 0) {
      *out_n_query = 0;
      for (size_t i = sizeof columns - 1; i < lines.n; i++) {
        if (lines.line[i] >= '0' && lines.line[i] <= '9') *out_n_query = *out_n_query * 10 + (lines.line[i] - '0');
      }
    }
  }
  pleat_lines_close(&lines);
  if (!status && *out_n < 0) {
    return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0, "expected a result of hhsearch, found no table of hits");
  }
  return status;
}

/* The first row of an alignment against the sequence that was searched. */
static pleat_status compare_query(const pleat_step *step, const char *path, const char *query, size_t n_query,
                                  pleat_error *err) {
  pleat_msa msa = {0};
  pleat_a3m a3m = {0};
  if (step->format == PLEAT_STEP_STO)
    PLEAT_TRY(pleat_stockholm_read(path, 1, &msa, err));
  else
    PLEAT_TRY(pleat_a3m_read(path, 1, &a3m, err));
  const pleat_msa *found = step->format == PLEAT_STEP_STO ? &msa : &a3m.msa;
  bool is_same = found->n_rows > 0 && (size_t)found->n_cols == n_query && memcmp(found->letters, query, n_query) == 0;
  pleat_msa_fini(&msa);
  pleat_a3m_fini(&a3m);
  if (is_same) return PLEAT_OK;
  return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                       "this file is of another sequence than the one to search: take another folder, or search again "
                       "with --overwrite-existing-results");
}

pleat_status pleat_step_inspect(pleat_step_id id, const char *path, const char *opt_query, size_t n_query,
                                int64_t *out_n_hits, pleat_error *err) {
  const pleat_step *step = &pleat_steps[id];
  pleat_path_info info;
  *out_n_hits = 0;
  if (pleat_path_stat(path, &info) && info.size_bytes == 0 && step->format == PLEAT_STEP_PDB_STO) return PLEAT_OK;
  int64_t n = 0, n_columns = -1;
  switch (step->format) {
    case PLEAT_STEP_STO: PLEAT_TRY(count_sto(path, &n, err)); break;
    case PLEAT_STEP_A3M: PLEAT_TRY(count_a3m(path, &n, err)); break;
    case PLEAT_STEP_PDB_STO: PLEAT_TRY(count_sto(path, out_n_hits, err)); return PLEAT_OK;
    case PLEAT_STEP_HHR:
      PLEAT_TRY(count_hhr(path, out_n_hits, &n_columns, err));
      if (opt_query && n_columns >= 0 && (size_t)n_columns != n_query) {
        return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0,
                             "this file is of a query with %lld residues, expected %zu: take another folder, or search "
                             "again with --overwrite-existing-results",
                             (long long)n_columns, n_query);
      }
      return PLEAT_OK;
  }
  if (n == 0) return pleat_fail_at(err, PLEAT_INPUT, path, 0, 0, "expected an alignment, found no row");
  *out_n_hits = n - 1;
  return opt_query ? compare_query(step, path, opt_query, n_query, err) : PLEAT_OK;
}
