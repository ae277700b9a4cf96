// Types of MLIR for the types of tensors in files, and back.
#include "NodeImport.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace tessera::import_ {

Type elementTypeFor(MLIRContext *context, ElementType type) {
  Builder builder(context);
  switch (type) {
  case ElementType::F16:
    return builder.getF16Type();
  case ElementType::BF16:
    return builder.getBF16Type();
  case ElementType::F32:
    return builder.getF32Type();
  case ElementType::F64:
    return builder.getF64Type();
  case ElementType::I8:
    return builder.getI8Type();
  case ElementType::I32:
    return builder.getI32Type();
  case ElementType::I64:
    return builder.getI64Type();
  case ElementType::Bool:
    return builder.getI1Type();
  default:
    return Type();
  }
}

std::optional<ElementType> elementTypeOf(Type type) {
  for (ElementType candidate :
       {ElementType::F16, ElementType::BF16, ElementType::F32, ElementType::F64, ElementType::I8,
        ElementType::I32, ElementType::I64, ElementType::Bool})
    if (elementTypeFor(type.getContext(), candidate) == type)
      return candidate;
  return std::nullopt;
}

} // namespace tessera::import_
