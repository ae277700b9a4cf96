// Facts about element types and tensors.
#include "tessera/runtime/Model.h"

namespace tessera::runtime {

size_t elementBytes(ElementType type) {
  switch (type) {
  case ElementType::f64:
  case ElementType::i64:
    return 8;
  case ElementType::f32:
  case ElementType::i32:
    return 4;
  case ElementType::f16:
  case ElementType::bf16:
    return 2;
  case ElementType::i8:
  case ElementType::i1:
  case ElementType::u8:
    return 1;
  }
  return 0;
}

const char *elementTypeName(ElementType type) {
  switch (type) {
  case ElementType::f32:
    return "f32";
  case ElementType::f16:
    return "f16";
  case ElementType::bf16:
    return "bf16";
  case ElementType::f64:
    return "f64";
  case ElementType::i8:
    return "i8";
  case ElementType::i32:
    return "i32";
  case ElementType::i64:
    return "i64";
  case ElementType::i1:
    return "i1";
  case ElementType::u8:
    return "u8";
  }
  return "";
}

int64_t TensorInfo::elementCount() const {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  return count;
}

size_t TensorInfo::byteCount() const {
  return static_cast<size_t>(elementCount()) * elementBytes(type);
}

} // namespace tessera::runtime
