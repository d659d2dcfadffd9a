/* Species of descriptions: by hand, and all that the published code was asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "io/species.h"
#include "reference.h"

static void check_species(const char *description, const char *want) {
  char got[PLEAT_SPECIES_TEXT];
  int n = pleat_species_find(description, got);
  if (!CHECK_STR(got, want) || !CHECK_INT(n, (int64_t)strlen(want))) fprintf(stderr, "  %s\n", description);
}

static void test_hand(void) {
  check_species("", "");
  check_species("   ", "");
  check_species(" tr|A0A146SKV9|A0A146SKV9_FUNHE", "FUNHE");
  check_species("sp|P0C2L1|A3X1_LOXLA", "LOXLA");
  check_species("sp|P0C2L1_1|A3X1_LOXLA_27/3-9 text", "LOXLA");
  check_species("sp|P0C2L1_12|A3X1_LOXLA", "");
  check_species("sp|P0C2L1_1|A3X1_LOXLA_", "");
  check_species("sp|P0C2L1|A3X1_LOXLA_x", "");
  check_species("sp|P0C2L|A3X1_LOXLA", "");
  check_species("sp|P0C2L123456|A3X1_LOXLA", "");
  check_species("sp|P0C2L1|_LOXLA", "");
  check_species("sp|P0C2L1|A3X1_", "");
  check_species("sp|P0C2L1|A3X1", "");
  check_species("UniRef100_A0A146SKV9", "");
}

static void test_reference(void) {
  char *text = reference_text("features/A_parsers/species_identifiers.json", NULL);
  json_t *pairs = text ? json_loads(text, 0, NULL) : NULL;
  CHECK(json_array_size(pairs) > 5);
  for (size_t i = 0; i < json_array_size(pairs); i++) {
    json_t *pair = json_array_get(pairs, i);
    check_species(json_string_value(json_array_get(pair, 0)), json_string_value(json_array_get(pair, 1)));
  }
  json_decref(pairs);
  free(text);
}

int main(void) {
  test_hand();
  if (reference_exists("features/README.md")) test_reference();
  return check_report();
}
