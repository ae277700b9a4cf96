// The importer's walk: inputs and their shapes, then every node, then the outputs.
#include "GraphImporter.h"
#include "GraphOrder.h"
#include "Unsigned.h"

#include "mlir/IR/Verifier.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tessera::import_ {

namespace {

constexpr int64_t kEvaluationBudget = int64_t(1) << 25;
constexpr size_t kNodesNamed = 3;

std::string listNames(const std::vector<const ValueInfo *> &values) {
  std::string text;
  for (const ValueInfo *value : values)
    text += (text.empty() ? "'" : ", '") + value->name + "'";
  return text.empty() ? "none" : text;
}

Location locationOf(const Node &node, Builder &builder) {
  const std::string &label =
      node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
  return NameLoc::get(builder.getStringAttr(label));
}

} // namespace

GraphImporter::GraphImporter(MLIRContext &context, OnnxModel &model, const OnnxOptions &options)
    : model(model), options(options), builder(&context) {}

/// Names every operator without a rule, with the nodes that use it.
void GraphImporter::checkOperators() {
  llvm::MapVector<StringRef, std::vector<const Node *>> unknown;
  std::vector<std::string> names;
  names.reserve(order.size());
  for (const Node *node : order) {
    bool known =
        node->domain.empty() && (importTable().contains(node->opType) || canEvaluate(node->opType));
    if (known)
      continue;
    names.push_back(node->domain.empty() ? node->opType : node->domain + "." + node->opType);
    unknown[names.back()].push_back(node);
  }
  for (auto &[name, nodes] : unknown) {
    std::string text = "unknown operator '" + name.str() + "', used by";
    for (size_t i = 0; i < nodes.size() && i < kNodesNamed; ++i) {
      std::string label = describe(*nodes[i]);
      text += (i ? ", " : " ") + label.substr(0, label.rfind(" ("));
    }
    if (nodes.size() > kNodesNamed)
      text += " and " + std::to_string(nodes.size() - kNodesNamed) + " more";
    problems.push_back(std::move(text));
  }
}

/// Inputs that no initialiser gives.
std::vector<const ValueInfo *> GraphImporter::arguments() const {
  std::vector<const ValueInfo *> result;
  for (const ValueInfo &input : model.inputs)
    if (!entries.count(input.name))
      result.push_back(&input);
  return result;
}

std::vector<const OnnxInput *>
GraphImporter::bindInputs(const std::vector<const ValueInfo *> &arguments) {
  std::vector<const OnnxInput *> bindings(arguments.size(), nullptr);
  for (const OnnxInput &given : options.inputs) {
    if (given.name.empty())
      continue;
    auto found = llvm::find_if(arguments, [&](auto *value) { return value->name == given.name; });
    if (found == arguments.end())
      problems.push_back("no input is named '" + given.name + "'; the model has " +
                         listNames(arguments));
    else
      bindings[found - arguments.begin()] = &given;
  }
  size_t next = 0;
  for (const OnnxInput &given : options.inputs) {
    if (!given.name.empty())
      continue;
    while (next < bindings.size() && bindings[next])
      ++next;
    if (next == bindings.size()) {
      problems.push_back("expected at most " + std::to_string(arguments.size()) +
                         " inputs, but got more; the model has " + listNames(arguments));
      break;
    }
    bindings[next] = &given;
  }
  return bindings;
}

namespace {

/// Joins what the model and the caller say about dims; equal symbols are one dim.
class DimensionResolver {
public:
  explicit DimensionResolver(std::vector<std::string> &problems) : problems(problems) {}

  void pin(const ValueInfo &value, ArrayRef<int64_t> shape) {
    if (!value.hasRank)
      return;
    if (shape.size() != value.shape.size())
      return complain("input '" + value.name + "': expected rank " +
                      std::to_string(value.shape.size()) + ", but got " +
                      std::to_string(shape.size()));
    for (size_t i = 0; i < shape.size(); ++i)
      pinDim(value, i, shape[i]);
  }

  SmallVector<int64_t> resolve(const ValueInfo &value, ArrayRef<int64_t> shape) const {
    SmallVector<int64_t> result;
    if (!value.hasRank)
      result.assign(shape.begin(), shape.end());
    else
      for (size_t i = 0; i < value.shape.size(); ++i)
        result.push_back(resolveDim(value.shape[i], i < shape.size() ? shape[i] : -1));
    for (int64_t &size : result)
      size = size < 0 ? ShapedType::kDynamic : size;
    return result;
  }

private:
  std::vector<std::string> &problems;
  llvm::StringMap<int64_t> symbols;

  void complain(std::string text) { problems.push_back(std::move(text)); }

  void pinDim(const ValueInfo &value, size_t i, int64_t size) {
    const Dimension &dim = value.shape[i];
    std::string place = "input '" + value.name + "' dim " + std::to_string(i);
    if (size < 0)
      return;
    // Some writers put 0 where they mean "not known".
    if (dim.value > 0 && dim.value != size)
      return complain(place + ": expected " + std::to_string(dim.value) + ", but got " +
                      std::to_string(size));
    if (dim.symbol.empty())
      return;
    auto [known, isNew] = symbols.try_emplace(dim.symbol, size);
    if (!isNew && known->second != size)
      complain(place + " ('" + dim.symbol + "'): expected " + std::to_string(known->second) +
               ", as elsewhere, but got " + std::to_string(size));
  }

  int64_t resolveDim(const Dimension &dim, int64_t given) const {
    if (given >= 0)
      return given;
    auto known = dim.symbol.empty() ? symbols.end() : symbols.find(dim.symbol);
    return known != symbols.end() ? known->second : dim.value;
  }
};

} // namespace

std::vector<RankedTensorType>
GraphImporter::argumentTypes(const std::vector<const ValueInfo *> &arguments,
                             const std::vector<const OnnxInput *> &bindings) {
  DimensionResolver resolver(problems);
  auto shapeGiven = [&](size_t i) -> std::vector<int64_t> {
    if (!bindings[i])
      return {};
    return bindings[i]->value ? bindings[i]->value->shape : bindings[i]->shape;
  };
  auto isGiven = [&](size_t i) {
    return bindings[i] && (bindings[i]->value || !bindings[i]->shape.empty());
  };
  for (size_t i = 0; i < arguments.size(); ++i)
    if (isGiven(i))
      resolver.pin(*arguments[i], shapeGiven(i));
  std::vector<RankedTensorType> types;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ValueInfo &value = *arguments[i];
    if (!value.isTensor)
      problems.push_back("input '" + value.name + "' is not a tensor of a known element type");
    else if (!value.hasRank && !isGiven(i))
      problems.push_back("input '" + value.name + "' has no shape; give one");
    else if (bindings[i] && bindings[i]->value && bindings[i]->value->type != value.type)
      problems.push_back("input '" + value.name + "': expected elements of type " +
                         elementTypeName(value.type) + ", but got " +
                         elementTypeName(bindings[i]->value->type));
    else {
      // What the caller passes as uint8 has i8's size.
      ElementType type = value.type == ElementType::U8 ? ElementType::I8 : value.type;
      types.push_back(
          tensorTypeFor(builder.getContext(), type, resolver.resolve(value, shapeGiven(i))));
      if (types.back())
        continue;
      problems.push_back(
          "input '" + value.name + "': " +
          (elementTypeFor(builder.getContext(), type)
               ? std::string("its shape is too large")
               : std::string("element type ") + elementTypeName(value.type) + " is not supported"));
    }
  }
  return types;
}

void GraphImporter::addInitializers() {
  for (Tensor &tensor : model.initializers) {
    Entry &entry = entries[tensor.name];
    entry.type = tensorTypeFor(builder.getContext(), tensor.type, tensor.shape);
    entry.tensor = std::move(tensor);
  }
}

/// Evaluates a node whose inputs are all small constants.
bool GraphImporter::tryEvaluate(const Node &node, const std::vector<Entry *> &inputs) {
  if (!canEvaluate(node.opType) || evaluated > kEvaluationBudget)
    return false;
  bool hasImport = importTable().contains(node.opType);
  std::vector<const HostArray *> arrays;
  for (Entry *entry : inputs) {
    if (!entry) {
      arrays.push_back(nullptr);
      continue;
    }
    if (!entry->host && entry->tensor)
      entry->host = toHost(*entry->tensor);
    if (!entry->host || (entry->isArgument && hasImport))
      return false;
    arrays.push_back(&*entry->host);
  }
  std::vector<HostArray> outputs;
  if (!evaluate(node, model.opset, arrays, outputs) || outputs.size() != 1 ||
      node.outputs.size() != 1)
    return false;
  evaluated += outputs[0].count();
  Entry &entry = entries[node.outputs[0]];
  entry.type = tensorTypeFor(builder.getContext(), outputs[0].type, outputs[0].shape);
  entry.host = std::move(outputs[0]);
  entry.host->name = node.outputs[0];
  return true;
}

/// Says of a problem with dynamic dims which inputs have them: "; open are x=?x3".
std::string GraphImporter::openInputs() const {
  std::string text;
  for (const ValueInfo &input : model.inputs) {
    auto found = entries.find(input.name);
    if (found == entries.end() || !found->second.type || found->second.type.hasStaticShape())
      continue;
    text += (text.empty() ? "; open are " : ", ") + input.name + "=";
    for (auto [i, size] : llvm::enumerate(found->second.type.getShape()))
      text += (i ? "x" : "") + (ShapedType::isDynamic(size) ? "?" : std::to_string(size));
  }
  return text;
}

bool GraphImporter::importNode(const Node &node) {
  std::vector<Entry *> inputs;
  for (const std::string &name : node.inputs) {
    auto found = entries.find(name);
    inputs.push_back(name.empty() || found == entries.end() ? nullptr : &found->second);
  }
  if (tryEvaluate(node, inputs))
    return true;
  auto function = importTable().find(node.opType);
  if (function == importTable().end()) {
    problems.push_back(describe(node) + ": its inputs must be constants");
    return false;
  }
  // Before opset 7 operands broadcast along a given axis.
  if (model.opset < 7 && integerOf(node, "broadcast", 0) != 0) {
    problems.push_back(describe(node) + ": broadcasting as before opset 7 is not supported");
    return false;
  }
  NodeImport step(node, model.opset, builder, locationOf(node, builder), inputs);
  if (!checkUnsigned(step, inputs) || failed(function->second(step)) || !step.problem.empty()) {
    problems.push_back(describe(node) + ": " +
                       (step.problem.empty() ? "cannot be imported" : step.problem));
    if (StringRef(step.problem).ends_with("give the model's shapes"))
      problems.back() += openInputs();
    return false;
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    Entry &result = step.results[i];
    if (result.value && movesUnsigned(node, inputs))
      result.isShifted |= typeOf(result.value).getElementType().isInteger(8);
    if (!node.outputs[i].empty() && (result.value || result.tensor || result.host))
      entries[node.outputs[i]] = std::move(result);
  }
  return true;
}

/// Returns the outputs and names them.
void GraphImporter::finish(func::FuncOp function) {
  SmallVector<Value> values;
  SmallVector<Type> types;
  for (const ValueInfo &output : model.outputs) {
    Node user;
    user.name = output.name;
    user.opType = "output";
    user.inputs = {output.name};
    auto found = entries.find(output.name);
    NodeImport step(user, model.opset, builder, locationOf(user, builder),
                    {found == entries.end() ? nullptr : &found->second});
    Value value = step.input(0);
    if (!value) {
      problems.push_back("output '" + output.name + "': " + step.problem);
      return;
    }
    if (found->second.isUnsigned())
      value = flipUnsigned(builder, value);
    values.push_back(value);
    types.push_back(value.getType());
  }
  func::ReturnOp::create(builder, builder.getUnknownLoc(), values);
  function.setFunctionType(builder.getFunctionType(function.getArgumentTypes(), types));
  for (size_t i = 0; i < model.outputs.size(); ++i) {
    function.setResultAttr(i, "npu.name", builder.getStringAttr(model.outputs[i].name));
    if (entries[model.outputs[i].name].isUnsigned())
      function.setResultAttr(i, kUnsignedAttr, builder.getUnitAttr());
  }
}

OwningOpRef<ModuleOp> GraphImporter::run() {
  order = orderNodes(model, problems);
  checkOperators();
  if (model.outputs.empty())
    problems.push_back("the model has no outputs");
  addInitializers();
  std::vector<const ValueInfo *> args = arguments();
  std::vector<const OnnxInput *> bindings = bindInputs(args);
  std::vector<RankedTensorType> types = argumentTypes(args, bindings);
  if (!problems.empty())
    return nullptr;

  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> argumentTypes(types.begin(), types.end());
  auto function = func::FuncOp::create(builder, builder.getUnknownLoc(), "main",
                                       builder.getFunctionType(argumentTypes, {}));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  for (size_t i = 0; i < args.size(); ++i) {
    Entry &entry = entries[args[i]->name];
    entry.type = types[i];
    entry.value = body->getArgument(i);
    if (args[i]->type == ElementType::U8) {
      entry.value = flipUnsigned(builder, entry.value);
      entry.isShifted = true;
      function.setArgAttr(i, kUnsignedAttr, builder.getUnitAttr());
    }
    if (bindings[i] && bindings[i]->value) {
      entry.host = toHost(*bindings[i]->value);
      entry.isArgument = true;
    }
    function.setArgAttr(i, "npu.name", builder.getStringAttr(args[i]->name));
  }
  for (const Node *node : order)
    if (!importNode(*node))
      return nullptr;
  finish(function);
  if (!problems.empty())
    return nullptr;
  std::string message;
  ScopedDiagnosticHandler handler(builder.getContext(), [&](Diagnostic &diagnostic) {
    message = message.empty() ? diagnostic.str() : message;
    return success();
  });
  if (succeeded(verify(*module)))
    return module;
  problems.push_back(message);
  return nullptr;
}

} // namespace tessera::import_
