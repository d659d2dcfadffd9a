/* Entries of mmCIF as AlphaFold's mmcif_parsing.py and templates.py read them: every case of features/C_mmcif.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>

#include "check.h"
#include "golden_files.h"
#include "io/mmcif_entry.h"
#include "reference.h"

static json_t *load(const char *id) {
  char name[64], path[1024];
  snprintf(name, sizeof name, "features/C_mmcif/%s.json", id);
  json_t *json = json_load_file(reference_path(name, path), 0, NULL);
  CHECK(json != NULL);
  return json;
}

static const char *text_at(const json_t *object, const char *key) {
  return json_string_value(json_object_get(object, key));
}

/* Elements of NAME in CHAIN, as numbers. Freed by free(). */
static double *numbers(const pleat_arrays *set, const char *chain, const char *name, int64_t n_wanted) {
  char full[64];
  int64_t n = 0;
  snprintf(full, sizeof full, "%s.%s", chain, name);
  double *values = golden_double(set, full, &n);
  if (values && CHECK_INT(n, n_wanted)) return values;
  free(values);
  return NULL;
}

/* First byte of every string of NAME; numpy keeps " " as it is, so that no string is empty. */
static char first_byte(const pleat_arrays *set, const char *chain, const char *name, int64_t i) {
  char full[64];
  snprintf(full, sizeof full, "%s.%s", chain, name);
  const pleat_array *a = pleat_arrays_find(set, full);
  if (!CHECK(a && a->dtype == PLEAT_BYTES && i < a->shape[0])) return '\0';
  return ((const char *)a->data)[(size_t)i * a->item_size];
}

static void check_residues(const pleat_arrays *set, const pleat_mmcif_chain *chain) {
  int64_t n = chain->n_res, n_off = 0;
  double *missing = numbers(set, chain->author_id, "is_missing", n),
         *number = numbers(set, chain->author_id, "auth_num", n),
         *positions = numbers(set, chain->author_id, "atom37_positions", n * 37 * 3),
         *mask = numbers(set, chain->author_id, "atom37_mask", n * 37);
  bool is_ok = missing && number;
  for (int64_t i = 0; is_ok && i < n; i++) {
    CHECK_INT(chain->is_missing[i], missing[i]);
    CHECK_INT(chain->auth_num[i], missing[i] ? INT32_MIN : number[i]);
    if (!missing[i]) CHECK_INT(chain->insertion[i], first_byte(set, chain->author_id, "ins", i));
    CHECK_INT(chain->is_hetero[i], first_byte(set, chain->author_id, "hetflag", i) != ' ');
  }
  for (int64_t i = 0; positions && i < n * 37 * 3; i++) n_off += chain->positions[i] != positions[i];
  for (int64_t i = 0; mask && i < n * 37; i++) n_off += chain->mask[i] != mask[i];
  CHECK_INT(n_off, 0);
  CHECK(positions && mask);
  free(missing);
  free(number);
  free(positions);
  free(mask);
}

/* The published distance check names 1-based neighbours and their distance. */
static void check_broken(const pleat_mmcif_chain *chain, const char *published) {
  pleat_error err = {0};
  int first = 0, second = 0;
  double distance = 0;
  char want[128];
  CHECK_INT(sscanf(published, "The distance between residues %d and %d is %lf", &first, &second, &distance), 3);
  CHECK_INT(pleat_mmcif_check_chain(chain, 150, &err), PLEAT_INPUT);
  snprintf(want, sizeof want, "chain '%s': the C-alpha atoms of residues %d and %d are %f angstrom apart",
           chain->author_id, first, second, distance);
  if (!CHECK(strstr(err.message, want) != NULL)) fprintf(stderr, "  %s\n  %s\n", err.message, want);
}

static void check_chain(const json_t *want, const pleat_arrays *set, const pleat_mmcif_chain *chain) {
  pleat_error err = {0};
  const json_t *facts = json_object_get(json_object_get(want, "chains"), chain->author_id);
  CHECK_STR(chain->sequence, text_at(json_object_get(want, "chain_to_seqres"), chain->author_id));
  CHECK_INT(chain->n_res, json_integer_value(json_object_get(facts, "length")));
  int64_t n_missing = 0, n_atoms = 0;
  for (int64_t i = 0; i < chain->n_res; i++) n_missing += chain->is_missing[i];
  for (int64_t i = 0; i < chain->n_res * 37; i++) n_atoms += chain->mask[i] != 0;
  CHECK_INT(n_missing, json_integer_value(json_object_get(facts, "n_missing")));
  if (text_at(facts, "error")) {
    CHECK_STR(text_at(facts, "error"), "CaDistanceError");
    check_broken(chain, text_at(facts, "message"));
    return;
  }
  CHECK_INT(n_atoms, json_integer_value(json_object_get(facts, "n_atoms")));
  CHECK_OK(pleat_mmcif_check_chain(chain, 150, &err), &err);
  check_residues(set, chain);
}

static void check_entry(const char *id, const json_t *want, const pleat_mmcif_entry *got) {
  const json_t *header = json_object_get(want, "header"), *order = json_object_get(want, "author_chain_order");
  char name[64];
  CHECK_STR(got->id, id);
  CHECK_STR(got->release_date, text_at(header, "release_date"));
  CHECK_STR(got->method, text_at(header, "structure_method"));
  CHECK(got->resolution == json_number_value(json_object_get(header, "resolution")));
  snprintf(name, sizeof name, "features/C_mmcif/%s.npz", id);
  pleat_arrays *set = reference_npz(name);
  if (CHECK_INT(got->n_chains, json_array_size(order)) && CHECK(set != NULL)) {
    for (size_t i = 0; i < got->n_chains; i++) {
      CHECK_STR(got->chains[i].author_id, json_string_value(json_array_get(order, i)));
      check_chain(want, set, &got->chains[i]);
    }
  }
  pleat_arrays_destroy(set);
}

static void check_case(const char *id) {
  char name[64];
  size_t n = 0;
  pleat_mmcif_entry entry;
  pleat_error err = {0};
  snprintf(name, sizeof name, "features/mmcif/%s.cif", id);
  char *text = reference_text(name, &n);
  json_t *want = load(id);
  if (text && want) {
    bool is_refused = json_is_null(json_object_get(want, "mmcif_object"));
    pleat_status status = pleat_mmcif_read_entry(text, n, name, &entry, &err);
    if (is_refused) {
      CHECK_INT(status, PLEAT_INPUT);
      CHECK(entry.n_chains == 0 && !entry.chains && !entry.id);
    } else if (CHECK_OK(status, &err)) {
      check_entry(id, want, &entry);
    }
    pleat_mmcif_entry_fini(&entry);
  }
  json_decref(want);
  free(text);
}

int main(void) {
  static const char *const ids[] = {"102m", "1gzx", "2lwu", "2q2k", "3u8v", "6s61",
                                    "7roa", "9ed1", "9ef1", "9eh1", "9en1"};
  if (!reference_exists("features/C_mmcif/102m.json")) return check_skip("no reference data");
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) check_case(ids[i]);
  return check_report();
}
