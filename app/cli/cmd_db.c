/* pleat db: databases on this machine.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "pleat/search.h"
#include "pleat/structures.h"
#include "progress.h"

static const char *state_text(pleat_db_state state) {
  switch (state) {
    case PLEAT_DB_COMPLETE: return "complete";
    case PLEAT_DB_MISSING: return "missing";
    case PLEAT_DB_UNPACKED_PARTLY: return "unfinished";
    case PLEAT_DB_DAMAGED: return "damaged";
  }
  return "";
}

static void format_size(uint64_t bytes, char out[32]) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  double value = (double)bytes;
  int unit = 0;
  for (; value >= 1000 && unit < 4; unit++) value /= 1000;
  snprintf(out, 32, "%.*f %s", unit && value < 10 ? 1 : 0, value, units[unit]);
}

static void print_report(const pleat_db_report *report) {
  char size[32] = "", date[32] = "";
  struct tm parts;
  time_t when = (time_t)report->changed_s;
  if (report->size_bytes) format_size(report->size_bytes, size);
  if (report->changed_s && gmtime_r(&when, &parts)) strftime(date, sizeof date, "%Y-%m-%d", &parts);
  printf("%-20s %-11s %10s  %-10s  %s%s%s\n", pleat_db_name(report->db), state_text(report->state), size, date,
         report->path, report->path[0] && report->note[0] ? ": " : "", report->note);
}

static cli_exit check(const char *folder, const cli_args *args) {
  pleat_error err = {0};
  pleat_db_report reports[PLEAT_N_DBS];
  (void)args;
  pleat_status status = pleat_db_check(folder, reports, &err);
  if (status) return cli_fail(status, &err);
  printf("%-20s %-11s %10s  %-10s  %s\n", "database", "state", "size", "date", "path");
  bool is_wrong = false;
  for (int i = 0; i < PLEAT_N_DBS; i++) {
    print_report(&reports[i]);
    is_wrong |= reports[i].state == PLEAT_DB_DAMAGED || reports[i].state == PLEAT_DB_UNPACKED_PARTLY;
  }
  return is_wrong ? CLI_EXIT_CHECK : CLI_EXIT_OK;
}

static bool on_entry(void *arg, const char *name, const pleat_structures_packed *so_far) {
  (void)arg;
  (void)name;
  (void)so_far;
  return !cli_interrupt_is_raised();
}

static cli_exit pack(const char *folder, const cli_args *args) {
  pleat_error err = {0};
  pleat_structures_packed packed;
  const pleat_structures_pack_options options = {.opt_on_entry = on_entry};
  cli_interrupt_init();
  if (!args->out) return cli_fail_usage("db", "--out FILE is missing: 'pack' writes an archive");
  pleat_status status = pleat_structures_pack(folder, args->out, &options, &packed, &err);
  if (status) return cli_fail(status, &err);
  if (cli_log_has_level(CLI_LOG_INFO))
    printf("%s: %llu entries from %.1f MB, %llu other files passed over\n", args->out,
           (unsigned long long)packed.n_entries, (double)packed.n_bytes / 1e6, (unsigned long long)packed.n_others);
  return CLI_EXIT_OK;
}

static const char *const actions[] = {"check", "pack", NULL};
static cli_exit (*const functions[])(const char *folder, const cli_args *args) = {check, pack};

static cli_exit run(const cli_args *args) {
  const char *action = args->positionals[0];
  for (int i = 0; actions[i]; i++)
    if (strcmp(action, actions[i]) == 0) return functions[i](args->positionals[1], args);
  const char *nearest = cli_nearest(action, actions);
  return cli_fail_usage("db", "unknown action '%s': expected check or pack%s%s%s", action,
                        nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

const cli_command cli_command_db = {
    .name = "db",
    .positionals = "ACTION DIR",
    .n_positionals = 2,
    .summary = "Check the databases of a folder, or pack structures into one archive.",
    .details =
        "'check' looks for AlphaFold's databases in the subfolders that its scripts make, and for ColabFold's in DIR "
        "itself: complete,\n"
        "unfinished (a download or unpacking that was broken off), damaged or missing, with size and date. Exit code 1 "
        "when one is\n"
        "unfinished or damaged. Files are not read as a whole.\n"
        "'pack' puts the entries of a folder (1abc.cif, 1abc.cif.gz, also ab/1abc.cif.gz) into the one archive --out "
        "FILE,\n"
        "in which an entry is found by its id without reading the others. It is a zip, which other programs read too;\n"
        "what is compressed is copied as it is.\n",
    .examples =
        "  pleat db check /data/alphafold\n"
        "  pleat db pack /data/pdb_mmcif/mmcif_files --out pdb_mmcif.zip\n",
    .options = {CLI_OPT_OUT_FILE, CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
