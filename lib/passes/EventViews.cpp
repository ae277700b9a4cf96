// Parts of buffers, slots, and when two accesses conflict.
#include "EventViews.h"

namespace tessera::events {
using namespace mlir;

static int64_t bytesOf(MemRefType type) {
  const int64_t element =
      type.getElementType().isIntOrFloat() ? llvm::divideCeil(type.getElementTypeBitWidth(), 8) : 8;
  return type.hasStaticShape() ? type.getNumElements() * element : int64_t(1) << 40;
}

View wholeView(MemRefType type, int64_t domain) {
  View view;
  view.domain = domain;
  view.bytes = bytesOf(type);
  view.sizes.assign(type.getShape().begin(), type.getShape().end());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)))
    strides.assign(view.sizes.size(), ShapedType::kDynamic);
  view.strides.assign(strides.begin(), strides.end());
  return view;
}

void narrow(View &view, memref::SubViewOp part, NumberFn number) {
  SmallVector<int64_t, 4> sizes, strides;
  const auto offsets = part.getMixedOffsets(), extents = part.getMixedSizes(),
             steps = part.getMixedStrides();
  // One of the equal parts of a buffer: a slot.
  if (view.root && !view.argument && !offsets.empty() && isa<Value>(offsets.front()) &&
      getConstantIntValue(extents.front()) == 1 && view.sizes.front() > 1) {
    view.slot = cast<Value>(offsets.front());
    view.slots = view.sizes.front();
    view.slotValue = number(offsets.front()).value_or(-1);
  }
  view.root = false;
  const llvm::SmallBitVector dropped = part.getDroppedDims();
  for (size_t d = 0; d < offsets.size(); ++d) {
    const auto offset = number(offsets[d]), size = number(extents[d]), step = number(steps[d]);
    const bool known = !ShapedType::isDynamic(view.strides[d]);
    if (view.offset && offset && known)
      *view.offset += *offset * view.strides[d];
    else
      view.offset = std::nullopt;
    if (dropped[d])
      continue;
    sizes.push_back(size.value_or(ShapedType::kDynamic));
    strides.push_back(step && known ? *step * view.strides[d] : ShapedType::kDynamic);
  }
  view.sizes = sizes;
  view.strides = strides;
}

/// Extents of the new shape; those of joined dims are their products, where they are known.
static SmallVector<int64_t> extentsAfter(const View &view, Operation *op, MemRefType type) {
  SmallVector<int64_t> extents(type.getShape());
  auto collapse = dyn_cast<memref::CollapseShapeOp>(op);
  if (!collapse || view.sizes.size() != size_t(collapse.getSrcType().getRank()))
    return extents;
  for (auto [extent, group] : llvm::zip_equal(extents, collapse.getReassociationIndices())) {
    extent = 1;
    for (int64_t d : group)
      extent = ShapedType::isDynamic(extent) || ShapedType::isDynamic(view.sizes[d])
                   ? ShapedType::kDynamic
                   : extent * view.sizes[d];
  }
  return extents;
}

void relabel(View &view, Operation *op, MemRefType type) {
  const bool wasRoot = view.root && !view.sizes.empty();
  const int64_t slots = wasRoot ? view.sizes.front() : 0,
                pitch = wasRoot ? view.strides.front() : 0;
  SmallVector<int64_t> strides;
  int64_t start = 0;
  const bool known = succeeded(type.getStridesAndOffset(strides, start));
  view.root = wasRoot && known && isa<memref::ReinterpretCastOp>(op) && type.getRank() > 0 &&
              type.getDimSize(0) == slots && strides.front() == pitch && start == 0;
  const SmallVector<int64_t> extents = extentsAfter(view, op, type);
  view.sizes.assign(extents.begin(), extents.end());
  if (!known || isa<memref::ReinterpretCastOp>(op))
    strides.assign(view.sizes.size(), ShapedType::kDynamic);
  view.strides.assign(strides.begin(), strides.end());
}

/// Two boxes of one argument, of equal strides: apart when they are apart in one dimension.
static bool apart(const Access &a, const Access &b) {
  if (!a.exact || !b.exact || a.strides != b.strides || a.strides.empty())
    return false;
  int64_t restA = a.offset, restB = b.offset;
  for (auto [d, stride] : llvm::enumerate(a.strides)) {
    if (stride <= 0 || (d > 0 && a.strides[d - 1] < stride))
      return false;
    const int64_t fromA = restA / stride, fromB = restB / stride;
    restA %= stride;
    restB %= stride;
    if (d > 0 && std::max(fromA + a.sizes[d], fromB + b.sizes[d]) * stride > a.strides[d - 1])
      return false;
    if (fromA + a.sizes[d] <= fromB || fromB + b.sizes[d] <= fromA)
      return true;
  }
  return false;
}

bool conflict(const Access &a, const Access &b) {
  if (a.domain != b.domain || !(a.writes || b.writes) || a.end <= b.begin || b.end <= a.begin)
    return false;
  // A block's part of an argument is its own. Other blocks may be cut otherwise, and any may
  // follow.
  if (a.block != b.block)
    return !a.argument;
  const bool divided = a.core >= 0 && b.core >= 0 && a.core != b.core;
  const bool parts = divided || !(a.held && b.held);
  return !(a.buffer && a.buffer == b.buffer && parts && apart(a, b));
}

} // namespace tessera::events
