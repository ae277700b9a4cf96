# Chip descriptions: parsing, lookups, the module attribute, reports. Needs no tile operation.
tessera_mlir_library(TesseraChips
  ChipAttr.cpp ChipCheck.cpp ChipFind.cpp ChipParse.cpp ChipReader.cpp ChipReport.cpp ChipSpec.cpp ChipWrite.cpp
  ChipYaml.cpp)
target_compile_definitions(TesseraChips PRIVATE
  TESSERA_SOURCE_CHIPS="${PROJECT_SOURCE_DIR}/share/tessera/chips")
target_link_libraries(TesseraChips PUBLIC ${CMAKE_DL_LIBS})
