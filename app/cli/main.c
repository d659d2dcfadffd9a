/* pleat: the program. Finds the command, reads its options, runs it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "docs.h"
#include "events.h"
#include "exit.h"
#include "options.h"
#include "progress.h"

const cli_command *const cli_commands[] = {
    &cli_command_fold,     &cli_command_screen, &cli_command_msa,      &cli_command_features, &cli_command_colabfold,
    &cli_command_estimate, &cli_command_run,    &cli_command_selftest, &cli_command_bench,    &cli_command_graph,
    &cli_command_weights,  &cli_command_db,     &cli_command_download, &cli_command_info,     &cli_command_docs};
enum { N_COMMANDS = sizeof cli_commands / sizeof cli_commands[0] };
const int cli_n_commands = N_COMMANDS;

static const cli_command *find_command(const char *name) {
  for (int i = 0; i < N_COMMANDS; i++) {
    if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
  }
  return NULL;
}

static cli_exit print_version(void) {
  printf("pleat %s\n", pleat_version());
  return CLI_EXIT_OK;
}

static cli_exit print_help(void) {
  printf("pleat %s: protein structures with the AlphaFold 2 networks.\n\nUsage: pleat COMMAND [options]\n\nCommands:\n",
         pleat_version());
  for (int i = 0; i < N_COMMANDS; i++) printf("  %-16s%s\n", cli_commands[i]->name, cli_commands[i]->summary);
  printf("  %-16s%s\n  %-16s%s\n", "help", "Print this text, or that of a command.", "version", "Print the version.");
  printf("\n'pleat COMMAND --help' explains a command and gives examples.\n\nExit codes:\n");
  cli_exit_print_codes();
  return CLI_EXIT_OK;
}

static cli_exit fail_unknown_command(const char *name) {
  const char *names[N_COMMANDS + 3];
  for (int i = 0; i < N_COMMANDS; i++) names[i] = cli_commands[i]->name;
  names[N_COMMANDS] = "help";
  names[N_COMMANDS + 1] = "version";
  names[N_COMMANDS + 2] = NULL;
  const char *nearest = cli_nearest(name, names);
  if (nearest) return cli_fail_usage(NULL, "unknown command '%s', did you mean '%s'?", name, nearest);
  return cli_fail_usage(NULL, "unknown command '%s'", name);
}

static cli_exit run_command(const cli_command *command, int n, char **argv) {
  cli_args args;
  cli_exit code = cli_args_parse(command, n, argv, &args);
  if (code) return code;
  if (args.is_help) {
    cli_options_print_help(command);
    return CLI_EXIT_OK;
  }
  cli_log_set_level(strcmp(args.log_level, "quiet") == 0   ? CLI_LOG_QUIET
                    : strcmp(args.log_level, "debug") == 0 ? CLI_LOG_DEBUG
                                                           : CLI_LOG_INFO);
  if (strcmp(args.progress, "json") == 0) cli_events_enable();
  cli_progress_set_shown(strcmp(args.progress, "auto") == 0);
  return command->run(&args);
}

/* Installed as colabfold_batch, the program is that command. */
static bool is_colabfold(const char *program) {
  const char *slash = strrchr(program, '/');
  return strcmp(slash ? slash + 1 : program, CLI_COLABFOLD) == 0;
}

static cli_exit run(int argc, char **argv) {
  if (argc > 0 && is_colabfold(argv[0])) {
    if (argc == 2 && strcmp(argv[1], "--version") == 0) return print_version();
    return run_command(&cli_command_colabfold, argc - 1, argv + 1);
  }
  if (argc < 2) return cli_fail_usage(NULL, "a command is missing");
  const char *name = argv[1];
  if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) return print_version();
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return print_help();
  if (strcmp(name, "help") == 0 && argc < 3) return print_help();
  bool is_help = strcmp(name, "help") == 0;
  if (is_help) name = argv[2];
  const cli_command *command = find_command(name);
  if (!command) return fail_unknown_command(name);
  if (is_help) {
    cli_options_print_help(command);
    return CLI_EXIT_OK;
  }
  return run_command(command, argc - 2, argv + 2);
}

int main(int argc, char **argv) {
  /* A file that grows beyond a limit is then an error like a full disk, instead of a killed process. */
  signal(SIGXFSZ, SIG_IGN);
  cli_exit code = run(argc, argv);
  if (fflush(stdout) || ferror(stdout)) {
    fprintf(stderr, "pleat: cannot write to standard output\n");
    if (code == CLI_EXIT_OK) code = CLI_EXIT_IO;
  }
  return code;
}
