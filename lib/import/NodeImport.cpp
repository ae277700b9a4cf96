// Reading a node's inputs and building npu operators for it.
#include "NodeImport.h"
#include "EvaluatorRules.h"
#include "Unsigned.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

#include "llvm/ADT/STLExtras.h"

#include <cstring>

using namespace mlir;

namespace tessera::import_ {

namespace {

// Larger constants would swell the text of the IR; they become resources.
constexpr int64_t kInlineElements = 64;
// How resources are aligned in a bytecode file, which must then itself be read to such an address:
// a larger alignment would make the file unreadable. In memory, what lies in the model's file lies
// anywhere.
constexpr size_t kBlobAlignment = 16;
constexpr size_t kMaxRank = 16;
// No machine this runs on holds more; beyond it sums of sizes could overflow.
constexpr int64_t kMaxElements = int64_t(1) << 38;

bool isSplat(const Tensor &tensor) {
  size_t width = byteWidth(tensor.type);
  return tensor.count > 0 &&
         std::memcmp(tensor.data(), tensor.data() + width, tensor.byteSize() - width) == 0;
}

ElementsAttr elementsFor(const Tensor &tensor, RankedTensorType type) {
  ArrayRef<char> bytes(tensor.data(), tensor.byteSize());
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> bits(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, ArrayRef<bool>(bits));
  }
  if (tensor.count == 0)
    return DenseElementsAttr::get(type, ArrayRef<mlir::Attribute>());
  if (isSplat(tensor))
    return DenseElementsAttr::getFromRawBuffer(type, bytes.take_front(byteWidth(tensor.type)));
  if (tensor.count <= kInlineElements)
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  // The blob shares the tensor's storage and keeps it alive.
  AsmResourceBlob blob(
      bytes, kBlobAlignment, [storage = tensor.storage](void *, size_t, size_t) {},
      /*dataIsMutable=*/false);
  std::string key = tensor.name.empty() ? "constant" : tensor.name;
  return DenseResourceElementsAttr::get(type, key, std::move(blob));
}

/// False with a message when the type is larger than anything that could run.
bool isSane(RankedTensorType type) {
  if (static_cast<size_t>(type.getRank()) > kMaxRank)
    return false;
  std::vector<int64_t> shape;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size))
      shape.push_back(size);
  std::optional<int64_t> count = elementCount(shape);
  return count && *count <= kMaxElements;
}

/// Result types by the operator's own inference.
LogicalResult inferTypes(OperationState &state) {
  std::optional<RegisteredOperationName> info = state.name.getRegisteredInfo();
  auto *interface = info ? info->getInterface<InferTypeOpInterface>() : nullptr;
  if (!interface)
    return emitError(state.location) << "operator '" << state.name << "' cannot be built";
  DictionaryAttr attributes = state.attributes.getDictionary(state.getContext());
  size_t size = info->getOpPropertyByteSize();
  auto memory = std::make_unique<std::max_align_t[]>(size / sizeof(std::max_align_t) + 1);
  OpaqueProperties properties(size ? memory.get() : nullptr);
  if (size) {
    info->initOpProperties(properties, OpaqueProperties(nullptr));
    auto emit = [&] { return emitError(state.location); };
    if (failed(info->setOpPropertiesFromAttribute(state.name, properties, attributes, emit))) {
      info->destroyOpProperties(properties);
      return failure();
    }
  }
  LogicalResult inferred =
      interface->inferReturnTypes(state.getContext(), state.location, state.operands, attributes,
                                  properties, state.regions, state.types);
  if (size)
    info->destroyOpProperties(properties);
  return inferred;
}

} // namespace

RankedTensorType tensorTypeFor(MLIRContext *context, ElementType type, ArrayRef<int64_t> shape) {
  Type element = elementTypeFor(context, type);
  if (!element)
    return RankedTensorType();
  auto result = RankedTensorType::get(shape, element);
  return isSane(result) ? result : RankedTensorType();
}

std::optional<Tensor> transposed(const Tensor &tensor, ArrayRef<int64_t> perm) {
  size_t rank = tensor.shape.size(), width = byteWidth(tensor.type);
  std::vector<int64_t> shape, strides(rank, 1), index(rank, 0);
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * tensor.shape[i];
  for (int64_t dim : perm)
    shape.push_back(tensor.shape[dim]);
  std::optional<Tensor> result = Tensor::allocateUnset(tensor.type, shape);
  if (!result)
    return std::nullopt;
  result->name = tensor.name;
  for (int64_t flat = 0; flat < tensor.count; ++flat) {
    int64_t at = 0;
    for (size_t dim = 0; dim < rank; ++dim)
      at += index[dim] * strides[perm[dim]];
    std::memcpy(result->data() + flat * width, tensor.data() + at * width, width);
    for (size_t dim = rank; dim-- > 0 && ++index[dim] == shape[dim];)
      index[dim] = 0;
  }
  return result;
}

NodeImport::NodeImport(const Node &node, int64_t opset, OpBuilder &builder, Location loc,
                       std::vector<Entry *> inputs)
    : node(node), opset(opset), builder(builder), loc(loc), results(node.outputs.size()),
      inputs(std::move(inputs)) {}

Value NodeImport::input(size_t index) {
  if (!has(index))
    return failValue("input " + Twine(index) + " is missing");
  Entry &entry = *inputs[index];
  if (!entry.value && !entry.tensor && entry.host) {
    entry.tensor = toTensor(*entry.host);
    if (!entry.tensor)
      return failValue("input '" + Twine(node.inputs[index]) +
                       "' depends on a dynamic dimension; give the model's shapes");
  }
  if (!entry.value && entry.tensor)
    entry.value = constant(*entry.tensor);
  return entry.value;
}

std::vector<Value> NodeImport::allInputs() {
  std::vector<Value> values;
  for (size_t i = 0; i < inputs.size(); ++i)
    values.push_back(input(i));
  return values;
}

const Tensor *NodeImport::tensor(size_t index) {
  if (!has(index) || inputs[index]->isArgument)
    return nullptr;
  Entry &entry = *inputs[index];
  if (!entry.tensor && entry.host)
    entry.tensor = toTensor(*entry.host);
  return entry.tensor ? &*entry.tensor : nullptr;
}

const HostArray *NodeImport::host(size_t index) {
  if (!has(index))
    return nullptr;
  Entry &entry = *inputs[index];
  if (!entry.host && entry.tensor)
    entry.host = toHost(*entry.tensor);
  return entry.host ? &*entry.host : nullptr;
}

std::optional<SmallVector<int64_t>> NodeImport::shape(size_t index) {
  if (!has(index)) {
    (void)fail("input " + Twine(index) + " is missing");
    return std::nullopt;
  }
  const Entry &entry = *inputs[index];
  if (entry.value)
    return SmallVector<int64_t>(typeOf(entry.value).getShape());
  return llvm::to_vector(ArrayRef<int64_t>(entry.tensor ? entry.tensor->shape : entry.host->shape));
}

std::optional<SmallVector<int64_t>> NodeImport::integers(size_t index, const char *attribute) {
  if (has(index)) {
    const HostArray *array = host(index);
    if (array && array->isInteger() && array->allKnown())
      return llvm::to_vector(ArrayRef<int64_t>(array->integers));
    (void)fail("input " + Twine(index) + " ('" + Twine(node.inputs[index]) +
               "') must be a constant integer tensor");
    return std::nullopt;
  }
  const std::vector<int64_t> *list = attribute ? integersOf(node, attribute) : nullptr;
  return list ? std::optional(llvm::to_vector(ArrayRef<int64_t>(*list))) : std::nullopt;
}

Value NodeImport::emit(StringRef op, ValueRange operands, ArrayRef<NamedAttribute> attributes,
                       Type result) {
  if (!problem.empty() || llvm::any_of(operands, [](Value value) { return !value; }))
    return Value();
  std::string messages;
  ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
    if (messages.empty())
      messages = diagnostic.str();
    return success();
  });
  OperationState state(loc, ("npu." + op).str());
  state.addOperands(operands);
  state.addAttributes(attributes);
  if (result)
    state.addTypes(result);
  else if (failed(inferTypes(state)))
    return failValue(messages);
  if (!isSane(mlir::cast<RankedTensorType>(state.types.front())))
    return failValue("the result is too large");
  Operation *created = builder.create(state);
  if (succeeded(verify(created)))
    return created->getResult(0);
  created->erase();
  return failValue(messages);
}

NamedAttribute NodeImport::named(StringRef name, mlir::Attribute value) {
  return builder.getNamedAttr(name, value);
}
NamedAttribute NodeImport::list(StringRef name, ArrayRef<int64_t> values) {
  return named(name, builder.getDenseI64ArrayAttr(values));
}
NamedAttribute NodeImport::number(StringRef name, int64_t value) {
  return named(name, builder.getI64IntegerAttr(value));
}
NamedAttribute NodeImport::single(StringRef name, double value) {
  return named(name, builder.getF32FloatAttr(static_cast<float>(value)));
}
NamedAttribute NodeImport::flag(StringRef name) {
  return named(name, builder.getUnitAttr());
}

Value NodeImport::constant(const Tensor &tensor) {
  if (tensor.type == ElementType::U8) {
    std::optional<Tensor> shifted = shiftedTensor(tensor);
    return shifted ? constant(*shifted) : failValue("out of memory");
  }
  RankedTensorType type = tensorTypeFor(builder.getContext(), tensor.type, tensor.shape);
  if (!type)
    return failValue(
        "constant '" + Twine(tensor.name) + "': " +
        (elementTypeFor(builder.getContext(), tensor.type)
             ? Twine("its shape is too large")
             : "element type " + Twine(elementTypeName(tensor.type)) + " is not supported"));
  return emit("constant", {}, named("value", elementsFor(tensor, type)));
}

Value NodeImport::splat(double value, Type elementType, ArrayRef<int64_t> shape) {
  auto type = RankedTensorType::get(shape, elementType);
  if (!isSane(type))
    return failValue("the result is too large");
  if (type.getNumElements() == 0)
    return emit("constant", {},
                named("value", DenseElementsAttr::get(type, ArrayRef<mlir::Attribute>())));
  mlir::Attribute element = mlir::isa<FloatType>(elementType)
                                ? mlir::Attribute(builder.getFloatAttr(elementType, value))
                                : builder.getIntegerAttr(elementType, static_cast<int64_t>(value));
  return emit("constant", {}, named("value", SplatElementsAttr::get(type, element)));
}

Value NodeImport::reshape(Value x, ArrayRef<int64_t> shape) {
  if (!x || typeOf(x).getShape() == shape)
    return x;
  if (llvm::count_if(shape, ShapedType::isDynamic) > 1)
    return failValue("more than one dimension of a reshape is not known; give the model's shapes");
  return emit("reshape", x, {}, RankedTensorType::get(shape, typeOf(x).getElementType()));
}

Value NodeImport::transpose(Value x, ArrayRef<int64_t> perm) {
  if (!x || llvm::is_sorted(perm))
    return x;
  return emit("transpose", x, list("perm", perm));
}

Value NodeImport::expand(Value x, ArrayRef<int64_t> shape) {
  if (!x)
    return x;
  ArrayRef<int64_t> from = typeOf(x).getShape();
  SmallVector<int64_t> to(shape);
  for (size_t i = to.size(); i < from.size(); ++i)
    to.insert(to.begin(), 1);
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t &size = to[to.size() - from.size() + i];
    size = size == 1 ? from[i] : size;
  }
  if (ArrayRef<int64_t>(to) == from)
    return x;
  return emit("expand", x, {}, RankedTensorType::get(to, typeOf(x).getElementType()));
}

Value NodeImport::cast(Value x, Type elementType) {
  if (!x || !elementType || typeOf(x).getElementType() == elementType)
    return x;
  return emit("cast", x, {}, typeOf(x).clone(elementType));
}

LogicalResult NodeImport::fail(const Twine &text) {
  if (problem.empty())
    problem = text.str();
  if (problem.empty())
    problem = "cannot be imported";
  return failure();
}

Value NodeImport::failValue(const Twine &text) {
  (void)fail(text);
  return Value();
}

LogicalResult NodeImport::result(Value value, size_t index, bool isShifted) {
  if (!value || !problem.empty())
    return fail("cannot be imported");
  if (index >= results.size())
    return success(); // An optional output that the node does not name.
  results[index].value = value;
  results[index].type = typeOf(value);
  results[index].isShifted = isShifted;
  return success();
}

LogicalResult NodeImport::forward(size_t index) {
  if (!has(index))
    return fail("input " + Twine(index) + " is missing");
  if (!results.empty())
    results[0] = *inputs[index];
  return success();
}

LogicalResult NodeImport::result(Tensor tensor) {
  if (results.empty())
    return success();
  results[0].type = tensorTypeFor(builder.getContext(), tensor.type, tensor.shape);
  tensor.name = node.outputs[0];
  results[0].tensor = std::move(tensor);
  return success();
}

LogicalResult NodeImport::result(HostArray array) {
  if (results.empty())
    return success();
  results[0].type = tensorTypeFor(builder.getContext(), array.type, array.shape);
  results[0].host = std::move(array);
  return success();
}

const ImportTable &importTable() {
  static const ImportTable table = [] {
    ImportTable all;
    addContraction(all);
    addElementwise(all);
    addMovement(all);
    addNormalization(all);
    addQuantization(all);
    addReduction(all);
    addShapes(all);
    addWindow(all);
    return all;
  }();
  return table;
}

} // namespace tessera::import_
