// Element types, storage and conversions of host tensors.
#include "tessera/import/Tensors.h"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace tessera::import_ {

namespace {

struct TypeRow {
  const char *name;
  size_t width;
};

// In the order of ElementType.
constexpr TypeRow kTypes[] = {
    {"float16", 2}, {"bfloat16", 2}, {"float", 4}, {"double", 8}, {"int8", 1},
    {"int16", 2},   {"int32", 4},    {"int64", 8}, {"uint8", 1},  {"uint16", 2},
    {"uint32", 4},  {"uint64", 8},   {"bool", 1},
};

constexpr int64_t kMaxElements = int64_t(1) << 40;
constexpr size_t kAlignment = 64;

/// An element of a tensor that may lie at any address.
template <typename T> T load(const Tensor &tensor, int64_t index) {
  T value;
  std::memcpy(&value, tensor.data() + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T> int64_t loadInteger(const Tensor &tensor, int64_t index) {
  return static_cast<int64_t>(load<T>(tensor, index));
}

} // namespace

size_t byteWidth(ElementType type) {
  return kTypes[static_cast<int>(type)].width;
}

const char *elementTypeName(ElementType type) {
  return kTypes[static_cast<int>(type)].name;
}

bool isInteger(ElementType type) {
  return type >= ElementType::I8;
}

std::optional<int64_t> elementCount(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return std::nullopt;
    empty |= size == 0;
    // A zero elsewhere in the shape must not hide an absurd size.
    if (size != 0 && __builtin_mul_overflow(count, size, &count))
      return std::nullopt;
    if (count > kMaxElements)
      return std::nullopt;
  }
  return empty ? 0 : count;
}

std::optional<Tensor> Tensor::allocateUnset(ElementType type, std::vector<int64_t> shape) {
  std::optional<int64_t> count = elementCount(shape);
  if (!count)
    return std::nullopt;
  Tensor tensor;
  tensor.type = type;
  tensor.shape = std::move(shape);
  tensor.count = *count;
  size_t bytes = (tensor.byteSize() / kAlignment + 1) * kAlignment;
  char *memory = static_cast<char *>(std::aligned_alloc(kAlignment, bytes));
  if (!memory)
    return std::nullopt;
  tensor.storage = std::shared_ptr<char>(memory, std::free);
  return tensor;
}

std::optional<Tensor> Tensor::allocate(ElementType type, std::vector<int64_t> shape) {
  std::optional<Tensor> tensor = allocateUnset(type, std::move(shape));
  if (tensor)
    std::memset(tensor->data(), 0, tensor->byteSize());
  return tensor;
}

float floatFromHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t exponent = (bits >> 10) & 0x1f;
  uint32_t fraction = bits & 0x3ff;
  if (exponent == 0) {
    float magnitude = std::ldexp(static_cast<float>(fraction), -24);
    return sign ? -magnitude : magnitude;
  }
  exponent = exponent == 0x1f ? 0xff : exponent + 112;
  return std::bit_cast<float>(sign | (exponent << 23) | (fraction << 13));
}

uint16_t halfFromFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint16_t sign = static_cast<uint16_t>((bits >> 16) & 0x8000);
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000)
    return sign | 0x7e00;
  if (magnitude >= 0x47800000) // 65536 and above
    return sign | 0x7c00;
  if (magnitude < 0x38800000) { // below 2^-14: denormal, in units of 2^-24
    float units = std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24));
    return sign | static_cast<uint16_t>(units);
  }
  uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000) >> 13);
}

float floatFromBfloat(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

uint16_t bfloatFromFloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

int64_t integerAt(const Tensor &tensor, int64_t index) {
  switch (tensor.type) {
  case ElementType::I8:
    return loadInteger<int8_t>(tensor, index);
  case ElementType::I16:
    return loadInteger<int16_t>(tensor, index);
  case ElementType::I32:
    return loadInteger<int32_t>(tensor, index);
  case ElementType::I64:
    return loadInteger<int64_t>(tensor, index);
  case ElementType::U8:
    return loadInteger<uint8_t>(tensor, index);
  case ElementType::U16:
    return loadInteger<uint16_t>(tensor, index);
  case ElementType::U32:
    return loadInteger<uint32_t>(tensor, index);
  case ElementType::U64:
    return loadInteger<uint64_t>(tensor, index);
  case ElementType::Bool:
    return loadInteger<uint8_t>(tensor, index) != 0;
  default:
    break;
  }
  // Converting a double outside int64's range is undefined.
  double value = realAt(tensor, index);
  if (std::isnan(value))
    return 0;
  if (value >= 9.2233720368547758e18)
    return INT64_MAX;
  if (value <= -9.2233720368547758e18)
    return INT64_MIN;
  return static_cast<int64_t>(value);
}

double realAt(const Tensor &tensor, int64_t index) {
  switch (tensor.type) {
  case ElementType::F16:
    return floatFromHalf(load<uint16_t>(tensor, index));
  case ElementType::BF16:
    return floatFromBfloat(load<uint16_t>(tensor, index));
  case ElementType::F32:
    return load<float>(tensor, index);
  case ElementType::F64:
    return load<double>(tensor, index);
  case ElementType::U64:
    return static_cast<double>(load<uint64_t>(tensor, index));
  default:
    return static_cast<double>(integerAt(tensor, index));
  }
}

void storeInteger(Tensor &tensor, int64_t index, int64_t value) {
  if (tensor.type == ElementType::Bool) {
    tensor.as<uint8_t>()[index] = value != 0;
    return;
  }
  if (!isInteger(tensor.type))
    return storeReal(tensor, index, static_cast<double>(value));
  // Little-endian hosts only, as the rest of the project: the low bytes are the wrapped value.
  size_t width = byteWidth(tensor.type);
  std::memcpy(tensor.data() + index * width, &value, width);
}

void storeReal(Tensor &tensor, int64_t index, double value) {
  switch (tensor.type) {
  case ElementType::F16:
    tensor.as<uint16_t>()[index] = halfFromFloat(static_cast<float>(value));
    return;
  case ElementType::BF16:
    tensor.as<uint16_t>()[index] = bfloatFromFloat(static_cast<float>(value));
    return;
  case ElementType::F32:
    tensor.as<float>()[index] = static_cast<float>(value);
    return;
  case ElementType::F64:
    tensor.as<double>()[index] = value;
    return;
  case ElementType::Bool:
    tensor.as<uint8_t>()[index] = value != 0;
    return;
  default: {
    double limited = std::isnan(value) ? 0 : std::fmin(std::fmax(value, -9.2e18), 9.2e18);
    return storeInteger(tensor, index, static_cast<int64_t>(limited));
  }
  }
}

std::optional<Tensor> readTensor(const std::string &path, std::string &error) {
  if (path.ends_with(".npy"))
    return readNpy(path, error);
  if (path.ends_with(".pb"))
    return readTensorPb(path, error);
  error = path + ": expected a .npy or .pb file";
  return std::nullopt;
}

bool writeTensor(const std::string &path, const Tensor &tensor, std::string &error) {
  if (path.ends_with(".npy"))
    return writeNpy(path, tensor, error);
  if (path.ends_with(".pb"))
    return writeTensorPb(path, tensor, error);
  error = path + ": expected a name that ends in .npy or .pb";
  return false;
}

} // namespace tessera::import_
