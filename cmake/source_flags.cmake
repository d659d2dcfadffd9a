# Flags of single sources, by directory and name. Sources for another processor are left out.
# SPDX-License-Identifier: Apache-2.0

# Adds flags to the library sources whose path matches pattern.
function(pleat_source_flags pattern)
  foreach(source ${library_sources})
    if(source MATCHES "${pattern}")
      set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${ARGN})
    endif()
  endforeach()
endfunction()

# Synthetic weights are bit-exact with their specification: a fused multiply-add would round once instead of twice.
pleat_source_flags("/src/weights/" -ffp-contract=off)
# So are the distance bins of the published float32 code, and the torsion angles of its templates.
pleat_source_flags("/src/backend/ref/" -ffp-contract=off)
pleat_source_flags("/src/feat/" -ffp-contract=off)
pleat_source_flags("/src/backend/cpu/" -O3)
# Fuzz targets reach no kernel, and clang takes minutes to instrument what these files inline.
if(PLEAT_FUZZ)
  pleat_source_flags("/src/backend/cpu/kern/" -fno-sanitize=all)
endif()

# Only the kernels of an instruction set get its flags: everything else runs on any processor of the architecture.
set(foreign "a[vm]x[0-9a-z]*|neon[0-9a-z]*")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  pleat_source_flags("/src/backend/cpu/.*_avx2\\.c$" -mavx2 -mfma)
  pleat_source_flags("/src/backend/cpu/.*_avx512\\.c$" -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma)
  pleat_source_flags("/src/backend/cpu/.*_avx512bf16\\.c$" -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx512bf16)
  pleat_source_flags("/src/backend/cpu/.*_amx\\.c$" -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx512bf16
                     -mamx-tile -mamx-bf16)
  set(foreign "neon[0-9a-z]*")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  pleat_source_flags("/src/backend/cpu/.*_neonbf16\\.c$" -march=armv8.2-a+bf16)
  set(foreign "a[vm]x[0-9a-z]*")
endif()
list(FILTER library_sources EXCLUDE REGEX "/src/backend/cpu/.*_(${foreign})\\.c$")

# One of the two: PNG by cairo, or none.
if(CAIRO_FOUND)
  list(FILTER library_sources EXCLUDE REGEX "/src/plot/canvas_no_cairo\\.c$")
else()
  list(FILTER library_sources EXCLUDE REGEX "/src/plot/canvas_cairo\\.c$")
endif()

# The same for the network: requests by libcurl, archives and digests by libarchive and nettle.
if(CURL_FOUND)
  list(FILTER library_sources EXCLUDE REGEX "/src/net/http_no_curl\\.c$")
else()
  list(FILTER library_sources EXCLUDE REGEX "/src/net/http_curl\\.c$")
endif()
if(ARCHIVE_FOUND)
  list(FILTER library_sources EXCLUDE REGEX "/src/net/unpack_no_archive\\.c$")
else()
  list(FILTER library_sources EXCLUDE REGEX "/src/net/unpack_archive\\.c$")
endif()
