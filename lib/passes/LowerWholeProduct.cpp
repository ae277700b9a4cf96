// Lowering of a product that stays whole to a call of the library's kernel.
#include "LowerTile.h"
#include "WholeProducts.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace tessera;

/// Words of runtime::LaunchContext: the parallel loop, whose pool is the context itself, and memory
/// that is free between launches.
constexpr int32_t kParallelFor = 1, kWorkspace = 2;

/// The kernel takes the address of words of eight bytes: those of GemmArgs.
LogicalResult tessera::lowerWholeProduct(IRRewriter &b, tile::MatmulOp op, DeviceLibrary &library,
                                         Value context) {
  Location loc = op.getLoc();
  std::optional<ProductLayout> product = productLayout(op);
  auto isFloat = [](Value v) { return cast<ShapedType>(v.getType()).getElementType().isF32(); };
  if (!product || !llvm::all_of(op->getOperands(), isFloat))
    return op.emitOpError("has no CPU kernel that takes all of it: expected f32 operands of known ")
           << "extents and strides, and batch entries of equal distance";
  Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto number = [&](int64_t v) -> Value {
    return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v));
  };
  Value none = LLVM::ZeroOp::create(b, loc, pointer), zero = number(0);
  auto ofContext = [&](int32_t word) -> Value {
    Value at = LLVM::GEPOp::create(b, loc, pointer, i64, context, ArrayRef<LLVM::GEPArg>{word});
    return LLVM::LoadOp::create(b, loc, pointer, at);
  };
  const ProductLayout &p = *product;
  SmallVector<Value> words;
  for (Value operand : op->getOperands())
    words.push_back(addressOf(b, loc, operand));
  for (int64_t v : {p.m, p.n, p.k, p.lhs.row, p.lhs.column, p.rhs.row, p.rhs.column, p.out.row})
    words.push_back(number(v));
  words.append({zero, none, none, zero, zero}); // accumulate, bias, residual, its row, activation
  for (int64_t v : {p.batch, p.lhs.batch, p.rhs.batch, p.out.batch})
    words.push_back(number(v));
  words.append({zero, zero}); // of the residual, panel
  words.append({ofContext(kWorkspace), ofContext(kParallelFor), context});
  library.call(b, loc, "tessera_gemm_f32", TypeRange{i64},
               ValueRange{storeWords(b, op, words), none});
  return success();
}
