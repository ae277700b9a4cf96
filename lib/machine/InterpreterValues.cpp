// What the scalar operations and the views of buffers of a tile program are worth.
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/machine/Interpreter.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tessera::machine {
using namespace mlir;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

int64_t View::elements() const {
  int64_t product = 1;
  for (int64_t size : sizes)
    product *= size;
  return product;
}

int64_t View::end() const {
  int64_t last = offset;
  for (auto [size, stride] : llvm::zip_equal(sizes, strides)) {
    if (size == 0)
      return begin();
    last += (size - 1) * stride;
  }
  return base + (last + 1) * elementBytes;
}

View::Rows View::rows() const {
  Rows rows;
  size_t d = sizes.size();
  for (; d > 0 && (sizes[d - 1] == 1 || strides[d - 1] == rows.length); --d)
    rows.length *= sizes[d - 1];
  if (d > 0)
    rows.stride = strides[d - 1];
  for (; d > 0; --d)
    rows.count *= sizes[d - 1];
  return rows;
}

bool overlaps(const View &a, const View &b) {
  if (a.domain != b.domain || a.end() <= b.begin() || b.end() <= a.begin())
    return false;
  if (a.base != b.base || a.strides != b.strides || a.strides.empty() || a.strides.back() != 1)
    return true;
  // Two boxes of one buffer: apart when they are apart in one dimension.
  int64_t restA = a.offset, restB = b.offset;
  for (auto [d, stride] : llvm::enumerate(a.strides)) {
    if (stride <= 0 || (d > 0 && a.strides[d - 1] % stride != 0))
      return true;
    const int64_t fromA = restA / stride, fromB = restB / stride;
    restA %= stride;
    restB %= stride;
    // A box that runs past the stride above it is none.
    if (d > 0 && std::max(fromA + a.sizes[d], fromB + b.sizes[d]) * stride > a.strides[d - 1])
      return true;
    if (fromA + a.sizes[d] <= fromB || fromB + b.sizes[d] <= fromA)
      return false;
  }
  return true;
}

LogicalResult Interpreter::buffer(Operation *op, Value value, StringRef domain) {
  auto type = cast<MemRefType>(value.getType());
  if (!type.hasStaticShape())
    return op->emitOpError("has no static size");
  View view;
  view.space = tile::spaceOf(type);
  view.type = type.getElementType();
  view.elementBytes = view.type.isIntOrFloat()
                          ? int64_t(llvm::divideCeil(view.type.getIntOrFloatBitWidth(), 8))
                          : 8;
  view.domain = domainNamed(domain.str());
  view.sizes.assign(type.getShape().begin(), type.getShape().end());
  view.strides.assign(view.sizes.size(), 1);
  for (size_t i = view.strides.size(); i-- > 1;)
    view.strides[i - 1] = view.strides[i] * view.sizes[i];
  if (auto offset = op->getAttrOfType<IntegerAttr>("tile.offset")) {
    view.base = offset.getInt();
  } else {
    auto [entry, fresh] = unplanned.try_emplace(op, nextUnplanned);
    if (fresh)
      nextUnplanned += view.bytes();
    view.base = entry->second;
  }
  view.whole = value;
  view.wholeBytes = view.bytes();
  views[value] = view;
  return success();
}

LogicalResult Interpreter::subview(Operation *op) {
  auto part = cast<memref::SubViewOp>(op);
  const View source = views.lookup(part.getSource());
  View view = source;
  view.sizes.clear();
  view.strides.clear();
  const llvm::SmallBitVector dropped = part.getDroppedDims();
  for (auto [d, mixed] : llvm::enumerate(
           llvm::zip(part.getMixedOffsets(), part.getMixedSizes(), part.getMixedStrides()))) {
    FailureOr<int64_t> offset = number(op, std::get<0>(mixed)),
                       size = number(op, std::get<1>(mixed)),
                       stride = number(op, std::get<2>(mixed));
    if (failed(offset) || failed(size) || failed(stride))
      return failure();
    if (*size < 0)
      return op->emitOpError("has a negative extent, ") << *size;
    view.offset += *offset * source.strides[d];
    if (dropped[d])
      continue;
    view.sizes.push_back(*size);
    view.strides.push_back(source.strides[d] * *stride);
  }
  views[part.getResult()] = view;
  return success();
}

/// Collapsed groups keep the stride of their last dimension that is not 1 wide.
static void collapse(View &view, ArrayRef<ReassociationIndices> groups) {
  SmallVector<int64_t, 4> sizes, strides;
  for (const ReassociationIndices &group : groups) {
    int64_t size = 1, stride = 1;
    bool found = false;
    for (int64_t d : llvm::reverse(group)) {
      if (!found && view.sizes[d] != 1) {
        stride = view.strides[d];
        found = true;
      }
      size *= view.sizes[d];
    }
    sizes.push_back(size);
    strides.push_back(stride);
  }
  view.sizes = sizes;
  view.strides = strides;
}

static LogicalResult expand(View &view, ArrayRef<ReassociationIndices> groups,
                            ArrayRef<int64_t> shape) {
  SmallVector<int64_t, 4> sizes(shape), strides(shape.size(), 1);
  if (llvm::is_contained(shape, ShapedType::kDynamic))
    return failure();
  for (auto [g, group] : llvm::enumerate(groups)) {
    int64_t stride = view.strides[g];
    for (int64_t d : llvm::reverse(group)) {
      strides[d] = stride;
      stride *= sizes[d];
    }
  }
  view.sizes = sizes;
  view.strides = strides;
  return success();
}

LogicalResult Interpreter::makeView(Operation *op) {
  Value result = op->getResult(0);
  if (isa<memref::AllocOp, memref::AllocaOp>(op)) {
    const std::string space = tile::spaceOf(cast<MemRefType>(result.getType())).str();
    // Of several cores of a kind in a group, `tile.core` says in whose memory the buffer lies.
    auto core = op->getAttrOfType<IntegerAttr>("tile.core");
    const int64_t number = core ? core.getInt() : 0;
    if (failed(buffer(op, result, "memory " + space + " " + std::to_string(number))))
      return failure();
    views[result].core = number;
    return success();
  }
  if (isa<tile::WorkspaceOp>(op))
    return buffer(op, result, "workspace");
  if (auto global = dyn_cast<memref::GetGlobalOp>(op))
    return buffer(op, result, ("constant " + global.getName()).str());
  Value source = op->getNumOperands() ? op->getOperand(0) : Value();
  auto found = views.find(source);
  if (found == views.end())
    return op->emitOpError("makes a buffer whose place is not known, so it cannot be timed");
  if (isa<memref::SubViewOp>(op))
    return subview(op);
  View view = found->second;
  auto type = cast<MemRefType>(result.getType());
  if (auto narrow = dyn_cast<memref::CollapseShapeOp>(op))
    collapse(view, narrow.getReassociationIndices());
  else if (auto wide = dyn_cast<memref::ExpandShapeOp>(op)) {
    SmallVector<int64_t> shape;
    for (OpFoldResult size : wide.getMixedOutputShape()) {
      FailureOr<int64_t> value = number(op, size);
      if (failed(value))
        return failure();
      shape.push_back(*value);
    }
    if (failed(expand(view, wide.getReassociationIndices(), shape)))
      return op->emitOpError("has unknown extents, so it cannot be timed");
  } else if (isa<memref::ReinterpretCastOp>(op)) {
    // Another order of the same blocks: everything about it is in its type.
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    if (!type.hasStaticShape() || failed(type.getStridesAndOffset(strides, offset)) ||
        ShapedType::isDynamic(offset) || ShapedType::isDynamicShape(strides))
      return op->emitOpError("has unknown extents, so it cannot be timed");
    view.sizes.assign(type.getShape().begin(), type.getShape().end());
    view.strides.assign(strides.begin(), strides.end());
    view.offset = offset;
  } else if (!isa<memref::CastOp>(op)) {
    return op->emitOpError("makes a buffer in a way that cannot be timed");
  }
  view.type = type.getElementType();
  views[result] = view;
  return success();
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

static std::optional<int64_t> evaluateExpr(AffineExpr expr, ArrayRef<int64_t> dims,
                                           ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  const auto a = evaluateExpr(binary.getLHS(), dims, symbols),
             b = evaluateExpr(binary.getRHS(), dims, symbols);
  if (!a || !b)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add)
    return *a + *b;
  if (expr.getKind() == AffineExprKind::Mul)
    return *a * *b;
  if (*b <= 0)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Mod)
    return llvm::mod(*a, *b);
  return expr.getKind() == AffineExprKind::FloorDiv ? llvm::divideFloorSigned(*a, *b)
                                                    : llvm::divideCeilSigned(*a, *b);
}

static std::optional<int64_t> evaluateMap(Operation *op, AffineMap map,
                                          ArrayRef<int64_t> operands) {
  std::optional<int64_t> value;
  for (AffineExpr expr : map.getResults()) {
    const auto next = evaluateExpr(expr, operands.take_front(map.getNumDims()),
                                   operands.drop_front(map.getNumDims()));
    if (!next)
      return std::nullopt;
    if (!value)
      value = next;
    else
      value = isa<affine::AffineMaxOp>(op) ? std::max(*value, *next) : std::min(*value, *next);
  }
  return value;
}

static bool compare(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
  const uint64_t ua = uint64_t(a), ub = uint64_t(b);
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return ua < ub;
  case arith::CmpIPredicate::ule:
    return ua <= ub;
  case arith::CmpIPredicate::ugt:
    return ua > ub;
  case arith::CmpIPredicate::uge:
    return ua >= ub;
  }
  llvm_unreachable("every predicate is listed");
}

/// Wraps as the machine does. Division by zero, and of the least number by -1, has no value.
static std::optional<int64_t> evaluateBinary(Operation *op, int64_t a, int64_t b) {
  using Result = std::optional<int64_t>;
  const bool divides = b != 0 && !(b == -1 && a == std::numeric_limits<int64_t>::min());
  auto wrap = [](uint64_t value) { return Result(int64_t(value)); };
  const uint64_t ua = uint64_t(a), ub = uint64_t(b);
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<arith::AddIOp>([&](auto) { return wrap(ua + ub); })
      .Case<arith::SubIOp>([&](auto) { return wrap(ua - ub); })
      .Case<arith::MulIOp>([&](auto) { return wrap(ua * ub); })
      .Case<arith::MinSIOp>([&](auto) { return Result(std::min(a, b)); })
      .Case<arith::MaxSIOp>([&](auto) { return Result(std::max(a, b)); })
      .Case<arith::MinUIOp>([&](auto) { return wrap(std::min(ua, ub)); })
      .Case<arith::MaxUIOp>([&](auto) { return wrap(std::max(ua, ub)); })
      .Case<arith::AndIOp>([&](auto) { return wrap(ua & ub); })
      .Case<arith::OrIOp>([&](auto) { return wrap(ua | ub); })
      .Case<arith::XOrIOp>([&](auto) { return wrap(ua ^ ub); })
      .Case<arith::DivUIOp>([&](auto) { return b ? wrap(ua / ub) : Result(); })
      .Case<arith::RemUIOp>([&](auto) { return b ? wrap(ua % ub) : Result(); })
      .Case<arith::CeilDivUIOp>([&](auto) { return b ? wrap(ua / ub + (ua % ub != 0)) : Result(); })
      .Case<arith::DivSIOp>([&](auto) { return divides ? Result(a / b) : Result(); })
      .Case<arith::RemSIOp>([&](auto) { return divides ? Result(a % b) : Result(); })
      .Case<arith::FloorDivSIOp>(
          [&](auto) { return divides ? Result(llvm::divideFloorSigned(a, b)) : Result(); })
      .Case<arith::CeilDivSIOp>(
          [&](auto) { return divides ? Result(llvm::divideCeilSigned(a, b)) : Result(); })
      .Case<arith::CmpIOp>(
          [&](arith::CmpIOp cmp) { return Result(compare(cmp.getPredicate(), a, b)); })
      .Default([](Operation *) { return Result(); });
}

const View *Interpreter::viewOf(Value value) const {
  auto found = views.find(value);
  return found == views.end() ? nullptr : &found->second;
}

std::optional<int64_t> Interpreter::valueOf(Value value) const {
  auto found = scalars.find(value);
  return found == scalars.end() ? std::nullopt : std::optional(found->second);
}

void Interpreter::evaluate(Operation *op) {
  if (op->getNumResults() != 1 || !op->getResult(0).getType().isIntOrIndex())
    return;
  Value result = op->getResult(0);
  APInt constant;
  if (matchPattern(result, m_ConstantInt(&constant))) {
    if (constant.getSignificantBits() <= 64)
      scalars[result] = constant.getSExtValue();
    return;
  }
  scalars.erase(result);
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    auto view = views.find(dim.getSource());
    if (view != views.end() && known(dim.getIndex())) {
      const int64_t index = scalars[dim.getIndex()];
      if (index >= 0 && index < int64_t(view->second.sizes.size()))
        scalars[result] = view->second.sizes[index];
    }
    return;
  }
  SmallVector<int64_t, 4> operands;
  for (Value operand : op->getOperands()) {
    if (!known(operand))
      return;
    operands.push_back(scalars[operand]);
  }
  std::optional<int64_t> value;
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    value = evaluateMap(op, apply.getAffineMap(), operands);
  else if (auto least = dyn_cast<affine::AffineMinOp>(op))
    value = evaluateMap(op, least.getAffineMap(), operands);
  else if (auto most = dyn_cast<affine::AffineMaxOp>(op))
    value = evaluateMap(op, most.getAffineMap(), operands);
  else if (isa<arith::SelectOp>(op))
    value = operands[0] ? operands[1] : operands[2];
  else if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtUIOp, arith::ExtSIOp>(op))
    value = operands[0];
  else if (operands.size() == 2)
    value = evaluateBinary(op, operands[0], operands[1]);
  if (value)
    scalars[result] = *value;
}

} // namespace tessera::machine
