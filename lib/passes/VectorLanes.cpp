// One step of a loop over vectors: loads, the body on vectors, stores.
#include "VectorLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

bool VectorLoops::readsOutput(size_t operand) const {
  return work.body && !work.body->getArgument(operand).use_empty();
}

SmallVector<Value> VectorLoops::addressOf(unsigned operand, Value lane) {
  SmallVector<Value> at;
  for (AffineExpr expr : work.maps[operand].getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      at.push_back(index(cast<AffineConstantExpr>(expr).getValue()));
      continue;
    }
    Value i = indices[dim.getPosition()];
    if (lane && int(dim.getPosition()) == vectorDim)
      i = arith::AddIOp::create(b, loc, i, lane);
    at.push_back(i);
  }
  return at;
}

Value VectorLoops::load(unsigned operand, int64_t width, Value mask) {
  Value buffer = operands[operand];
  Type element = typeOf(buffer).getElementType();
  if (Value scalar = hoisted.lookup(operand))
    return wide(scalar, width);
  if (width == 1)
    return memref::LoadOp::create(b, loc, buffer, addressOf(operand));
  auto type = VectorType::get({width}, element);
  switch (access(operand, vectorDim)) {
  case Access::broadcast:
    return vector::BroadcastOp::create(b, loc, type,
                                       memref::LoadOp::create(b, loc, buffer, addressOf(operand)));
  case Access::contiguous: {
    if (!mask)
      return vector::LoadOp::create(b, loc, type, buffer, addressOf(operand));
    // One beyond the end, so that no lane divides by zero.
    TypedAttr one = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, 1.0))
                                            : TypedAttr(b.getIntegerAttr(element, 1));
    Value pass = vector::BroadcastOp::create(b, loc, type, arith::ConstantOp::create(b, loc, one));
    return vector::MaskedLoadOp::create(b, loc, type, buffer, addressOf(operand), mask, pass);
  }
  case Access::strided: {
    Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t lane = 0; lane < width; ++lane) {
      Value one = memref::LoadOp::create(b, loc, buffer, addressOf(operand, index(lane)));
      result = vector::InsertOp::create(b, loc, one, result, lane);
    }
    return result;
  }
  }
  llvm_unreachable("every access is one of three");
}

void VectorLoops::store(unsigned operand, Value v, int64_t width, Value mask) {
  Value buffer = operands[operand];
  if (width == 1) {
    memref::StoreOp::create(b, loc, v, buffer, addressOf(operand));
    return;
  }
  if (access(operand, vectorDim) == Access::contiguous) {
    if (mask)
      vector::MaskedStoreOp::create(b, loc, buffer, addressOf(operand), mask, v);
    else
      vector::StoreOp::create(b, loc, v, buffer, addressOf(operand));
    return;
  }
  for (int64_t lane = 0; lane < width; ++lane)
    memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, v, lane), buffer,
                            addressOf(operand, index(lane)));
}

SmallVector<Value> VectorLoops::evaluate(int64_t width, Value mask, SmallVector<Value> state) {
  if (!work.body)
    return {load(0, width, mask)};
  IRMapping map;
  size_t inputs = work.inputs.size();
  for (size_t i = 0; i < inputs; ++i)
    if (!work.body->getArgument(i).use_empty())
      map.map(work.body->getArgument(i), load(i, width, mask));
  for (auto [i, value] : llvm::enumerate(state))
    if (value)
      map.map(work.body->getArgument(inputs + i), value);
  for (Operation &op : work.body->without_terminator())
    for (auto [from, to] : llvm::zip(op.getResults(), evaluateOp(&op, map, width)))
      map.map(from, to);
  SmallVector<Value> results;
  for (Value v : work.body->getTerminator()->getOperands())
    results.push_back(wide(map.lookupOrDefault(v), width));
  return results;
}

Value VectorLoops::wide(Value v, int64_t width) {
  if (width == 1 || isa<VectorType>(v.getType()))
    return v;
  return vector::BroadcastOp::create(b, loc, VectorType::get({width}, v.getType()), v);
}

/// The hand-written function for an operation, or nothing.
static StringRef deviceFunction(Operation *op) {
  if (auto apply = dyn_cast<tile::ApplyOp>(op))
    return apply.getKernel();
  if (!isa<math::MathDialect>(op->getDialect()) || !op->getResult(0).getType().isF32())
    return {};
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("math.exp", "exp")
      .Case("math.log", "log")
      .Case("math.tanh", "tanh")
      .Case("math.erf", "erf")
      .Case("math.sin", "sin")
      .Case("math.cos", "cos")
      .Case("math.powf", "pow")
      .Case("math.rsqrt", "rsqrt")
      .Default({});
}

SmallVector<Value> VectorLoops::evaluateOp(Operation *op, IRMapping &map, int64_t width) {
  if (op->hasTrait<OpTrait::ConstantLike>()) {
    Value scalar = b.clone(*op)->getResult(0);
    return {wide(scalar, width)};
  }
  SmallVector<Value> args;
  for (Value operand : op->getOperands())
    args.push_back(wide(map.lookupOrDefault(operand), width));
  if (StringRef function = deviceFunction(op); !function.empty())
    return {callDevice(function, args, width)};
  SmallVector<Type> types;
  for (Type type : op->getResultTypes())
    types.push_back(width == 1 ? type : VectorType::get({width}, type));
  OperationState state(loc, op->getName(), args, types, op->getAttrs());
  return SmallVector<Value>(b.create(state)->getResults());
}

Value VectorLoops::callDevice(StringRef function, SmallVector<Value> args, int64_t width) {
  auto type = VectorType::get({lanes}, b.getF32Type());
  for (Value &arg : args)
    if (width == 1)
      arg = vector::BroadcastOp::create(b, loc, type, arg);
  std::string name = ("tessera_" + function + "_f32").str();
  Value result = library.call(b, loc, name, type, args).front();
  return width == 1 ? vector::ExtractOp::create(b, loc, result, 0).getResult() : result;
}
