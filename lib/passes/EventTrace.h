// A kernel's operations in the order in which a core issues them, a few turns of each loop, with
// the bytes that each touches. What orders they need is in EventPlan.h.
#ifndef TESSERA_LIB_PASSES_EVENTTRACE_H
#define TESSERA_LIB_PASSES_EVENTTRACE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

#include <optional>
#include <string>
#include <vector>

namespace tessera::events {

/// What one operation touches. What one block touches of one buffer is apart where the boxes are:
/// where these move with a loop, its first and last turns show it, for no pass makes an operation
/// that meets another of more turns ago than slots come round in. Other buffers at the same
/// addresses, and other blocks, count whole.
struct Access {
  int64_t domain = 0;
  int64_t begin = 0, end = 0; ///< Bytes in the domain.
  bool writes = false;
  mlir::Value buffer; ///< The whole of which it is part.
  mlir::Value slot;   ///< The index of the slot of a buffer of `slots`, or null.
  int64_t slots = 1;
  bool argument = false;
  int64_t block = 0;  ///< In which it is touched.
  int64_t core = -1;  ///< Which of the vector cores of a cube core touches it, if one does.
  bool held = false;  ///< Counts whole, except against another vector core.
  bool exact = false; ///< The three below say what of the buffer is touched.
  int64_t offset = 0; ///< In elements.
  llvm::SmallVector<int64_t, 4> sizes, strides;
};

/// Whether order matters between the two.
bool conflict(const Access &a, const Access &b);

/// One moment of a core's time: an operation, or the point before or after a node of the program
/// (an operation, loop or branch), where it may wait or set.
struct Moment {
  enum Kind { Op, Before, After } kind;
  mlir::Operation *node;
  unsigned pipe = 0;
  llvm::SmallVector<Access, 3> accesses;
  llvm::SmallVector<int64_t, 2> slots; ///< Of the values of `Traces::slotValues`, -1 if unknown.
};
using Trace = std::vector<Moment>;

/// Traces that together show each loop turning and, where nothing says that it must, not turning,
/// each unknown branch both ways, and the first and the last blocks of the grid.
struct Traces {
  std::vector<tile::PipeId> pipes;
  std::vector<mlir::Value> slotValues;
  std::vector<Trace> traces;
};

/// Nothing when an operation has no pipe on the chip, or there is too much to look at.
std::optional<Traces> traceKernel(mlir::func::FuncOp kernel, const tile::ChipSpec &chip);

} // namespace tessera::events

#endif // TESSERA_LIB_PASSES_EVENTTRACE_H
