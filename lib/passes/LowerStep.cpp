// Makes `void step(ptr words)` of the function of one tile operation.
#include "LowerTile.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;

namespace {

/// Reads the words one after another: of a buffer the address of its first element, its sizes and
/// its strides in elements; of an integer its value.
class WordReader {
public:
  WordReader(OpBuilder &b, Location loc, Value words)
      : b(b), loc(loc), words(words), converter(b.getContext()) {}

  Value read(Type type) {
    if (auto buffer = dyn_cast<MemRefType>(type))
      return readBuffer(buffer);
    if (isa<LLVM::LLVMPointerType>(type))
      return next(type);
    Value value = next(b.getI64Type());
    if (type.isIndex())
      return arith::IndexCastOp::create(b, loc, type, value);
    const unsigned bits = type.getIntOrFloatBitWidth();
    return bits < 64 ? arith::TruncIOp::create(b, loc, type, value).getResult() : value;
  }

private:
  Value next(Type type) {
    Value at = LLVM::GEPOp::create(b, loc, words.getType(), b.getI64Type(), words,
                                   ArrayRef<LLVM::GEPArg>{count++});
    return LLVM::LoadOp::create(b, loc, type, at);
  }

  Value readBuffer(MemRefType type) {
    SmallVector<int64_t> strides;
    int64_t offset = 0;
    (void)type.getStridesAndOffset(strides, offset); // buffers of tile programs are strided
    Type element = converter.convertType(type.getElementType());
    Value first = next(words.getType()), start = first;
    // Code that knows the offset from the type adds it by itself.
    if (!ShapedType::isDynamic(offset) && offset != 0)
      start = LLVM::GEPOp::create(b, loc, words.getType(), element, first,
                                  ArrayRef<LLVM::GEPArg>{int32_t(-offset)});
    auto memory = MemRefDescriptor::poison(b, loc, converter.convertType(type));
    memory.setAllocatedPtr(b, loc, start);
    memory.setAlignedPtr(b, loc, start);
    memory.setConstantOffset(b, loc, ShapedType::isDynamic(offset) ? 0 : offset);
    for (int64_t d = 0; d < type.getRank(); ++d)
      memory.setSize(b, loc, unsigned(d), next(b.getI64Type()));
    for (int64_t d = 0; d < type.getRank(); ++d)
      memory.setStride(b, loc, unsigned(d), next(b.getI64Type()));
    return UnrealizedConversionCastOp::create(b, loc, type, Value(memory)).getResult(0);
  }

  OpBuilder &b;
  Location loc;
  Value words;
  LLVMTypeConverter converter;
  int32_t count = 0;
};

} // namespace

Value tessera::readStepArguments(func::FuncOp step, bool withContext) {
  Block &entry = step.getBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&entry);
  const unsigned count = entry.getNumArguments();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  WordReader reader(b, step.getLoc(), entry.addArgument(pointer, step.getLoc()));
  for (unsigned i = 0; i < count; ++i)
    entry.getArgument(i).replaceAllUsesWith(reader.read(entry.getArgument(i).getType()));
  Value context = withContext ? reader.read(pointer) : Value();
  entry.eraseArguments(0, count);
  step.setType(b.getFunctionType({pointer}, {}));
  step.setAllArgAttrs(ArrayRef<Attribute>{b.getDictionaryAttr({})});
  return context;
}
