// What a run produced: figures about it, files of it, and how it compares with another run.
#pragma once
#include "tessera/import/Tensors.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace tessera::tool {

using import_::Tensor;

/// Figures about one tensor. NaN and infinities are counted and left out of the rest.
struct Summary {
  double least = 0, most = 0, mean = 0;
  int64_t notFinite = 0;
};
Summary summarise(const Tensor &tensor);

/// "float 1x3x224x224", or "float scalar".
std::string typeText(const Tensor &tensor);

/// Two lines: name, type, shape, range, mean and the first values.
void printOutput(llvm::raw_ostream &out, const Tensor &tensor);
void writeOutput(llvm::json::OStream &json, const Tensor &tensor, const std::string &file);

/// The largest difference of two tensors of one shape, divided by the largest magnitude in
/// `reference`. Infinite when one has a NaN or an infinity and the other differs there.
double relativeError(const Tensor &tensor, const Tensor &reference);

/// The path that output number `index` gets in `folder`.
std::string outputPath(const std::string &folder, size_t index, const std::string &format);

} // namespace tessera::tool
