/* pleat msa: alignments and template hits from local databases, for a machine without the network's weights.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "options.h"
#include "pleat/search.h"
#include "progress.h"

static void show_event(void *ctx, const pleat_search_event *event) {
  (void)ctx;
  const char *slash = event->chain[0] ? "/" : "";
  char took[CLI_MAX_DURATION];
  cli_format_duration(event->time_ms, took);
  switch (event->kind) {
    case PLEAT_SEARCH_STARTED:
      cli_log_info("%s%s%s: %s: %s", event->target, slash, event->chain, event->step, event->text);
      break;
    case PLEAT_SEARCH_DONE:
      cli_log_info("%s%s%s: %s: %lld hits in %s", event->target, slash, event->chain, event->step,
                   (long long)event->n_hits, took);
      break;
    case PLEAT_SEARCH_REUSED:
      cli_log_info("%s%s%s: %s: %lld hits, there already%s%s", event->target, slash, event->chain, event->step,
                   (long long)event->n_hits, event->text[0] ? "; " : "", event->text);
      break;
    case PLEAT_SEARCH_NOTE: cli_log_warning("%s%s%s: %s", event->target, slash, event->chain, event->text); break;
    case PLEAT_SEARCH_FAILED: /* why is said at the end, which others that run may delay */
      cli_log_info("%s%s%s: %s: failed", event->target, slash, event->chain, event->step);
      break;
  }
}

static pleat_search_options search_options(const cli_args *args) {
  const char *preset = args->model_preset;
  pleat_search_options options = {
      .way = strcmp(args->search_mode, "local") == 0 ? PLEAT_SEARCH_ALPHAFOLD : PLEAT_SEARCH_COLABFOLD,
      .is_reduced = strcmp(args->db_preset, "reduced_dbs") == 0,
      .is_multimer = preset && strcmp(preset, "multimer") == 0,
      .is_monomer = preset && strcmp(preset, "multimer") != 0,
      .no_templates = args->no_templates,
      .opt_db_dir = args->db_dir,
      .n_cpus = (int)args->cpus,
      .time_limit_s = args->time_limit_s,
      .is_overwriting = args->is_overwriting,
      .no_env = !args->use_env,
      .has_env_pairing = args->use_env_pairing == 1,
      .has_db_templates = args->use_templates == 1,
      .is_unfiltered = !args->filter_msa,
      .sensitivity = args->sensitivity,
      .pairing_strategy = (int)args->pairing_strategy,
      .opt_on_event = show_event,
      .opt_poll = cli_interrupt_poll,
  };
  memcpy(options.opt_db_paths, args->db_paths, sizeof options.opt_db_paths);
  memcpy(options.opt_program_paths, args->program_paths, sizeof options.opt_program_paths);
  return options;
}

/* The targets of this shard that can be searched; the others are reported. */
static size_t choose_targets(const cli_args *args, const pleat_targets *targets, const pleat_target **chosen,
                             int *n_wrong) {
  size_t n = 0;
  for (size_t i = 0; i < pleat_targets_count(targets); i++) {
    const pleat_target *target = pleat_targets_get(targets, i);
    if (args->shard[1] > 0 && (int64_t)i % args->shard[1] != args->shard[0] - 1) continue;
    if (!target->opt_error) {
      chosen[n++] = target;
      continue;
    }
    pleat_error err = *target->opt_error;
    cli_error_set_place(&err, target->name);
    cli_fail(PLEAT_INPUT, &err);
    ++*n_wrong;
  }
  return n;
}

/* One target after the other; what is wrong with one leaves the others alone, unless it would be wrong with all. */
static cli_exit search_each(const cli_args *args, pleat_search *search, const pleat_target *const *targets, size_t n,
                            int n_wrong) {
  size_t n_done = 0;
  cli_exit code = n_wrong ? CLI_EXIT_INPUT : CLI_EXIT_OK;
  for (size_t i = 0; i < n; i++) {
    pleat_error err = {0};
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/%s", args->out, targets[i]->name);
    pleat_status status = pleat_search_target(search, targets[i], folder, &err);
    if (!status) {
      n_done++;
      continue;
    }
    cli_error_set_place(&err, targets[i]->name);
    code = cli_fail(status, &err);
    if (status == PLEAT_CANCELLED || status == PLEAT_IO || status == PLEAT_NOMEM) return code;
  }
  return code && n_done ? CLI_EXIT_PARTIAL : code;
}

static cli_exit search_targets(const cli_args *args, const pleat_targets *targets, const pleat_target **chosen) {
  pleat_error err = {0};
  int n_wrong = 0;
  bool is_new;
  size_t n = choose_targets(args, targets, chosen, &n_wrong);
  if (n == 0) return n_wrong ? CLI_EXIT_INPUT : CLI_EXIT_OK;
  pleat_search_options options = search_options(args);
  pleat_search *search = NULL;
  pleat_status status = pleat_search_open(&options, chosen, n, &search, &err);
  if (!status) status = cli_folder_create(args->out, &is_new, &err);
  cli_exit code = CLI_EXIT_OK;
  if (status) {
    code = cli_fail(status, &err);
  } else {
    cli_log_debug("%s", pleat_search_text(search));
    if (options.way == PLEAT_SEARCH_ALPHAFOLD) {
      code = search_each(args, search, chosen, n, n_wrong);
    } else {
      status = pleat_search_batch(search, chosen, n, args->out, &err);
      code = status ? cli_fail(status, &err) : n_wrong ? CLI_EXIT_PARTIAL : CLI_EXIT_OK;
    }
  }
  pleat_search_close(search);
  return code;
}

static cli_exit run(const cli_args *args) {
  pleat_error err = {0};
  pleat_targets *targets = NULL;
  cli_interrupt_init();
  /* Programs are ended in seconds; a second signal must not leave them behind. */
  cli_interrupt_set_writing(true);
  pleat_status status = pleat_targets_read(args->positionals[0], &targets, &err);
  if (status) return cli_fail(status, &err);
  cli_log_warnings(pleat_targets_warnings(targets));
  const pleat_target **chosen = calloc(pleat_targets_count(targets) + 1, sizeof(const pleat_target *));
  cli_exit code = CLI_EXIT_MEMORY;
  if (chosen) code = search_targets(args, targets, chosen);
  free(chosen);
  pleat_targets_destroy(targets);
  return code;
}

const cli_command cli_command_msa = {
    .name = "msa",
    .positionals = "INPUT",
    .n_positionals = 1,
    .summary = "Search local databases for alignments and templates.",
    .details =
        "INPUT is what 'pleat fold' reads. With HMMER and HH-suite, DIR/NAME/msas receives the files that AlphaFold "
        "writes\n"
        "(uniref90_hits.sto, bfd_uniref_hits.a3m, pdb_hits.hhr and so on; chains of complexes in A/, B/, ...), and "
        "pleat_manifest.json, which says how\n"
        "they came to be. With MMseqs2 (--msa-mode local_mmseqs2), DIR receives NAME.a3m as colabfold_search writes "
        "it.\n"
        "Results of an earlier run are kept. 'pleat db check' says which databases are there.\n",
    .examples =
        "  pleat msa query.fasta -o out --db /data/alphafold\n"
        "  pleat msa query.fasta -o out --db /data/alphafold --db-preset reduced_dbs --cpus 16\n"
        "  pleat msa query.fasta -o out --db /data/colabfold --msa-mode local_mmseqs2\n",
    .options = {CLI_OPT_OUT_DIR,
                CLI_OPT_DB,
                CLI_OPT_SEARCH_MODE,
                CLI_OPT_DB_PRESET,
                CLI_OPT_MODEL_PRESET,
                CLI_OPT_NO_TEMPLATES,
                CLI_OPT_CPUS,
                CLI_OPT_TIME_LIMIT,
                CLI_OPT_SEARCH_SHARD,
                CLI_OPT_SEARCH_OVERWRITE,
                CLI_OPT_UNIREF90,
                CLI_OPT_MGNIFY,
                CLI_OPT_BFD,
                CLI_OPT_UNIREF30,
                CLI_OPT_SMALL_BFD,
                CLI_OPT_UNIPROT,
                CLI_OPT_PDB70,
                CLI_OPT_PDB_SEQRES,
                CLI_OPT_JACKHMMER,
                CLI_OPT_HHBLITS,
                CLI_OPT_HHSEARCH,
                CLI_OPT_HMMBUILD,
                CLI_OPT_HMMSEARCH,
                CLI_OPT_MMSEQS,
                CLI_OPT_DB1,
                CLI_OPT_DB2,
                CLI_OPT_DB3,
                CLI_OPT_DB4,
                CLI_OPT_USE_ENV,
                CLI_OPT_USE_ENV_PAIRING,
                CLI_OPT_USE_TEMPLATES,
                CLI_OPT_FILTER_MSA,
                CLI_OPT_SENSITIVITY,
                CLI_OPT_PAIRING_STRATEGY,
                CLI_OPT_USE_PRECOMPUTED,
                CLI_OPT_LOG_LEVEL,
                CLI_OPT_END},
    .run = run};
