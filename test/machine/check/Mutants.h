// A kernel with one mistake in it, for each place where one can be made.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include <functional>
#include <string>
#include <vector>

namespace tessera::test {

/// The kinds of mistakes, in the order of the table's columns.
enum class Mistake { DropEvent, DropOne, Move, DoubleSet, SwapMode, Shrink, SwapSlot, LessDepth };
inline constexpr size_t kMistakes = 8;
const char *nameOf(Mistake mistake);

struct Mutant {
  Mistake mistake;
  std::string what;
  std::function<void(mlir::func::FuncOp)> apply; ///< To a copy of the kernel.
};

std::vector<Mutant> mutantsOf(mlir::func::FuncOp kernel, const tile::ChipSpec &chip);

} // namespace tessera::test
