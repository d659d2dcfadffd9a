/* The public list of names and the table of variants are the same list.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "model/config.h"
#include "pleat/pleat.h"

int main(void) {
  const char *const *names = pleat_model_names();
  for (int i = 0; i < pleat_n_variants && CHECK(names[i] != NULL); i++) CHECK_STR(names[i], pleat_variants[i].name);
  CHECK(names[pleat_n_variants] == NULL);
  return check_report();
}
