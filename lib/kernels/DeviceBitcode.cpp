// Embeds the bitcode files of the device library. CMake defines TESSERA_BITCODE_<isa> as the paths.
#include "tessera/kernels/DeviceBitcode.h"

#define TESSERA_EMBED(isa, path)                                                                   \
  __asm__(".section .rodata\n"                                                                     \
          ".balign 16\n"                                                                           \
          ".globl tessera_bitcode_" #isa "\n"                                                      \
          ".hidden tessera_bitcode_" #isa "\n"                                                     \
          "tessera_bitcode_" #isa ":\n"                                                            \
          ".incbin \"" path "\"\n"                                                                 \
          ".globl tessera_bitcode_end_" #isa "\n"                                                  \
          ".hidden tessera_bitcode_end_" #isa "\n"                                                 \
          "tessera_bitcode_end_" #isa ":\n"                                                        \
          ".byte 0\n"                                                                              \
          ".previous\n");                                                                          \
  extern "C" const char tessera_bitcode_##isa[], tessera_bitcode_end_##isa[];

TESSERA_EMBED(sse2, TESSERA_BITCODE_sse2)
TESSERA_EMBED(avx2, TESSERA_BITCODE_avx2)
TESSERA_EMBED(avx512, TESSERA_BITCODE_avx512)

namespace tessera::kernels {

std::span<const char> deviceBitcode(Isa isa) {
  switch (isa) {
  case Isa::sse2:
    return {tessera_bitcode_sse2, tessera_bitcode_end_sse2};
  case Isa::avx2:
    return {tessera_bitcode_avx2, tessera_bitcode_end_avx2};
  case Isa::avx512:
  case Isa::avx512vnni:
  case Isa::amx:
    return {tessera_bitcode_avx512, tessera_bitcode_end_avx512};
  default: // of another processor
    return {};
  }
  return {};
}

} // namespace tessera::kernels
