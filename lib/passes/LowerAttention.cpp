// Lowering of a CPU's attention to a call of its kernel.
#include "LowerTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tessera;

/// The kernel takes the address of words of eight bytes: DeviceAbi.h lists them. One head of one
/// batch entry is all that a block has.
void tessera::lowerAttention(IRRewriter &b, tile::AttentionOp op, DeviceLibrary &library) {
  Location loc = op.getLoc();
  Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto number = [&](int64_t v) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v));
  };
  auto index = [&](OpFoldResult v) -> Value {
    if (std::optional<int64_t> constant = getConstantIntValue(v))
      return number(*constant);
    return arith::IndexCastOp::create(b, loc, i64, cast<Value>(v));
  };
  auto extent = [&](Value v, int64_t d) { return index(memref::getMixedSize(b, loc, v, d)); };
  auto stride = [&](Value v) -> Value {
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)cast<MemRefType>(v.getType()).getStridesAndOffset(strides, offset);
    if (!ShapedType::isDynamic(strides[0]))
      return number(strides[0]);
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, v);
    return index(metadata.getStrides()[0]);
  };
  Value one = number(1), zero = number(0), none = LLVM::ZeroOp::create(b, loc, pointer);
  Value query = op.getQuery(), key = op.getKey(), value = op.getValue(), out = op.getOut();
  Value mask = op.getMask();
  SmallVector<Value> words;
  for (Value operand : {query, key, value, out})
    words.push_back(addressOf(b, loc, operand));
  words.append(
      {one, one, one, extent(query, 0), extent(key, 0), extent(query, 1), extent(value, 1)});
  for (Value operand : {query, key, value, out})
    words.append({zero, zero, stride(operand)});
  words.push_back(arith::ConstantOp::create(b, loc, op.getScaleAttr()));
  bool repeated = mask && cast<MemRefType>(mask.getType()).getDimSize(0) == 1;
  words.append(
      {mask ? addressOf(b, loc, mask) : none, zero, zero, mask && !repeated ? stride(mask) : zero});
  words.push_back(none);            // slopes
  words.append({zero, zero, zero}); // first position, causal, window
  words.append({none, none, none}); // workspace, threads
  library.call(b, loc, "tessera_attention_f32", TypeRange(), ValueRange{storeWords(b, op, words)});
}
