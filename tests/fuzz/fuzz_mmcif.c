/* mmCIF reader on any bytes: what it accepts must be residues with finite positions, in the order of the lines.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "fuzz.h"
#include "fuzz_structure.h"
#include "io/mmcif_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  pleat_atom_residues residues;
  pleat_error err = {0};
  (void)pleat_mmcif_is((const char *)data, size);
  pleat_status status = pleat_mmcif_read((const char *)data, size, "fuzz.cif", &residues, &err);
  fuzz_check_residues(status, &residues, &err);
  return 0;
}
