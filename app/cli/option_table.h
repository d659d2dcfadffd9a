/* The rows of the table of options.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_OPTION_TABLE_H
#define PLEAT_CLI_OPTION_TABLE_H

#include "options.h"

typedef enum option_kind {
  KIND_FLAG,
  KIND_TEXT,
  KIND_CHOICE, /* one of `choices` */
  KIND_MODELS, /* names of models, separated by ',' */
  KIND_MODEL,  /* one name */
  KIND_INTEGER,
  KIND_PAIR,  /* two integers, a:b */
  KIND_SHARD, /* i/n, 1 <= i <= n */
  KIND_LIST,  /* words of `choices`, separated by ',' */
  KIND_SHAPE, /* three integers, a,b,c */
  KIND_SIZE,  /* bytes with an optional K, M, G or T */
  KIND_REAL
} option_kind;

/* What becomes of an option: most do what they say. */
typedef enum option_fate {
  FATE_HONOURED,
  FATE_NOTED,  /* no meaning here: accepted, with `help` as the reason */
  FATE_REFUSED /* not possible yet: `help` is the reason */
} option_fate;

typedef struct option {
  const char *name;
  char letter; /* 0 = none */
  option_kind kind;
  const char *value; /* its name in the help */
  size_t offset;     /* of the field of cli_args */
  bool is_required;
  double min, max; /* of numbers */
  const char *help;
  const char *const *choices;
  option_fate fate;
  const char *harmless; /* value with which a refused option changes nothing */
} option;

/* By cli_option_id: those of pleat, of its searches, of the network, and those that only colabfold_batch has. */
extern const option cli_own_options[CLI_OPT_SEARCH_FIRST];
extern const option cli_search_options[CLI_OPT_NET_FIRST - CLI_OPT_SEARCH_FIRST];
extern const option cli_network_options[CLI_OPT_CF_FIRST - CLI_OPT_NET_FIRST];
extern const option cli_colabfold_options[CLI_N_OPTS - CLI_OPT_CF_FIRST];

static inline const option *cli_option(cli_option_id id) {
  if (id < CLI_OPT_SEARCH_FIRST) return &cli_own_options[id];
  if (id < CLI_OPT_NET_FIRST) return &cli_search_options[id - CLI_OPT_SEARCH_FIRST];
  if (id < CLI_OPT_CF_FIRST) return &cli_network_options[id - CLI_OPT_NET_FIRST];
  return &cli_colabfold_options[id - CLI_OPT_CF_FIRST];
}

#endif
