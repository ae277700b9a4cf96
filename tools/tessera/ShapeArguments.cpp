// Parsing of --shape.
#include "ShapeArguments.h"
#include "llvm/ADT/SmallVector.h"

namespace tessera::tool {

using llvm::StringRef;

std::pair<StringRef, StringRef> splitName(StringRef text) {
  if (!text.contains('='))
    return {"", text};
  // From the last one, since names of inputs may hold the sign, and shapes and most paths do not.
  return text.rsplit('=');
}

static std::optional<std::vector<int64_t>> parseShape(StringRef text) {
  std::vector<int64_t> shape;
  llvm::SmallVector<StringRef> dims;
  text.split(dims, 'x');
  for (StringRef dim : dims) {
    int64_t size = -1;
    if (dim != "?" && (dim.getAsInteger(10, size) || size < 0))
      return std::nullopt;
    shape.push_back(size);
  }
  return shape;
}

std::optional<int> readShapes(const CommandLine &line, const std::vector<std::string> &texts,
                              std::vector<import_::OnnxInput> &bindings) {
  for (StringRef text : texts) {
    auto [name, dims] = splitName(text);
    auto shape = parseShape(dims);
    if (!shape)
      return line.wrongUsage(
          "option '--shape': expected dimensions such as 1x3x224x224, but got '" + dims + "'");
    bindings.push_back({name.str(), std::move(*shape), std::nullopt});
  }
  return std::nullopt;
}

} // namespace tessera::tool
