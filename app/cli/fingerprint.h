/* Fingerprints: a few numbers that stand for an array, so that the self-test needs no reference files.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_FINGERPRINT_H
#define PLEAT_CLI_FINGERPRINT_H

#include "pleat/arrays.h"

enum { CLI_FINGERPRINT = 9 }; /* numbers: 8 projections and the length */

/* 64 random bits, a function of i alone. */
uint64_t cli_random_bits(uint64_t i);

/* A set with the fingerprint (f64 [9]) of every numeric array under its name. Two arrays of relative L2 distance d have
 * fingerprints of about distance 0.7 d: each projection is on a vector of random signs, so its expected square is the
 * square of the length. Errors: NOMEM. */
PLEAT_CHECKED pleat_status cli_fingerprints(const pleat_arrays *set, pleat_arrays **out_fingerprints, pleat_error *err);
/* Prints them as rows of selftest_expected.inc; `prefix` goes in front of the names. */
void cli_fingerprints_print(const pleat_arrays *fingerprints, const char *prefix);

#endif
