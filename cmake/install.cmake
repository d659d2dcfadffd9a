# make install: program, libraries, headers, pkg-config and CMake package files.
# SPDX-License-Identifier: Apache-2.0
install(TARGETS pleat_static pleat_shared EXPORT pleat_targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET pleat)
  install(TARGETS pleat RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_BINARY_DIR}/colabfold_batch DESTINATION ${CMAKE_INSTALL_BINDIR}) # the link itself
endif()
install(DIRECTORY include/pleat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# GNUInstallDirs allows absolute directories; a .pc file must not put its prefix before those.
foreach(dir LIBDIR INCLUDEDIR)
  set(pc_${dir} "${CMAKE_INSTALL_${dir}}")
  if(NOT IS_ABSOLUTE "${pc_${dir}}")
    set(pc_${dir} "\${prefix}/${pc_${dir}}")
  endif()
endforeach()
set(pc_CAIRO)
if(CAIRO_FOUND)
  set(pc_CAIRO " cairo")
endif()
set(pc_NETWORK)
if(CURL_FOUND)
  string(APPEND pc_NETWORK " libcurl")
endif()
if(ARCHIVE_FOUND)
  string(APPEND pc_NETWORK " libarchive nettle")
endif()
configure_file(cmake/pleat.pc.in pleat.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/pleat.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/pleat)
configure_package_config_file(cmake/pleat-config.cmake.in pleat-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(pleat-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/pleat-config.cmake ${PROJECT_BINARY_DIR}/pleat-config-version.cmake
        DESTINATION ${package_dir})
install(EXPORT pleat_targets FILE pleat-targets.cmake NAMESPACE pleat:: DESTINATION ${package_dir})
