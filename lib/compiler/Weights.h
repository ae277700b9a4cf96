// Where the weights of a compiled model lie.
#pragma once
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/ArrayRef.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tessera {

/// The addresses of weights, and what keeps them.
struct Weights {
  std::vector<const void *> data;
  std::vector<std::shared_ptr<const void>> keepers;
  /// Bytes of those that stay in the file they were loaded from, and of the others.
  size_t mappedBytes = 0, madeBytes = 0;
};

/// Finds a place for each weight. One that lies in a mapped file, at a multiple of its element's
/// size, stays there. All others, which the compiler has made or which the file holds in another
/// form, go into one region of their own that nobody can write to; each starts at a cache line.
/// On failure returns nothing and sets `error`.
std::optional<Weights> placeWeights(llvm::ArrayRef<mlir::ElementsAttr> values, std::string &error);

} // namespace tessera
