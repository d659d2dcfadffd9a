/* What colabfold/input.py's msa_to_str makes of the same alignments, letter by letter.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "search/join_a3m.h"

#include "check.h"

static pleat_chain_msas chain(const char *sequence, int64_t n_copies, const char *unpaired, const char *opt_paired) {
  return (pleat_chain_msas){.sequence = sequence,
                            .n = strlen(sequence),
                            .n_copies = n_copies,
                            .unpaired = unpaired,
                            .n_unpaired = strlen(unpaired),
                            .opt_paired = opt_paired,
                            .n_paired = opt_paired ? strlen(opt_paired) : 0};
}

static void test_pairs(void) {
  const pleat_chain_msas chains[] = {
      chain("MKV", 2, ">101\nMKV\n>u1\nM-Vaa\n", ">101\nMKV\n>p1\t30\nMRV\n"),
      chain("ACDE", 1, ">102\nACDE\n\n>u2\nAC-E\n", ">102\nACDE\n>p2\t40\n-CDE\n"),
  };
  pleat_error err;
  pleat_buf out = {0};
  CHECK_OK(pleat_join_a3m(chains, 2, &out, &err), &err);
  CHECK_STR(out.data,
            "#3,4\t2,1\n"
            ">101\t102\nMKVACDE\n>p1\t30\tp2\t40\nMRV-CDE\n"
            ">101\nMKV----\n>u1\nM-Vaa----\n"
            ">102\n---ACDE\n>u2\n---AC-E\n");
  pleat_buf_fini(&out);
}

/* Copies of one chain are not paired; what several databases gave is separated by NUL. */
static void test_copies(void) {
  static const char text[] = ">101\nMKV\n\0>101\nMKV\n>e\nMK-\r\n";
  pleat_chain_msas one = chain("MKV", 3, "", NULL);
  one.unpaired = text;
  one.n_unpaired = sizeof text - 1;
  pleat_error err;
  pleat_buf out = {0};
  CHECK_OK(pleat_join_a3m(&one, 1, &out, &err), &err);
  CHECK_STR(out.data, "#3\t3\n>101\nMKV\n>101\nMKV\n>e\nMK-\n");
  pleat_buf_fini(&out);
}

static void test_different_depth(void) {
  static const char *const second[] = {">102\nACDE\n", ">102\nACDE\n>x\nACDE\n>y\nACDE\n", "ACDE\n>102\nACDE\n>x\n",
                                       ""};
  for (int i = 0; i < 4; i++) {
    const pleat_chain_msas chains[] = {chain("MKV", 1, "", ">101\nMKV\n>p\nMKV\n"), chain("ACDE", 1, "", second[i])};
    pleat_error err;
    pleat_buf out = {0};
    CHECK_INT(pleat_join_a3m(chains, 2, &out, &err), PLEAT_INPUT);
    CHECK(strstr(err.message, "differ in their number of rows") != NULL);
    pleat_buf_fini(&out);
  }
}

int main(void) {
  test_pairs();
  test_copies();
  test_different_depth();
  return check_report();
}
