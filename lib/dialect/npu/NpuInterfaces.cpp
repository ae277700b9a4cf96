// Definitions of the npu interfaces, and the verification all typed operators share.
#include "tessera/dialect/npu/NpuInterfaces.h"

#include "tessera/dialect/npu/NpuOps.h"
#include "llvm/ADT/StringSwitch.h"

#include "tessera/dialect/npu/NpuInterfaces.cpp.inc"

using namespace mlir;

namespace tessera::npu {

llvm::StringRef stringifyOpFamily(OpFamily family) {
  switch (family) {
  case OpFamily::Elementwise:
    return "elementwise";
  case OpFamily::Contraction:
    return "contraction";
  case OpFamily::Window:
    return "window";
  case OpFamily::Normalization:
    return "normalization";
  case OpFamily::Reduction:
    return "reduction";
  case OpFamily::Movement:
    return "movement";
  case OpFamily::View:
    return "view";
  case OpFamily::Constant:
    return "constant";
  }
  llvm_unreachable("an operator family without a name");
}

std::optional<OpFamily> symbolizeOpFamily(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<OpFamily>>(name)
      .Case("elementwise", OpFamily::Elementwise)
      .Case("contraction", OpFamily::Contraction)
      .Case("window", OpFamily::Window)
      .Case("normalization", OpFamily::Normalization)
      .Case("reduction", OpFamily::Reduction)
      .Case("movement", OpFamily::Movement)
      .Case("view", OpFamily::View)
      .Case("constant", OpFamily::Constant)
      .Default(std::nullopt);
}

// A contraction of low-precision floats may keep its f32 accumulator as the result.
static bool keepsAccumulator(Operation *op, Type inferred, Type actual) {
  return isa<MatmulOp, Conv2DOp, DepthwiseConv2DOp>(op) &&
         (inferred.isF16() || inferred.isBF16()) && actual.isF32();
}

LogicalResult verifyResultType(Operation *op, Type inferredType) {
  auto inferred = cast<RankedTensorType>(inferredType);
  auto actual = cast<RankedTensorType>(op->getResult(0).getType());
  Type inferredElement = inferred.getElementType(), actualElement = actual.getElementType();
  bool sameElement =
      inferredElement == actualElement || keepsAccumulator(op, inferredElement, actualElement);
  if (sameElement && succeeded(verifyCompatibleShape(inferred, actual)))
    return success();
  return op->emitOpError("expected result type ") << inferred << ", but got " << actual;
}

} // namespace tessera::npu
