// Reading and making the elements of constants, inline or in resources, as raw bytes.
#ifndef TESSERA_LIB_PASSES_CONSTANTS_H
#define TESSERA_LIB_PASSES_CONSTANTS_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/PatternMatch.h"

#include <optional>
#include <vector>

namespace tessera {

/// Bytes of one stored element; i1 takes one byte. 0 for types without a fixed storage.
int64_t elementBytes(mlir::Type elementType);

/// Bytes of all elements of a static tensor, one byte per i1.
int64_t tensorBytes(mlir::RankedTensorType type);

/// Elements per step along each dim of a row-major tensor of this static shape.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

/// The elements of a constant: one after another in row-major order, or a single one when all are
/// equal. Keeps no copy except of i1, so the attribute's context must outlive it.
class ConstantView {
public:
  ConstantView(ConstantView &&) = default;
  ConstantView &operator=(ConstantView &&) = default;
  /// Nothing for other kinds of attribute and for resources that were elided or have a wrong size.
  static std::optional<ConstantView> of(mlir::ElementsAttr attr);
  /// The same for a value made by a constant operation.
  static std::optional<ConstantView> of(mlir::Value value);

  mlir::RankedTensorType getType() const { return type; }
  llvm::ArrayRef<int64_t> getShape() const { return type.getShape(); }
  bool isSplat() const { return splat; }
  /// Address of an element by its row-major index.
  const char *element(int64_t index) const {
    return bytes.data() + (splat ? 0 : index * elementSize);
  }
  int64_t getElementSize() const { return elementSize; }
  /// All bytes; one element's when splat.
  llvm::ArrayRef<char> getBytes() const { return bytes; }
  /// Strides in elements for walking over it: all 0 when splat.
  llvm::SmallVector<int64_t> strides() const;
  /// Element as a number, whatever the type.
  double number(int64_t index) const;

private:
  ConstantView() = default;
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> bytes; ///< May point into `unpacked`: movable, not copyable.
  std::vector<char> unpacked;
  int64_t elementSize = 0;
  bool splat = false;
};

/// The number that all elements of a constant value equal, if it is one.
std::optional<double> splatNumber(mlir::Value value);

/// Reads or writes one element as a double, or as an integer.
double readNumber(const char *data, mlir::Type elementType);
int64_t readInteger(const char *data, mlir::Type elementType);
void writeNumber(char *data, mlir::Type elementType, double number);
void writeInteger(char *data, mlir::Type elementType, int64_t integer);

/// Storage for a new constant of a static shape; `finish` turns it into an attribute: a splat when
/// all elements are equal, inline when small, else a resource of its own.
class ConstantBuffer {
public:
  explicit ConstantBuffer(mlir::RankedTensorType type);
  char *data() { return blob.getMutableData().data(); }
  mlir::ElementsAttr finish();

private:
  mlir::RankedTensorType type;
  mlir::AsmResourceBlob blob;
};

/// The same elements under another shape of as many elements.
mlir::ElementsAttr reshapeConstant(mlir::ElementsAttr attr, mlir::RankedTensorType type);

/// dst[i] = src[i] for all i within `sizes`; strides and offsets in elements.
struct StridedSide {
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides;
};
void copyStrided(char *dst, const StridedSide &to, const char *src, const StridedSide &from,
                 llvm::ArrayRef<int64_t> sizes, int64_t elementSize);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_CONSTANTS_H
