// npu-integer-products: products of dequantised operands as products of their 8-bit integers.
#include "CanonicalizeGraph.h"
#include "Constants.h"
#include "Dequantized.h"

#include "mlir/IR/Remarks.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/Passes.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUINTEGERPRODUCTS
#include "tessera/passes/Passes.h.inc"

namespace {

// A product of two 8-bit numbers less their zero points is at most 255 * 255: as many fit into i32.
constexpr int64_t kMaxDepth = INT32_MAX / (255 * 255);

/// One contraction that is being rewritten. With a, b the integers and z their zero points,
///   sum (a - za) (b - zb) = sum (a - za) b - zb * sum (a - za),
///   sum (a - za) b = sum a b - za * sum b,
/// where sum b is a constant if b is, and sum (a - za) a product with ones. Where b - zb is
/// constant and fits into 8 bits there is one product.
class Rewriter {
public:
  explicit Rewriter(Operation *op) : op(op), builder(op), loc(op->getLoc()) {}

  /// Replaces the operator's result; a reason why not otherwise, empty where nothing is
  /// dequantised.
  std::optional<std::string> run();

private:
  Operation *op;
  OpBuilder builder;
  Location loc;
  /// The left operand as the products read it, its zero point in i32 (null where 0), and the pads
  /// that are left to a convolution.
  Value image, zero;
  /// Ones for each element of an image that is padded and whose zero point is not known: what is
  /// added to the product for the zero point is then smaller where the window meets a pad.
  Value ones;
  SmallVector<int64_t> pads;
  std::optional<int64_t> knownZero;

  npu::Conv2DOp conv() { return dyn_cast<npu::Conv2DOp>(op); }
  bool isTransposed() {
    auto matmul = dyn_cast<npu::MatmulOp>(op);
    return matmul && matmul.getTransposeRhs();
  }
  /// The dim of the right operand that becomes the result's last.
  int64_t columnDim(Value weights) { return typeOf(weights).getRank() - (isTransposed() ? 2 : 1); }

  std::optional<std::string> refusal(const Dequantized &lhs, const Dequantized &rhs, Value weights);
  Value contract(Value lhs, Value weights);
  Value product(Value weights);
  Value columnSums(Value weights);
  Value constantSums(const ConstantView &weights);
  Value difference(Value from, Value what);
  void setImage(const Dequantized &lhs);
  Value scalar(Value value) { return reshapeTo(builder, loc, value, {}); }
  Value perColumn(const QuantParam &param) {
    return param.dim ? reshapeTo(builder, loc, param.value, {typeOf(param.value).getNumElements()})
                     : scalar(param.value);
  }
  Value asI32(Value value) {
    Type i32 = builder.getI32Type();
    return typeOf(value).getElementType() == i32 ? value
                                                 : npu::CastOp::create(builder, loc, value, i32);
  }
  Value scaleOf(const Dequantized &lhs, const Dequantized &rhs);
};

/// `weights` - `zero`, for each column its own, where that is constant and fits into i8; null
/// otherwise.
Value centredWeights(OpBuilder &builder, Location loc, Value weights, Value zero, int64_t dim) {
  std::optional<ConstantView> view = ConstantView::of(weights), zeros = ConstantView::of(zero);
  if (!view || !zeros)
    return {};
  RankedTensorType type = typeOf(weights);
  ConstantBuffer buffer(type);
  const int64_t stride = rowMajorStrides(type.getShape())[dim], columns = type.getDimSize(dim);
  const bool one = zeros->getType().getNumElements() == 1;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    const auto number =
        static_cast<int64_t>(view->number(i) - zeros->number(one ? 0 : i / stride % columns));
    if (number < INT8_MIN || number > INT8_MAX)
      return {};
    buffer.data()[i] = static_cast<char>(number);
  }
  return npu::ConstantOp::create(builder, loc, buffer.finish());
}

Value constantOnes(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, builder.getI8Type());
  return npu::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, int8_t(1)));
}

/// Where the operands are not what the products can take. Reasons are for people who quantise.
std::optional<std::string> Rewriter::refusal(const Dequantized &lhs, const Dequantized &rhs,
                                             Value weights) {
  const bool isConstant = ConstantView::of(weights).has_value();
  if (lhs.scale.dim || lhs.zero.dim)
    return "the left operand has more than one scale or zero point";
  for (const QuantParam &param : {rhs.scale, rhs.zero})
    if (param.dim && *param.dim != columnDim(weights))
      return "the right operand's scales or zero points are not those of its columns";
  // Products of i32 have no other form; here sums at run time would not pay.
  if (lhs.scale.value && !isConstant && (lhs.zero.value || rhs.zero.value))
    return "the right operand is no constant, and a zero point is not 0";
  if ((lhs.zero.value || rhs.zero.value) && !typeOf(weights).hasStaticShape())
    return "the right operand's size is not known";
  int64_t depth = 1;
  for (auto [dim, size] : llvm::enumerate(shapeOf(weights)))
    if (conv() ? dim < 3 : int64_t(dim) == 2 * typeOf(weights).getRank() - 3 - columnDim(weights))
      depth = ShapedType::isDynamic(size) ? kMaxDepth + 1 : depth * size;
  // A product of i32 wraps around as it did; one of f32 must be right.
  if (lhs.scale.value && depth > kMaxDepth)
    return "the sums may not fit into 32 bits";
  if (!conv())
    return std::nullopt;
  if (conv().getGroups() != 1 || !conv().getDynamicPads().empty())
    return "the convolution has groups";
  if (lhs.zero.value && !typeOf(conv().getInput()).hasStaticShape())
    return "the image's size is not known";
  return std::nullopt;
}

/// The integers of the left operand. Pads are zeros of what is dequantised: zero points.
void Rewriter::setImage(const Dequantized &lhs) {
  image = integersOf(builder, lhs);
  if (conv())
    pads.assign(conv().getPads().begin(), conv().getPads().end());
  if (!lhs.zero.value)
    return;
  if (std::optional<double> number = splatNumber(lhs.zero.value))
    knownZero = static_cast<int64_t>(*number);
  zero = asI32(scalar(lhs.zero.value));
  if (!llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    return;
  if (!knownZero) {
    SmallVector<int64_t> shape(shapeOf(image));
    shape[0] = 1;
    ones = constantOnes(builder, loc, shape);
    return;
  }
  SmallVector<int64_t> low{0, pads[0], pads[1], 0}, high{0, pads[2], pads[3], 0};
  SmallVector<int64_t> shape(shapeOf(image));
  for (auto [size, below, above] : llvm::zip_equal(shape, low, high))
    size += below + above;
  image = npu::PadOp::create(builder, loc, typeOf(image).clone(shape), image, low, high,
                             APFloat(static_cast<double>(*knownZero)));
  pads.assign(4, 0);
}

/// lhs x weights in i32.
Value Rewriter::contract(Value lhs, Value weights) {
  SmallVector<int64_t> shape(shapeOf(op->getResult(0)));
  if (conv())
    shape[0] = shapeOf(lhs)[0];
  shape.back() = shapeOf(weights)[columnDim(weights)];
  auto type = RankedTensorType::get(shape, builder.getI32Type());
  Operation *made;
  if (auto matmul = dyn_cast<npu::MatmulOp>(op))
    made = npu::MatmulOp::create(builder, loc, type, lhs, weights, matmul.getTransposeLhs(),
                                 matmul.getTransposeRhs(), IntegerAttr());
  else
    made = npu::Conv2DOp::create(builder, loc, type, lhs, weights, conv().getStrides(),
                                 conv().getDilations(), pads, /*groups=*/1);
  // What a schedule in the file asks of the operator.
  for (NamedAttribute attr : op->getDiscardableAttrs())
    made->setDiscardableAttr(attr.getName(), attr.getValue());
  return made->getResult(0);
}

/// For each column the sum of its elements, times the zero point where it is known, in i32:
/// [batch.., 1, columns], or [columns].
Value Rewriter::constantSums(const ConstantView &weights) {
  ArrayRef<int64_t> shape = weights.getShape();
  const int64_t rank = shape.size(), column = isTransposed() ? rank - 2 : rank - 1;
  const int64_t columns = shape[column];
  int64_t depth = isTransposed() ? shape[rank - 1] : shape[rank - 2], batches = 1;
  for (int64_t size : shape.drop_back(2))
    (conv() ? depth : batches) *= size;
  SmallVector<int64_t> sums{columns};
  if (batches > 1) {
    sums.assign(shape.begin(), shape.end() - 2);
    sums.append({1, columns});
  }
  ConstantBuffer buffer(RankedTensorType::get(sums, builder.getI32Type()));
  for (int64_t at = 0; at < batches * columns; ++at) {
    const int64_t first = at / columns * depth * columns, c = at % columns;
    int64_t sum = 0;
    for (int64_t row = 0; row < depth; ++row)
      sum += static_cast<int64_t>(
          weights.number(first + (isTransposed() ? c * depth + row : row * columns + c)));
    sum = knownZero ? sum * *knownZero : sum;
    writeInteger(buffer.data() + at * sizeof(int32_t), builder.getI32Type(), sum);
  }
  return npu::ConstantOp::create(builder, loc, buffer.finish());
}

/// For each column the sum of its elements times the zero point.
Value Rewriter::columnSums(Value weights) {
  std::optional<ConstantView> view = ConstantView::of(weights);
  Value sums;
  if (ones) {
    sums = contract(ones, weights);
  } else if (view) {
    sums = constantSums(*view);
    if (knownZero)
      return sums;
  } else {
    sums = asI32(weights);
    const int64_t rank = typeOf(weights).getRank();
    SmallVector<int64_t> axes{2 * rank - 3 - columnDim(weights)};
    if (conv())
      axes = {0, 1, 2};
    SmallVector<int64_t> shape;
    for (auto [dim, size] : llvm::enumerate(shapeOf(weights)))
      if (!llvm::is_contained(axes, int64_t(dim)))
        shape.push_back(size);
    auto type = RankedTensorType::get(shape, builder.getI32Type());
    sums = npu::ReduceSumOp::create(builder, loc, type, sums, axes, /*keepdims=*/false);
    if (rank > 2 && !conv()) {
      shape.insert(shape.end() - 1, 1);
      sums = reshapeTo(builder, loc, sums, shape);
    }
  }
  return npu::MulOp::create(builder, loc, sums.getType(), sums, zero);
}

Value Rewriter::difference(Value from, Value what) {
  return npu::SubOp::create(builder, loc, from.getType(), from, what);
}

/// sum (a - za) w.
Value Rewriter::product(Value weights) {
  Value sums = contract(image, weights);
  return zero ? difference(sums, columnSums(weights)) : sums;
}

Value Rewriter::scaleOf(const Dequantized &lhs, const Dequantized &rhs) {
  Value left = scalar(lhs.scale.value), right = perColumn(rhs.scale);
  return npu::MulOp::create(builder, loc, right.getType(), right, left);
}

std::optional<std::string> Rewriter::run() {
  std::optional<Dequantized> lhs = matchDequantized(op->getOperand(0));
  std::optional<Dequantized> rhs = matchDequantized(op->getOperand(1));
  if (!lhs || !rhs || bool(lhs->scale.value) != bool(rhs->scale.value))
    return "";
  Value weights = integersOf(builder, *rhs);
  if (std::optional<std::string> reason = refusal(*lhs, *rhs, weights))
    return reason;
  setImage(*lhs);
  Value result;
  if (!rhs->zero.value) {
    result = product(weights);
  } else if (Value centred =
                 centredWeights(builder, loc, weights, rhs->zero.value, columnDim(weights))) {
    result = product(centred);
  } else {
    Value point = asI32(perColumn(rhs->zero));
    SmallVector<int64_t> column(shapeOf(weights));
    column[columnDim(weights)] = 1;
    Value rows = product(constantOnes(builder, loc, column));
    result = product(weights);
    Type type = rhs->zero.dim ? result.getType() : rows.getType();
    result = difference(result, npu::MulOp::create(builder, loc, type, rows, point));
  }
  if (lhs->scale.value) {
    Value real = npu::CastOp::create(builder, loc, result, builder.getF32Type());
    result = npu::MulOp::create(builder, loc, real.getType(), real, scaleOf(*lhs, *rhs));
  }
  op->getResult(0).replaceAllUsesWith(result);
  return std::nullopt;
}

struct IntegerProducts : impl::NpuIntegerProductsBase<IntegerProducts> {
  using Base::Base;

  void runOnOperation() override {
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (isa<npu::MatmulOp, npu::Conv2DOp>(op) && !op->hasAttr("packed_n") &&
          !op->getParentOfType<npu::KernelOp>() && matchDequantized(op->getOperand(1)))
        contractions.push_back(op);
    });
    if (contractions.empty())
      return;
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(getOperation());
    if (!chip)
      return signalPassFailure();
    const bool takesIntegers = chip->mmaFor("i8", "i8", "i32") != nullptr;
    for (Operation *op : contractions) {
      std::optional<std::string> reason =
          takesIntegers ? Rewriter(op).run()
                        : "the matrix unit of chip " + chip->name + " takes no i8";
      if (reason && !reason->empty())
        remark::missed(op->getLoc(), options())
            << remark::add("multiplied in f32") << remark::reason("{0}", *reason);
      if (reason)
        continue;
      remark::passed(op->getLoc(), options()) << remark::add("multiplied as 8-bit integers");
      op->erase();
    }
  }

  static remark::RemarkOpts options() {
    return remark::RemarkOpts::name("integer-product").category("precision");
  }
};

} // namespace
} // namespace tessera
