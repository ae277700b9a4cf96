// Shapes as text and as numbers: parsing "1x3x224x224", printing, counting without overflow.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tessera {

using Shape = std::vector<std::int64_t>;

/// Parses sizes joined by 'x', each a decimal number >= 0; "" is the scalar shape.
/// Gives no value for any other text and for sizes that do not fit.
std::optional<Shape> parseShape(std::string_view text);

/// The inverse of parseShape; a negative (unknown) size prints as '?'.
std::string shapeText(std::span<const std::int64_t> shape);

/// The product of the sizes; no value when it does not fit or a size is negative.
std::optional<std::int64_t> elementCount(std::span<const std::int64_t> shape);

/// Row-major strides in elements; the last is 1.
Shape rowMajorStrides(std::span<const std::int64_t> shape);

} // namespace tessera
