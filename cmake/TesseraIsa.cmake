# The instruction sets: name, xsimd tag and compiler flags, and the two functions that build one
# source once per instruction set. Mirrors include/tessera/support/Isa.h.
option(TESSERA_SCALAR "Build the kernels without vector instructions of any processor" OFF)
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|aarch64|arm64")
  set(TESSERA_SCALAR ON)
endif()
if(TESSERA_SCALAR)
  set(TESSERA_FLOAT_ISAS scalar)
  set(TESSERA_ISAS scalar)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(TESSERA_FLOAT_ISAS neon)
  set(TESSERA_ISAS neon)
else()
  set(TESSERA_FLOAT_ISAS sse2 avx2 avx512) # each with code for everything
  # Adds products of 8-bit integers, and the large ones of them.
  set(TESSERA_ISAS ${TESSERA_FLOAT_ISAS} avx512vnni amx)
endif()
set(TESSERA_ISA_TAG_scalar "tessera::kernels::Scalar")
set(TESSERA_ISA_FLAGS_scalar)
set(TESSERA_ISA_TAG_neon "xsimd::neon64")
set(TESSERA_ISA_FLAGS_neon -march=armv8-a)
set(TESSERA_ISA_TAG_sse2 "xsimd::sse2")
set(TESSERA_ISA_TAG_avx2 "xsimd::fma3<xsimd::avx2>")
set(TESSERA_ISA_TAG_avx512 "xsimd::avx512bw")
set(TESSERA_ISA_TAG_avx512vnni "tessera::kernels::Avx512Vnni")
set(TESSERA_ISA_TAG_amx "tessera::kernels::Amx")
set(TESSERA_ISA_FLAGS_sse2 -march=x86-64)
set(TESSERA_ISA_FLAGS_avx2 -march=x86-64-v3)
set(TESSERA_ISA_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
set(TESSERA_ISA_FLAGS_avx512vnni -march=x86-64-v4 -mavx512vnni -mprefer-vector-width=512)
set(TESSERA_ISA_FLAGS_amx ${TESSERA_ISA_FLAGS_avx512vnni} -mamx-tile -mamx-int8)

# Optimised in every build type: an inline function that is not inlined would be emitted by
# several objects, and the linker would keep one. Nothing may contract a*b+c behind our back.
set(optimise -O3)
if(TESSERA_SANITIZE)
  set(optimise -O1) # with the checks inside, more takes the compiler many minutes
endif()
set(TESSERA_ISA_COMMON_FLAGS ${optimise} -ffp-contract=off -fno-math-errno -fno-exceptions -fno-rtti)

find_path(TESSERA_XSIMD_INCLUDE xsimd/xsimd.hpp REQUIRED)

# tessera_isa_sources(TARGET ISAS ISA... SOURCES SOURCE...): adds the sources to TARGET once per
# instruction set, as the objects of a library TARGET_ISA, with that set's flags, TESSERA_ISA (its
# name) and TESSERA_ARCH (its tag) defined.
function(tessera_isa_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "ISAS;SOURCES")
  foreach(isa IN LISTS arg_ISAS)
    set(object ${target}_${isa})
    add_library(${object} OBJECT ${arg_SOURCES})
    target_compile_definitions(${object} PRIVATE
      $<$<BOOL:${TESSERA_SCALAR}>:TESSERA_SCALAR>
      TESSERA_ISA=${isa} TESSERA_ISA_IS_${isa} "TESSERA_ARCH=${TESSERA_ISA_TAG_${isa}}")
    target_compile_options(${object} PRIVATE
      ${TESSERA_ISA_FLAGS_${isa}} ${TESSERA_ISA_COMMON_FLAGS})
    target_include_directories(${object} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
      ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
    target_include_directories(${object} SYSTEM PRIVATE ${TESSERA_XSIMD_INCLUDE})
    tessera_warnings(${object})
    # The AVX-512 header of g++ 12 itself passes undefined registers on purpose.
    target_compile_options(${object} PRIVATE
      $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized -Wno-maybe-uninitialized>)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${object}>)
  endforeach()
endfunction()

# tessera_isa_bitcode(OUT SOURCE ISA...): compiles SOURCE to LLVM bitcode once per instruction set,
# with the clang of the LLVM that the compiler links; OUT becomes the list of name=file.
function(tessera_isa_bitcode out source)
  find_program(TESSERA_DEVICE_CLANG clang++-22 REQUIRED)
  get_filename_component(stem ${source} NAME_WE)
  # Naming a folder that is searched anyway would reorder the search.
  set(xsimd)
  if(NOT TESSERA_XSIMD_INCLUDE IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    set(xsimd -isystem ${TESSERA_XSIMD_INCLUDE})
  endif()
  set(pairs)
  foreach(isa IN LISTS ARGN)
    set(file ${CMAKE_CURRENT_BINARY_DIR}/${stem}_${isa}.bc)
    add_custom_command(
      OUTPUT ${file}
      COMMAND ${TESSERA_DEVICE_CLANG} -std=c++20 ${TESSERA_ISA_FLAGS_${isa}}
        ${TESSERA_ISA_COMMON_FLAGS} -DNDEBUG -Wall -Wextra
        -DTESSERA_ISA=${isa} "-DTESSERA_ARCH=${TESSERA_ISA_TAG_${isa}}"
        -I${PROJECT_SOURCE_DIR}/include -I${PROJECT_BINARY_DIR}/include
        ${xsimd}
        -emit-llvm -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${file} -MD -MF ${file}.d
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
      DEPFILE ${file}.d
      COMMENT "Device bitcode for ${isa}"
      VERBATIM)
    list(APPEND pairs "${isa}=${file}")
  endforeach()
  set(${out} "${pairs}" PARENT_SCOPE)
endfunction()
