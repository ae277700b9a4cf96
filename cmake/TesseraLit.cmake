# tessera_lit_suite(NAME): the .mlir files of this folder as one ctest test, run by lit.
find_program(TESSERA_LIT NAMES lit-22 lit HINTS ${LLVM_TOOLS_BINARY_DIR})

function(tessera_lit_suite name)
  if(NOT TESSERA_LIT)
    message(STATUS "lit not found: the ${name} suite is left out")
    return()
  endif()
  set(TESSERA_SUITE_NAME ${name})
  set(TESSERA_SUITE_SOURCE ${CMAKE_CURRENT_SOURCE_DIR})
  set(TESSERA_SUITE_BINARY ${CMAKE_CURRENT_BINARY_DIR})
  configure_file(${PROJECT_SOURCE_DIR}/test/lit.site.cfg.py.in
                 ${CMAKE_CURRENT_BINARY_DIR}/lit.site.cfg.py @ONLY)
  add_test(NAME lit-${name}
           COMMAND ${TESSERA_LIT} -q --order=lexical ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
