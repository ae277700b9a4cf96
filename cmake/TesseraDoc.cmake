# The references under docs/reference, generated from ODS and Passes.td.
# Building makes them under the build folder; `tessera-doc` copies them into the source tree, and a
# test says when that was forgotten.
set(doc_dir "${PROJECT_BINARY_DIR}/docs")
file(MAKE_DIRECTORY "${doc_dir}")
set(doc_files "")

function(tessera_reference name source)
  file(GLOB inputs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/tessera/dialect/*/*.td"
                                     "${PROJECT_SOURCE_DIR}/include/tessera/passes/*.td")
  add_custom_command(
    OUTPUT "${doc_dir}/${name}.md"
    COMMAND ${MLIR_TABLEGEN_EXE} ${ARGN} -I "${PROJECT_SOURCE_DIR}/include" -I "${MLIR_INCLUDE_DIRS}"
            "${PROJECT_SOURCE_DIR}/include/tessera/${source}" -o "${doc_dir}/${name}.md"
    DEPENDS ${inputs} VERBATIM)
  set(doc_files ${doc_files} "${doc_dir}/${name}.md" PARENT_SCOPE)
endfunction()

tessera_reference(npu dialect/npu/NpuOps.td -gen-dialect-doc -dialect=npu)
tessera_reference(tile dialect/tile/TileOps.td -gen-dialect-doc -dialect=tile)
tessera_reference(passes passes/Passes.td -gen-pass-doc)

add_custom_target(tessera-doc-files ALL DEPENDS ${doc_files})
add_custom_target(tessera-doc
  COMMAND ${CMAKE_COMMAND} -E make_directory "${PROJECT_SOURCE_DIR}/docs/reference"
  COMMAND ${CMAKE_COMMAND} -E copy_if_different ${doc_files} "${PROJECT_SOURCE_DIR}/docs/reference"
  DEPENDS tessera-doc-files)
