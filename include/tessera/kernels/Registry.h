// The kernels as machine code, one row per line of kernels.def and ISA, looked up by name.
#pragma once

#include <span>
#include <string_view>

#include "tessera/kernels/Family.h"
#include "tessera/support/Isa.h"

namespace tessera::kernels {

struct KernelRow {
  std::string_view name;  ///< op_dtype_isa, and the tile when there is one
  std::string_view op;    ///< the operator's mnemonic
  std::string_view dtype; ///< of its elements
  std::string_view tile;  ///< as in "6x64"; empty for kernels without one
  Isa isa;                ///< that the function's code needs
  Family family;          ///< what it does, and its signature
  int params;             ///< scalar parameters of a unary kernel
  KernelPointer function; ///< the member named like the family
};

/// All rows of one ISA, in the order of kernels.def, whether or not this machine has the ISA.
/// avx512vnni has only those with products of 8-bit integers, and amx those that it multiplies in
/// tiles; the lookups below find the others among the rows of lesserIsa.
std::span<const KernelRow> kernelRows(Isa isa);

/// The first row of that operator, type and ISA (its default tile); null when there is none.
const KernelRow *findKernel(std::string_view op, std::string_view dtype, Isa isa);

/// The row of that name; null when there is none.
const KernelRow *findKernel(std::string_view name);

/// The machine code of a memory function of DeviceAbi.h, such as "tessera_mma_f32", for code
/// generated for `isa`; null when there is none.
const void *deviceSymbol(Isa isa, std::string_view name);

} // namespace tessera::kernels
