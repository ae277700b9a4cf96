// Views of buffers, and calls that declare what they call.
#include "DeviceCalls.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;

DeviceView DeviceCalls::view(Value buffer) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  DeviceView v;
  v.pointer = addressOf(b, loc, buffer);
  MemRefType type = bufferType(buffer);
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides, offset);
  for (int64_t d = 0; d < type.getRank(); ++d) {
    v.sizes.push_back(type.isDynamicDim(d) ? i64(metadata.getSizes()[d]) : i64(type.getDimSize(d)));
    v.strides.push_back(ShapedType::isDynamic(strides[d]) ? i64(metadata.getStrides()[d])
                                                          : i64(strides[d]));
  }
  return v;
}

ValueRange DeviceLibrary::call(OpBuilder &b, Location loc, StringRef name, TypeRange results,
                               ValueRange args) {
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto type = b.getFunctionType(TypeRange(args), results);
    func::FuncOp::create(b, loc, name, type).setPrivate();
  }
  return func::CallOp::create(b, loc, name, results, args).getResults();
}

Value tessera::storeWords(OpBuilder &b, Operation *op, ArrayRef<Value> words) {
  Location loc = op->getLoc();
  Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value table = [&] {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&op->getParentOfType<func::FuncOp>().getBody().front());
    Value count = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(int64_t(words.size())));
    return LLVM::AllocaOp::create(b, loc, pointer, i64, count).getResult();
  }();
  for (auto [i, word] : llvm::enumerate(words)) {
    Value at = LLVM::GEPOp::create(b, loc, pointer, i64, table, ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(b, loc, word, at);
  }
  return table;
}

Value tessera::addressOf(OpBuilder &b, Location loc, Value buffer) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
  Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value integer = arith::IndexCastOp::create(b, loc, i64, base);
  Value address = LLVM::IntToPtrOp::create(b, loc, pointer, integer);
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = bufferType(buffer);
  if (succeeded(type.getStridesAndOffset(strides, offset)) && offset == 0)
    return address;
  Value at = arith::IndexCastOp::create(b, loc, i64, metadata.getOffset());
  return LLVM::GEPOp::create(b, loc, pointer, type.getElementType(), address, ValueRange{at});
}
