/* pleat db: which databases are there.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "options.h"
#include "pleat/search.h"

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

static cli_exit run(const cli_args *args) {
  pleat_error err = {0};
  pleat_db_report reports[PLEAT_N_DBS];
  if (strcmp(args->positionals[0], "check") != 0) {
    return cli_fail_usage("db", "unknown '%s', the only thing that can be done is 'check'", args->positionals[0]);
  }
  pleat_status status = pleat_db_check(args->positionals[1], reports, &err);
  if (status) return cli_fail(status, &err);
  printf("%-20s %-11s %10s  %-10s  %s\n", "database", "state", "size", "date", "path");
  bool is_wrong = false;
  for (int i = 0; i < PLEAT_N_DBS; i++) {
    print_report(&reports[i]);
    is_wrong |= reports[i].state == PLEAT_DB_DAMAGED || reports[i].state == PLEAT_DB_UNPACKED_PARTLY;
  }
  return is_wrong ? CLI_EXIT_CHECK : CLI_EXIT_OK;
}

const cli_command cli_command_db = {
    .name = "db",
    .positionals = "check DIR",
    .n_positionals = 2,
    .summary = "Say which databases a folder has.",
    .details =
        "Looks for AlphaFold's databases in the subfolders that its scripts make, and for ColabFold's in DIR itself: "
        "complete,\n"
        "unfinished (a download or unpacking that was broken off), damaged or missing, with size and date. Exit code 1 "
        "when one is\n"
        "unfinished or damaged. Files are not read as a whole.\n",
    .examples = "  pleat db check /data/alphafold\n",
    .options = {CLI_OPT_LOG_LEVEL, CLI_OPT_END},
    .run = run};
