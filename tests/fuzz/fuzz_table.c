/* Job tables on any bytes: what the reader accepts must hold the promises of table.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "fuzz.h"
#include "io/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_table table;
  pleat_error err = {0};
  char separator = size && data[0] == '\t' ? '\t' : ',';
  if (pleat_table_parse((const char *)data, size, separator, "fuzz.csv", &table, &err)) {
    fuzz_require(err.message[0] != '\0' && table.n_rows == 0 && table.rows == NULL);
    return 0;
  }
  fuzz_require(table.n_rows > 0);
  for (size_t i = 0; i < table.n_rows; i++) {
    const pleat_table_row *row = &table.rows[i];
    fuzz_require(row->line > 1 && (row->opt_error || (row->id && row->sequence)));
    fuzz_require(!row->opt_error || row->opt_error->line == row->line);
  }
  pleat_table_fini(&table);
  return 0;
}
