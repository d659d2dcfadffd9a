/* Lists of template hits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/template_hit.h"

#include <stdlib.h>

pleat_template_hit *pleat_template_hits_add(pleat_template_hits *hits) {
  /* Room doubles whenever the count is a power of two. */
  if ((hits->n_hits & (hits->n_hits - 1)) == 0) {
    size_t capacity = hits->n_hits ? 2 * hits->n_hits : 1;
    pleat_template_hit *grown = realloc(hits->hits, capacity * sizeof *grown);
    if (!grown) return NULL;
    hits->hits = grown;
  }
  pleat_template_hit *hit = &hits->hits[hits->n_hits++];
  *hit = (pleat_template_hit){0};
  return hit;
}

void pleat_template_hits_fini(pleat_template_hits *hits) {
  for (size_t k = 0; k < hits->n_hits; ++k) {
    pleat_template_hit *hit = &hits->hits[k];
    free(hit->name);
    free(hit->query);
    free(hit->hit_sequence);
    free(hit->indices_query);
    free(hit->indices_hit);
  }
  free(hits->hits);
  *hits = (pleat_template_hits){0};
}
