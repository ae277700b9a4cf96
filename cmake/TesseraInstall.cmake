# Installation: headers, libraries, programs, chip files, and the package that
# find_package(Tessera) reads.
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Tessera")

foreach(name Support Kernels Runtime)
  set_target_properties(Tessera${name} PROPERTIES EXPORT_NAME ${name})
endforeach()
install(TARGETS TesseraSupport TesseraKernels TesseraRuntime EXPORT TesseraTargets
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT TesseraTargets NAMESPACE Tessera:: DESTINATION ${package_dir})
install(DIRECTORY include/tessera/support include/tessera/kernels include/tessera/runtime
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tessera)
install(DIRECTORY share/tessera DESTINATION ${CMAKE_INSTALL_DATADIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

if(TESSERA_BUILD_COMPILER)
  set(LLVM_ROOT_HINT "${LLVM_INSTALL_PREFIX}")
  install(TARGETS TesseraShared EXPORT TesseraCompilerTargets)
  install(EXPORT TesseraCompilerTargets NAMESPACE Tessera:: DESTINATION ${package_dir})
  install(DIRECTORY include/tessera/compiler include/tessera/import include/tessera/dialect
                    "${PROJECT_BINARY_DIR}/include/tessera/dialect"
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tessera
          FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc" PATTERN "CMakeFiles" EXCLUDE)
endif()

configure_package_config_file(cmake/TesseraConfig.cmake.in
  "${PROJECT_BINARY_DIR}/TesseraConfig.cmake" INSTALL_DESTINATION ${package_dir}
  PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/TesseraConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/TesseraConfig.cmake"
  "${PROJECT_BINARY_DIR}/TesseraConfigVersion.cmake" DESTINATION ${package_dir})
