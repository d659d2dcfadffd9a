/* Parsing, help and error messages, made from the table of all options.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "option_table.h"
#include "progress.h"

static void *field_of(cli_args *args, const option *opt) { return (char *)args + opt->offset; }

/* Words that are near each other. */

enum { MAX_WORD = 40 };

/* Levenshtein's distance. */
static int word_distance(const char *a, const char *b) {
  int row[MAX_WORD + 1];
  int n_a = (int)strlen(a), n_b = (int)strlen(b);
  if (n_a > MAX_WORD || n_b > MAX_WORD) return MAX_WORD;
  for (int j = 0; j <= n_b; j++) row[j] = j;
  for (int i = 1; i <= n_a; i++) {
    int diagonal = row[0];
    row[0] = i;
    for (int j = 1; j <= n_b; j++) {
      int best = diagonal + (a[i - 1] != b[j - 1]);
      if (row[j] + 1 < best) best = row[j] + 1;
      if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
      diagonal = row[j];
      row[j] = best;
    }
  }
  return row[n_b];
}

const char *cli_nearest(const char *word, const char *const *words) {
  const char *nearest = NULL;
  int best = (int)strlen(word) / 3 + 2;
  for (; *words; words++) {
    int distance = word_distance(word, *words);
    if (distance >= best) continue;
    best = distance;
    nearest = *words;
  }
  return nearest;
}

/* Values. */

static bool parse_integer(const char *text, const option *opt, const char **out_end, int64_t *out_value) {
  char *end = NULL;
  if (!((*text >= '0' && *text <= '9') || *text == '-')) return false;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (errno || end == text || (double)value < opt->min || (double)value > opt->max) return false;
  *out_value = value;
  *out_end = end;
  return true;
}

static bool parse_pair(const char *text, const option *opt, int64_t out_pair[2]) {
  const char *end;
  if (!parse_integer(text, opt, &end, &out_pair[0]) || *end != ':') return false;
  return parse_integer(end + 1, opt, &end, &out_pair[1]) && *end == '\0';
}

static bool parse_shard(const char *text, const option *opt, int64_t out_shard[2]) {
  const char *end;
  if (!parse_integer(text, opt, &end, &out_shard[0]) || *end != '/') return false;
  return parse_integer(end + 1, opt, &end, &out_shard[1]) && *end == '\0' && out_shard[0] <= out_shard[1];
}

static bool parse_shape(const char *text, const option *opt, int64_t out_shape[3]) {
  const char *end = text;
  for (int i = 0; i < 3; i++) {
    if (!parse_integer(end + (i > 0), opt, &end, &out_shape[i]) || *end != (i < 2 ? ',' : '\0')) return false;
  }
  return true;
}

static bool parse_size(const char *text, const option *opt, uint64_t *out_bytes) {
  static const char units[] = "KMGT";
  char *end = NULL;
  if (!(*text >= '0' && *text <= '9')) return false;
  double value = strtod(text, &end);
  if (strspn(text, "0123456789.") != (size_t)(end - text)) return false; /* no exponents, no hexadecimal */
  const char *unit = *end ? strchr(units, *end) : NULL;
  if (unit) {
    for (const char *u = units; u <= unit; u++) value *= 1024;
    end++;
    if (*end == 'i') end++;
  }
  if (*end == 'B') end++;
  if (*end || !(value >= opt->min && value <= opt->max)) return false;
  *out_bytes = (uint64_t)value;
  return true;
}

static bool parse_real(const char *text, const option *opt, double *out_value) {
  char *end = NULL;
  if (strspn(text, "+-.0123456789eE") != strlen(text)) return false;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= opt->min && value <= opt->max)) return false;
  *out_value = value;
  return true;
}

/* ", did you mean 'X'?" or nothing; for messages. */
static const char *suggestion(const char *word, const char *const *words, char *buf, size_t n_buf) {
  const char *nearest = cli_nearest(word, words);
  buf[0] = '\0';
  if (nearest) snprintf(buf, n_buf, ", did you mean '%s'?", nearest);
  return buf;
}

static cli_exit add_model(const cli_command *command, const char *name, size_t n, cli_args *args) {
  const char *const *names = pleat_model_names();
  for (const char *const *known = names; *known; known++) {
    if (strlen(*known) != n || memcmp(*known, name, n)) continue;
    for (int64_t i = 0; i < args->n_models; i++) {
      if (args->models[i] == *known) return CLI_EXIT_OK;
    }
    if (args->n_models < CLI_MAX_MODELS) args->models[args->n_models++] = *known;
    return CLI_EXIT_OK;
  }
  char word[MAX_WORD + 1], text[64];
  snprintf(word, sizeof word, "%.*s", (int)(n < MAX_WORD ? n : MAX_WORD), name);
  suggestion(word, names, text, sizeof text);
  return cli_fail_usage(command->name,
                        "unknown model '%s'%s Known are model_1 to model_5, also with _ptm, _multimer, _multimer_v2 "
                        "and _multimer_v3.",
                        word, text[0] ? text : ".");
}

static cli_exit parse_models(const cli_command *command, const option *opt, const char *text, cli_args *args) {
  args->n_models = 0;
  if (opt->kind == KIND_MODEL) return add_model(command, text, strlen(text), args);
  for (;;) {
    size_t n = strcspn(text, ",");
    cli_exit code = add_model(command, text, n, args);
    if (code || !text[n]) return code;
    text += n + 1;
  }
}

static const char *find_choice(const option *opt, const char *text, size_t n) {
  for (const char *const *choice = opt->choices; *choice; choice++) {
    if (strlen(*choice) == n && memcmp(*choice, text, n) == 0) return *choice;
  }
  return NULL;
}

static cli_exit fail_choice(const cli_command *command, const option *opt, const char *text) {
  char list[160] = "";
  size_t n = 0;
  for (const char *const *choice = opt->choices; *choice; choice++) {
    n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n ? ", " : "", *choice);
  }
  return cli_fail_usage(command->name, "--%s must be %s of %s; found '%s'", opt->name,
                        opt->kind == KIND_LIST ? "a list" : "one", list, text);
}

static cli_exit parse_choice(const cli_command *command, const option *opt, const char *text, const char **out_choice) {
  *out_choice = find_choice(opt, text, strlen(text));
  return *out_choice ? CLI_EXIT_OK : fail_choice(command, opt, text);
}

static cli_exit parse_list(const cli_command *command, const option *opt, const char *text, const char **out_list) {
  for (const char *p = text;; p++) {
    size_t n = strcspn(p, ",");
    if (!find_choice(opt, p, n)) return fail_choice(command, opt, text);
    p += n;
    if (!*p) break;
  }
  *out_list = text;
  return CLI_EXIT_OK;
}

bool cli_skips_output(const cli_args *args, const char *output) {
  size_t n_output = strlen(output);
  for (const char *p = args->skip_output; p && *p; p += *p == ',') {
    size_t n = strcspn(p, ",");
    if (n == n_output && memcmp(p, output, n) == 0) return true;
    p += n;
  }
  return false;
}

static cli_exit parse_value(const cli_command *command, const option *opt, const char *text, cli_args *args) {
  void *field = field_of(args, opt);
  const char *end;
  switch (opt->kind) {
    case KIND_FLAG: break;
    case KIND_TEXT:
      if (!*text) return cli_fail_usage(command->name, "--%s needs a value: %s", opt->name, opt->value);
      *(const char **)field = text;
      break;
    case KIND_CHOICE: return parse_choice(command, opt, text, field);
    case KIND_LIST: return parse_list(command, opt, text, field);
    case KIND_SHARD:
      if (parse_shard(text, opt, field)) break;
      return cli_fail_usage(command->name, "--%s must be I/N with I from 1 to N, e.g. 2/8; found '%s'", opt->name,
                            text);
    case KIND_MODELS:
    case KIND_MODEL: return parse_models(command, opt, text, args);
    case KIND_INTEGER:
      if (parse_integer(text, opt, &end, field) && *end == '\0') break;
      return cli_fail_usage(command->name, "--%s must be an integer from %.0f to %.0f; found '%s'", opt->name, opt->min,
                            opt->max, text);
    case KIND_PAIR:
      if (parse_pair(text, opt, field)) break;
      return cli_fail_usage(command->name, "--%s must be two integers %s from %.0f to %.0f, e.g. 128:512; found '%s'",
                            opt->name, opt->value, opt->min, opt->max, text);
    case KIND_SHAPE:
      if (parse_shape(text, opt, field)) break;
      return cli_fail_usage(command->name,
                            "--%s must be three integers %s from %.0f to %.0f, e.g. 128,512,1024; found '%s'",
                            opt->name, opt->value, opt->min, opt->max, text);
    case KIND_SIZE:
      if (parse_size(text, opt, field)) break;
      return cli_fail_usage(command->name, "--%s must be a number of bytes, e.g. 512M or 8G; found '%s'", opt->name,
                            text);
    case KIND_REAL:
      if (parse_real(text, opt, field)) break;
      return cli_fail_usage(command->name, "--%s must be a number from %g to %g; found '%s'", opt->name, opt->min,
                            opt->max, text);
  }
  return CLI_EXIT_OK;
}

/* The command line. */

static cli_args args_default(void) {
  return (cli_args){.num_recycle = -1,
                    .num_ensemble = 1,
                    .num_seeds = 1,
                    .n_extra = -1,
                    .n_templ = -1,
                    .repeat = 1,
                    .shape = {100, 1, 0},
                    .msa_mask_fraction = -1,
                    .backend = "cpu",
                    .precision = "f32",
                    .dtype = "f32",
                    .dump = "plan",
                    .msa_order = "random",
                    .sort_by = "length",
                    .rank_by = "auto",
                    .stop_at_score = 100,
                    .keep_top = 100,
                    .progress = "auto",
                    .num_models = 5,
                    .model_order = "1,2,3,4,5",
                    .pair_mode = "unpaired_paired",
                    .pair_strategy = "greedy",
                    .host_url = PLEAT_MSA_DEFAULT_HOST,
                    .recycle_tolerance = -1,
                    .search_mode = "local",
                    .db_preset = "full_dbs",
                    .use_env = 1,
                    .filter_msa = 1,
                    .log_level = "info"};
}

/* AlphaFold's flags are written with '_', which nothing here has in its name. */
static bool is_same_name(const char *name, const char *word, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (name[i] != (word[i] == '_' ? '-' : word[i])) return false;
  }
  return true;
}

/* The only option that begins with `name`. */
static const option *find_prefix(const cli_command *command, const char *name, size_t n) {
  const option *found = NULL;
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (strncmp(cli_option(*id)->name, name, n)) continue;
    if (found) return NULL;
    found = cli_option(*id);
  }
  return found;
}

static const option *find_option(const cli_command *command, const char *name, size_t n) {
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (strlen(opt->name) == n && is_same_name(opt->name, name, n)) return opt;
  }
  return command->takes_prefixes ? find_prefix(command, name, n) : NULL;
}

static const option *find_letter(const cli_command *command, const char *word) {
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (cli_option(*id)->letter && cli_option(*id)->letter == word[1] && word[2] == '\0') return cli_option(*id);
  }
  return NULL;
}

static cli_exit fail_unknown(const cli_command *command, const char *word) {
  const char *names[CLI_N_OPTS + 2];
  size_t n = 0;
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) names[n++] = cli_option(*id)->name;
  names[n++] = "help";
  names[n] = NULL;
  char name[MAX_WORD + 1];
  size_t n_dashes = strspn(word, "-");
  snprintf(name, sizeof name, "%.*s", (int)strcspn(word + n_dashes, "="), word + n_dashes);
  const char *nearest = cli_nearest(name, names);
  if (nearest) return cli_fail_usage(command->name, "unknown option '%s', did you mean '--%s'?", word, nearest);
  return cli_fail_usage(command->name, "unknown option '%s'", word);
}

/* What is done about an option that has no effect. */
static cli_exit take_without_effect(const cli_command *command, const option *opt, const char *opt_value) {
  if (opt->fate == FATE_REFUSED && !(opt_value && opt->harmless && strcmp(opt_value, opt->harmless) == 0)) {
    return cli_fail_usage(command->name, "--%s%s%s is refused: %s", opt->name, opt_value ? " " : "",
                          opt_value ? opt_value : "", opt->help);
  }
  if (opt->fate == FATE_NOTED) cli_log_info("note: --%s has no effect: %s", opt->name, opt->help);
  return CLI_EXIT_OK;
}

/* Takes the option at argv[*i] and its value, which may be the next word. */
static cli_exit take_option(const cli_command *command, int n, char **argv, int *i, cli_args *args) {
  const char *word = argv[*i];
  bool is_long = word[1] == '-';
  size_t n_name = is_long ? strcspn(word + 2, "=") : 0;
  if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
    args->is_help = true;
    return CLI_EXIT_OK;
  }
  const option *opt = is_long ? find_option(command, word + 2, n_name) : find_letter(command, word);
  if (!opt) return fail_unknown(command, word);
  const char *value = is_long && word[2 + n_name] == '=' ? word + 2 + n_name + 1 : NULL;
  if (opt->kind == KIND_FLAG) {
    if (opt->fate != FATE_HONOURED) return take_without_effect(command, opt, value);
    if (value) return cli_fail_usage(command->name, "--%s takes no value; found '%s'", opt->name, value);
    *(bool *)field_of(args, opt) = true;
    return CLI_EXIT_OK;
  }
  if (!value) {
    if (*i + 1 >= n || strncmp(argv[*i + 1], "--", 2) == 0) {
      return cli_fail_usage(command->name, "--%s needs a value: %s", opt->name, opt->value);
    }
    value = argv[++*i];
  }
  if (opt->fate != FATE_HONOURED) return take_without_effect(command, opt, value);
  return parse_value(command, opt, value, args);
}

static bool is_given(const option *opt, const cli_args *args) {
  const void *field = (const char *)args + opt->offset;
  if (opt->kind == KIND_MODELS || opt->kind == KIND_MODEL) return args->n_models > 0;
  if (opt->kind == KIND_INTEGER) return (double)*(const int64_t *)field >= opt->min;
  return *(const char *const *)field != NULL;
}

static cli_exit check_complete(const cli_command *command, const cli_args *args) {
  if (args->n_positionals != command->n_positionals) {
    return cli_fail_usage(command->name, "expected %s after '%s', found %d argument%s",
                          command->n_positionals ? command->positionals : "options only", command->name,
                          args->n_positionals, args->n_positionals == 1 ? "" : "s");
  }
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (!opt->is_required || is_given(opt, args)) continue;
    return cli_fail_usage(command->name, "--%s %s is missing: %s", opt->name, opt->value, opt->help);
  }
  return CLI_EXIT_OK;
}

cli_exit cli_args_parse(const cli_command *command, int n, char **argv, cli_args *out_args) {
  *out_args = args_default();
  bool is_options_end = false;
  for (int i = 0; i < n; i++) {
    const char *word = argv[i];
    if (!is_options_end && strcmp(word, "--") == 0) {
      is_options_end = true;
    } else if (!is_options_end && word[0] == '-' && word[1]) {
      cli_exit code = take_option(command, n, argv, &i, out_args);
      if (code) return code;
    } else if (out_args->n_positionals < command->n_positionals) {
      out_args->positionals[out_args->n_positionals++] = word;
    } else {
      return cli_fail_usage(command->name, "one argument too many: '%s'", word);
    }
  }
  return out_args->is_help ? CLI_EXIT_OK : check_complete(command, out_args);
}

/* Help. */

enum { HELP_COLUMN = 32, HELP_WIDTH = 100 };

/* Prints text between HELP_COLUMN and HELP_WIDTH, broken at blanks; the cursor stands at `column`. */
static void print_wrapped(const char *text, int column) {
  if (column >= HELP_COLUMN) {
    printf("\n");
    column = 0;
  }
  printf("%*s", HELP_COLUMN - column, "");
  column = HELP_COLUMN;
  while (*text) {
    int n = (int)strcspn(text, " ");
    if (column > HELP_COLUMN && column + 1 + n > HELP_WIDTH) {
      printf("\n%*s", HELP_COLUMN, "");
      column = HELP_COLUMN;
    } else if (column > HELP_COLUMN) {
      printf(" ");
      column++;
    }
    printf("%.*s", n, text);
    column += n;
    text += n + (text[n] == ' ');
  }
  printf("\n");
}

static void print_option(const option *opt) {
  char help[400];
  int column = opt->letter ? printf("  -%c, --%s", opt->letter, opt->name) : printf("      --%s", opt->name);
  if (opt->value) column += printf(" %s", opt->value);
  size_t n = (size_t)snprintf(help, sizeof help, "%s", opt->help);
  for (const char *const *choice = opt->choices; choice && *choice && n < sizeof help; choice++) {
    n += (size_t)snprintf(help + n, sizeof help - n, "%s%s", choice == opt->choices ? ": " : ", ", *choice);
  }
  print_wrapped(help, column);
}

static void print_options(const cli_command *command, option_fate fate, const char *title) {
  bool is_first = true;
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (cli_option(*id)->fate != fate) continue;
    if (is_first) printf("%s", title);
    is_first = false;
    print_option(cli_option(*id));
  }
}

void cli_options_print_help(const cli_command *command) {
  printf("Usage: %s%s%s%s", strcmp(command->name, CLI_COLABFOLD) ? "pleat " : "", command->name,
         command->n_positionals ? " " : "", command->n_positionals ? command->positionals : "");
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (cli_option(*id)->is_required) printf(" --%s %s", cli_option(*id)->name, cli_option(*id)->value);
  }
  printf(" [options]\n\n%s\n%s\n", command->summary, command->details);
  print_options(command, FATE_HONOURED, "Options:\n");
  print_wrapped("this text", printf("  -h, --help"));
  print_options(command, FATE_NOTED, "\nAccepted, but without effect:\n");
  print_options(command, FATE_REFUSED, "\nRefused:\n");
  printf("\nExamples:\n%s", command->examples);
}

/* From the command line to the library. */

pleat_model_options cli_model_options(const cli_args *args, const char *model) {
  return (pleat_model_options){.name = model,
                               .opt_backend = args->backend,
                               .n_threads = (int)args->threads,
                               .opt_precision = args->precision,
                               .opt_cpu_mask = args->cpu_mask};
}

pleat_predict_options cli_predict_options(const cli_args *args) {
  return (pleat_predict_options){.num_recycle = args->num_recycle,
                                 .num_ensemble = args->num_ensemble,
                                 .max_msa = args->max_msa[0],
                                 .max_extra_msa = args->max_msa[1],
                                 .early_stop_tolerance = args->early_stop_tolerance,
                                 .msa_mask_fraction = args->msa_mask_fraction,
                                 .is_identity_order = strcmp(args->msa_order, "identity") == 0,
                                 .is_unclustered = args->is_unclustered,
                                 .seed = (uint64_t)args->seed,
                                 .memory_bytes = args->memory_bytes,
                                 .want_chain_scores = args->want_chain_scores,
                                 .is_contact_binary = args->is_contact_binary,
                                 .keep_padding = args->keep_padding,
                                 .is_unfused = args->is_unfused,
                                 .is_unhoisted = args->is_unhoisted,
                                 .n_chunks = args->chunks};
}

pleat_status cli_targets_read(const cli_args *args, pleat_targets **out_targets, pleat_error *err) {
  pleat_status status = pleat_targets_read(args->positionals[0], out_targets, err);
  if (status || !args->msas) return status;
  status = pleat_targets_find_msas(*out_targets, args->msas, err);
  if (!status) return PLEAT_OK;
  pleat_targets_destroy(*out_targets);
  *out_targets = NULL;
  return status;
}
