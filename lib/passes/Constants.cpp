// Raw access to the elements of constants; folding itself is in FoldConstants.cpp.
#include "Constants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/APFloat.h"

#include <cstring>

using namespace mlir;

namespace tessera {

// Inline constants are printed as text, so only short ones are.
static constexpr int64_t kInlineBytes = 256;

int64_t elementBytes(Type elementType) {
  if (elementType.isInteger(1))
    return 1;
  if (!elementType.isIntOrFloat())
    return 0;
  unsigned bits = elementType.getIntOrFloatBitWidth();
  return bits % 8 ? 0 : bits / 8;
}

int64_t tensorBytes(RankedTensorType type) {
  return type.getNumElements() * elementBytes(type.getElementType());
}

SmallVector<int64_t> rowMajorStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t dim = static_cast<int64_t>(shape.size()) - 2; dim >= 0; --dim)
    strides[dim] = strides[dim + 1] * shape[dim + 1];
  return strides;
}

std::optional<ConstantView> ConstantView::of(ElementsAttr attr) {
  auto type = dyn_cast_if_present<RankedTensorType>(attr ? attr.getShapedType() : ShapedType());
  if (!type || !type.hasStaticShape() || elementBytes(type.getElementType()) == 0)
    return std::nullopt;
  ConstantView view;
  view.type = type;
  view.elementSize = elementBytes(type.getElementType());
  if (auto dense = dyn_cast<DenseIntOrFPElementsAttr>(attr)) {
    view.splat = dense.isSplat();
    if (!type.getElementType().isInteger(1)) {
      view.bytes = dense.getRawData();
    } else if (view.splat) {
      view.unpacked.push_back(dense.getSplatValue<bool>());
    } else {
      for (bool bit : dense.getValues<bool>())
        view.unpacked.push_back(bit);
    }
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (!resource.getRawHandle().getBlob())
      return std::nullopt;
    view.bytes = resource.getData();
  } else {
    return std::nullopt;
  }
  if (type.getElementType().isInteger(1) && view.bytes.empty())
    view.bytes = view.unpacked;
  int64_t expected = view.splat ? view.elementSize : tensorBytes(type);
  if (static_cast<int64_t>(view.bytes.size()) != expected)
    return std::nullopt;
  // A moved vector keeps its storage, so `bytes` stays valid in the returned object.
  return std::optional<ConstantView>(std::move(view));
}

std::optional<ConstantView> ConstantView::of(Value value) {
  ElementsAttr attr;
  if (!value || !matchPattern(value, m_Constant(&attr)))
    return std::nullopt;
  return of(attr);
}

SmallVector<int64_t> ConstantView::strides() const {
  return splat ? SmallVector<int64_t>(type.getRank(), 0) : rowMajorStrides(type.getShape());
}

double ConstantView::number(int64_t index) const {
  return readNumber(element(index), type.getElementType());
}

std::optional<double> splatNumber(Value value) {
  std::optional<ConstantView> view = ConstantView::of(value);
  if (!view || view->getType().getNumElements() == 0)
    return std::nullopt;
  if (!view->isSplat() && view->getType().getNumElements() != 1)
    return std::nullopt;
  return view->number(0);
}

//===-------------------------------------------------------------------------------------------===/
// Elements
//===-------------------------------------------------------------------------------------------===/

int64_t readInteger(const char *data, Type elementType) {
  unsigned bytes = elementBytes(elementType);
  int64_t value = 0;
  std::memcpy(&value, data, bytes);
  if (elementType.isInteger(1))
    return value & 1;
  unsigned unused = 64 - 8 * bytes;
  return static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
}

double readNumber(const char *data, Type elementType) {
  if (auto floatType = dyn_cast<FloatType>(elementType)) {
    if (elementType.isF32()) {
      float value;
      std::memcpy(&value, data, sizeof value);
      return value;
    }
    if (elementType.isF64()) {
      double value;
      std::memcpy(&value, data, sizeof value);
      return value;
    }
    uint64_t bits = 0;
    std::memcpy(&bits, data, elementBytes(elementType));
    llvm::APFloat value(floatType.getFloatSemantics(), llvm::APInt(floatType.getWidth(), bits));
    bool lossy;
    value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lossy);
    return value.convertToDouble();
  }
  return static_cast<double>(readInteger(data, elementType));
}

void writeInteger(char *data, Type elementType, int64_t integer) {
  if (elementType.isInteger(1))
    integer &= 1;
  std::memcpy(data, &integer, elementBytes(elementType));
}

void writeNumber(char *data, Type elementType, double number) {
  if (elementType.isF32()) {
    float value = static_cast<float>(number);
    std::memcpy(data, &value, sizeof value);
  } else if (elementType.isF64()) {
    std::memcpy(data, &number, sizeof number);
  } else if (auto floatType = dyn_cast<FloatType>(elementType)) {
    llvm::APFloat value(number);
    bool lossy;
    value.convert(floatType.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &lossy);
    uint64_t bits = value.bitcastToAPInt().getZExtValue();
    std::memcpy(data, &bits, elementBytes(elementType));
  } else {
    writeInteger(data, elementType, static_cast<int64_t>(number));
  }
}

//===-------------------------------------------------------------------------------------------===/
// New constants
//===-------------------------------------------------------------------------------------------===/

ConstantBuffer::ConstantBuffer(RankedTensorType type)
    : type(type), blob(HeapAsmResourceBlob::allocate(std::max<int64_t>(tensorBytes(type), 1),
                                                     /*align=*/16, /*dataIsMutable=*/true)) {}

ElementsAttr ConstantBuffer::finish() {
  Type element = type.getElementType();
  int64_t count = type.getNumElements(), size = elementBytes(element), bytes = tensorBytes(type);
  const char *begin = blob.getData().data();
  // Comparing the bytes with themselves one element later says whether all elements are equal.
  bool splat = count > 0 && std::memcmp(begin, begin + size, bytes - size) == 0;
  if (element.isInteger(1)) {
    SmallVector<bool> bits(begin, begin + (splat ? 1 : count));
    return DenseElementsAttr::get(type, bits);
  }
  if (splat || bytes <= kInlineBytes)
    return DenseElementsAttr::getFromRawBuffer(type, ArrayRef(begin, splat ? size : bytes));
  return DenseResourceElementsAttr::get(type, "folded", std::move(blob));
}

ElementsAttr reshapeConstant(ElementsAttr attr, RankedTensorType type) {
  if (auto dense = dyn_cast<DenseElementsAttr>(attr))
    return dense.reshape(type);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  return {};
}

void copyStrided(char *dst, const StridedSide &to, const char *src, const StridedSide &from,
                 ArrayRef<int64_t> sizes, int64_t elementSize) {
  if (llvm::is_contained(sizes, 0))
    return;
  if (sizes.empty()) {
    std::memcpy(dst + to.offset * elementSize, src + from.offset * elementSize, elementSize);
    return;
  }
  int64_t rank = sizes.size(), columns = sizes.back();
  int64_t dstStep = to.strides.back(), srcStep = from.strides.back();
  SmallVector<int64_t> index(rank, 0);
  int64_t dstAt = to.offset, srcAt = from.offset;
  while (true) {
    if (dstStep == 1 && srcStep == 1) {
      std::memcpy(dst + dstAt * elementSize, src + srcAt * elementSize, columns * elementSize);
    } else if (elementSize == 4) {
      for (int64_t i = 0; i < columns; ++i)
        std::memcpy(dst + (dstAt + i * dstStep) * 4, src + (srcAt + i * srcStep) * 4, 4);
    } else {
      for (int64_t i = 0; i < columns; ++i)
        std::memcpy(dst + (dstAt + i * dstStep) * elementSize,
                    src + (srcAt + i * srcStep) * elementSize, elementSize);
    }
    // Next row: an odometer over all dims but the last.
    int64_t dim = rank - 2;
    for (; dim >= 0; --dim) {
      dstAt += to.strides[dim];
      srcAt += from.strides[dim];
      if (++index[dim] < sizes[dim])
        break;
      dstAt -= to.strides[dim] * sizes[dim];
      srcAt -= from.strides[dim] * sizes[dim];
      index[dim] = 0;
    }
    if (dim < 0)
      return;
  }
}

} // namespace tessera
