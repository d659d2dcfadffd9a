/* Species of UniProt's identifiers; see species.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/species.h"

#include <stdbool.h>
#include <string.h>

#include "io/lines.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_alphanumeric(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

static const char *skip_alphanumeric(const char *at, const char *end) {
  while (at < end && is_alphanumeric(*at)) at++;
  return at;
}

/* Skips an optional "_1" of an isoform, or with all_digits "_123" of Small BFD. */
static const char *skip_number(const char *at, const char *end, bool all_digits) {
  if (end - at < 2 || at[0] != '_' || !is_digit(at[1])) return at;
  at += 2;
  while (all_digits && at < end && is_digit(*at)) at++;
  return at;
}

int pleat_species_find(const char *description, char out_species[PLEAT_SPECIES_TEXT]) {
  enum { ACCESSION_MIN = 6, ACCESSION_MAX = 10 };
  const char *at = description;
  size_t n = 0;
  out_species[0] = '\0';
  const char *name = pleat_next_field(&at, description + strlen(description), &n), *end = name + n;
  const char *slash = n ? memchr(name, '/', n) : NULL;
  if (slash) end = slash;
  if (end - name < 3 || (memcmp(name, "tr|", 3) != 0 && memcmp(name, "sp|", 3) != 0)) return 0;
  const char *accession = name + 3;
  at = skip_alphanumeric(accession, end);
  if (at - accession < ACCESSION_MIN || at - accession > ACCESSION_MAX) return 0;
  at = skip_number(at, end, false);
  if (at == end || *at++ != '|') return 0;
  const char *entry = at;
  at = skip_alphanumeric(at, end);
  if (at == entry || at == end || *at++ != '_') return 0;
  const char *species = at;
  at = skip_alphanumeric(at, end);
  int n_species = (int)(at - species);
  if (n_species < 1 || n_species >= PLEAT_SPECIES_TEXT || skip_number(at, end, true) != end) return 0;
  memcpy(out_species, species, (size_t)n_species);
  out_species[n_species] = '\0';
  return n_species;
}
