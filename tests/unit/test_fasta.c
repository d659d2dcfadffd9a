/* FASTA reader: what it accepts, and the place and message of everything it refuses.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/fasta.h"

#include "bad_input.h"
#include "base/os.h"
#include "check.h"

static pleat_status parse(const char *text, size_t n, pleat_fasta *fasta, pleat_error *err) {
  *err = (pleat_error){0};
  return pleat_fasta_parse(text, n, "in.fasta", fasta, err);
}

static void check_record(const pleat_fasta *fasta, size_t i, const char *name, const char *description,
                         const char *sequence, int64_t line) {
  if (!CHECK(i < fasta->n_records)) return;
  CHECK_STR(fasta->records[i].name, name);
  CHECK_STR(fasta->records[i].description, description);
  CHECK_STR(fasta->records[i].sequence, sequence);
  CHECK_INT(fasta->records[i].line, line);
}

static void test_accepted(void) {
  static const char text[] =
      "\xEF\xBB\xBF\n>one first protein\r\nMKTAY\r\n\r\niakqr \r\n"
      ">two|x\tcomplex\n  MKT:\nAYI:mk\n>\nBJOUXZ\n> four\nM*\n\n";
  pleat_fasta fasta;
  pleat_error err;
  if (!CHECK_OK(parse(text, sizeof text - 1, &fasta, &err), &err)) return;
  CHECK_INT(fasta.n_records, 4);
  check_record(&fasta, 0, "one", "one first protein", "MKTAYIAKQR", 2);
  check_record(&fasta, 1, "two|x", "two|x\tcomplex", "MKT:AYI:MK", 6);
  check_record(&fasta, 2, "", "", "BJOUXZ", 9);
  check_record(&fasta, 3, "four", " four", "M", 11);
  CHECK_STR(fasta.opt_warning, "in.fasta:12:2: '*' at the end of record 'four' stripped\n");
  pleat_fasta_fini(&fasta);
  CHECK_INT(fasta.n_records, 0);
  if (!CHECK_OK(parse(">a\nM", 4, &fasta, &err), &err)) return;
  CHECK(fasta.opt_warning == NULL);
  pleat_fasta_fini(&fasta);
}

static void test_longest(void) {
  enum { N = PLEAT_MAX_RESIDUES };
  char *text = malloc(N + 16);
  if (!CHECK(text != NULL)) return;
  memset(text, 'A', N + 16);
  memcpy(text, ">a\nAA:A\n", 8); /* ':' is no residue */
  pleat_fasta fasta;
  pleat_error err;
  if (CHECK_OK(parse(text, 8 + N - 3, &fasta, &err), &err)) {
    CHECK_INT(strlen(fasta.records[0].sequence), N + 1);
    pleat_fasta_fini(&fasta);
  }
  CHECK_INT(parse(text, 8 + N - 2, &fasta, &err), PLEAT_INPUT);
  CHECK_INT(err.line, 3);
  CHECK_INT(err.column, N - 2);
  CHECK(strstr(err.message, "more than 65536 residues") != NULL);
  free(text);
}

static const bad_file bad_files[] = {
    {"empty", 0, 0, "the file is empty: expected FASTA"},
    {"blank_lines", 0, 0, "the file is empty: expected FASTA"},
    {"text_before_header", 1, 1, "text before the first '>'"},
    {"no_sequence", 3, 0, "record 'second' has no sequence"},
    {"header_at_end", 3, 0, "record 'only_header' has no sequence"},
    {"digit", 3, 3, "'7' in the sequence of record 'digits'"},
    {"numbered", 2, 3, "'1' in the sequence of record 'numbered'"},
    {"star_inside", 2, 3, "'*' inside the sequence of record 'star'"},
    {"star_then_line", 2, 6, "'*' inside the sequence of record 'star'"},
    {"two_stars", 2, 6, "'*' inside the sequence of record 'stars'"},
    {"gap", 2, 4, "gap '-' in the sequence of record 'aligned'"},
    {"dot", 3, 3, "gap '.' in the sequence of record 'dotted'"},
    {"blank_inside", 2, 4, "' ' in the sequence of record 'blank'"},
    {"empty_chain", 3, 1, "record 'chains' has an empty chain"},
    {"first_chain_empty", 2, 1, "record 'chains' has an empty chain"},
    {"last_chain_empty", 2, 4, "record 'chains' has an empty chain"},
    {"nul", 2, 3, "NUL byte"},
    {"nul_in_header", 1, 3, "NUL byte"},
    {"not_ascii", 2, 4, "byte 0xc3 in the sequence of record 'utf8'"},
    {"angle_inside", 2, 4, "'>' in the sequence of record 'other'"},
};

static pleat_status parse_bad(const char *text, size_t n, const char *path, pleat_error *err) {
  pleat_fasta fasta;
  pleat_status status = pleat_fasta_parse(text, n, path, &fasta, err);
  CHECK_INT(fasta.n_records, 0);
  return status;
}

int main(void) {
  test_accepted();
  test_longest();
  check_bad_files("fasta", bad_files, sizeof bad_files / sizeof *bad_files, parse_bad);
  return check_report();
}
