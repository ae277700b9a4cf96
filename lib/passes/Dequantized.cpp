// Finds out whether an operand is dequantised, and from what.
#include "Dequantized.h"

#include "CanonicalizeGraph.h"
#include "Constants.h"
#include "FoldConstants.h"

using namespace mlir;

namespace tessera {
namespace {

/// The one dim along which `param` has several elements, counted in a tensor of this shape that it
/// broadcasts to; -1 where it has one element in all, nothing where it has several such dims or
/// unknown ones.
std::optional<int64_t> dimOf(Value param, ArrayRef<int64_t> shape) {
  int64_t found = -1, shift = static_cast<int64_t>(shape.size()) - typeOf(param).getRank();
  for (auto [dim, size] : llvm::enumerate(shapeOf(param))) {
    if (size == 1)
      continue;
    if (found != -1 || ShapedType::isDynamic(size))
      return std::nullopt;
    found = static_cast<int64_t>(dim) + shift;
  }
  return found;
}

/// Where a dim of `from` is after a reshape to `to`: whole, and after as many elements as before.
std::optional<int64_t> reshapedDim(ArrayRef<int64_t> from, ArrayRef<int64_t> to, int64_t dim) {
  auto stride = [](ArrayRef<int64_t> shape) -> std::optional<int64_t> {
    int64_t count = 1;
    for (int64_t size : shape) {
      if (ShapedType::isDynamic(size))
        return std::nullopt;
      count *= size;
    }
    return count;
  };
  auto want = stride(from.drop_front(dim + 1));
  for (int64_t at = 0; want && at < static_cast<int64_t>(to.size()); ++at)
    if (to[at] == from[dim] && stride(to.drop_front(at + 1)) == want)
      return at;
  return std::nullopt;
}

/// The dim of the operand that `dim` of the integers becomes.
std::optional<int64_t> movedDim(ArrayRef<Operation *> movement, int64_t dim) {
  for (Operation *op : llvm::reverse(movement)) {
    if (auto transpose = dyn_cast<npu::TransposeOp>(op)) {
      dim = llvm::find(transpose.getPerm(), dim) - transpose.getPerm().begin();
      continue;
    }
    std::optional<int64_t> moved =
        reshapedDim(shapeOf(op->getOperand(0)), shapeOf(op->getResult(0)), dim);
    if (!moved)
      return std::nullopt;
    dim = *moved;
  }
  return dim;
}

bool isInt8(Value value) {
  return typeOf(value).getElementType().isInteger(8);
}

/// The i8 that `value` is the cast of, or null.
Value castInt8(Value value) {
  auto cast = value.getDefiningOp<npu::CastOp>();
  return cast && isInt8(cast.getX()) ? cast.getX() : Value();
}

struct Parts {
  Value integers, zero, scale;
};

/// cast(x), or cast(x) - zero.
std::optional<Parts> matchCentred(Value value) {
  if (Value integers = castInt8(value))
    return Parts{integers, {}, {}};
  auto sub = value.getDefiningOp<npu::SubOp>();
  Value integers =
      sub && sub.getType() == sub.getLhs().getType() ? castInt8(sub.getLhs()) : Value();
  if (!integers)
    return std::nullopt;
  return Parts{integers, splatNumber(sub.getRhs()) == 0.0 ? Value() : sub.getRhs(), {}};
}

std::optional<Parts> matchParts(Value value) {
  if (typeOf(value).getElementType().isInteger(32))
    return matchCentred(value);
  auto mul = value.getDefiningOp<npu::MulOp>();
  if (!mul || !typeOf(value).getElementType().isF32())
    return std::nullopt;
  for (unsigned side = 0; side < 2; ++side) {
    Value body = mul->getOperand(side);
    std::optional<Parts> parts =
        body.getType() == mul.getType() ? matchCentred(body) : std::nullopt;
    if (!parts)
      continue;
    parts->scale = mul->getOperand(1 - side);
    return parts;
  }
  return std::nullopt;
}

/// As a scalar or vector, with its dim of the operand; false where it cannot be said.
bool place(Value param, ArrayRef<int64_t> shape, ArrayRef<Operation *> movement, QuantParam &to) {
  if (!param)
    return true;
  std::optional<int64_t> dim = dimOf(param, shape);
  if (!dim)
    return false;
  to.value = param;
  if (*dim >= 0) {
    to.dim = movedDim(movement, *dim);
    return to.dim.has_value();
  }
  return true;
}

} // namespace

std::optional<Dequantized> matchDequantized(Value operand) {
  Dequantized found;
  while (auto *op = operand.getDefiningOp()) {
    if (!isa<npu::TransposeOp, npu::ReshapeOp>(op))
      break;
    found.movement.push_back(op);
    operand = op->getOperand(0);
  }
  std::optional<Parts> parts = matchParts(operand);
  if (!parts || !place(parts->zero, shapeOf(operand), found.movement, found.zero) ||
      !place(parts->scale, shapeOf(operand), found.movement, found.scale))
    return std::nullopt;
  found.integers = parts->integers;
  return found;
}

Value integersOf(OpBuilder &builder, const Dequantized &operand) {
  Value value = operand.integers;
  for (Operation *op : llvm::reverse(operand.movement)) {
    Operation *moved = cloneWith(builder, op, value, shapeOf(op->getResult(0)));
    moved->getResult(0).setType(typeOf(op->getResult(0)).clone(builder.getI8Type()));
    value = moved->getResult(0);
    if (ElementsAttr constant = evaluate(moved)) {
      value = npu::ConstantOp::create(builder, op->getLoc(), constant);
      moved->erase();
    }
  }
  return value;
}

} // namespace tessera
