// The meaning of each elementwise operator on scalars, in arith and math.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tessera/dialect/npu/NpuOps.h"

using namespace mlir;

namespace tessera::npu {

namespace {
// Writes scalar formulas as formulas: every method makes one operation on the operands' type.
class Scalars {
public:
  Scalars(OpBuilder &builder, Location loc, Type type) : b(builder), loc(loc), type(type) {}

  bool isFloat() const { return isa<FloatType>(type); }
  Value constant(double value) {
    if (isFloat())
      return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
    return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, static_cast<int64_t>(value)));
  }
  Value add(Value x, Value y) { return pick<arith::AddFOp, arith::AddIOp>(x, y); }
  Value sub(Value x, Value y) { return pick<arith::SubFOp, arith::SubIOp>(x, y); }
  Value mul(Value x, Value y) { return pick<arith::MulFOp, arith::MulIOp>(x, y); }
  Value div(Value x, Value y) { return pick<arith::DivFOp, arith::DivSIOp>(x, y); }
  Value rem(Value x, Value y) { return pick<arith::RemFOp, arith::RemSIOp>(x, y); }
  Value max(Value x, Value y) { return pick<arith::MaximumFOp, arith::MaxSIOp>(x, y); }
  Value min(Value x, Value y) { return pick<arith::MinimumFOp, arith::MinSIOp>(x, y); }
  Value less(Value x, Value y) { return compare(ComparePredicate::lt, x, y); }
  Value compare(ComparePredicate predicate, Value x, Value y);
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, loc, condition, x, y);
  }
  template <typename Op> Value math(Value x) { return Op::create(b, loc, x); }

  Value sigmoid(Value x) {
    Value e = math<math::ExpOp>(arith::NegFOp::create(b, loc, x));
    return div(constant(1.0), add(constant(1.0), e));
  }
  Value softplus(Value x) {
    Value e = math<math::ExpOp>(arith::NegFOp::create(b, loc, math<math::AbsFOp>(x)));
    return add(max(x, constant(0.0)), math<math::Log1pOp>(e));
  }

private:
  template <typename Float, typename Int> Value pick(Value x, Value y) {
    if (isFloat())
      return Float::create(b, loc, x, y);
    return Int::create(b, loc, x, y);
  }

  OpBuilder &b;
  Location loc;
  Type type;
};
} // namespace

Value Scalars::compare(ComparePredicate predicate, Value x, Value y) {
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  static constexpr F kFloat[] = {F::OEQ, F::UNE, F::OLT, F::OLE, F::OGT, F::OGE};
  static constexpr I kInt[] = {I::eq, I::ne, I::slt, I::sle, I::sgt, I::sge};
  // i1 holds 0 and 1, not 0 and -1.
  static constexpr I kBool[] = {I::eq, I::ne, I::ult, I::ule, I::ugt, I::uge};
  auto index = static_cast<size_t>(predicate);
  if (isFloat())
    return arith::CmpFOp::create(b, loc, kFloat[index], x, y);
  return arith::CmpIOp::create(b, loc, type.isInteger(1) ? kBool[index] : kInt[index], x, y);
}

// Defines OP's meaning: `s` writes formulas, `x` is the first scalar, `y` the second.
#define TESSERA_UNARY(OP, ...)                                                                     \
  Value OP::buildScalar(OpBuilder &b, Location loc, ValueRange scalars) {                          \
    Value x = scalars[0];                                                                          \
    Scalars s(b, loc, x.getType());                                                                \
    __VA_ARGS__                                                                                    \
  }
#define TESSERA_BINARY(OP, ...)                                                                    \
  Value OP::buildScalar(OpBuilder &b, Location loc, ValueRange scalars) {                          \
    Value x = scalars[0], y = scalars[1];                                                          \
    Scalars s(b, loc, x.getType());                                                                \
    __VA_ARGS__                                                                                    \
  }

//===-------------------------------------------------------------------------------------------===//
// Unary
//===-------------------------------------------------------------------------------------------===//

TESSERA_UNARY(AbsOp, {
  if (s.isFloat())
    return s.math<math::AbsFOp>(x);
  return s.max(x, s.sub(s.constant(0), x));
})
TESSERA_UNARY(NegOp, {
  if (s.isFloat())
    return s.math<arith::NegFOp>(x);
  return s.sub(s.constant(0), x);
})
// Comparisons are false for NaN, so it falls through every select.
TESSERA_UNARY(SignOp, {
  Value zero = s.constant(0);
  Value positive = s.select(s.less(zero, x), s.constant(1), x);
  return s.select(s.less(x, zero), s.constant(-1), positive);
})
TESSERA_UNARY(ReluOp, {
  Value zero = s.constant(0);
  return s.select(s.less(x, zero), zero, x);
})
TESSERA_UNARY(ExpOp, return s.math<math::ExpOp>(x);)
TESSERA_UNARY(LogOp, return s.math<math::LogOp>(x);)
TESSERA_UNARY(SqrtOp, return s.math<math::SqrtOp>(x);)
TESSERA_UNARY(RsqrtOp, return s.div(s.constant(1), s.math<math::SqrtOp>(x));)
TESSERA_UNARY(ReciprocalOp, return s.div(s.constant(1), x);)
TESSERA_UNARY(TanhOp, return s.math<math::TanhOp>(x);)
TESSERA_UNARY(SigmoidOp, return s.sigmoid(x);)
TESSERA_UNARY(ErfOp, return s.math<math::ErfOp>(x);)
TESSERA_UNARY(GeluOp, {
  Value erf = s.math<math::ErfOp>(s.mul(x, s.constant(0.70710678118654752440)));
  return s.mul(s.mul(x, s.constant(0.5)), s.add(s.constant(1), erf));
})
TESSERA_UNARY(GeluTanhOp, {
  Value cube = s.mul(s.mul(x, x), x);
  Value inner = s.add(x, s.mul(s.constant(0.044715), cube));
  Value tanh = s.math<math::TanhOp>(s.mul(s.constant(0.79788456080286535588), inner));
  return s.mul(s.mul(x, s.constant(0.5)), s.add(s.constant(1), tanh));
})
TESSERA_UNARY(SiluOp, return s.mul(x, s.sigmoid(x));)
TESSERA_UNARY(HardSwishOp, {
  Value gate = s.add(s.mul(x, s.constant(1.0 / 6.0)), s.constant(0.5));
  return s.mul(x, s.max(s.min(gate, s.constant(1)), s.constant(0)));
})
TESSERA_UNARY(FloorOp, return s.math<math::FloorOp>(x);)
TESSERA_UNARY(CeilOp, return s.math<math::CeilOp>(x);)
TESSERA_UNARY(RoundOp, return s.math<math::RoundEvenOp>(x);)
TESSERA_UNARY(SoftplusOp, return s.softplus(x);)
TESSERA_UNARY(MishOp, return s.mul(x, s.math<math::TanhOp>(s.softplus(x)));)
TESSERA_UNARY(SinOp, return s.math<math::SinOp>(x);)
TESSERA_UNARY(CosOp, return s.math<math::CosOp>(x);)
TESSERA_UNARY(NotOp, return arith::XOrIOp::create(b, loc, x, s.constant(-1));)
TESSERA_UNARY(LeakyReluOp, {
  Value scaled = s.mul(x, s.constant(getAlpha().convertToDouble()));
  return s.select(s.less(x, s.constant(0)), scaled, x);
})
TESSERA_UNARY(EluOp, {
  Value curve = s.mul(s.math<math::ExpM1Op>(x), s.constant(getAlpha().convertToDouble()));
  return s.select(s.less(x, s.constant(0)), curve, x);
})
TESSERA_UNARY(HardSigmoidOp, {
  Value line = s.add(s.mul(x, s.constant(getAlpha().convertToDouble())),
                     s.constant(getBeta().convertToDouble()));
  return s.max(s.min(line, s.constant(1)), s.constant(0));
})

// A bound as the element type holds it.
static double boundFor(Type type, const APFloat &bound) {
  double value = bound.convertToDouble();
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || std::isnan(value))
    return integer ? 0.0 : value;
  double limit = std::ldexp(1.0, integer.getWidth() - 1);
  // One step below the limit, since the limit itself may not be representable in a double.
  double largest = integer.getWidth() == 64 ? std::nextafter(limit, 0.0) : limit - 1;
  return std::trunc(std::clamp(value, -limit, largest));
}

TESSERA_UNARY(ClipOp, {
  if (getMin())
    x = s.max(x, s.constant(boundFor(x.getType(), *getMin())));
  if (getMax())
    x = s.min(x, s.constant(boundFor(x.getType(), *getMax())));
  return x;
})

//===-------------------------------------------------------------------------------------------===//
// Binary
//===-------------------------------------------------------------------------------------------===//

TESSERA_BINARY(AddOp, return s.add(x, y);)
TESSERA_BINARY(SubOp, return s.sub(x, y);)
TESSERA_BINARY(MulOp, return s.mul(x, y);)
TESSERA_BINARY(DivOp, return s.div(x, y);)
TESSERA_BINARY(MaxOp, return s.max(x, y);)
TESSERA_BINARY(MinOp, return s.min(x, y);)
TESSERA_BINARY(PowOp, {
  if (s.isFloat())
    return math::PowFOp::create(b, loc, x, y);
  return math::IPowIOp::create(b, loc, x, y);
})
TESSERA_BINARY(ModOp, {
  Value remainder = s.rem(x, y);
  if (getFmod())
    return remainder;
  // The remainder has x's sign; where y's differs and it is not zero, one y more.
  Value zero = s.constant(0);
  Value signs = arith::XOrIOp::create(b, loc, s.less(remainder, zero), s.less(y, zero));
  Value some = s.compare(ComparePredicate::ne, remainder, zero);
  return s.select(arith::AndIOp::create(b, loc, signs, some), s.add(remainder, y), remainder);
})
TESSERA_BINARY(AndOp, return arith::AndIOp::create(b, loc, x, y);)
TESSERA_BINARY(OrOp, return arith::OrIOp::create(b, loc, x, y);)
TESSERA_BINARY(XorOp, return arith::XOrIOp::create(b, loc, x, y);)
TESSERA_BINARY(CompareOp, return s.compare(getPredicate(), x, y);)

#undef TESSERA_UNARY
#undef TESSERA_BINARY

//===-------------------------------------------------------------------------------------------===//
// Select and cast
//===-------------------------------------------------------------------------------------------===//

Value SelectOp::buildScalar(OpBuilder &b, Location loc, ValueRange scalars) {
  return arith::SelectOp::create(b, loc, scalars[0], scalars[1], scalars[2]);
}

// f16 and bf16 arrive as f32 and leave as f32; the caller narrows the result.
Value CastOp::buildScalar(OpBuilder &b, Location loc, ValueRange scalars) {
  Value x = scalars[0];
  Type from = x.getType(), to = getElementTypeOrSelf(getType());
  if (to.isF16() || to.isBF16())
    to = b.getF32Type();
  if (from == to)
    return x;
  if (to.isInteger(1)) {
    Scalars s(b, loc, from);
    return s.compare(ComparePredicate::ne, x, s.constant(0));
  }
  if (isa<FloatType>(from) && isa<FloatType>(to))
    return from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth()
               ? Value(arith::ExtFOp::create(b, loc, to, x))
               : Value(arith::TruncFOp::create(b, loc, to, x));
  if (isa<FloatType>(from))
    return arith::FPToSIOp::create(b, loc, to, x);
  if (isa<FloatType>(to))
    return from.isInteger(1) ? Value(arith::UIToFPOp::create(b, loc, to, x))
                             : Value(arith::SIToFPOp::create(b, loc, to, x));
  if (from.getIntOrFloatBitWidth() > to.getIntOrFloatBitWidth())
    return arith::TruncIOp::create(b, loc, to, x);
  return from.isInteger(1) ? Value(arith::ExtUIOp::create(b, loc, to, x))
                           : Value(arith::ExtSIOp::create(b, loc, to, x));
}

} // namespace tessera::npu
