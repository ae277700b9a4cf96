// Which operators take uint8, and what its elements become.
#include "Unsigned.h"

#include "tessera/dialect/npu/NpuOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace tessera::import_ {

namespace {

/// What an operator does with an operand of uint8: only moves its elements, knows itself that they
/// are shifted, or neither, which is an error.
enum class UnsignedUse { moved, known, none };

UnsignedUse unsignedUse(StringRef opType) {
  return llvm::StringSwitch<UnsignedUse>(opType)
      .Cases({"Concat", "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "MaxPool", "Pad",
              "Reshape", "Shape", "Size", "Slice", "SpaceToDepth", "Split", "Squeeze", "Tile",
              "Transpose", "Unsqueeze"},
             UnsignedUse::moved)
      .Cases({"Cast", "CastLike", "ConvInteger", "DequantizeLinear", "MatMulInteger", "QLinearConv",
              "QLinearMatMul", "QuantizeLinear", "output"},
             UnsignedUse::known)
      .Default(UnsignedUse::none);
}

bool hasUnsigned(ArrayRef<Entry *> inputs) {
  return llvm::any_of(inputs, [](Entry *entry) { return entry && entry->isUnsigned(); });
}

} // namespace

Value flipUnsigned(OpBuilder &builder, Value value) {
  auto type = RankedTensorType::get({}, builder.getI8Type());
  auto bit = DenseElementsAttr::get(type, static_cast<int8_t>(-kUnsignedShift));
  Location loc = builder.getUnknownLoc();
  return npu::XorOp::create(builder, loc, value.getType(), value,
                            npu::ConstantOp::create(builder, loc, bit));
}

std::optional<Tensor> shiftedTensor(const Tensor &tensor) {
  std::optional<Tensor> result = Tensor::allocateUnset(ElementType::I8, tensor.shape);
  if (!result)
    return std::nullopt;
  result->name = tensor.name;
  for (int64_t i = 0; i < tensor.count; ++i)
    result->data()[i] = static_cast<char>(tensor.data()[i] ^ kUnsignedShift);
  return result;
}

bool movesUnsigned(const Node &node, ArrayRef<Entry *> inputs) {
  return hasUnsigned(inputs) && unsignedUse(node.opType) == UnsignedUse::moved;
}

bool checkUnsigned(NodeImport &step, ArrayRef<Entry *> inputs) {
  if (!hasUnsigned(inputs))
    return true;
  const UnsignedUse use = unsignedUse(step.node.opType);
  const bool mixed = llvm::any_of(inputs, [](Entry *entry) {
    return entry && entry->type && entry->type.getElementType().isInteger(8) &&
           !entry->isUnsigned();
  });
  if (use == UnsignedUse::none)
    return succeeded(step.fail("operands of uint8 are not supported"));
  return use != UnsignedUse::moved || !mixed ||
         succeeded(step.fail("expected operands of one type, but got int8 and uint8"));
}

} // namespace tessera::import_
