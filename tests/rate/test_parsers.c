/* Alignments of any size: readers take no more memory than the rows they keep, whatever the file. With --bench, how fast
 * they are; with --generate, a file to measure on.
 *   test_parsers --generate sto|a3m BYTES FILE
 *   test_parsers --bench sto|a3m FILE [ROWS]
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/buf.h"
#include "base/os.h"
#include "check.h"
#include "io/a3m.h"
#include "io/stockholm.h"

enum { N_RES = 384, N_COLUMNS = 600, CHUNK = 200, ROWS_AT_ONCE = 4096 };

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return *state >> 33;
}

static char letter(uint64_t *state) { return "ACDEFGHIKLMNPQRSTVWY"[next_random(state) % 20]; }

/* Insertions stand in stretches: 48 columns of the query, then 27 others. */
static bool is_of_query(int column) { return column % 75 < 48; }

/* Columns of row r in [first, first + n): other rows than the query have a stretch of letters, and one insertion in ten. */
static void put_columns(pleat_buf *buf, int64_t row, int first, int n) {
  uint64_t state = (uint64_t)row * 977 + 1;
  int begin = (int)(next_random(&state) % (N_COLUMNS / 2)), end = begin + 50 + (int)(next_random(&state) % 300);
  state += (uint64_t)first;
  char text[N_COLUMNS];
  for (int c = first; c < first + n; c++) {
    bool is_inside = row == 0 || (c >= begin && c < end);
    bool has_letter = is_inside && (is_of_query(c) || (row > 0 && next_random(&state) % 10 == 0));
    text[c - first] = has_letter ? letter(&state) : '-';
  }
  pleat_buf_append(buf, text, (size_t)n);
}

static bool flush(pleat_out_file *file, pleat_buf *buf) {
  pleat_error err = {0};
  bool is_ok = CHECK_OK(pleat_out_file_write(file, buf->data, buf->n, &err), &err);
  pleat_buf_clear(buf);
  return is_ok;
}

/* As jackhmmer writes: descriptions, then chunks of 200 columns. */
static bool generate_sto(pleat_out_file *file, int64_t n_bytes) {
  enum { ROW_BYTES = 85 + N_COLUMNS + 3 * 35 };
  int64_t n_rows = n_bytes / ROW_BYTES + 1;
  pleat_buf buf = {0};
  pleat_buf_puts(&buf, "# STOCKHOLM 1.0\n\n");
  for (int64_t r = 1; r < n_rows; r++) {
    pleat_buf_printf(&buf, "#=GS tr|A%08lld|A%08lld_HUMAN/%d-%d DE [subseq from] A protein\n", (long long)r,
                     (long long)r, 1, (int)(r % 500 + 100));
    if (r % ROWS_AT_ONCE == 0 && !flush(file, &buf)) return false;
  }
  for (int first = 0; first < N_COLUMNS; first += CHUNK) {
    pleat_buf_puts(&buf, "\n");
    for (int64_t r = 0; r < n_rows; r++) {
      if (r == 0) pleat_buf_printf(&buf, "%-34s ", "query");
      if (r)
        pleat_buf_printf(&buf, "tr|A%08lld|A%08lld_HUMAN/%d-%-3d ", (long long)r, (long long)r, 1,
                         (int)(r % 500 + 100));
      put_columns(&buf, r, first, CHUNK);
      pleat_buf_puts(&buf, "\n");
      if (r % ROWS_AT_ONCE == 0 && !flush(file, &buf)) return false;
    }
    pleat_buf_puts(&buf, "#=GC RF                            xxx\n");
  }
  pleat_buf_puts(&buf, "//\n");
  bool is_ok = flush(file, &buf);
  pleat_buf_fini(&buf);
  return is_ok;
}

/* As HHblits writes: insertions in lower case, no dots. */
static bool generate_a3m(pleat_out_file *file, int64_t n_bytes) {
  enum { ROW_BYTES = 60 + N_RES };
  pleat_buf buf = {0}, row = {0};
  for (int64_t r = 0; r < n_bytes / ROW_BYTES + 1; r++) {
    pleat_buf_clear(&row);
    put_columns(&row, r, 0, N_COLUMNS);
    pleat_buf_printf(&buf, ">UniRef100_A%08lld A protein n=1 Tax=cell TaxID=%lld\n", (long long)r, (long long)r % 1000);
    for (int c = 0; c < N_COLUMNS; c++) {
      char x = row.data[c];
      if (!is_of_query(c) && x == '-') continue;
      if (!is_of_query(c)) x = (char)(x - 'A' + 'a');
      pleat_buf_append(&buf, &x, 1);
    }
    pleat_buf_puts(&buf, "\n");
    if (r % ROWS_AT_ONCE == 0 && !flush(file, &buf)) return false;
  }
  bool is_ok = flush(file, &buf);
  pleat_buf_fini(&row);
  pleat_buf_fini(&buf);
  return is_ok;
}

static bool generate(const char *format, int64_t n_bytes, const char *path) {
  pleat_out_file *file = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_out_file_open(path, &file, &err), &err)) return false;
  bool is_ok = strcmp(format, "sto") == 0 ? generate_sto(file, n_bytes) : generate_a3m(file, n_bytes);
  return CHECK_OK(pleat_out_file_close(file, is_ok, &err), &err) && is_ok;
}

static pleat_status read_alignment(const char *format, const char *path, int64_t max_rows, pleat_msa *out_msa,
                                   pleat_error *err) {
  if (strcmp(format, "sto") == 0) return pleat_stockholm_read(path, max_rows, out_msa, err);
  pleat_a3m a3m;
  pleat_status status = pleat_a3m_read(path, max_rows, &a3m, err);
  if (!status) *out_msa = a3m.msa; /* no complex: nothing else is in it */
  return status;
}

static int64_t size_of_file(const char *path) {
  pleat_in_file *file = NULL;
  pleat_error err = {0};
  if (!CHECK_OK(pleat_in_file_open(path, &file, &err), &err)) return 0;
  int64_t n = (int64_t)pleat_in_file_size(file);
  pleat_in_file_close(file);
  return n;
}

/* Best of three, because a shared machine is never alone. */
static void bench(const char *format, const char *path, int64_t max_rows) {
  double best_ms = 1e30, n_mb = (double)size_of_file(path) / 1e6;
  int64_t n_rows = 0, n_cols = 0;
  for (int i = 0; i < 3; i++) {
    pleat_msa msa;
    pleat_error err = {0};
    double start_ms = pleat_os_time_ms();
    if (!CHECK_OK(read_alignment(format, path, max_rows, &msa, &err), &err)) return;
    double ms = pleat_os_time_ms() - start_ms;
    if (ms < best_ms) best_ms = ms;
    n_rows = msa.n_rows;
    n_cols = msa.n_cols;
    pleat_msa_fini(&msa);
  }
  printf("%s %.0f MB: %lld rows of %lld columns kept, %.0f ms, %.0f MB/s, %.0f MB resident at most\n", format, n_mb,
         (long long)n_rows, (long long)n_cols, best_ms, n_mb / best_ms * 1e3, (double)pleat_os_resident_peak() / 1e6);
}

/* 60 MB of which 100 rows are kept. The program itself takes some memory; the file is many times larger. */
static void test_memory(const char *format) {
  char path[] = "/tmp/pleat-test-XXXXXX";
  int fd = mkstemp(path);
  pleat_msa msa;
  pleat_error err = {0};
  if (!CHECK(fd >= 0)) return;
  close(fd);
  if (generate(format, 60000000, path)) {
    uint64_t before = pleat_os_resident_peak();
    if (CHECK_OK(read_alignment(format, path, 100, &msa, &err), &err)) {
      CHECK_INT(msa.n_rows, 100);
      CHECK_INT(msa.n_cols, N_RES);
      pleat_msa_fini(&msa);
    }
    CHECK(pleat_os_resident_peak() - before < 4 << 20);
  }
  unlink(path);
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "--generate") == 0) {
    generate(argv[2], strtoll(argv[3], NULL, 10), argv[4]);
  } else if ((argc == 4 || argc == 5) && strcmp(argv[1], "--bench") == 0) {
    bench(argv[2], argv[3], argc == 5 ? strtoll(argv[4], NULL, 10) : PLEAT_ALL_ROWS);
  } else {
    test_memory("sto");
    test_memory("a3m");
    return check_report();
  }
  return check_n_failed > 0;
}
