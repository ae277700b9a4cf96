// Registers the npu dialect's operators and materialises its constants.
#include "tessera/dialect/npu/NpuDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectImplementation.h"
#include "tessera/dialect/npu/MappedFiles.h"
#include "tessera/dialect/npu/NpuOps.h"

#include "tessera/dialect/npu/NpuDialect.cpp.inc"
#include "tessera/dialect/npu/NpuEnums.cpp.inc"

using namespace mlir;
using namespace tessera::npu;

void NpuDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "tessera/dialect/npu/NpuOps.cpp.inc"
      >();
  addInterfaces<MappedFiles>();
}

Operation *NpuDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                           Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type || !isa<RankedTensorType>(type))
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}
