// Loading: which reader a file needs, and which of the caller's inputs means which argument.
#include "tessera/compiler/LoadModel.h"
#include "PinShapes.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/RandomWeights.h"
#include "tessera/dialect/npu/MappedFiles.h"
#include "tessera/passes/Registration.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

namespace tessera {

using import_::ElementType;
using import_::OnnxInput;
using import_::OnnxPort;

namespace {

std::optional<ElementType> elementTypeOf(mlir::Type type) {
  if (type.isF32())
    return ElementType::F32;
  if (type.isF16())
    return ElementType::F16;
  if (type.isBF16())
    return ElementType::BF16;
  if (type.isF64())
    return ElementType::F64;
  if (type.isInteger(1))
    return ElementType::Bool;
  if (type.isInteger(8))
    return ElementType::I8;
  if (type.isInteger(32))
    return ElementType::I32;
  if (type.isInteger(64))
    return ElementType::I64;
  return std::nullopt;
}

std::string shapeText(const std::vector<int64_t> &shape) {
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") + (dim < 0 ? std::string("?") : std::to_string(dim));
  return text.empty() ? "a scalar" : text;
}

std::string portNames(const std::vector<OnnxPort> &ports) {
  return llvm::join(llvm::map_range(ports, [](const OnnxPort &port) { return port.name; }), ", ");
}

/// Whether a given shape can be that of the port: same rank, equal where both are known.
bool compatible(const std::vector<int64_t> &port, const std::vector<int64_t> &given) {
  return port.size() == given.size() && llvm::all_of(llvm::zip(port, given), [](auto dims) {
           auto [want, got] = dims;
           return want < 0 || got < 0 || want == got;
         });
}

/// Joins one binding into the entry of its input.
bool join(OnnxInput &entry, const OnnxPort &port, const OnnxInput &binding, std::string &error) {
  std::vector<int64_t> shape = binding.value ? binding.value->shape : binding.shape;
  if (!compatible(port.shape, shape)) {
    error = "input '" + port.name + "': expected shape " + shapeText(port.shape) + ", but got " +
            shapeText(shape);
    return false;
  }
  if (binding.value && binding.value->type != port.type) {
    error = "input '" + port.name + "': expected elements of type " +
            import_::elementTypeName(port.type) + ", but got " +
            import_::elementTypeName(binding.value->type);
    return false;
  }
  const bool first = entry.shape.empty() && !entry.value;
  if (!first && !compatible(entry.shape, shape)) {
    error = "input '" + port.name + "': was given two shapes, " + shapeText(entry.shape) + " and " +
            shapeText(shape);
    return false;
  }
  if (entry.value && binding.value) {
    error = "input '" + port.name + "': was given two values";
    return false;
  }
  if (first || binding.value)
    entry.shape = std::move(shape);
  if (binding.value)
    entry.value = binding.value;
  return true;
}

mlir::OwningOpRef<mlir::ModuleOp> parseMlir(mlir::MLIRContext &context, const std::string &path,
                                            std::string &error) {
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false);
  if (!buffer) {
    error = path + ": " + buffer.getError().message();
    return {};
  }
  const llvm::ArrayRef<char> bytes((*buffer)->getBufferStart(), (*buffer)->getBufferSize());
  const bool bytecode = mlir::isBytecode(**buffer);
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
  // The reader of bytecode leaves resources where they are in the file.
  if (bytecode)
    npu::MappedFiles::of(context).add(bytes, sources);
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(sources, &context);
  if (!module)
    error = path + ": is not a valid MLIR module" +
            (llvm::StringRef(path).ends_with(".mlir") || llvm::StringRef(path).ends_with(".mlirbc")
                 ? ""
                 : "; what a file holds goes by its name: .onnx is ONNX, all else MLIR");
  return module;
}

mlir::OwningOpRef<mlir::ModuleOp> loadMlir(mlir::MLIRContext &context, const std::string &path,
                                           const std::vector<OnnxInput> &bindings,
                                           std::string &error) {
  auto module = parseMlir(context, path, error);
  if (!module)
    return {};
  if (failed(fillRandomWeights(*module))) {
    error = path + ": has a weight that cannot be made";
    return {};
  }
  auto ports = readPorts(*module, error);
  if (!ports)
    return {};
  auto inputs = resolveInputs(*ports, bindings, error);
  if (!inputs || !pinShapes(*module, *inputs, error))
    return {};
  return module;
}

} // namespace

std::unique_ptr<mlir::MLIRContext> makeContext() {
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  return std::make_unique<mlir::MLIRContext>(registry);
}

mlir::FunctionOpInterface entryFunction(mlir::ModuleOp module) {
  auto function =
      llvm::dyn_cast_or_null<mlir::FunctionOpInterface>(module.lookupSymbol(kEntryName));
  return function && !function.isExternal() ? function : mlir::FunctionOpInterface();
}

bool isWeight(mlir::FunctionOpInterface function, unsigned index) {
  return function.getArgAttr(index, "npu.weight") || function.getArgAttr(index, kRandomWeightAttr);
}

bool isInput(mlir::FunctionOpInterface function, unsigned index) {
  return !function.getArgAttr(index, "npu.weight") &&
         !function.getArgAttr(index, kRandomWeightAttr) &&
         !function.getArgAttr(index, kOutputAttr) && !function.getArgAttr(index, kArenaAttr);
}

std::string inputName(mlir::FunctionOpInterface function, unsigned index) {
  if (auto name = function.getArgAttrOfType<mlir::StringAttr>(index, "npu.name"))
    return name.str();
  return "input_" + std::to_string(index);
}

std::string outputName(mlir::FunctionOpInterface function, unsigned index) {
  if (auto name = function.getResultAttrOfType<mlir::StringAttr>(index, "npu.name"))
    return name.str();
  return "output_" + std::to_string(index);
}

std::optional<std::vector<OnnxPort>> readPorts(mlir::ModuleOp module, std::string &error) {
  mlir::FunctionOpInterface main = entryFunction(module);
  if (!main) {
    error = "expected a function @main with a body, but the module has none";
    return std::nullopt;
  }
  std::vector<OnnxPort> ports;
  for (unsigned index = 0; index < main.getNumArguments(); ++index) {
    if (!isInput(main, index))
      continue;
    auto type = llvm::dyn_cast<mlir::ShapedType>(main.getArgumentTypes()[index]);
    auto elements = type ? elementTypeOf(type.getElementType()) : std::nullopt;
    if (!elements || !type.hasRank()) {
      std::string spelled;
      llvm::raw_string_ostream(spelled) << main.getArgumentTypes()[index];
      error = "expected argument " + std::to_string(index) + " of @main to be a ranked tensor of " +
              "f32, f16, bf16, f64, i8, i32, i64 or i1, but got " + spelled;
      return std::nullopt;
    }
    std::vector<int64_t> shape;
    for (int64_t dim : type.getShape())
      shape.push_back(mlir::ShapedType::isDynamic(dim) ? -1 : dim);
    if (elements == ElementType::I8 && main.getArgAttr(index, kUnsignedAttr))
      elements = ElementType::U8;
    ports.push_back({inputName(main, index), *elements, std::move(shape)});
  }
  return ports;
}

std::optional<std::vector<OnnxInput>> resolveInputs(const std::vector<OnnxPort> &ports,
                                                    const std::vector<OnnxInput> &bindings,
                                                    std::string &error) {
  std::vector<OnnxInput> inputs(ports.size());
  std::vector<bool> hasValue(ports.size()), hasShape(ports.size());
  for (size_t i = 0; i < ports.size(); ++i)
    inputs[i].name = ports[i].name;
  for (bool named : {true, false})
    for (const OnnxInput &binding : bindings) {
      if (binding.name.empty() == named)
        continue;
      std::vector<bool> &taken = binding.value ? hasValue : hasShape;
      const auto at = llvm::find_if(llvm::seq<size_t>(0, ports.size()), [&](size_t i) {
        return named ? ports[i].name == binding.name : !taken[i];
      });
      const size_t index = at - llvm::seq<size_t>(0, ports.size()).begin();
      if (index == ports.size()) {
        error = named ? "the model has no input '" + binding.name + "'; it has " + portNames(ports)
                      : "more inputs were given than the model has; it has " + portNames(ports);
        return std::nullopt;
      }
      if (!join(inputs[index], ports[index], binding, error))
        return std::nullopt;
      taken[index] = true;
    }
  return inputs;
}

mlir::OwningOpRef<mlir::ModuleOp> loadModel(mlir::MLIRContext &context, const std::string &path,
                                            const std::vector<OnnxInput> &bindings,
                                            std::string &error) {
  if (!llvm::StringRef(path).ends_with(".onnx"))
    return loadMlir(context, path, bindings, error);
  auto ports = import_::readOnnxPorts(path, error);
  if (!ports)
    return {};
  auto inputs = resolveInputs(ports->inputs, bindings, error);
  if (!inputs)
    return {};
  llvm::erase_if(*inputs,
                 [](const OnnxInput &input) { return input.shape.empty() && !input.value; });
  return import_::importOnnx(context, path, {std::move(*inputs)}, error);
}

} // namespace tessera
