// Figures and comparisons of output tensors.
#include "Outputs.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::tool {
namespace {

constexpr int64_t kFirstValues = 6;

} // namespace

std::string typeText(const Tensor &tensor) {
  std::string text;
  for (int64_t dim : tensor.shape)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return std::string(import_::elementTypeName(tensor.type)) + " " +
         (text.empty() ? "scalar" : text);
}

Summary summarise(const Tensor &tensor) {
  Summary summary;
  double sum = 0;
  int64_t finite = 0;
  for (int64_t i = 0; i < tensor.count; ++i) {
    const double value = import_::realAt(tensor, i);
    if (!std::isfinite(value)) {
      ++summary.notFinite;
      continue;
    }
    summary.least = finite ? std::min(summary.least, value) : value;
    summary.most = finite ? std::max(summary.most, value) : value;
    sum += value;
    ++finite;
  }
  summary.mean = finite ? sum / static_cast<double>(finite) : 0;
  return summary;
}

void printOutput(llvm::raw_ostream &out, const Tensor &tensor) {
  const Summary summary = summarise(tensor);
  out << "  " << tensor.name << ": " << typeText(tensor)
      << llvm::format(", from %.6g to %.6g, mean %.6g", summary.least, summary.most, summary.mean);
  if (summary.notFinite)
    out << ", " << summary.notFinite << " not finite";
  out << "\n    ";
  for (int64_t i = 0; i < std::min(tensor.count, kFirstValues); ++i)
    out << llvm::format("%.6g ", import_::realAt(tensor, i));
  out << (tensor.count > kFirstValues ? "...\n" : "\n");
}

void writeOutput(llvm::json::OStream &json, const Tensor &tensor, const std::string &file) {
  const Summary summary = summarise(tensor);
  json.object([&] {
    json.attribute("name", tensor.name);
    json.attribute("type", import_::elementTypeName(tensor.type));
    json.attributeArray("shape", [&] {
      for (int64_t dim : tensor.shape)
        json.value(dim);
    });
    json.attribute("min", summary.least);
    json.attribute("max", summary.most);
    json.attribute("mean", summary.mean);
    json.attribute("not_finite", summary.notFinite);
    if (!file.empty())
      json.attribute("file", file);
  });
}

double relativeError(const Tensor &tensor, const Tensor &reference) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < reference.count; ++i) {
    const double got = import_::realAt(tensor, i), want = import_::realAt(reference, i);
    if (!std::isfinite(want) || !std::isfinite(got)) {
      if (got != want && !(std::isnan(got) && std::isnan(want)))
        return kInfinity;
      continue;
    }
    largest = std::max(largest, std::abs(want));
    difference = std::max(difference, std::abs(got - want));
  }
  if (difference == 0)
    return 0;
  return largest > 0 ? difference / largest : kInfinity;
}

std::string outputPath(const std::string &folder, size_t index, const std::string &format) {
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, "output_" + std::to_string(index) + "." + format);
  return path.str().str();
}

} // namespace tessera::tool
