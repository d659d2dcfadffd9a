# Tests, fuzz targets and examples; each source file of its folder is one executable.
# SPDX-License-Identifier: Apache-2.0
enable_testing()

set(test_environment "PLEAT=${PROJECT_BINARY_DIR}/pleat" "PLEAT_BUILD=${PROJECT_BINARY_DIR}")
if(DEFINED ENV{PLEAT_SHARED})
  list(APPEND test_environment "PLEAT_SHARED=$ENV{PLEAT_SHARED}")
elseif(IS_DIRECTORY ${PROJECT_SOURCE_DIR}/../shared)
  get_filename_component(shared ${PROJECT_SOURCE_DIR}/../shared ABSOLUTE)
  list(APPEND test_environment "PLEAT_SHARED=${shared}")
endif()
if(sanitizers)
  list(APPEND test_environment "UBSAN_OPTIONS=print_stacktrace=1" "PLEAT_SANITIZED=${sanitizers}"
       "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/leaks.txt:print_suppressions=0")
endif()

# Registers a command as a test that runs in the repository root; exit code 77 means skipped. Programs are started by
# tests/launch, scripts start what they test by lib/expect.sh: both honour $PLEAT_EMULATOR.
function(pleat_add_test name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${test_environment}" SKIP_RETURN_CODE 77 TIMEOUT 600)
endfunction()

# One executable per source of a folder, built into folder/ of the build directory and linked with the library of the
# given kind; the names are left in ${out_names}.
function(pleat_add_programs folder pattern kind out_names)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/${pattern})
  set(names)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME_WE)
    string(REPLACE "/" "_" target ${folder}_${name})
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY
                          ${PROJECT_BINARY_DIR}/${folder})
    target_link_libraries(${target} PRIVATE pleat_${kind} pleat_flags m)
    list(APPEND names ${name})
  endforeach()
  set(${out_names} ${names} PARENT_SCOPE)
endfunction()

# Tests of tests/${folder} as ${folder}/NAME, with the sources that all of them share. They see everything; the static
# library keeps hidden symbols within reach.
function(pleat_add_tests folder)
  pleat_add_programs(tests/${folder} test_*.c static names)
  foreach(name ${names})
    set(target tests_${folder}_${name})
    target_sources(${target} PRIVATE ${ARGN})
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${target} PRIVATE PkgConfig::JANSSON)
    string(REGEX REPLACE "^test_" "${folder}/" test_name ${name})
    pleat_add_test(${test_name} sh tests/launch $<TARGET_FILE:${target}>)
  endforeach()
endfunction()

pleat_add_tests(unit)
# Operations on every backend.
pleat_add_tests(ops ${PROJECT_SOURCE_DIR}/tests/ops/ops_harness.c ${PROJECT_SOURCE_DIR}/tests/ops/ops_cases.c)
# Kernels of the cpu backend; `test_kern --bench` prints their rates.
pleat_add_tests(kern ${PROJECT_SOURCE_DIR}/tests/kern/kern_bench.c ${PROJECT_SOURCE_DIR}/tests/ops/ops_harness.c)
# Readers of large files; `test_parsers --bench` prints their rates.
pleat_add_tests(rate)
# Properties of whole predictions on small random networks.
pleat_add_tests(prop)

# The failing allocator stands between the library and libc.
if(APPLE)
  set_tests_properties(unit/alloc_fail PROPERTIES DISABLED TRUE) # its linker has no --wrap
else()
  target_link_options(tests_unit_test_alloc_fail PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free
                      -Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=pleat_os_pages_alloc)
endif()

# Fuzz targets: with PLEAT_FUZZ a fuzzer, otherwise a program that replays the seed corpus.
pleat_add_programs(tests/fuzz fuzz_*.c static fuzz_targets)
foreach(name ${fuzz_targets})
  set(target tests_fuzz_${name})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  string(REGEX REPLACE "^fuzz_" "" short_name ${name})
  set(corpus tests/fuzz/corpus/${short_name})
  if(PLEAT_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    pleat_add_test(fuzz/${short_name} $<TARGET_FILE:${target}> -runs=0 ${corpus})
  else()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    pleat_add_test(fuzz/${short_name} sh tests/launch $<TARGET_FILE:${target}> ${corpus})
  endif()
endforeach()

# Examples see what a user sees: the public headers and the symbols that the shared library exports.
pleat_add_programs(examples *.c shared examples)

# Programs of this build as on other processors, where instructions that leak below their level trap; and a build for
# arm64. Sanitizers do not run under the emulator.
if(TARGET pleat AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND NOT sanitizers)
  foreach(kind sse2 avx2)
    pleat_add_test(emulated/${kind} sh scripts/emulate ${kind} ${PROJECT_BINARY_DIR})
  endforeach()
  pleat_add_test(emulated/arm64 sh scripts/emulate arm64 build-arm64)
  set_tests_properties(emulated/sse2 emulated/avx2 emulated/arm64 PROPERTIES LABELS emulated RUN_SERIAL TRUE TIMEOUT 1800)
endif()

file(GLOB cli_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/cli/*.sh)
if(TARGET pleat)
  foreach(script ${cli_tests})
    get_filename_component(name ${script} NAME_WE)
    pleat_add_test(cli/${name} sh ${script})
  endforeach()
  set_tests_properties(cli/selftest_levels PROPERTIES TIMEOUT 1800) # full networks in portable C
endif()
