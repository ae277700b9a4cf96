// ONNX's elementwise operators.
#include "NodeImport.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace mlir;

namespace tessera::import_ {

namespace {

/// ONNX operators that are one npu operator under another name.
struct Rename {
  const char *onnx;
  const char *npu;
};

constexpr Rename kUnary[] = {
    {"Abs", "abs"},
    {"Ceil", "ceil"},
    {"Cos", "cos"},
    {"Erf", "erf"},
    {"Exp", "exp"},
    {"Floor", "floor"},
    {"HardSwish", "hard_swish"},
    {"Log", "log"},
    {"Mish", "mish"},
    {"Neg", "neg"},
    {"Not", "not"},
    {"Reciprocal", "reciprocal"},
    {"Relu", "relu"},
    {"Round", "round"},
    {"Sigmoid", "sigmoid"},
    {"Sign", "sign"},
    {"Sin", "sin"},
    {"Softplus", "softplus"},
    {"Sqrt", "sqrt"},
    {"Tanh", "tanh"},
};

constexpr Rename kBinary[] = {
    {"Add", "add"}, {"Sub", "sub"}, {"Mul", "mul"}, {"Div", "div"},
    {"And", "and"}, {"Or", "or"},   {"Xor", "xor"},
};

constexpr Rename kVariadic[] = {{"Max", "max"}, {"Min", "min"}, {"Sum", "add"}};

// In the order of npu's ComparePredicate.
constexpr const char *kComparisons[] = {"Equal",       nullptr,   "Less",
                                        "LessOrEqual", "Greater", "GreaterOrEqual"};
constexpr int kNotEqual = 1;
constexpr int kLess = 2;
constexpr int kGreater = 4;

template <size_t N> const char *find(const Rename (&rows)[N], const std::string &name) {
  for (const Rename &row : rows)
    if (name == row.onnx)
      return row.npu;
  return nullptr;
}

LogicalResult importUnary(NodeImport &n) {
  return n.result(n.emit(find(kUnary, n.node.opType), n.input(0)));
}

LogicalResult importBinary(NodeImport &n) {
  return n.result(n.emit(find(kBinary, n.node.opType), {n.input(0), n.input(1)}));
}

Value foldLeft(NodeImport &n, const char *op) {
  Value total = n.input(0);
  for (size_t i = 1; i < n.inputCount(); ++i)
    total = n.emit(op, {total, n.input(i)});
  return total;
}

LogicalResult importVariadic(NodeImport &n) {
  return n.result(foldLeft(n, find(kVariadic, n.node.opType)));
}

LogicalResult importMean(NodeImport &n) {
  Value total = foldLeft(n, "add");
  if (!total)
    return failure();
  Value count = n.splat(static_cast<double>(n.inputCount()), typeOf(total).getElementType());
  return n.result(n.emit("div", {total, count}));
}

Value compare(NodeImport &n, int predicate, Value lhs, Value rhs) {
  return n.emit("compare", {lhs, rhs},
                n.named("predicate", n.builder.getI32IntegerAttr(predicate)));
}

LogicalResult importCompare(NodeImport &n) {
  for (size_t i = 0; i < std::size(kComparisons); ++i)
    if (kComparisons[i] && n.node.opType == kComparisons[i])
      return n.result(compare(n, static_cast<int>(i), n.input(0), n.input(1)));
  return failure();
}

LogicalResult importIsNaN(NodeImport &n) {
  return n.result(compare(n, kNotEqual, n.input(0), n.input(0)));
}

LogicalResult importPow(NodeImport &n) {
  Value base = n.input(0), exponent = n.input(1);
  if (!base || !exponent)
    return failure();
  // The result has the base's type, whatever the exponent's.
  Type type = typeOf(base).getElementType();
  if (isa<FloatType>(typeOf(exponent).getElementType()) && isa<IntegerType>(type)) {
    Value power = n.emit(
        "pow", {n.cast(base, n.builder.getF32Type()), n.cast(exponent, n.builder.getF32Type())});
    return n.result(n.cast(power, type));
  }
  return n.result(n.emit("pow", {base, n.cast(exponent, type)}));
}

LogicalResult importMod(NodeImport &n) {
  SmallVector<NamedAttribute> attributes;
  if (n.integer("fmod", 0))
    attributes.push_back(n.flag("fmod"));
  return n.result(n.emit("mod", {n.input(0), n.input(1)}, attributes));
}

LogicalResult importWhere(NodeImport &n) {
  return n.result(n.emit("select", {n.input(0), n.input(1), n.input(2)}));
}

/// `x` with `amount` added, in a type that holds it.
Value shifted(NodeImport &n, Value x, int amount) {
  return x ? n.emit("add", {x, n.splat(amount, typeOf(x).getElementType())}) : x;
}

/// From uint8, whose elements are shifted, or to it, by way of a type that holds what both hold.
Value castShifted(NodeImport &n, Value x, bool toUnsigned, Type target) {
  const bool fromUnsigned = n.isUnsigned(0);
  if (fromUnsigned == toUnsigned && typeOf(x).getElementType() == target)
    return x;
  const bool holds = !toUnsigned && (isa<FloatType>(target) || target.isInteger(64));
  x = n.cast(x, holds ? target : n.builder.getI32Type());
  if (fromUnsigned)
    x = shifted(n, x, kUnsignedShift);
  if (toUnsigned)
    x = shifted(n, x, -kUnsignedShift);
  return n.cast(x, target);
}

LogicalResult importCast(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  static constexpr std::pair<int64_t, ElementType> kTargets[] = {
      {1, ElementType::F32},  {2, ElementType::I8},   {3, ElementType::I8},
      {6, ElementType::I32},  {7, ElementType::I64},  {9, ElementType::Bool},
      {10, ElementType::F16}, {11, ElementType::F64}, {16, ElementType::BF16}};
  Type target;
  bool toUnsigned = n.node.opType == "Cast" && n.integer("to", 0) == 2;
  if (n.node.opType == "CastLike") {
    Value like = n.input(1);
    target = like ? typeOf(like).getElementType() : Type();
    toUnsigned = n.isUnsigned(1);
  }
  for (auto [number, type] : kTargets)
    if (n.node.opType == "Cast" && number == n.integer("to", 0))
      target = elementTypeFor(n.builder.getContext(), type);
  if (!target)
    return n.fail("casts to ONNX type " + Twine(n.integer("to", 0)) + " are not supported");
  if (n.isUnsigned(0) || toUnsigned)
    return n.result(castShifted(n, x, toUnsigned, target), 0, toUnsigned);
  return n.result(n.cast(x, target));
}

/// One bound of Clip: an input since opset 11, an attribute before.
struct Bound {
  std::optional<double> known;
  Value value;
};

Bound boundOf(NodeImport &n, size_t index, const char *attribute) {
  Bound bound;
  if (!n.has(index)) {
    auto found = n.node.attributes.find(attribute);
    if (found != n.node.attributes.end())
      bound.known = found->second.real;
    return bound;
  }
  const Tensor *tensor = n.tensor(index);
  if (tensor && tensor->count == 1) {
    double value = realAt(*tensor, 0);
    // The operator's attributes are f32; a bound that f32 cannot hold stays an operand.
    if (std::isnan(value) || static_cast<double>(static_cast<float>(value)) == value)
      bound.known = value;
  }
  if (!bound.known)
    bound.value = n.input(index);
  return bound;
}

LogicalResult importClip(NodeImport &n) {
  Value x = n.input(0);
  Bound low = boundOf(n, 1, "min"), high = boundOf(n, 2, "max");
  SmallVector<NamedAttribute> attributes;
  if (low.known)
    attributes.push_back(n.single("min", *low.known));
  if (high.known && !low.value)
    attributes.push_back(n.single("max", *high.known));
  if (!attributes.empty())
    x = n.emit("clip", x, attributes);
  // Max goes last: where the bounds are crossed, max wins.
  if (low.value)
    x = n.emit("max", {x, low.value});
  if (high.known && low.value)
    x = n.emit("clip", x, n.single("max", *high.known));
  if (high.value)
    x = n.emit("min", {x, high.value});
  return n.result(x);
}

LogicalResult importLeakyRelu(NodeImport &n) {
  return n.result(n.emit("leaky_relu", n.input(0), n.single("alpha", n.real("alpha", 0.01f))));
}

LogicalResult importElu(NodeImport &n) {
  return n.result(n.emit("elu", n.input(0), n.single("alpha", n.real("alpha", 1.0f))));
}

/// gamma * elu(x, alpha).
LogicalResult importSelu(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Value elu = n.emit("elu", x, n.single("alpha", n.real("alpha", 1.67326319217681884765625f)));
  Value gamma = n.splat(n.real("gamma", 1.05070102214813232421875f), typeOf(x).getElementType());
  return n.result(n.emit("mul", {elu, gamma}));
}

/// alpha * elu(x / alpha, 1).
LogicalResult importCelu(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Value alpha = n.splat(n.real("alpha", 1.0f), typeOf(x).getElementType());
  Value elu = n.emit("elu", n.emit("div", {x, alpha}), n.single("alpha", 1));
  return n.result(n.emit("mul", {elu, alpha}));
}

LogicalResult importHardSigmoid(NodeImport &n) {
  return n.result(
      n.emit("hard_sigmoid", n.input(0),
             {n.single("alpha", n.real("alpha", 0.2f)), n.single("beta", n.real("beta", 0.5f))}));
}

LogicalResult importGelu(NodeImport &n) {
  bool isTanh = textOf(n.node, "approximate", "none") == "tanh";
  return n.result(n.emit(isTanh ? "gelu_tanh" : "gelu", n.input(0)));
}

LogicalResult importPRelu(NodeImport &n) {
  Value x = n.input(0), slope = n.input(1);
  if (!x || !slope)
    return failure();
  Value zero = n.splat(0, typeOf(x).getElementType());
  Value isNegative = compare(n, kLess, x, zero);
  return n.result(n.emit("select", {isNegative, n.emit("mul", {x, slope}), x}));
}

LogicalResult importThresholdedRelu(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Type type = typeOf(x).getElementType();
  Value above = compare(n, kGreater, x, n.splat(n.real("alpha", 1.0f), type));
  return n.result(n.emit("select", {above, x, n.splat(0, type)}));
}

/// x / (1 + |x|).
LogicalResult importSoftsign(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Value one = n.splat(1, typeOf(x).getElementType());
  return n.result(n.emit("div", {x, n.emit("add", {n.emit("abs", x), one})}));
}

LogicalResult importTan(NodeImport &n) {
  return n.result(n.emit("div", {n.emit("sin", n.input(0)), n.emit("cos", n.input(0))}));
}

/// Inference leaves the input as it is; the mask is all true.
LogicalResult importDropout(NodeImport &n) {
  const HostArray *training = n.host(2);
  if (n.has(2) && (!training || training->count() != 1 || training->integers[0] != 0))
    return n.fail("dropout in training mode is not supported");
  Value x = n.input(0);
  if (!x)
    return failure();
  if (n.results.size() > 1 && !n.node.outputs[1].empty()) {
    if (!typeOf(x).hasStaticShape())
      return n.fail("a dropout mask of a dynamic shape is not supported");
    Value mask = n.splat(1, n.builder.getI1Type(), typeOf(x).getShape());
    if (failed(n.result(mask, 1)))
      return failure();
  }
  return n.result(x);
}

} // namespace

void addElementwise(ImportTable &table) {
  for (const Rename &row : kUnary)
    table[row.onnx] = importUnary;
  for (const Rename &row : kBinary)
    table[row.onnx] = importBinary;
  for (const Rename &row : kVariadic)
    table[row.onnx] = importVariadic;
  for (const char *name : kComparisons)
    if (name)
      table[name] = importCompare;
  table["Mean"] = importMean;
  table["IsNaN"] = importIsNaN;
  table["Pow"] = importPow;
  table["Mod"] = importMod;
  table["Where"] = importWhere;
  table["Cast"] = importCast;
  table["CastLike"] = importCast;
  table["Clip"] = importClip;
  table["LeakyRelu"] = importLeakyRelu;
  table["Elu"] = importElu;
  table["Selu"] = importSelu;
  table["Celu"] = importCelu;
  table["HardSigmoid"] = importHardSigmoid;
  table["Gelu"] = importGelu;
  table["PRelu"] = importPRelu;
  table["ThresholdedRelu"] = importThresholdedRelu;
  table["Softsign"] = importSoftsign;
  table["Tan"] = importTan;
  table["Dropout"] = importDropout;
}

} // namespace tessera::import_
