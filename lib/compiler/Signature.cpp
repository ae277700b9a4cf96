// Reading @main: names, types, and copies of the weights that outlive the module.
#include "Signature.h"
#include "../passes/Constants.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/compiler/LoadModel.h"
#include <cstring>
#include <new>

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
                                            std::string name) {
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
  return runtime::TensorInfo{std::move(name), *elements, shaped.getShape().vec()};
}

/// A copy of the elements, aligned for the widest vectors.
std::optional<WeightData> copyWeight(mlir::ElementsAttr attr) {
  auto view = ConstantView::of(attr);
  if (!view)
    return std::nullopt;
  constexpr std::align_val_t kAlignment{64};
  const auto bytes = static_cast<size_t>(tensorBytes(view->getType()));
  const auto size = static_cast<size_t>(view->getElementSize());
  char *memory = static_cast<char *>(::operator new(bytes, kAlignment));
  if (view->isSplat())
    for (size_t at = 0; at < bytes; at += size)
      std::memcpy(memory + at, view->element(0), size);
  else
    std::memcpy(memory, view->getBytes().data(), bytes);
  return WeightData{memory, std::shared_ptr<void>(memory, [](void *data) {
                      ::operator delete(data, std::align_val_t{64});
                    })};
}

} // namespace

std::optional<Signature> readSignature(mlir::ModuleOp module) {
  mlir::FunctionOpInterface main = entryFunction(module);
  if (!main) {
    module.emitError("expected a function @main with a body");
    return std::nullopt;
  }
  Signature signature;
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    if (main.getArgAttr(index, kArenaAttr))
      continue;
    const bool isOutput = main.getArgAttr(index, kOutputAttr) != nullptr;
    std::string name = inputName(main, index);
    if (isOutput && !main.getArgAttr(index, "npu.name"))
      name = "output_" + std::to_string(signature.outputs.size());
    auto info = describe(main, type, std::move(name));
    if (!info)
      return std::nullopt;
    if (isOutput) {
      signature.outputs.push_back(std::move(*info));
      continue;
    }
    if (auto attr = main.getArgAttrOfType<mlir::ElementsAttr>(index, "npu.weight")) {
      auto weight = copyWeight(attr);
      if (!weight) {
        main.emitError("the elements of the weight in argument ") << index << " are missing";
        return std::nullopt;
      }
      signature.arguments.push_back({true, signature.weights.size(), info->dims});
      signature.weights.push_back(std::move(*weight));
      continue;
    }
    signature.arguments.push_back({false, signature.inputs.size(), info->dims});
    signature.inputs.push_back(std::move(*info));
  }
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    auto info = describe(main, type, outputName(main, index));
    if (!info)
      return std::nullopt;
    signature.outputs.push_back(std::move(*info));
  }
  return signature;
}

} // namespace tessera
