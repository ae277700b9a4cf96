// Loops for windows of f16 and bf16, for which there is no kernel: f32 between loads and one store.
#include "DeviceCalls.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tessera;

namespace {

class WindowLoops {
public:
  WindowLoops(IRRewriter &b, tile::WindowOp op, int64_t lanes)
      : b(b), op(op), loc(op.getLoc()), lanes(lanes) {}

  void run() {
    OpBuilder::InsertionGuard guard(b);
    Value oy = loop(index(0), dim(op.getOut(), 1), index(1));
    Value ox = loop(index(0), dim(op.getOut(), 2), index(1));
    Value channels = dim(op.getOut(), 3), from = index(0);
    bool contiguous = true;
    for (Value buffer : {op.getInput(), op.getFilter(), op.getOut()})
      contiguous &= !buffer || bufferType(buffer).isLastDimUnitStride();
    if (contiguous) {
      Value rest = arith::RemUIOp::create(b, loc, channels, index(lanes));
      from = arith::SubIOp::create(b, loc, channels, rest);
      OpBuilder::InsertionGuard inner(b);
      output(oy, ox, loop(index(0), from, index(lanes)), lanes);
    }
    output(oy, ox, loop(from, channels, index(1)), 1);
  }

private:
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value dim(Value buffer, int64_t d) { return memref::DimOp::create(b, loc, buffer, d); }

  /// Goes on inside a new loop; returns its index.
  Value loop(Value from, Value to, Value step) {
    auto loop = scf::ForOp::create(b, loc, from, to, step);
    b.setInsertionPointToStart(loop.getBody());
    return loop.getInductionVar();
  }

  Type wide(Type element, int64_t width) {
    return width == 1 ? element : VectorType::get({width}, element);
  }

  Value load(Value buffer, ValueRange at, int64_t width) {
    Type element = bufferType(buffer).getElementType();
    Value v = width == 1 ? memref::LoadOp::create(b, loc, buffer, at).getResult()
                         : vector::LoadOp::create(b, loc, cast<VectorType>(wide(element, width)),
                                                  buffer, at)
                               .getResult();
    return element.isF32() ? v : arith::ExtFOp::create(b, loc, wide(b.getF32Type(), width), v);
  }

  Value splat(float v, int64_t width) {
    Type type = wide(b.getF32Type(), width);
    TypedAttr attr = b.getF32FloatAttr(v);
    if (auto vector = dyn_cast<VectorType>(type))
      attr = DenseElementsAttr::get(vector, v);
    return arith::ConstantOp::create(b, loc, attr);
  }

  /// The place in the image of tap `t` of output `o` along dim `d`, and whether there is one.
  std::pair<Value, Value> place(Value o, Value t, int d) {
    Value pad = d == 0 ? op.getPadTop() : op.getPadLeft();
    Value start = arith::MulIOp::create(b, loc, o, index(op.getStrides()[d]));
    Value reach = arith::MulIOp::create(b, loc, t, index(op.getDilations()[d]));
    Value at = arith::SubIOp::create(b, loc, arith::AddIOp::create(b, loc, start, reach), pad);
    // As unsigned, a negative place is far outside.
    Value inside =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, at, dim(op.getInput(), d + 1));
    return {at, inside};
  }

  Value combine(Value acc, Value x, Value tap) {
    if (op.getKind() == tile::WindowKind::max)
      return arith::MaximumFOp::create(b, loc, acc, x);
    if (tap)
      x = arith::MulFOp::create(b, loc, x, tap);
    return arith::AddFOp::create(b, loc, acc, x);
  }

  /// `width` channels of one output pixel. Carried: what has been combined, and of how many taps.
  void output(Value oy, Value ox, Value channel, int64_t width) {
    bool max = op.getKind() == tile::WindowKind::max;
    SmallVector<Value> carried{splat(max ? -std::numeric_limits<float>::infinity() : 0, width),
                               splat(0, 1)};
    auto ys = scf::ForOp::create(b, loc, index(0), index(op.getKernel()[0]), index(1), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(ys.getBody());
    auto [y, yInside] = place(oy, ys.getInductionVar(), 0);
    auto xs = scf::ForOp::create(b, loc, index(0), index(op.getKernel()[1]), index(1),
                                 ys.getRegionIterArgs());
    scf::YieldOp::create(b, loc, xs.getResults());
    b.setInsertionPointToStart(xs.getBody());
    auto [x, xInside] = place(ox, xs.getInductionVar(), 1);
    Value inside = arith::AndIOp::create(b, loc, yInside, xInside);
    auto choice = scf::IfOp::create(b, loc, xs.getResultTypes(), inside, true);
    scf::YieldOp::create(b, loc, choice.getResults());
    b.setInsertionPointToStart(&choice.getElseRegion().front());
    scf::YieldOp::create(b, loc, xs.getRegionIterArgs());
    b.setInsertionPointToStart(&choice.getThenRegion().front());
    Value value = load(op.getInput(), {index(0), y, x, channel}, width), tap;
    if (op.getFilter())
      tap = load(op.getFilter(), {ys.getInductionVar(), xs.getInductionVar(), channel}, width);
    Value taps = arith::AddFOp::create(b, loc, xs.getRegionIterArgs()[1], splat(1, 1));
    scf::YieldOp::create(b, loc, ValueRange{combine(xs.getRegionIterArgs()[0], value, tap), taps});
    b.setInsertionPointAfter(ys);
    store(ys.getResult(0), ys.getResult(1), {index(0), oy, ox, channel}, width);
  }

  void store(Value v, Value taps, ValueRange at, int64_t width) {
    if (op.getKind() == tile::WindowKind::mean) {
      if (width > 1)
        taps = vector::BroadcastOp::create(b, loc, v.getType(), taps);
      v = arith::DivFOp::create(b, loc, v, taps);
    }
    if (Type element = bufferType(op.getOut()).getElementType(); !element.isF32())
      v = arith::TruncFOp::create(b, loc, wide(element, width), v);
    if (width == 1)
      memref::StoreOp::create(b, loc, v, op.getOut(), at);
    else
      vector::StoreOp::create(b, loc, v, op.getOut(), at);
  }

  IRRewriter &b;
  tile::WindowOp op;
  Location loc;
  int64_t lanes;
};

} // namespace

void tessera::lowerHalfWindow(IRRewriter &b, tile::WindowOp op, int64_t lanes) {
  WindowLoops(b, op, lanes).run();
}
