# The self-test's weight specs as C strings, so that `pleat selftest` needs no files.
# SPDX-License-Identifier: Apache-2.0

set(sublayers_file app/cli/data/selftest_sublayers.weights.json)
set(monomer_file tests/data/tiny_monomer.weights.json)
set(multimer_file tests/data/tiny_multimer_v3.weights.json)
foreach(name sublayers monomer multimer)
  file(READ ${PROJECT_SOURCE_DIR}/${${name}_file} ${name})
  string(REGEX REPLACE "[ \n]+" " " ${name} "${${name}}")
  string(REPLACE "\"" "\\\"" ${name} "${${name}}")
  string(REPLACE ", \\\"" ",\"\n\"\\\"" ${name} "${${name}}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${${name}_file})
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/selftest_specs.c.in ${PROJECT_BINARY_DIR}/selftest_specs.c @ONLY)
