// Reading @main: names, types, and the weights, which outlive the module.
#include "Signature.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/compiler/LoadModel.h"

namespace tessera {
namespace {

std::optional<runtime::ElementType> elementTypeOf(mlir::Type type) {
  using runtime::ElementType;
  if (type.isF32())
    return ElementType::f32;
  if (type.isF16())
    return ElementType::f16;
  if (type.isBF16())
    return ElementType::bf16;
  if (type.isF64())
    return ElementType::f64;
  if (type.isInteger(1))
    return ElementType::i1;
  if (type.isInteger(8))
    return ElementType::i8;
  if (type.isInteger(32))
    return ElementType::i32;
  if (type.isInteger(64))
    return ElementType::i64;
  return std::nullopt;
}

/// Describes an input or output, a tensor or the buffer it has become; emits an error when it is
/// nothing that the runtime can pass.
std::optional<runtime::TensorInfo> describe(mlir::FunctionOpInterface main, mlir::Type type,
                                            std::string name, bool isUnsigned) {
  auto shaped = llvm::dyn_cast<mlir::ShapedType>(type);
  auto buffer = llvm::dyn_cast<mlir::MemRefType>(type);
  auto elements = shaped ? elementTypeOf(shaped.getElementType()) : std::nullopt;
  const bool dense = buffer ? buffer.getLayout().isIdentity() && !buffer.getMemorySpace()
                            : llvm::isa<mlir::RankedTensorType>(type);
  if (!elements || !dense) {
    main.emitError("expected '") << name << "' to be a dense tensor of a type that a model can "
                                 << "have, but got " << type;
    return std::nullopt;
  }
  if (!shaped.hasStaticShape()) {
    main.emitError("'") << name << "' has dimensions that are not fixed, " << type
                        << "; give its input or --shape";
    return std::nullopt;
  }
  if (isUnsigned && elements == runtime::ElementType::i8)
    elements = runtime::ElementType::u8;
  return runtime::TensorInfo{std::move(name), *elements, shaped.getShape().vec()};
}

/// What a compiled model keeps alive.
struct Kept {
  std::shared_ptr<void> code;
  std::vector<std::shared_ptr<const void>> weights;
};

} // namespace

std::optional<Signature> readSignature(mlir::ModuleOp module) {
  mlir::FunctionOpInterface main = entryFunction(module);
  if (!main) {
    module.emitError("expected a function @main with a body");
    return std::nullopt;
  }
  Signature signature;
  llvm::SmallVector<mlir::ElementsAttr> weights;
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    if (main.getArgAttr(index, kArenaAttr))
      continue;
    const bool isOutput = main.getArgAttr(index, kOutputAttr) != nullptr;
    std::string name = inputName(main, index);
    if (isOutput && !main.getArgAttr(index, "npu.name"))
      name = "output_" + std::to_string(signature.outputs.size());
    auto info =
        describe(main, type, std::move(name), main.getArgAttr(index, kUnsignedAttr) != nullptr);
    if (!info)
      return std::nullopt;
    if (isOutput) {
      signature.outputs.push_back(std::move(*info));
      continue;
    }
    if (auto attr = main.getArgAttrOfType<mlir::ElementsAttr>(index, "npu.weight")) {
      signature.arguments.push_back({true, weights.size(), info->dims});
      weights.push_back(attr);
      continue;
    }
    signature.arguments.push_back({false, signature.inputs.size(), info->dims});
    signature.inputs.push_back(std::move(*info));
  }
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    auto info = describe(main, type, outputName(main, index),
                         main.getResultAttr(index, kUnsignedAttr) != nullptr);
    if (!info)
      return std::nullopt;
    signature.outputs.push_back(std::move(*info));
  }
  std::string error;
  auto placed = placeWeights(weights, error);
  if (!placed) {
    main.emitError(error);
    return std::nullopt;
  }
  signature.weights = std::move(*placed);
  return signature;
}

void giveSignature(runtime::CompiledModel &model, Signature signature, std::shared_ptr<void> code) {
  model.inputs = std::move(signature.inputs);
  model.outputs = std::move(signature.outputs);
  model.weights = std::move(signature.weights.data);
  model.mappedWeightBytes = signature.weights.mappedBytes;
  model.madeWeightBytes = signature.weights.madeBytes;
  model.code = std::make_shared<Kept>(Kept{std::move(code), std::move(signature.weights.keepers)});
}

} // namespace tessera
