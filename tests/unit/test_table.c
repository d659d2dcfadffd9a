/* Tables of jobs: cells, columns, and the place and message of everything that is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/table.h"

#include "check.h"

static pleat_status parse(const char *text, char separator, pleat_table *table, pleat_error *err) {
  *err = (pleat_error){0};
  return pleat_table_parse(text, strlen(text), separator, "in.csv", table, err);
}

static void check_row(const pleat_table *table, size_t i, const char *id, const char *sequence, const char *a3m,
                      int64_t line, int64_t column) {
  if (!CHECK(i < table->n_rows)) return;
  const pleat_table_row *row = &table->rows[i];
  CHECK_STR(row->id, id);
  CHECK_STR(row->sequence, sequence);
  CHECK_STR(row->opt_a3m_path, a3m);
  CHECK_INT(row->line, line);
  CHECK_INT(row->sequence_column, column);
  CHECK(row->opt_error == NULL);
}

static void test_accepted(void) {
  static const char text[] =
      "\xEF\xBB\xBF"
      "note,sequence,id,a3mpath\r\n"
      "x,MKV,one,\r\n"
      "\r\n"
      "\"a, b\",\"MK:VA\",\"two \"\"2\"\"\",dir/two.a3m\n"
      "\"first\nsecond\",AAA,three,  \n"
      ",\"\",\"four\n4\",\n"
      "   \n"
      "y,CC,five,z.a3m";
  pleat_table table;
  pleat_error err;
  if (!CHECK_OK(parse(text, ',', &table, &err), &err)) return;
  CHECK_INT(table.n_rows, 5);
  check_row(&table, 0, "one", "MKV", NULL, 2, 3);
  check_row(&table, 1, "two \"2\"", "MK:VA", "dir/two.a3m", 4, 9);
  check_row(&table, 2, "three", "AAA", NULL, 5, 0); /* the sequence stands in the line behind */
  CHECK(table.rows[3].opt_error && strstr(table.rows[3].opt_error->message, "has no sequence"));
  CHECK_INT(table.rows[3].line, 7);
  check_row(&table, 4, "five", "CC", "z.a3m", 10, 3);
  pleat_table_fini(&table);
  CHECK_INT(table.n_rows, 0);
  if (!CHECK_OK(parse("id\tsequence\ttemplatepath\na b\tM,K\tt.pdb\n", '\t', &table, &err), &err)) return;
  check_row(&table, 0, "a b", "M,K", NULL, 2, 5);
  CHECK_STR(table.rows[0].opt_template_path, "t.pdb");
  pleat_table_fini(&table);
}

static void test_bad_rows(void) {
  pleat_table table;
  pleat_error err;
  if (!CHECK_OK(parse("id,sequence\na,MK,more\nb\n,MK\nc,MKV\n", ',', &table, &err), &err)) return;
  CHECK_INT(table.n_rows, 4);
  static const char *const messages[] = {"the row has 3 cells, the header 2", "the row has 1 cells", "has no id"};
  for (int i = 0; i < 3; i++) {
    const pleat_error *error = table.rows[i].opt_error;
    if (!CHECK(error != NULL)) continue;
    CHECK(strstr(error->message, messages[i]) != NULL);
    CHECK_STR(error->file, "in.csv");
    CHECK_INT(error->line, 2 + i);
    CHECK_INT(error->status, PLEAT_INPUT);
  }
  CHECK(table.rows[3].opt_error == NULL);
  pleat_table_fini(&table);
}

typedef struct bad_table {
  const char *text, *message;
  int64_t line, column;
} bad_table;

static const bad_table bad_tables[] = {
    {"", "the table is empty", 0, 0},
    {"\n \n", "the table is empty", 0, 0},
    {"id,sequence\n", "has no rows below its header", 0, 0},
    {"id,seq\na,MK\n", "no column 'sequence'", 1, 0},
    {"\nname,sequence\na,MK\n", "no column 'id'", 2, 0},
    {"id\tsequence\na\tMK\n",
     "no column 'id': expected 'id' and 'sequence' (also 'a3mpath', 'templatepath') in the "
     "first line, separated by commas",
     1, 0},
    {"id,sequence,id\na,MK,b\n", "two columns 'id'", 1, 13},
    {"id,sequence\na,\"MK\n", "does not end", 2, 3},
    {"id,sequence\na,\"MK\"V\n", "text behind the closing '\"'", 2, 7},
};

static void test_refused(void) {
  for (size_t i = 0; i < sizeof bad_tables / sizeof *bad_tables; i++) {
    pleat_table table;
    pleat_error err;
    bool is_ok = CHECK_INT(parse(bad_tables[i].text, ',', &table, &err), PLEAT_INPUT);
    is_ok = CHECK(strstr(err.message, bad_tables[i].message) != NULL) && is_ok;
    is_ok = CHECK_INT(err.line, bad_tables[i].line) && is_ok;
    is_ok = CHECK_INT(err.column, bad_tables[i].column) && is_ok;
    CHECK_STR(err.file, "in.csv");
    CHECK_INT(table.n_rows, 0);
    if (!is_ok) fprintf(stderr, "  case %zu: %s\n", i, err.message);
  }
  pleat_table table;
  pleat_error err;
  CHECK_INT(pleat_table_parse("id,sequence\na\0,M\n", 17, ',', NULL, &table, &err), PLEAT_INPUT);
  CHECK(strstr(err.message, "NUL byte at offset 13") != NULL);
}

int main(void) {
  test_accepted();
  test_bad_rows();
  test_refused();
  return check_report();
}
