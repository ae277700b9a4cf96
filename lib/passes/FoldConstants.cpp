// Evaluates elementwise operators by their scalar meaning, and movement as strided copies.
#include "FoldConstants.h"

#include "Constants.h"
#include "ScalarProgram.h"

#include "tessera/dialect/npu/NpuOps.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;

namespace tessera {

// A folded constant may be this much larger than its operands; beyond, computing it in the
// program is cheaper than storing and reading it.
static constexpr int64_t kFreeBytes = 4096;

//===-------------------------------------------------------------------------------------------===//
// Elementwise
//===-------------------------------------------------------------------------------------------===//

namespace {
/// An operand walked along the result's dims.
struct Cursor {
  ConstantView view;
  SmallVector<int64_t> strides; ///< Per dim of the result; 0 where it is broadcast.
  int64_t at = 0;

  Scalar load() const {
    Type type = view.getType().getElementType();
    Scalar scalar;
    if (isa<FloatType>(type))
      scalar.real = readNumber(view.element(at), type);
    else
      scalar.integer = readInteger(view.element(at), type);
    return scalar;
  }
};
} // namespace

static SmallVector<int64_t> broadcastStrides(const ConstantView &view, ArrayRef<int64_t> result) {
  SmallVector<int64_t> own = view.strides(), strides(result.size(), 0);
  size_t lead = result.size() - own.size();
  for (size_t dim = 0; dim < own.size(); ++dim)
    if (view.getShape()[dim] != 1)
      strides[lead + dim] = own[dim];
  return strides;
}

static bool evaluateInto(ScalarProgram &program, MutableArrayRef<Cursor> cursors,
                         ArrayRef<int64_t> shape, Type element, char *out) {
  int64_t count = ShapedType::getNumElements(shape), size = elementBytes(element);
  SmallVector<int64_t> index(shape.size(), 0);
  SmallVector<Scalar> scalars(cursors.size());
  for (int64_t i = 0; i < count; ++i) {
    for (auto [scalar, cursor] : llvm::zip_equal(scalars, cursors))
      scalar = cursor.load();
    std::optional<Scalar> value = program.run(scalars);
    if (!value)
      return false;
    if (isa<FloatType>(element))
      writeNumber(out + i * size, element, value->real);
    else
      writeInteger(out + i * size, element, value->integer);
    for (int64_t dim = static_cast<int64_t>(shape.size()) - 1; dim >= 0; --dim) {
      for (Cursor &cursor : cursors)
        cursor.at += cursor.strides[dim];
      if (++index[dim] < shape[dim])
        break;
      for (Cursor &cursor : cursors)
        cursor.at -= cursor.strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
  return true;
}

static ElementsAttr evaluateElementwise(Operation *op, MutableArrayRef<ConstantView> operands,
                                        RankedTensorType type) {
  std::optional<ScalarProgram> program = ScalarProgram::build(op);
  if (!program)
    return {};
  bool allSplat = llvm::all_of(operands, [](const ConstantView &view) { return view.isSplat(); });
  ArrayRef<int64_t> shape = allSplat ? ArrayRef<int64_t>() : type.getShape();
  SmallVector<Cursor> cursors;
  for (ConstantView &view : operands) {
    SmallVector<int64_t> strides = broadcastStrides(view, type.getShape());
    cursors.push_back({std::move(view), std::move(strides)});
  }
  if (allSplat) {
    ConstantBuffer one(RankedTensorType::get({1}, type.getElementType()));
    if (!evaluateInto(*program, cursors, shape, type.getElementType(), one.data()))
      return {};
    return cast<DenseElementsAttr>(one.finish()).resizeSplat(type);
  }
  ConstantBuffer buffer(type);
  if (!evaluateInto(*program, cursors, shape, type.getElementType(), buffer.data()))
    return {};
  return buffer.finish();
}

//===-------------------------------------------------------------------------------------------===//
// Movement: each result is filled by one or a few strided copies
//===-------------------------------------------------------------------------------------------===//

static ElementsAttr copied(RankedTensorType type, const ConstantView &view, StridedSide from) {
  ConstantBuffer buffer(type);
  copyStrided(buffer.data(), {0, rowMajorStrides(type.getShape())}, view.element(0),
              std::move(from), type.getShape(), view.getElementSize());
  return buffer.finish();
}

static ElementsAttr evaluateTranspose(npu::TransposeOp op, const ConstantView &view,
                                      RankedTensorType type) {
  SmallVector<int64_t> strides;
  for (int64_t dim : op.getPerm())
    strides.push_back(view.strides()[dim]);
  return copied(type, view, {0, strides});
}

static ElementsAttr evaluateSlice(npu::SliceOp op, const ConstantView &view,
                                  RankedTensorType type) {
  StridedSide from;
  for (auto [stride, offset, step] :
       llvm::zip_equal(view.strides(), op.getOffsets(), op.getStrides())) {
    from.offset += offset * stride;
    from.strides.push_back(stride * step);
  }
  return copied(type, view, from);
}

static ElementsAttr evaluateConcat(npu::ConcatOp op, ArrayRef<ConstantView> views,
                                   RankedTensorType type) {
  ConstantBuffer buffer(type);
  StridedSide to{0, rowMajorStrides(type.getShape())};
  for (const ConstantView &view : views) {
    copyStrided(buffer.data(), to, view.element(0), {0, view.strides()}, view.getShape(),
                view.getElementSize());
    to.offset += view.getShape()[op.getAxis()] * to.strides[op.getAxis()];
  }
  return buffer.finish();
}

static ElementsAttr evaluatePad(npu::PadOp op, const ConstantView &view, RankedTensorType type) {
  ConstantBuffer buffer(type);
  char value[8] = {};
  writeNumber(value, type.getElementType(), op.getValue().convertToDouble());
  SmallVector<int64_t> still(type.getRank(), 0);
  StridedSide to{0, rowMajorStrides(type.getShape())};
  copyStrided(buffer.data(), to, value, {0, still}, type.getShape(), view.getElementSize());
  for (auto [low, stride] : llvm::zip_equal(op.getLow(), to.strides))
    to.offset += low * stride;
  copyStrided(buffer.data(), to, view.element(0), {0, view.strides()}, view.getShape(),
              view.getElementSize());
  return buffer.finish();
}

// [batch.., k, n] -> [batch.., ceil(n / panel), ceil(k / group), panel, group], panel by panel and
// depth by depth of a group: each is a strided copy of at most `panel` columns over zeros.
static ElementsAttr evaluatePack(npu::PackRhsOp op, const ConstantView &view,
                                 RankedTensorType type) {
  ConstantBuffer buffer(type);
  std::memset(buffer.data(), 0, tensorBytes(type));
  int64_t rank = view.getShape().size(), panel = op.getPanel();
  int64_t kDim = op.getTranspose() ? rank - 1 : rank - 2;
  int64_t nDim = op.getTranspose() ? rank - 2 : rank - 1;
  int64_t k = view.getShape()[kDim], n = view.getShape()[nDim];
  SmallVector<int64_t> own = view.strides(), packed = rowMajorStrides(type.getShape());
  SmallVector<int64_t> sizes(view.getShape().drop_back(2));
  StridedSide from{0, SmallVector<int64_t>(ArrayRef(own).drop_back(2))};
  int64_t group = op.getGroup().value_or(1), batch = rank - 2;
  StridedSide to{0, SmallVector<int64_t>(ArrayRef(packed).take_front(batch))};
  from.strides.append({own[kDim] * group, own[nDim]});
  to.strides.append({panel * group, group});
  sizes.append({0, 0});
  for (int64_t column = 0; column < n; column += panel)
    for (int64_t depth = 0; depth < std::min(group, k); ++depth) {
      sizes[batch] = llvm::divideCeil(k - depth, group);
      sizes[batch + 1] = std::min(panel, n - column);
      to.offset = column / panel * packed[batch] + depth;
      from.offset = column * own[nDim] + depth * own[kDim];
      copyStrided(buffer.data(), to, view.element(0), from, sizes, view.getElementSize());
    }
  return buffer.finish();
}

static ElementsAttr constantOf(Value value) {
  auto constant = value.getDefiningOp<npu::ConstantOp>();
  return constant ? constant.getValue() : ElementsAttr();
}

//===-------------------------------------------------------------------------------------------===//
// All of them
//===-------------------------------------------------------------------------------------------===//

ElementsAttr evaluate(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumOperands() == 0 || op->getNumRegions() != 0)
    return {};
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || !type.hasStaticShape() || elementBytes(type.getElementType()) == 0)
    return {};
  SmallVector<ConstantView> views;
  for (Value operand : op->getOperands()) {
    std::optional<ConstantView> view = ConstantView::of(operand);
    if (!view)
      return {};
    views.push_back(std::move(*view));
  }
  if (type.getNumElements() == 0)
    return {};
  return llvm::TypeSwitch<Operation *, ElementsAttr>(op)
      .Case(
          [&](npu::ReshapeOp reshape) { return reshapeConstant(constantOf(reshape.getX()), type); })
      .Case([&](npu::TransposeOp op) { return evaluateTranspose(op, views[0], type); })
      .Case([&](npu::SliceOp op) { return evaluateSlice(op, views[0], type); })
      .Case([&](npu::ConcatOp op) { return evaluateConcat(op, views, type); })
      .Case([&](npu::PadOp op) { return evaluatePad(op, views[0], type); })
      .Case([&](npu::PackRhsOp op) { return evaluatePack(op, views[0], type); })
      .Case([&](npu::ExpandOp) {
        return copied(type, views[0], {0, broadcastStrides(views[0], type.getShape())});
      })
      .Case([&](npu::ElementwiseOpInterface) { return evaluateElementwise(op, views, type); })
      .Default([](Operation *) { return ElementsAttr(); });
}

namespace {
struct FoldConstantOperands : RewritePattern {
  explicit FoldConstantOperands(MLIRContext *context)
      : RewritePattern(MatchAnyOpTypeTag(), /*benefit=*/10, context) {}

  // A splat takes no room whatever its shape; else the operands' bytes are what is saved.
  static bool isWorthStoring(Operation *op) {
    int64_t operands = 0;
    bool allSplat = true;
    for (Value operand : op->getOperands()) {
      std::optional<ConstantView> view = ConstantView::of(operand);
      if (!view)
        return false;
      operands += view->getBytes().size();
      allSplat &= view->isSplat() || view->getType().getNumElements() == 1;
    }
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || !type.hasStaticShape())
      return false;
    return allSplat || tensorBytes(type) <= kFreeBytes + operands;
  }

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<npu::NpuOpInterface>(op) || op->getNumResults() != 1 || !isWorthStoring(op))
      return failure();
    ElementsAttr value = evaluate(op);
    if (!value)
      return failure();
    rewriter.replaceOpWithNewOp<npu::ConstantOp>(op, value);
    return success();
  }
};
} // namespace

void populateFoldConstantsPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldConstantOperands>(patterns.getContext());
}

} // namespace tessera
