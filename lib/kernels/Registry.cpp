// Lookup in the tables that the ISAs' objects provide.
#include "tessera/kernels/Registry.h"

#include <bit>

#include "Instantiate.h"

namespace tessera::kernels {

std::span<const KernelRow> kernelRows(Isa isa) {
  switch (isa) {
#if defined(TESSERA_SCALAR)
  case Isa::scalar:
    return {kKernelTable_scalar.rows, kKernelTable_scalar.count};
#elif defined(__x86_64__)
  case Isa::sse2:
    return {kKernelTable_sse2.rows, kKernelTable_sse2.count};
  case Isa::avx2:
    return {kKernelTable_avx2.rows, kKernelTable_avx2.count};
  case Isa::avx512:
    return {kKernelTable_avx512.rows, kKernelTable_avx512.count};
  case Isa::avx512vnni:
    return {kKernelTable_avx512vnni.rows, kKernelTable_avx512vnni.count};
#elif defined(__aarch64__)
  case Isa::neon:
    return {kKernelTable_neon.rows, kKernelTable_neon.count};
#endif
  default: // of another processor
    return {};
  }
}

const KernelRow *findKernel(std::string_view op, std::string_view dtype, Isa isa) {
  for (const KernelRow &row : kernelRows(isa))
    if (row.op == op && row.dtype == dtype)
      return &row;
  return isa == floatIsa(isa) ? nullptr : findKernel(op, dtype, floatIsa(isa));
}

const KernelRow *findKernel(std::string_view name) {
  for (Isa isa : kAllIsas)
    for (const KernelRow &row : kernelRows(isa))
      if (row.name == name)
        return &row;
  return nullptr;
}

const void *deviceSymbol(Isa isa, std::string_view name) {
  constexpr std::string_view kPrefix = "tessera_";
  if (!name.starts_with(kPrefix))
    return nullptr;
  const std::string_view rest = name.substr(kPrefix.size());
  for (const KernelRow &row : kernelRows(isa)) {
    // Elementwise kernels pass vectors by value there, and arrays here.
    if (row.family == Family::Unary || row.family == Family::Binary || !rest.starts_with(row.op))
      continue;
    std::string_view dtype = rest.substr(row.op.size());
    if (row.dtype == "any" ? dtype.empty() : dtype.starts_with('_') && dtype.substr(1) == row.dtype)
      return std::bit_cast<const void *>(row.function);
  }
  return isa == floatIsa(isa) ? nullptr : deviceSymbol(floatIsa(isa), name);
}

} // namespace tessera::kernels
