/* Lists of release dates and of obsolete entries, any bytes, also packed by gzip.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "fuzz_file.h"
#include "template/pdb_lists.h"

static void check(const pleat_pdb_lists *lists) {
  for (uint32_t i = 0; i < lists->n_notes; i++) {
    const pleat_pdb_note *note = &lists->notes[i];
    int32_t month = note->day / 100 % 100, day = note->day % 100;
    fuzz_require(note->day == PLEAT_NO_DATE ||
                 (note->day >= 10101 && note->day <= 99991231 && month >= 1 && month <= 12 && day >= 1 && day <= 31));
    fuzz_require(note->is_obsolete || !note->opt_successor);
    for (const char *c = note->opt_successor; c && *c; c++) fuzz_require(*c < 'A' || *c > 'Z');
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_pdb_lists lists = {0};
  pleat_error err = {0};
  const char *path = fuzz_file_of(data, size);
  if (pleat_pdb_lists_read_dates(&lists, path, &err)) fuzz_require(err.message[0] != '\0');
  check(&lists);
  err.message[0] = '\0';
  if (pleat_pdb_lists_read_obsolete(&lists, path, &err)) fuzz_require(err.message[0] != '\0');
  check(&lists);
  (void)pleat_pdb_lists_find(&lists, "1abc");
  pleat_pdb_lists_fini(&lists);
  return 0;
}
