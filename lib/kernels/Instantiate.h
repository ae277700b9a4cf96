// How the objects of the groups and ISAs hand their rows to the registry.
#pragma once

#include "tessera/kernels/Registry.h"

#define TESSERA_TABLE_(group, isa) kKernels_##group##_##isa
/// The name of the table of one group and ISA.
#define TESSERA_TABLE(group, isa) TESSERA_TABLE_(group, isa)

namespace tessera::kernels {

struct KernelTable {
  const KernelRow *rows;
  std::size_t count;
};

} // namespace tessera::kernels
