// Averages that leave the padding out, as an average over everything times a constant: the chips'
// window work divides by one number.
#include "CanonicalizeGraph.h"
#include "Constants.h"

using namespace mlir;

namespace tessera {
namespace {

/// For each place of the output along one dim, how many taps of its window lie on the image.
SmallVector<int64_t> tapsOnImage(npu::AvgPool2DOp op, int dim) {
  int64_t input = shapeOf(op.getInput())[dim + 1], output = shapeOf(op.getResult())[dim + 1];
  int64_t kernel = op.getWindow()[dim], stride = op.getStrides()[dim];
  int64_t dilation = op.getDilations()[dim], pad = op.getPads()[dim];
  SmallVector<int64_t> counts(output, 0);
  for (int64_t place = 0; place < output; ++place)
    for (int64_t tap = 0; tap < kernel; ++tap) {
      int64_t at = place * stride + tap * dilation - pad;
      counts[place] += at >= 0 && at < input;
    }
  return counts;
}

struct CountedPads : OpRewritePattern<npu::AvgPool2DOp> {
  using OpRewritePattern<npu::AvgPool2DOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(npu::AvgPool2DOp op, PatternRewriter &rewriter) const override {
    RankedTensorType type = typeOf(op.getResult());
    if (op.getCountIncludePad() || llvm::all_of(op.getPads(), [](int64_t p) { return p == 0; }) ||
        !op.getDynamicPads().empty() || !type.hasStaticShape() ||
        !typeOf(op.getInput()).hasStaticShape())
      return failure();
    SmallVector<int64_t> down = tapsOnImage(op, 0), across = tapsOnImage(op, 1);
    double all = double(op.getWindow()[0] * op.getWindow()[1]);
    auto scaleType = RankedTensorType::get({1, int64_t(down.size()), int64_t(across.size()), 1},
                                           type.getElementType());
    ConstantBuffer scale(scaleType);
    char *at = scale.data();
    int64_t bytes = type.getElementTypeBitWidth() / 8;
    for (int64_t y : down)
      for (int64_t x : across) {
        writeNumber(at, type.getElementType(), all / double(y * x));
        at += bytes;
      }
    Location loc = op.getLoc();
    Value factor = npu::ConstantOp::create(rewriter, loc, scaleType, scale.finish());
    auto mean = cast<npu::AvgPool2DOp>(rewriter.clone(*op));
    mean.setCountIncludePad(true);
    rewriter.replaceOpWithNewOp<npu::MulOp>(op, type, mean.getResult(), factor);
    return success();
  }
};

} // namespace

void populatePoolPatterns(RewritePatternSet &patterns) {
  patterns.add<CountedPads>(patterns.getContext());
}

} // namespace tessera
