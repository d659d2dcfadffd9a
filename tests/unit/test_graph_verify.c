/* Every broken invariant is caught, with a message that names the node.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "test_graph_small.h"

typedef void breaker(pleat_graph *g, const small_values *v);

static pleat_node *first_of(pleat_graph *g, pleat_op op) {
  for (uint32_t i = 0; i < g->n_nodes; i++)
    if (g->nodes[i].op == op) return &g->nodes[i];
  return g->nodes;
}

static void use_before_definition(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[1].in[0] = g->nodes[4].out;
}
static void use_of_nothing(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[1].in[0] = g->n_values;
}
static void missing_input(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[1].in[0] = PLEAT_NO_VALUE;
}
static void too_many_inputs(pleat_graph *g, const small_values *v) {
  (void)v;
  first_of(g, PLEAT_OP_RELU)->n_in = 2;
}
static void no_operation(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[2].op = PLEAT_N_OPS;
}
static void no_stage(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[2].stage = PLEAT_N_STAGES;
}
static void no_such_result(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[2].out = g->n_values + 5;
}
static void wrong_definition(pleat_graph *g, const small_values *v) {
  (void)v;
  g->values[g->nodes[2].out].def = 3;
}
static void defined_twice(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[3].out = g->nodes[2].out;
}
static void short_spelling(pleat_graph *g, const small_values *v) {
  (void)v;
  strcpy(first_of(g, PLEAT_OP_LOOKUP)->letters[2], "i");
}
static void letter_of_two_sizes(pleat_graph *g, const small_values *v) {
  (void)v;
  strcpy(first_of(g, PLEAT_OP_LOOKUP)->letters[2], "iv");
}
static void stage_goes_back(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[0].stage = PLEAT_STAGE_LAST;
}
static void region_unknown(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[3].region = 9;
}
static void region_left_and_entered_again(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[5].region = PLEAT_NO_REGION;
}
static void region_starts_late(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].first++;
}
static void region_too_long(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].last = g->n_nodes + 1;
}
static void region_without_count(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].count = 0;
}
static void carry_of_another_shape(pleat_graph *g, const small_values *v) { g->regions[0].carries[0].next = v->mask; }
static void carry_of_another_dtype(pleat_graph *g, const small_values *v) {
  (void)v;
  g->values[g->regions[0].carries[0].next].dtype = PLEAT_BF16;
}
static void carry_without_parameter(pleat_graph *g, const small_values *v) { g->regions[0].carries[0].param = v->mask; }
static void carry_of_nothing(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].carries[0].result = g->n_values;
}
static void carry_undefined(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].carries[0].init = g->nodes[g->n_nodes - 1].out;
}
static void emit_of_nothing(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].emits[0].result = g->n_values + 1;
}
static void emit_of_another_dtype(pleat_graph *g, const small_values *v) {
  (void)v;
  g->values[g->regions[0].emits[0].result].dtype = PLEAT_BF16;
}
static void emit_of_the_carried(pleat_graph *g, const small_values *v) {
  (void)v;
  g->regions[0].emits[0].body = g->regions[0].carries[0].next;
}
static void inner_value_used_outside(pleat_graph *g, const small_values *v) {
  (void)v;
  g->nodes[g->n_nodes - 1].in[0] = g->regions[0].carries[0].next;
}
static void output_undefined(pleat_graph *g, const small_values *v) {
  (void)v;
  g->outputs[0].value = g->nodes[3].out;
}
static void state_of_another_shape(pleat_graph *g, const small_values *v) {
  (void)v;
  g->states[0].next = g->outputs[1].value;
}
static void state_of_nothing(pleat_graph *g, const small_values *v) {
  (void)v;
  g->states[0].input = g->n_values;
}

static const struct {
  breaker *break_it;
  const char *message; /* part of it */
} cases[] = {
    {use_before_definition, "before its definition"},
    {use_of_nothing, "uses value"},
    {missing_input, "lacks input 0"},
    {too_many_inputs, "has 2 inputs"},
    {no_operation, "node 2 has no such operation"},
    {no_stage, "node 2 has no such operation"},
    {no_such_result, "node 2 makes value"},
    {wrong_definition, "node 2 (layer_norm) is not the definition"},
    {defined_twice, "node 3"},
    {short_spelling, "spells operand 2 \"i\", rank is 2"},
    {letter_of_two_sizes, "letter v means 5 and 6"},
    {stage_goes_back, "runs before the stage of 0"},
    {region_unknown, "is in region 9 of 1"},
    {region_left_and_entered_again, "node 5 is outside the region that is open"},
    {region_starts_late, "enters region block in its middle"},
    {region_too_long, "region block spans nodes"},
    {region_without_count, "count 0"},
    {carry_of_another_shape, "carried value 0 changes its shape"},
    {carry_of_another_dtype, "carried value 0 changes its shape"},
    {carry_without_parameter, "is not a parameter"},
    {carry_of_nothing, "carries values that do not exist"},
    {carry_undefined, "before its definition"},
    {emit_of_nothing, "collects a value that does not exist"},
    {emit_of_another_dtype, "collects values of another type"},
    {emit_of_the_carried, "carries and collects"},
    {inner_value_used_outside, "before its definition"},
    {output_undefined, "before its definition"},
    {state_of_another_shape, "state state changes its shape"},
    {state_of_nothing, "uses value"},
};

int main(void) {
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    small_values v;
    pleat_graph *g = small_graph(6, &v);
    if (!g) break;
    cases[i].break_it(g, &v);
    pleat_error err = {0};
    CHECK_INT(pleat_graph_verify(g, &err), PLEAT_INTERNAL);
    if (!CHECK(strstr(err.message, cases[i].message) != NULL))
      fprintf(stderr, "  case %d: \"%s\" should contain \"%s\"\n", (int)i, err.message, cases[i].message);
    pleat_graph_destroy(g);
  }
  return check_report();
}
