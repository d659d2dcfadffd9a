# Manual pages and shell completions, printed by the program itself; not where its own programs do not run.
# SPDX-License-Identifier: Apache-2.0
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  return()
endif()
set(docs_dir ${PROJECT_BINARY_DIR}/docs)
add_custom_command(OUTPUT ${docs_dir}/stamp DEPENDS pleat ${PROJECT_SOURCE_DIR}/scripts/make-docs
                   COMMAND sh ${PROJECT_SOURCE_DIR}/scripts/make-docs $<TARGET_FILE:pleat> ${docs_dir}
                   COMMAND ${CMAKE_COMMAND} -E touch ${docs_dir}/stamp VERBATIM)
add_custom_target(docs ALL DEPENDS ${docs_dir}/stamp)
install(DIRECTORY ${docs_dir}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
set(completions ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${docs_dir}/pleat.bash DESTINATION ${completions} RENAME pleat)
install(FILES ${docs_dir}/pleat.bash DESTINATION ${completions} RENAME colabfold_batch)
install(FILES ${docs_dir}/_pleat DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
set(completions ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${docs_dir}/pleat.fish DESTINATION ${completions})
install(FILES ${docs_dir}/pleat.fish DESTINATION ${completions} RENAME colabfold_batch.fish)
