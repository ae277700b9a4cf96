// Parsing, printing and counting of shapes.
#include "tessera/support/Shape.h"

#include <charconv>

namespace tessera {

std::optional<Shape> parseShape(std::string_view text) {
  Shape shape;
  if (text.empty())
    return shape;
  const char *at = text.data();
  const char *end = at + text.size();
  while (true) {
    std::int64_t size = 0;
    auto [next, status] = std::from_chars(at, end, size);
    if (status != std::errc() || size < 0)
      return std::nullopt;
    shape.push_back(size);
    if (next == end)
      return shape;
    if (*next != 'x')
      return std::nullopt;
    at = next + 1;
  }
}

std::string shapeText(std::span<const std::int64_t> shape) {
  std::string text;
  for (std::int64_t size : shape) {
    if (!text.empty())
      text += 'x';
    text += size < 0 ? "?" : std::to_string(size);
  }
  return text;
}

std::optional<std::int64_t> elementCount(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool overflow = false;
  bool empty = false;
  for (std::int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    overflow |= __builtin_mul_overflow(count, size, &count);
  }
  if (empty)
    return 0;
  if (overflow)
    return std::nullopt;
  return count;
}

Shape rowMajorStrides(std::span<const std::int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

} // namespace tessera
