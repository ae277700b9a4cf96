// Lookup in the tables that the ISAs' objects provide.
#include "tessera/kernels/Registry.h"

#include <array>
#include <bit>
#include <vector>

#include "Instantiate.h"

namespace tessera::kernels {

#define TESSERA_LIST(group, isa) extern const KernelTable TESSERA_TABLE(group, isa);
#include "KernelTables.inc"
#undef TESSERA_LIST

namespace {

constexpr std::pair<Isa, const KernelTable *> kTables[] = {
#define TESSERA_LIST(group, isa) {Isa::isa, &TESSERA_TABLE(group, isa)},
#include "KernelTables.inc"
#undef TESSERA_LIST
};

std::vector<KernelRow> joined(Isa isa) {
  std::vector<KernelRow> rows;
  for (const auto &[of, table] : kTables)
    if (of == isa)
      rows.insert(rows.end(), table->rows, table->rows + table->count);
  return rows;
}

} // namespace

std::span<const KernelRow> kernelRows(Isa isa) {
  static const auto kLists = [] {
    std::array<std::vector<KernelRow>, kAllIsas.size()> lists;
    for (std::size_t i = 0; i < lists.size(); ++i)
      lists[i] = joined(kAllIsas[i]);
    return lists;
  }();
  for (std::size_t i = 0; i < kLists.size(); ++i)
    if (kAllIsas[i] == isa)
      return kLists[i];
  return {}; // of another processor
}

const KernelRow *findKernel(std::string_view op, std::string_view dtype, Isa isa) {
  for (const KernelRow &row : kernelRows(isa))
    if (row.op == op && row.dtype == dtype)
      return &row;
  return isa == lesserIsa(isa) ? nullptr : findKernel(op, dtype, lesserIsa(isa));
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
  return isa == lesserIsa(isa) ? nullptr : deviceSymbol(lesserIsa(isa), name);
}

} // namespace tessera::kernels
