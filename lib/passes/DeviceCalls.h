// What lowering to calls of the device library shares.
#ifndef TESSERA_LIB_PASSES_DEVICECALLS_H
#define TESSERA_LIB_PASSES_DEVICECALLS_H

#include "LowerTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tessera {

/// A buffer as C code sees it: address, extents and strides as i64.
struct DeviceView {
  mlir::Value pointer;
  llvm::SmallVector<mlir::Value> sizes, strides;
};

inline mlir::MemRefType bufferType(mlir::Value v) {
  return mlir::cast<mlir::MemRefType>(v.getType());
}

/// Builds what stands in the place of one operation.
class DeviceCalls {
public:
  DeviceCalls(mlir::IRRewriter &b, mlir::Operation *op, int64_t lanes, DeviceLibrary &library)
      : b(b), op(op), loc(op->getLoc()), lanes(lanes), library(library) {}

protected:
  mlir::Value i64(int64_t v) {
    return mlir::arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v));
  }
  mlir::Value i64(mlir::Value index) {
    return mlir::arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  }

  DeviceView view(mlir::Value buffer);

  void call(llvm::StringRef name, mlir::ValueRange args) {
    library.call(b, loc, name, mlir::TypeRange(), args);
  }

  /// The name of a function that takes elements by their size.
  static std::string sized(llvm::StringRef name, mlir::Type element) {
    return (name + "_" + llvm::Twine(std::max(element.getIntOrFloatBitWidth(), 8u))).str();
  }

  mlir::IRRewriter &b;
  mlir::Operation *op;
  mlir::Location loc;
  int64_t lanes;
  DeviceLibrary &library;
};

/// Lowers matrix products and what makes their operands: im2col, mma, window and pack.
mlir::LogicalResult lowerProduct(mlir::IRRewriter &b, mlir::Operation *op, int64_t lanes,
                                 DeviceLibrary &library);

/// Lowers a window of f16 or bf16 to loops.
void lowerHalfWindow(mlir::IRRewriter &b, tile::WindowOp op, int64_t lanes);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_DEVICECALLS_H
