/* Names and shapes of the built-in self-test's synthetic weights, as JSON; made from .weights.json files by CMake.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PLEAT_CLI_SELFTEST_SPECS_H
#define PLEAT_CLI_SELFTEST_SPECS_H

extern const char selftest_spec_sublayers[], selftest_spec_monomer[], selftest_spec_multimer[];

#endif
