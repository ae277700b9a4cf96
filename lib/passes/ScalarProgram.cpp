// The decoder and the steps of ScalarProgram: a table from operation name to function.
#include "ScalarProgram.h"

#include "Constants.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace mlir;

namespace tessera {

using Step = bool (*)(const Scalar *args, Scalar &result, int64_t param);

template <double (*function)(double)> static bool unary(const Scalar *a, Scalar &r, int64_t) {
  r.real = function(a[0].real);
  return true;
}
template <double (*function)(double, double)>
static bool binary(const Scalar *a, Scalar &r, int64_t) {
  r.real = function(a[0].real, a[1].real);
  return true;
}
template <class Operation> static bool integers(const Scalar *a, Scalar &r, int64_t) {
  // Unsigned, so that wrapping is defined; rounding to the type wraps to its width.
  r.integer = static_cast<int64_t>(
      Operation()(static_cast<uint64_t>(a[0].integer), static_cast<uint64_t>(a[1].integer)));
  return true;
}

static double add(double a, double b) {
  return a + b;
}
static double subtract(double a, double b) {
  return a - b;
}
static double multiply(double a, double b) {
  return a * b;
}
static double divide(double a, double b) {
  return a / b;
}
static double negate(double a) {
  return -a;
}
static double inverseSqrt(double a) {
  return 1 / std::sqrt(a);
}
// arith.maximumf and minimumf propagate NaN and order -0 below +0; maxnumf and minnumf do not.
static double maximum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
}
static double minimum(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return NAN;
  return a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
}

static bool dividesSafely(const Scalar *a) {
  return a[1].integer != 0 && !(a[0].integer == INT64_MIN && a[1].integer == -1);
}
static bool divideInts(const Scalar *a, Scalar &r, int64_t) {
  if (!dividesSafely(a))
    return false;
  r.integer = a[0].integer / a[1].integer;
  return true;
}
static bool remainderInts(const Scalar *a, Scalar &r, int64_t) {
  if (!dividesSafely(a))
    return false;
  r.integer = a[0].integer % a[1].integer;
  return true;
}
static bool floorDivideInts(const Scalar *a, Scalar &r, int64_t) {
  if (!dividesSafely(a))
    return false;
  int64_t quotient = a[0].integer / a[1].integer;
  bool inexact = a[0].integer % a[1].integer != 0;
  r.integer = quotient - (inexact && (a[0].integer < 0) != (a[1].integer < 0));
  return true;
}
static bool maximumInts(const Scalar *a, Scalar &r, int64_t) {
  r.integer = std::max(a[0].integer, a[1].integer);
  return true;
}
static bool minimumInts(const Scalar *a, Scalar &r, int64_t) {
  r.integer = std::min(a[0].integer, a[1].integer);
  return true;
}
static bool absInt(const Scalar *a, Scalar &r, int64_t) {
  r.integer = a[0].integer < 0 ? -static_cast<uint64_t>(a[0].integer) : a[0].integer;
  return true;
}
static bool intToFloat(const Scalar *a, Scalar &r, int64_t) {
  r.real = static_cast<double>(a[0].integer);
  return true;
}
// Unsigned values of narrow types are kept sign-extended; `width` of the source undoes that.
static bool unsignedToFloat(const Scalar *a, Scalar &r, int64_t width) {
  if (width >= 64 && a[0].integer < 0)
    return false;
  r.real =
      static_cast<double>(width >= 64 ? a[0].integer : a[0].integer & ((int64_t(1) << width) - 1));
  return true;
}
static bool zeroExtend(const Scalar *a, Scalar &r, int64_t width) {
  r.integer = width >= 64 ? a[0].integer : a[0].integer & ((int64_t(1) << width) - 1);
  return true;
}
// `width` of the result: a value beyond it is poison, which must not become a constant.
static bool floatToInt(const Scalar *a, Scalar &r, int64_t width) {
  double limit = std::ldexp(1.0, static_cast<int>(width) - 1), value = std::trunc(a[0].real);
  if (!(value >= -limit && value < limit))
    return false;
  r.integer = static_cast<int64_t>(value);
  return true;
}
static bool keep(const Scalar *a, Scalar &r, int64_t) {
  r = a[0];
  return true;
}
static bool select(const Scalar *a, Scalar &r, int64_t) {
  r = a[0].integer ? a[1] : a[2];
  return true;
}
static bool fma(const Scalar *a, Scalar &r, int64_t) {
  r.real = std::fma(a[0].real, a[1].real, a[2].real);
  return true;
}
static bool compareFloats(const Scalar *a, Scalar &r, int64_t predicate) {
  r.integer = arith::applyCmpPredicate(static_cast<arith::CmpFPredicate>(predicate),
                                       APFloat(a[0].real), APFloat(a[1].real));
  return true;
}
static bool compareInts(const Scalar *a, Scalar &r, int64_t predicate) {
  r.integer =
      arith::applyCmpPredicate(static_cast<arith::CmpIPredicate>(predicate),
                               APInt(64, a[0].integer, true), APInt(64, a[1].integer, true));
  return true;
}

static Step stepFor(StringRef name) {
  static const llvm::StringMap<Step> steps = {
      {"arith.addf", binary<add>},
      {"arith.subf", binary<subtract>},
      {"arith.mulf", binary<multiply>},
      {"arith.divf", binary<divide>},
      {"arith.remf", binary<std::fmod>},
      {"arith.negf", unary<negate>},
      {"arith.maximumf", binary<maximum>},
      {"arith.minimumf", binary<minimum>},
      {"arith.maxnumf", binary<std::fmax>},
      {"arith.minnumf", binary<std::fmin>},
      {"arith.cmpf", compareFloats},
      {"arith.cmpi", compareInts},
      {"arith.select", select},
      {"arith.extf", keep},
      {"arith.truncf", keep},
      {"arith.sitofp", intToFloat},
      {"arith.uitofp", unsignedToFloat},
      {"arith.fptosi", floatToInt},
      {"arith.extsi", keep},
      {"arith.extui", zeroExtend},
      {"arith.trunci", keep},
      {"arith.addi", integers<std::plus<uint64_t>>},
      {"arith.subi", integers<std::minus<uint64_t>>},
      {"arith.muli", integers<std::multiplies<uint64_t>>},
      {"arith.andi", integers<std::bit_and<uint64_t>>},
      {"arith.ori", integers<std::bit_or<uint64_t>>},
      {"arith.xori", integers<std::bit_xor<uint64_t>>},
      {"arith.divsi", divideInts},
      {"arith.remsi", remainderInts},
      {"arith.floordivsi", floorDivideInts},
      {"arith.maxsi", maximumInts},
      {"arith.minsi", minimumInts},
      {"math.absf", unary<std::fabs>},
      {"math.absi", absInt},
      {"math.ceil", unary<std::ceil>},
      {"math.copysign", binary<std::copysign>},
      {"math.cos", unary<std::cos>},
      {"math.erf", unary<std::erf>},
      {"math.exp", unary<std::exp>},
      {"math.expm1", unary<std::expm1>},
      {"math.floor", unary<std::floor>},
      {"math.fma", fma},
      {"math.log", unary<std::log>},
      {"math.log1p", unary<std::log1p>},
      {"math.powf", binary<std::pow>},
      {"math.roundeven", unary<std::nearbyint>},
      {"math.rsqrt", unary<inverseSqrt>},
      {"math.sin", unary<std::sin>},
      {"math.sqrt", unary<std::sqrt>},
      {"math.tanh", unary<std::tanh>},
      {"math.trunc", unary<std::trunc>},
  };
  auto found = steps.find(name);
  return found == steps.end() ? nullptr : found->second;
}

// Bits the step needs to know: a predicate, or the width of the integer side of a cast.
static int64_t paramOf(Operation &op) {
  if (auto compare = dyn_cast<arith::CmpFOp>(op))
    return static_cast<int64_t>(compare.getPredicate());
  if (auto compare = dyn_cast<arith::CmpIOp>(op))
    return static_cast<int64_t>(compare.getPredicate());
  if (isa<arith::UIToFPOp, arith::ExtUIOp>(op))
    return op.getOperand(0).getType().getIntOrFloatBitWidth();
  if (isa<arith::FPToSIOp>(op))
    return op.getResult(0).getType().getIntOrFloatBitWidth();
  return 0;
}

// Unsigned comparisons would need the width; no operator of the dialect builds one.
static bool isUnsupported(Operation &op) {
  auto compare = dyn_cast<arith::CmpIOp>(op);
  return compare && compare.getPredicate() >= arith::CmpIPredicate::ult;
}

static void roundTo(Type type, Scalar &value) {
  char bytes[8];
  if (type.isF64())
    return;
  if (type.isF32()) {
    value.real = static_cast<float>(value.real);
  } else if (isa<FloatType>(type)) {
    writeNumber(bytes, type, value.real);
    value.real = readNumber(bytes, type);
  } else {
    writeInteger(bytes, type, value.integer);
    value.integer = readInteger(bytes, type);
  }
}

LogicalResult ScalarProgram::decode(Operation &op) {
  if (op.getNumResults() != 1 || elementBytes(op.getResult(0).getType()) == 0)
    return failure();
  registerOf[op.getResult(0)] = registers.size();
  registers.emplace_back();
  Attribute constant;
  if (matchPattern(&op, m_Constant(&constant))) {
    if (auto real = dyn_cast<FloatAttr>(constant))
      registers.back().real = real.getValueAsDouble();
    else if (auto integer = dyn_cast<IntegerAttr>(constant))
      registers.back().integer = op.getResult(0).getType().isInteger(1)
                                     ? integer.getValue().getZExtValue()
                                     : integer.getValue().getSExtValue();
    else
      return failure();
    return success();
  }
  Step step = isUnsupported(op) ? nullptr : stepFor(op.getName().getStringRef());
  if (!step)
    return failure();
  Instruction instruction{step, {}, paramOf(op), op.getResult(0).getType()};
  for (Value operand : op.getOperands()) {
    auto found = registerOf.find(operand);
    if (found == registerOf.end())
      return failure();
    instruction.args.push_back(found->second);
  }
  instruction.args.push_back(registers.size() - 1);
  instructions.push_back(std::move(instruction));
  return success();
}

std::optional<ScalarProgram> ScalarProgram::build(Operation *elementwise) {
  auto iface = dyn_cast<npu::ElementwiseOpInterface>(elementwise);
  if (!iface || elementwise->getNumResults() != 1)
    return std::nullopt;
  ScalarProgram program;
  Block block;
  OpBuilder builder(elementwise->getContext());
  for (Value operand : elementwise->getOperands()) {
    Type type = getElementTypeOrSelf(operand.getType());
    if (type.isF16() || type.isBF16())
      type = builder.getF32Type();
    program.registerOf[block.addArgument(type, elementwise->getLoc())] = program.registers.size();
    program.registers.emplace_back();
  }
  program.operandCount = program.registers.size();
  builder.setInsertionPointToEnd(&block);
  Value result = iface.buildScalar(builder, elementwise->getLoc(), block.getArguments());
  for (Operation &op : block)
    if (failed(program.decode(op)))
      return std::nullopt;
  auto found = program.registerOf.find(result);
  if (found == program.registerOf.end())
    return std::nullopt;
  program.result = found->second;
  program.registerOf.clear();
  return program;
}

std::optional<Scalar> ScalarProgram::run(ArrayRef<Scalar> operands) {
  for (auto [index, operand] : llvm::enumerate(operands.take_front(operandCount)))
    registers[index] = operand;
  for (const Instruction &instruction : instructions) {
    Scalar args[3];
    for (size_t i = 0; i + 1 < instruction.args.size() && i < 3; ++i)
      args[i] = registers[instruction.args[i]];
    Scalar &out = registers[instruction.args.back()];
    if (!instruction.step(args, out, instruction.param))
      return std::nullopt;
    roundTo(instruction.type, out);
  }
  return registers[result];
}

} // namespace tessera
