/* pleat download: parameters and databases.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "data_places.h"
#include "files.h"
#include "options.h"
#include "pleat/download.h"
#include "progress.h"

enum { MAX_NAMES = 32 };

/* What is to be fetched, each dataset once. */
typedef struct plan {
  const pleat_dataset *items[MAX_NAMES];
  bool is_there[MAX_NAMES];
  int n_items;
  char dir[CLI_MAX_PATH];
} plan;

/* How fast one file comes. */
typedef struct meter {
  const char *file;
  double start_ms;
  uint64_t n_start;
} meter;

static const pleat_dataset *find_dataset(const char *name, size_t n) {
  const pleat_dataset *dataset;
  for (size_t i = 0; (dataset = pleat_dataset_get(i)) != NULL; i++) {
    if (strlen(dataset->name) == n && memcmp(dataset->name, name, n) == 0) return dataset;
  }
  return NULL;
}

static void add(plan *p, const pleat_dataset *dataset) {
  for (int i = 0; i < p->n_items; i++) {
    if (p->items[i] == dataset) return;
  }
  if (p->n_items < MAX_NAMES) p->items[p->n_items++] = dataset;
}

static bool add_name(plan *p, const char *name, size_t n) {
  size_t n_presets;
  const pleat_dataset_preset *presets = pleat_dataset_presets(&n_presets);
  for (size_t i = 0; i < n_presets; i++) {
    if (strlen(presets[i].name) != n || memcmp(presets[i].name, name, n)) continue;
    for (const char *const *item = presets[i].datasets; *item; item++) add(p, find_dataset(*item, strlen(*item)));
    return true;
  }
  const pleat_dataset *dataset = find_dataset(name, n);
  if (dataset) add(p, dataset);
  return dataset != NULL;
}

static cli_exit fail_name(const char *name, size_t n) {
  const char *names[64];
  size_t n_names = 0, n_presets;
  char word[64];
  const pleat_dataset *dataset;
  const pleat_dataset_preset *presets = pleat_dataset_presets(&n_presets);
  for (size_t i = 0; (dataset = pleat_dataset_get(i)) != NULL && n_names < 40; i++) names[n_names++] = dataset->name;
  for (size_t i = 0; i < n_presets && n_names < 62; i++) names[n_names++] = presets[i].name;
  names[n_names] = NULL;
  snprintf(word, sizeof word, "%.*s", n < 40 ? (int)n : 40, name);
  const char *nearest = cli_nearest(word, names);
  return cli_fail_usage("download", "there is no '%s' to download%s%s%s 'pleat download list' prints what there is.",
                        word, nearest ? ", did you mean '" : ".", nearest ? nearest : "", nearest ? "'?" : "");
}

static cli_exit print_list(void) {
  const pleat_dataset *dataset;
  size_t n_presets;
  const pleat_dataset_preset *presets = pleat_dataset_presets(&n_presets);
  printf("%-20s %12s %12s  %s\n", "name", "download", "on disk", "what");
  for (size_t i = 0; (dataset = pleat_dataset_get(i)) != NULL; i++) {
    printf("%-20s %9.1f GB %9.1f GB  %s\n", dataset->name, dataset->download_gb, dataset->unpacked_gb, dataset->about);
  }
  printf("\n");
  for (size_t i = 0; i < n_presets; i++) {
    double download_gb = 0, unpacked_gb = 0;
    char names[200] = "";
    size_t n = 0;
    for (const char *const *item = presets[i].datasets; *item && n < sizeof names; item++) {
      dataset = find_dataset(*item, strlen(*item));
      download_gb += dataset->download_gb;
      unpacked_gb += dataset->unpacked_gb;
      n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? " " : "", *item);
    }
    printf("%-20s %9.1f GB %9.1f GB  %s\n", presets[i].name, download_gb, unpacked_gb, names);
  }
  return CLI_EXIT_OK;
}

/* Space of what is still to come: an archive stays until its files are whole. */
static double print_plan(const plan *p) {
  double download_gb = 0, unpacked_gb = 0, need_gb = 0, largest_gb = 0;
  char slow[CLI_MAX_DURATION], fast[CLI_MAX_DURATION];
  printf("into %s:\n", p->dir);
  for (int i = 0; i < p->n_items; i++) {
    const pleat_dataset *item = p->items[i];
    printf("  %-14s %8.1f GB %8.1f GB on disk  %s%s\n", item->name, item->download_gb, item->unpacked_gb, item->about,
           p->is_there[i] ? "  (is there)" : "");
    if (p->is_there[i]) continue;
    download_gb += item->download_gb;
    unpacked_gb += item->unpacked_gb;
    if (item->download_gb > largest_gb) largest_gb = item->download_gb;
  }
  need_gb = unpacked_gb + largest_gb;
  cli_format_duration(download_gb * 1e9 / 1e7 * 1e3, slow);
  cli_format_duration(download_gb * 1e9 / 1e8 * 1e3, fast);
  printf("to fetch: %.1f GB, at most %.1f GB of disk (%.1f GB in the end); %s at 10 MB/s, %s at 100 MB/s\n",
         download_gb, need_gb, unpacked_gb, slow, fast);
  fflush(stdout);
  return need_gb;
}

/* Of the file system that the folder is on, or will be. */
static double free_gb(const char *dir) {
  struct statvfs info;
  char place[CLI_MAX_PATH];
  snprintf(place, sizeof place, "%s", dir);
  while (statvfs(place[0] ? place : ".", &info)) {
    char *slash = strrchr(place, '/');
    if (!place[0] || strcmp(place, "/") == 0) return 1e18;
    if (slash == place)
      place[1] = '\0';
    else
      *(slash ? slash : place) = '\0';
  }
  return (double)info.f_bavail * (double)info.f_frsize / 1e9;
}

static bool go_on(void *ctx) {
  (void)ctx;
  return !cli_interrupt_is_raised();
}

static void show(void *ctx, const char *file, uint64_t n_done, uint64_t n_total) {
  meter *m = ctx;
  char line[256], bar[21], left[CLI_MAX_DURATION];
  double now_ms = cli_time_ms();
  if (!m->file || strcmp(m->file, file)) *m = (meter){.file = file, .start_ms = now_ms, .n_start = n_done};
  double seconds = (now_ms - m->start_ms) / 1e3, rate = seconds > 0.5 ? (double)(n_done - m->n_start) / seconds : 0;
  int n_filled = (int)(20.0 * (double)n_done / (double)n_total);
  for (int i = 0; i < 20; i++) bar[i] = i < n_filled ? '#' : '.';
  bar[20] = '\0';
  size_t n = (size_t)snprintf(line, sizeof line, "%.60s [%s] %.2f of %.2f GB", file, bar, (double)n_done / 1e9,
                              (double)n_total / 1e9);
  if (rate > 0) {
    cli_format_duration((double)(n_total - n_done) / rate * 1e3, left);
    snprintf(line + n, sizeof line - n, "  %.1f MB/s  about %s left", rate / 1e6, left);
  }
  cli_progress_show_line(line);
}

static cli_exit fetch_all(const plan *p, const cli_args *args) {
  meter m = {0};
  const pleat_download_options options = {.opt_proxy = args->proxy,
                                          .opt_mirror = args->mirror,
                                          .n_connections = (int)args->connections,
                                          .wait_s = args->retry_wait_s,
                                          .opt_poll = go_on,
                                          .opt_progress = show,
                                          .ctx = &m};
  for (int i = 0; i < p->n_items; i++) {
    pleat_error err = {0};
    double start_ms = cli_time_ms();
    char took[CLI_MAX_DURATION];
    if (p->is_there[i]) continue;
    pleat_status status = pleat_dataset_fetch(p->items[i]->name, p->dir, &options, &err);
    cli_progress_clear_line();
    if (status) {
      cli_error_set_place(&err, p->items[i]->name);
      return cli_fail(status, &err);
    }
    cli_format_duration(cli_time_ms() - start_ms, took);
    cli_log_info("%s: done in %s", p->items[i]->name, took);
  }
  return CLI_EXIT_OK;
}

static cli_exit run(const cli_args *args) {
  plan p = {0};
  const char *names = args->positionals[0];
  if (strcmp(names, "list") == 0) return print_list();
  for (size_t n; *names; names += n + (names[n] == ',')) {
    n = strcspn(names, ",");
    if (!add_name(&p, names, n)) return fail_name(names, n);
  }
  if (args->mirror && !strchr(args->mirror, '=')) {
    return cli_fail_usage("download", "--mirror must be FROM=TO, two beginnings of addresses; found '%s'",
                          args->mirror);
  }
  if (args->dir) snprintf(p.dir, sizeof p.dir, "%s", args->dir);
  if (!args->dir) cli_data_default(p.dir);
  for (int i = 0; i < p.n_items; i++) {
    pleat_error err = {0};
    pleat_status status = pleat_dataset_check(p.items[i]->name, p.dir, args->is_thorough, &p.is_there[i], &err);
    if (status) return cli_fail(status, &err);
  }
  double need_gb = print_plan(&p), have_gb = free_gb(p.dir);
  if (args->is_dry_run) return CLI_EXIT_OK;
  if (args->is_thorough) {
    for (int i = 0; i < p.n_items; i++) {
      if (!p.is_there[i]) return CLI_EXIT_CHECK;
    }
    return CLI_EXIT_OK;
  }
  if (need_gb > have_gb && !args->is_forced) {
    pleat_error err;
    return cli_fail(
        cli_error(&err, PLEAT_IO,
                  "'%s' has %.1f GB free, up to %.1f GB are needed: free some, choose another --dir, or say "
                  "--force",
                  p.dir, have_gb, need_gb),
        &err);
  }
  cli_interrupt_init();
  return fetch_all(&p, args);
}

const cli_command cli_command_download = {
    .name = "download",
    .positionals = "NAME[,NAME...]",
    .n_positionals = 1,
    .summary = "Fetch parameters and databases.",
    .details =
        "NAME is a dataset (params, uniref90, ...), a choice of them (monomer-reduced, ...), or 'list', which prints "
        "all "
        "with\n"
        "their sizes. Folders and files are those of AlphaFold's scripts, and what such a script has fetched is not "
        "fetched\n"
        "again. Interrupted or killed, the same command goes on where it stopped. The SHA-256 of every file is "
        "recorded "
        "when it\n"
        "is first fetched; --check compares them.\n",
    .examples =
        "  pleat download list\n"
        "  pleat download params\n"
        "  pleat download monomer-reduced --dir /data/alphafold --dry-run\n",
    .options = {CLI_OPT_DIR, CLI_OPT_DRY_RUN, CLI_OPT_CHECK, CLI_OPT_CONNECTIONS, CLI_OPT_MIRROR, CLI_OPT_PROXY,
                CLI_OPT_RETRY_WAIT, CLI_OPT_FORCE, CLI_OPT_LOG_LEVEL, CLI_OPT_PROGRESS, CLI_OPT_END},
    .run = run};
