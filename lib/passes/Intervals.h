// Addresses for buffers whose lifetimes are intervals of program order.
#ifndef TESSERA_LIB_PASSES_INTERVALS_H
#define TESSERA_LIB_PASSES_INTERVALS_H

#include "Packing.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"

namespace tessera {

/// A buffer to be given an address: live from operation `begin` to `end`, both included.
struct Interval {
  mlir::Value buffer;
  int64_t bytes = 0;
  int64_t begin = 0, end = -1; ///< end < begin: never used.
  int64_t offset = 0;
};

/// Program order of the operations below `root`, and the lifetimes of buffers in it.
class ProgramOrder {
public:
  explicit ProgramOrder(mlir::Operation *root);
  /// From the first to the last use of `buffer`, through its views. A use inside a loop that
  /// does not contain the allocation counts as the whole loop. `end` is INT64_MAX when the buffer
  /// escapes.
  Interval lifetime(mlir::Value buffer) const;

private:
  mlir::Operation *root;
  llvm::DenseMap<mlir::Operation *, int64_t> first, last;
};

/// Gives each interval an offset, a multiple of `align`, at which it meets no other that is live at
/// the same time (Packing.h).
Packing packIntervals(llvm::MutableArrayRef<Interval> intervals, int64_t align, int64_t enough = 0);

/// The most bytes that are live at once, and one operation index where they are.
std::pair<int64_t, int64_t> peak(llvm::ArrayRef<Interval> intervals);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_INTERVALS_H
