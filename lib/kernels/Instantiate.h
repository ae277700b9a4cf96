// How the objects of the ISAs hand their rows to the registry.
#pragma once

#include "tessera/kernels/Registry.h"

namespace tessera::kernels {

struct KernelTable {
  const KernelRow *rows;
  std::size_t count;
};

extern const KernelTable kKernelTable_scalar;
extern const KernelTable kKernelTable_neon;
extern const KernelTable kKernelTable_sse2;
extern const KernelTable kKernelTable_avx2;
extern const KernelTable kKernelTable_avx512;
extern const KernelTable kKernelTable_avx512vnni;

} // namespace tessera::kernels
