/* Folds one sequence through the library: fold_sequence WEIGHTS MODEL SEQUENCE OUT.pdb
 * e.g. fold_sequence params_model_1_ptm.npz model_1_ptm NLYIQWLKDGGPSSGRPPPS trp_cage.pdb
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "pleat/io.h"
#include "pleat/pleat.h"

static bool show_progress(void *ctx, const pleat_pass *pass) {
  (void)ctx;
  fprintf(stderr, "recycle %lld of %lld, pLDDT %.1f\n", (long long)pass->recycle, (long long)pass->num_recycle,
          pass->mean_plddt);
  return true; /* false would cancel */
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: fold_sequence WEIGHTS MODEL SEQUENCE OUT.pdb\n");
    return 2;
  }
  const char *sequence = argv[3], *path = argv[4];
  pleat_model *model = NULL;
  pleat_session *session = NULL;
  pleat_arrays *features = NULL, *prediction = NULL;
  pleat_error err;
  pleat_model_options model_options = {.name = argv[2]};
  pleat_predict_options options = {
      .num_recycle = -1, .msa_mask_fraction = -1, .opt_progress = show_progress, .want_pass_scores = true};

  pleat_status status = pleat_model_open(argv[1], &model_options, &model, &err);
  if (!status) status = pleat_features_from_sequence(sequence, model, &options, &features, &err);
  if (!status) status = pleat_session_create(model, features, &options, &session, &err);
  if (!status) status = pleat_session_predict(session, features, &options, &prediction, &err);
  if (!status) {
    pleat_result_info info = {
        .name = "example", .model = pleat_model_name(model), .is_synthetic = pleat_model_is_synthetic(model)};
    status = pleat_write_pdb(path, sequence, prediction, &info, &err);
  }
  if (status) fprintf(stderr, "fold_sequence: %s: %s\n", pleat_status_text(status), err.message);
  pleat_arrays_destroy(prediction);
  pleat_session_destroy(session);
  pleat_arrays_destroy(features);
  pleat_model_close(model);
  return status ? 1 : 0;
}
