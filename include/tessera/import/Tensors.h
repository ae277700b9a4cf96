// Tensors in memory and on disk: NumPy's .npy and ONNX's TensorProto .pb. Knows no MLIR.
#pragma once

#include "tessera/support/Export.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tessera::import_ {

/// The element types that ONNX and NumPy share and a file may hold. Bool takes one byte.
enum class ElementType { F16, BF16, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64, Bool };

/// Bytes of one element.
TESSERA_API size_t byteWidth(ElementType type);

/// ONNX's name of the type: "float", "int64", "bool".
TESSERA_API const char *elementTypeName(ElementType type);

/// True for the integer types and Bool.
TESSERA_API bool isInteger(ElementType type);

/// The product of the dimensions; nothing when one is negative or the product exceeds 2^40.
TESSERA_API std::optional<int64_t> elementCount(const std::vector<int64_t> &shape);

/// A dense row-major tensor. Copies share the elements; allocate() makes new ones, at a multiple of
/// 64 bytes. A tensor of an ONNX model may be a view of the mapped file: it must not be written,
/// and lies at any address, so its elements are read by realAt, integerAt and memcpy.
struct Tensor {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  std::shared_ptr<char> storage;
  int64_t count = 0;

  /// A tensor of zeros; nothing when the shape is invalid or memory is short.
  TESSERA_API static std::optional<Tensor> allocate(ElementType type, std::vector<int64_t> shape);
  /// The same with elements that hold anything, for a caller that writes all of them.
  TESSERA_API static std::optional<Tensor> allocateUnset(ElementType type,
                                                         std::vector<int64_t> shape);

  char *data() { return storage.get(); }
  const char *data() const { return storage.get(); }
  size_t byteSize() const { return static_cast<size_t>(count) * byteWidth(type); }
  template <typename T> T *as() { return reinterpret_cast<T *>(storage.get()); }
  template <typename T> const T *as() const { return reinterpret_cast<const T *>(storage.get()); }
};

/// Rounds to nearest even; NaN stays NaN.
TESSERA_API uint16_t halfFromFloat(float value);
TESSERA_API float floatFromHalf(uint16_t bits);
TESSERA_API uint16_t bfloatFromFloat(float value);
TESSERA_API float floatFromBfloat(uint16_t bits);

/// Element `index` of any type, as double or (for integers, exactly) int64.
TESSERA_API double realAt(const Tensor &tensor, int64_t index);
TESSERA_API int64_t integerAt(const Tensor &tensor, int64_t index);
/// Stores with conversion to the tensor's type: integers wrap, reals round.
TESSERA_API void storeReal(Tensor &tensor, int64_t index, double value);
TESSERA_API void storeInteger(Tensor &tensor, int64_t index, int64_t value);

/// Reads a .npy file (format 1 to 3; C or Fortran order, either byte order). On failure returns
/// nothing and sets `error` to one line that names the file.
TESSERA_API std::optional<Tensor> readNpy(const std::string &path, std::string &error);
/// Writes format 1.0. BF16 has no NumPy type and is widened to F32.
TESSERA_API bool writeNpy(const std::string &path, const Tensor &tensor, std::string &error);

/// Reads one serialised ONNX TensorProto; data outside the file is refused.
TESSERA_API std::optional<Tensor> readTensorPb(const std::string &path, std::string &error);
TESSERA_API bool writeTensorPb(const std::string &path, const Tensor &tensor, std::string &error);

/// By the file's extension: .npy or .pb.
TESSERA_API std::optional<Tensor> readTensor(const std::string &path, std::string &error);
TESSERA_API bool writeTensor(const std::string &path, const Tensor &tensor, std::string &error);

} // namespace tessera::import_
