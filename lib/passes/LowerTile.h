// Lowering of tile operations to loops over vectors and calls of the device library.
#ifndef TESSERA_LIB_PASSES_LOWERTILE_H
#define TESSERA_LIB_PASSES_LOWERTILE_H

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera {

/// Declares and calls functions of the device library.
class DeviceLibrary {
public:
  explicit DeviceLibrary(mlir::ModuleOp module) : module(module) {}
  /// Calls `name`, declaring it on first use.
  mlir::ValueRange call(mlir::OpBuilder &b, mlir::Location loc, llvm::StringRef name,
                        mlir::TypeRange results, mlir::ValueRange args);

private:
  mlir::ModuleOp module;
};

/// A region of scalar arithmetic over buffers, as tile.vector and tile.row_reduce hold it.
struct VectorWork {
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> inputs, outputs;
  llvm::SmallVector<mlir::AffineMap> maps; ///< Inputs', then outputs'.
  llvm::SmallVector<int64_t> reduced;
  /// Body with one argument per operand and a terminator of one operand per output; null copies
  /// input to output.
  mlir::Block *body = nullptr;
};

/// Emits loops for `work`, the innermost over `lanes` elements at a time with one masked tail.
mlir::LogicalResult lowerVectorWork(mlir::OpBuilder &b, VectorWork work, int64_t lanes,
                                    DeviceLibrary &library);

/// Lowers one tile operation that moves data or multiplies matrices; erases it. `context` is that
/// of the launch, or null where no product stays whole.
mlir::LogicalResult lowerTileOp(mlir::IRRewriter &b, mlir::Operation *op, int64_t lanes,
                                DeviceLibrary &library, mlir::Value context);

/// Lowers a product that stays whole to a call of its kernel, which shares it out by the context of
/// the launch.
mlir::LogicalResult lowerWholeProduct(mlir::IRRewriter &b, tile::MatmulOp op,
                                      DeviceLibrary &library, mlir::Value context);

/// Lowers attention that is a kernel of the library.
void lowerAttention(mlir::IRRewriter &b, tile::AttentionOp op, DeviceLibrary &library);

/// Turns the arguments of a step (`tile-outline-steps`) into words read through one pointer: for a
/// buffer the address of its first element, its sizes and its strides, for an integer its value.
/// Returns the word behind them, the context of the launch, where it is asked for.
mlir::Value readStepArguments(mlir::func::FuncOp step, bool withContext);

/// The address of words of eight bytes on the stack of the operation's function.
mlir::Value storeWords(mlir::OpBuilder &b, mlir::Operation *op, llvm::ArrayRef<mlir::Value> words);

/// The address of a buffer's first element, as !llvm.ptr.
mlir::Value addressOf(mlir::OpBuilder &b, mlir::Location loc, mlir::Value buffer);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_LOWERTILE_H
