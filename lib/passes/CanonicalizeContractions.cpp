// Convolutions and matmuls in the simplest form that computes them.
#include "CanonicalizeGraph.h"

#include "Constants.h"

using namespace mlir;

namespace tessera {
namespace {

// Splitting a grouped convolution makes that many convolutions; beyond, it stays one operator.
constexpr int64_t kMaxSplitGroups = 64;

bool allEqual(ArrayRef<int64_t> values, int64_t expected) {
  return llvm::all_of(values, [&](int64_t value) { return value == expected; });
}

/// A convolution whose window is one pixel, or the whole image, multiplies a matrix.
struct ConvToMatmul : OpRewritePattern<npu::Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::Conv2DOp op, PatternRewriter &rewriter) const override {
    if (op.getPackedN() || op.getGroups() != 1 || !allEqual(op.getPads(), 0))
      return failure();
    ArrayRef<int64_t> image = shapeOf(op.getInput()), filter = shapeOf(op.getFilter());
    ArrayRef<int64_t> result = shapeOf(op.getResult());
    if (llvm::any_of(filter, ShapedType::isDynamic) || !isReshapeTarget(result))
      return failure();
    bool pixelwise = filter[0] == 1 && filter[1] == 1 && allEqual(op.getStrides(), 1);
    bool wholeImage =
        filter[0] == image[1] && filter[1] == image[2] && allEqual(op.getDilations(), 1);
    if (!pixelwise && !wholeImage)
      return failure();
    int64_t k = filter[0] * filter[1] * filter[2], rows = 1;
    for (int64_t dim : pixelwise ? image.drop_back() : image.take_front())
      rows = ShapedType::isDynamic(dim) || ShapedType::isDynamic(rows) ? ShapedType::kDynamic
                                                                       : rows * dim;
    Location loc = op.getLoc();
    Value lhs = reshapeTo(rewriter, loc, op.getInput(), {rows, k});
    Value rhs = reshapeTo(rewriter, loc, op.getFilter(), {k, filter[3]});
    auto type = RankedTensorType::get({rows, filter[3]}, op.getType().getElementType());
    Value product = npu::MatmulOp::create(rewriter, loc, type, lhs, rhs, /*transpose_lhs=*/false,
                                          /*transpose_rhs=*/false, /*packed_n=*/IntegerAttr());
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), product);
    return success();
  }
};

/// Products of bytes whose sum is exact as f32: each is at most 2^14.
constexpr int64_t kExactProducts = (int64_t(1) << 24) >> 14;

/// As many groups as channels: depthwise. With several features per channel, each channel is
/// repeated as often first. Bytes become floats, in which their sums are exact.
struct GroupedConvToDepthwise : OpRewritePattern<npu::Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::Conv2DOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> image = shapeOf(op.getInput()), filter = shapeOf(op.getFilter());
    Type element = typeOf(op.getInput()).getElementType();
    if (op.getGroups() == 1 || filter[2] != 1 || image[3] != int64_t(op.getGroups()) ||
        llvm::any_of(filter, ShapedType::isDynamic) || !op.getDynamicPads().empty())
      return failure();
    bool bytes = element.isInteger(8) && filter[0] * filter[1] <= kExactProducts;
    if (op.getType().getElementType() != element && !bytes)
      return failure();
    Location loc = op.getLoc();
    int64_t channels = image[3], features = filter[3], repeat = features / channels;
    Value input = op.getInput();
    if (repeat > 1) {
      if (llvm::any_of(image, ShapedType::isDynamic))
        return failure();
      SmallVector<int64_t> apart(image), repeated(image), joined(image);
      apart.push_back(1);
      repeated.push_back(repeat);
      joined.back() = features;
      Value column = reshapeTo(rewriter, loc, input, apart);
      auto type = RankedTensorType::get(repeated, typeOf(input).getElementType());
      input = reshapeTo(rewriter, loc, npu::ExpandOp::create(rewriter, loc, type, column), joined);
    }
    Value window = reshapeTo(rewriter, loc, op.getFilter(), {filter[0], filter[1], features});
    auto type = cast<RankedTensorType>(op.getType());
    if (bytes) {
      auto real = [&](Value x) -> Value {
        return npu::CastOp::create(rewriter, loc, typeOf(x).clone(rewriter.getF32Type()), x);
      };
      input = real(input), window = real(window);
      type = type.clone(rewriter.getF32Type());
    }
    Value result = npu::DepthwiseConv2DOp::create(rewriter, loc, type, input, window,
                                                  op.getStrides(), op.getDilations(), op.getPads());
    rewriter.replaceOp(
        op, bytes ? npu::CastOp::create(rewriter, loc, op.getType(), result).getResult() : result);
    return success();
  }
};

/// Any other grouped convolution: one convolution per group.
struct SplitGroupedConv : OpRewritePattern<npu::Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;

  // Elements [index * size, (index + 1) * size) of the last dim.
  static Value part(PatternRewriter &rewriter, Location loc, Value value, int64_t index,
                    int64_t size) {
    SmallVector<int64_t> sizes(shapeOf(value));
    for (int64_t &dim : sizes)
      dim = ShapedType::isDynamic(dim) ? -1 : dim;
    SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
    offsets.back() = index * size;
    sizes.back() = size;
    return npu::SliceOp::create(rewriter, loc, value, offsets, sizes, strides);
  }

  LogicalResult matchAndRewrite(npu::Conv2DOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> image = shapeOf(op.getInput()), filter = shapeOf(op.getFilter());
    int64_t groups = op.getGroups();
    if (groups == 1 || filter[2] == 1 || groups > kMaxSplitGroups || !op.getDynamicPads().empty() ||
        ShapedType::isDynamic(image[3]) || ShapedType::isDynamic(filter[3]))
      return failure();
    Location loc = op.getLoc();
    SmallVector<int64_t> partShape(shapeOf(op.getResult()));
    partShape.back() = filter[3] / groups;
    auto type = RankedTensorType::get(partShape, op.getType().getElementType());
    SmallVector<Value> results;
    for (int64_t group = 0; group < groups; ++group)
      results.push_back(npu::Conv2DOp::create(
          rewriter, loc, type, part(rewriter, loc, op.getInput(), group, image[3] / groups),
          part(rewriter, loc, op.getFilter(), group, filter[3] / groups), op.getStrides(),
          op.getDilations(), op.getPads(), /*groups=*/1));
    rewriter.replaceOpWithNewOp<npu::ConcatOp>(op, results, shapeOf(op.getResult()).size() - 1);
    return success();
  }
};

/// Batches that share the right operand are more rows of one product.
struct BatchIntoRows : OpRewritePattern<npu::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(npu::MatmulOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> lhs = shapeOf(op.getLhs()), rhs = shapeOf(op.getRhs());
    ArrayRef<int64_t> result = shapeOf(op.getResult());
    if (op.getPackedN() || result.size() == 2 || !allEqual(rhs.drop_back(2), 1) ||
        !isReshapeTarget(result) || !isReshapeTarget(lhs) || !isReshapeTarget(rhs))
      return failure();
    // A transposed left operand has rows apart in memory: only unit batches can be dropped.
    if (op.getTransposeLhs() && !allEqual(lhs.drop_back(2), 1))
      return failure();
    int64_t rows = 1;
    for (int64_t dim : result.drop_back())
      rows = ShapedType::isDynamic(dim) || ShapedType::isDynamic(rows) ? ShapedType::kDynamic
                                                                       : rows * dim;
    int64_t k = op.getTransposeLhs() ? lhs[lhs.size() - 2] : lhs.back();
    if (ShapedType::isDynamic(k) && ShapedType::isDynamic(rows))
      return failure();
    Location loc = op.getLoc();
    SmallVector<int64_t> flat{rows, k};
    if (op.getTransposeLhs())
      std::swap(flat[0], flat[1]);
    auto type = RankedTensorType::get({rows, result.back()}, op.getType().getElementType());
    Value product =
        npu::MatmulOp::create(rewriter, loc, type, reshapeTo(rewriter, loc, op.getLhs(), flat),
                              reshapeTo(rewriter, loc, op.getRhs(), rhs.take_back(2)),
                              op.getTransposeLhs(), op.getTransposeRhs(), IntegerAttr());
    rewriter.replaceOpWithNewOp<npu::ReshapeOp>(op, op.getType(), product);
    return success();
  }
};

/// Zeros around an image before a convolution are its pads.
template <class ConvOp> struct PadIntoConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern<ConvOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().template getDefiningOp<npu::PadOp>();
    if (!pad || !pad.getValue().isZero() || !op.getDynamicPads().empty())
      return failure();
    ArrayRef<int64_t> low = pad.getLow(), high = pad.getHigh();
    if (low[0] || low[3] || high[0] || high[3])
      return failure();
    SmallVector<int64_t> pads(op.getPads());
    for (auto [at, more] : llvm::zip_equal(pads, std::array{low[1], low[2], high[1], high[2]}))
      at += more;
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(pad.getX());
      op.setPads(pads);
    });
    return success();
  }
};

} // namespace

void populateContractionPatterns(RewritePatternSet &patterns) {
  patterns.add<ConvToMatmul, GroupedConvToDepthwise, SplitGroupedConv, BatchIntoRows,
               PadIntoConv<npu::Conv2DOp>, PadIntoConv<npu::DepthwiseConv2DOp>>(
      patterns.getContext());
}

} // namespace tessera
