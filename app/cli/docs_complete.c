/* Completions for bash, zsh and fish.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "docs.h"
#include "option_table.h"

static bool is_colabfold(const cli_command *command) { return strcmp(command->name, CLI_COLABFOLD) == 0; }

/* Words that a value may be: of a choice, or the names of models. NULL: any text, or a file. */
static const char *const *words_of(const option *opt) {
  if (opt->kind == KIND_MODEL || opt->kind == KIND_MODELS) return pleat_model_names();
  return opt->choices;
}

/* A text within single quotes, as zsh wants it: ']' and ':' would end a description. */
static void print_zsh(const char *text) {
  for (; *text; text++) {
    if (strchr("[]:\\", *text)) putchar('\\');
    if (*text == '\'') fputs("'\\'", stdout); /* ends the quotes for a quoted one */
    putchar(*text);
  }
}

/* The same for fish. */
static void print_fish(const char *text) {
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\') putchar('\\');
    putchar(*text);
  }
}

static void print_words(const char *const *words, const char *separator) {
  for (const char *const *w = words; *w; w++) printf("%s%s", w == words ? "" : separator, *w);
}

/* ---- bash ---- */

static void bash_command(const cli_command *command) {
  printf("    %s)\n      options='--help", command->name);
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    if (cli_option(*id)->fate == FATE_HONOURED) printf(" --%s", cli_option(*id)->name);
  }
  printf("'\n      case $previous in\n");
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (opt->kind == KIND_FLAG || opt->fate != FATE_HONOURED) continue;
    printf("        --%s", opt->name);
    if (opt->letter) printf(" | -%c", opt->letter);
    printf(") ");
    if (words_of(opt)) {
      printf("words='");
      print_words(words_of(opt), " ");
      printf("' ;;\n");
    } else {
      printf("words=- ;;\n"); /* a file name, as far as the shell can help */
    }
  }
  printf("      esac\n      ;;\n");
}

void cli_docs_bash(const cli_command *const *commands, int n) {
  printf("# Completion of pleat %s for bash.\n", pleat_version());
  printf(
      "_pleat() {\n  local current=${COMP_WORDS[COMP_CWORD]} previous= command=${COMP_WORDS[1]} options= words=\n"
      "  COMPREPLY=()\n"
      "  [ \"$COMP_CWORD\" -gt 0 ] && previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  [ \"${COMP_WORDS[0]##*/}\" = " CLI_COLABFOLD " ] && command=" CLI_COLABFOLD
      "\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ] && [ \"$command\" != " CLI_COLABFOLD
      " ]; then\n"
      "    COMPREPLY=($(compgen -W '");
  for (int i = 0; i < n; i++) printf("%s ", commands[i]->name);
  printf("help version' -- \"$current\"))\n    return\n  fi\n  case $command in\n");
  for (int i = 0; i < n; i++) bash_command(commands[i]);
  printf(
      "  esac\n"
      "  if [ \"$words\" = - ]; then\n    COMPREPLY=($(compgen -f -- \"$current\"))\n"
      "  elif [ -n \"$words\" ]; then\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  elif [ \"${current#-}\" != \"$current\" ]; then\n"
      "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\"))\n"
      "  else\n    COMPREPLY=($(compgen -f -- \"$current\"))\n  fi\n}\n"
      "complete -o filenames -F _pleat pleat " CLI_COLABFOLD "\n");
}

/* ---- zsh ---- */

static void zsh_command(const cli_command *command) {
  printf("    %s)\n      _arguments '--help[explain the command]'", command->name);
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (opt->fate != FATE_HONOURED) continue;
    printf(" \\\n        ");
    if (opt->letter)
      printf("'(-%c --%s)'{-%c,--%s}'[", opt->letter, opt->name, opt->letter, opt->name);
    else
      printf("'--%s[", opt->name);
    print_zsh(opt->help);
    printf("]");
    if (opt->kind != KIND_FLAG) {
      printf(":%s:", opt->value);
      if (words_of(opt)) {
        printf("(");
        print_words(words_of(opt), " ");
        printf(")");
      } else {
        printf("_files");
      }
    }
    printf("'");
  }
  printf(" \\\n        '*:file:_files'\n      ;;\n");
}

void cli_docs_zsh(const cli_command *const *commands, int n) {
  printf("#compdef pleat " CLI_COLABFOLD "\n# Completion of pleat %s for zsh.\n", pleat_version());
  printf(
      "local command=$words[2]\n"
      "if [[ ${words[1]:t} == " CLI_COLABFOLD " ]]; then\n  command=" CLI_COLABFOLD
      "\n"
      "elif (( CURRENT == 2 )); then\n  _values command");
  for (int i = 0; i < n; i++) {
    printf(" \\\n    '%s[", commands[i]->name);
    print_zsh(commands[i]->summary);
    printf("]'");
  }
  printf("\n  return\nfi\ncase $command in\n");
  for (int i = 0; i < n; i++) zsh_command(commands[i]);
  printf("esac\n");
}

/* ---- fish ---- */

static void fish_command(const cli_command *command) {
  char head[128];
  if (is_colabfold(command))
    snprintf(head, sizeof head, "complete -c " CLI_COLABFOLD);
  else
    snprintf(head, sizeof head, "complete -c pleat -n '__fish_seen_subcommand_from %s'", command->name);
  printf("%s -l help -s h -d 'explain the command'\n", head);
  for (const cli_option_id *id = command->options; *id != CLI_OPT_END; id++) {
    const option *opt = cli_option(*id);
    if (opt->fate != FATE_HONOURED) continue;
    printf("%s -l %s", head, opt->name);
    if (opt->letter) printf(" -s %c", opt->letter);
    if (opt->kind != KIND_FLAG) printf(" -r");
    if (opt->kind != KIND_FLAG && words_of(opt)) {
      printf(" -f -a '");
      print_words(words_of(opt), " ");
      printf("'");
    }
    printf(" -d '");
    print_fish(opt->help);
    printf("'\n");
  }
}

void cli_docs_fish(const cli_command *const *commands, int n) {
  printf("# Completion of pleat %s for fish.\n", pleat_version());
  for (int i = 0; i < n; i++) {
    if (is_colabfold(commands[i])) continue;
    printf("complete -c pleat -n __fish_use_subcommand -f -a %s -d '", commands[i]->name);
    print_fish(commands[i]->summary);
    printf("'\n");
  }
  for (int i = 0; i < n; i++) fish_command(commands[i]);
}
