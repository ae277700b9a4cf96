// Two tensors held against each other bit by bit.
#include "tessera/compiler/Difference.h"
#include "tessera/import/Tensors.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>
#include <cstring>

namespace tessera {

using runtime::ElementType;

double numberAt(ElementType type, const void *at) {
  const auto load = [&]<typename T>(T value) {
    std::memcpy(&value, at, sizeof(T));
    return value;
  };
  switch (type) {
  case ElementType::f32:
    return load(float());
  case ElementType::f16:
    return import_::floatFromHalf(load(uint16_t()));
  case ElementType::bf16:
    return import_::floatFromBfloat(load(uint16_t()));
  case ElementType::f64:
    return load(double());
  case ElementType::i8:
  case ElementType::i1:
    return load(int8_t());
  case ElementType::u8:
    return load(uint8_t());
  case ElementType::i32:
    return load(int32_t());
  case ElementType::i64:
    return static_cast<double>(load(int64_t()));
  }
  return 0;
}

std::string firstDifference(const runtime::TensorInfo &info, const void *got, const void *want) {
  const size_t bytes = runtime::elementBytes(info.type);
  const char *a = static_cast<const char *>(got), *b = static_cast<const char *>(want);
  if (std::memcmp(a, b, info.byteCount()) == 0)
    return "";
  for (int64_t i = 0; i < info.elementCount(); ++i, a += bytes, b += bytes) {
    const double x = numberAt(info.type, a), y = numberAt(info.type, b);
    if (std::memcmp(a, b, bytes) != 0 && !(std::isnan(x) && std::isnan(y)))
      return llvm::formatv("element {0} of {1} is {2}, but {3} is expected", i, info.elementCount(),
                           llvm::formatv("{0:E8}", x), llvm::formatv("{0:E8}", y));
  }
  return "";
}

} // namespace tessera
