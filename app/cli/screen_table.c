/* The table of pleat screen: tab-separated, a header line, empty cells for what there is not.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "screen_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "progress.h"

/* In this order; what reads rows names columns, what writes them puts all. */
typedef enum column {
  COLUMN_INDEX,
  COLUMN_ID,
  COLUMN_LENGTH,
  COLUMN_CHAINS,
  COLUMN_STATUS,
  COLUMN_MODEL,
  COLUMN_PLDDT,
  COLUMN_PTM,
  COLUMN_IPTM,
  COLUMN_SCORE,
  COLUMN_PAE_MEAN,
  COLUMN_PAE_MAX,
  COLUMN_PAE_INTERFACE,
  COLUMN_GYRATION,
  COLUMN_HELIX,
  COLUMN_STRAND,
  COLUMN_COIL,
  COLUMN_RECYCLES,
  COLUMN_SECONDS,
  COLUMN_SEQUENCE,
  COLUMN_REASON,
  N_COLUMNS
} column;

static const char *const column_names[N_COLUMNS] = {
    [COLUMN_INDEX] = "index",
    [COLUMN_ID] = "id",
    [COLUMN_LENGTH] = "length",
    [COLUMN_CHAINS] = "chains",
    [COLUMN_STATUS] = "status",
    [COLUMN_MODEL] = "model",
    [COLUMN_PLDDT] = "plddt",
    [COLUMN_PTM] = "ptm",
    [COLUMN_IPTM] = "iptm",
    [COLUMN_SCORE] = "score",
    [COLUMN_PAE_MEAN] = "pae_mean",
    [COLUMN_PAE_MAX] = "pae_max",
    [COLUMN_PAE_INTERFACE] = "pae_interface",
    [COLUMN_GYRATION] = "gyration_ang",
    [COLUMN_HELIX] = "helix",
    [COLUMN_STRAND] = "strand",
    [COLUMN_COIL] = "coil",
    [COLUMN_RECYCLES] = "recycles",
    [COLUMN_SECONDS] = "seconds",
    [COLUMN_SEQUENCE] = "sequence",
    [COLUMN_REASON] = "reason",
};

static const double SYNC_MS = 1000; /* rows that a power failure, not a kill, may cost */

double screen_as_written(double value, int n_decimals) {
  char text[64];
  snprintf(text, sizeof text, "%.*f", n_decimals, value);
  return strtod(text, NULL);
}

static pleat_status fail_io(const screen_table *table, const char *verb, int errnum, pleat_error *err) {
  return cli_error(err, PLEAT_IO, "cannot %s '%s': %s", verb, table->path, strerror(errnum));
}

/* The lock of the whole file; systems that have none do without. */
static bool is_locked_by_another(int fd) {
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(fd, F_SETLK, &lock) < 0 && (errno == EACCES || errno == EAGAIN);
}

pleat_status screen_table_open(const char *path, screen_table *out_table, pleat_error *err) {
  screen_table *table = out_table;
  *table = (screen_table){.path = path, .synced_ms = cli_time_ms()};
  table->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (table->fd < 0) return fail_io(table, "write", errno, err);
  pleat_status status = PLEAT_OK;
  if (is_locked_by_another(table->fd)) {
    status = cli_error(err, PLEAT_IO, "another 'pleat screen' is writing '%s'", path);
  } else {
    table->reader = fopen(path, "rb");
    if (!table->reader) status = fail_io(table, "read", errno, err);
  }
  if (status) screen_table_close(table);
  return status;
}

void screen_table_close(screen_table *table) {
  if (table->fd >= 0) {
    fsync(table->fd); /* what failed to be written was reported; this is for power failures */
    close(table->fd);
  }
  if (table->reader) fclose(table->reader);
  free(table->line);
  *table = (screen_table){.fd = -1};
}

/* Writes all or nothing. */
static pleat_status append_text(screen_table *table, const char *text, size_t n, pleat_error *err) {
  struct stat before;
  if (fstat(table->fd, &before)) return fail_io(table, "write", errno, err);
  for (size_t done = 0; done < n;) {
    ssize_t n_written = write(table->fd, text + done, n - done);
    if (n_written < 0 && errno == EINTR) continue;
    if (n_written > 0) {
      done += (size_t)n_written;
      continue;
    }
    int errnum = n_written < 0 ? errno : ENOSPC;
    if (ftruncate(table->fd, before.st_size)) return fail_io(table, "write the last row of", errnum, err);
    return fail_io(table, "write", errnum, err);
  }
  double now_ms = cli_time_ms();
  if (now_ms - table->synced_ms < SYNC_MS) return PLEAT_OK;
  table->synced_ms = now_ms;
  return fsync(table->fd) && errno != EINVAL ? fail_io(table, "write", errno, err) : PLEAT_OK;
}

/* Reading. */

/* The next whole line without its end; false behind the last one, what follows it is cut off. */
static pleat_status read_line(screen_table *table, bool *out_has_line, pleat_error *err) {
  off_t start = ftello(table->reader);
  errno = 0;
  ssize_t n = getline(&table->line, &table->line_capacity, table->reader);
  *out_has_line = n > 0 && table->line[n - 1] == '\n';
  if (*out_has_line) {
    table->line[n - 1] = '\0';
    table->line_number++;
    return PLEAT_OK;
  }
  if (ferror(table->reader)) return fail_io(table, "read", errno ? errno : EIO, err);
  if (n > 0 && ftruncate(table->fd, start)) return fail_io(table, "write", errno, err);
  return PLEAT_OK;
}

static size_t split(char *line, char *cells[N_COLUMNS]) {
  size_t n = 0;
  for (char *p = line; p; n++) {
    if (n < N_COLUMNS) cells[n] = p;
    p = strchr(p, '\t');
    if (p) *p++ = '\0';
  }
  return n;
}

static pleat_status fail_line(const screen_table *table, const char *what, pleat_error *err) {
  cli_error(err, PLEAT_INPUT, "%s: give a folder of its own, or --overwrite-existing-results to begin again", what);
  cli_error_set_place(err, table->path);
  err->line = table->line_number;
  return PLEAT_INPUT;
}

/* Line 1, which is written when it is not there. */
static pleat_status pass_header(screen_table *table, pleat_error *err) {
  bool has_line;
  pleat_status status = read_line(table, &has_line, err);
  if (status) return status;
  char header[512];
  size_t n = 0;
  for (int k = 0; k < N_COLUMNS; k++) {
    n += (size_t)snprintf(header + n, sizeof header - n, "%s%s", k ? "\t" : "", column_names[k]);
  }
  if (has_line) {
    return strcmp(table->line, header) == 0 ? PLEAT_OK : fail_line(table, "not a table of this 'pleat screen'", err);
  }
  table->line_number = 1;
  header[n++] = '\n';
  return append_text(table, header, n, err);
}

static double number_of(const char *cell) { return *cell ? strtod(cell, NULL) : NAN; }

pleat_status screen_table_next(screen_table *table, screen_old_row *out_row, bool *out_has_row, pleat_error *err) {
  char *cells[N_COLUMNS];
  pleat_status status = PLEAT_OK;
  *out_has_row = false;
  if (table->line_number == 0) {
    status = pass_header(table, err);
    if (status) return status;
  }
  status = read_line(table, out_has_row, err);
  if (status || !*out_has_row) return status;
  if (split(table->line, cells) != N_COLUMNS) return fail_line(table, "a row with another number of cells", err);
  *out_row = (screen_old_row){.index = strtoll(cells[COLUMN_INDEX], NULL, 10),
                              .id = cells[COLUMN_ID],
                              .status = cells[COLUMN_STATUS],
                              .sequence = cells[COLUMN_SEQUENCE],
                              .plddt = number_of(cells[COLUMN_PLDDT]),
                              .score = number_of(cells[COLUMN_SCORE])};
  return PLEAT_OK;
}

/* Writing. */

static void put(FILE *out, const char *fmt, ...) PLEAT_PRINTF(2, 3);
static void put(FILE *out, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  vfprintf(out, fmt, args);
  va_end(args);
  fputc('\t', out);
}

static void put_number(FILE *out, double value, int n_decimals) {
  if (!isnan(value)) fprintf(out, "%.*f", n_decimals, value);
  fputc('\t', out);
}

/* Messages are for people and may hold anything; a cell may not. */
static void put_last(FILE *out, const char *text) {
  for (; *text; text++) fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
  fputc('\n', out);
}

static void format_row(FILE *out, const screen_row *row) {
  const pleat_summary *s = &row->summary;
  bool is_ok = *row->model != '\0';
  put(out, "%" PRId64, row->index);
  put(out, "%s", row->id);
  put(out, "%" PRId64, row->n_res);
  put(out, "%" PRId64, row->n_chains);
  put(out, "%s", row->status);
  put(out, "%s", row->model);
  put_number(out, s->plddt, SCREEN_PLDDT_DECIMALS);
  put_number(out, s->ptm, 4);
  put_number(out, s->iptm, 4);
  put_number(out, row->score, SCREEN_SCORE_DECIMALS);
  put_number(out, s->pae_mean, 3);
  put_number(out, s->pae_max, 3);
  put_number(out, s->pae_interface, 3);
  put_number(out, s->gyration_ang, 3);
  put_number(out, s->helix, 4);
  put_number(out, s->strand, 4);
  put_number(out, s->coil, 4);
  if (is_ok) fprintf(out, "%" PRId64, row->recycles);
  fputc('\t', out);
  put_number(out, row->seconds, 3);
  put(out, "%s", row->sequence);
  put_last(out, row->reason);
}

pleat_status screen_table_append(screen_table *table, const screen_row *row, pleat_error *err) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  if (out) format_row(out, row);
  if (!out || ferror(out) || fclose(out)) {
    free(text);
    return cli_error(err, PLEAT_NOMEM, "no memory for a row of '%s'", table->path);
  }
  pleat_status status = append_text(table, text, n, err);
  free(text);
  return status;
}
