// Which pipe of which core does an operation, and how tile programs name pipes.
#pragma once
#include "mlir/IR/Operation.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <string>

namespace tessera::tile {

/// A queue of one core of a group. The texts are the chip's; `instance` tells apart the vector
/// cores of one cube core.
struct PipeId {
  llvm::StringRef core, pipe;
  int64_t instance = 0;
  /// The same pipe of an equal core.
  bool isSibling(const PipeId &other) const { return core == other.core && pipe == other.pipe; }
  bool operator==(const PipeId &) const = default;
};

/// The pipes that a name may stand for: "MTE2" is that of every kind of core which has it,
/// "vector.MTE2" one alone, and "vector1.MTE2" that of the group's second vector core. Empty for a name that the chip has not.
llvm::SmallVector<PipeId, 2> pipesNamed(llvm::StringRef name, const ChipSpec &chip);

/// The shortest name that stands for this pipe alone.
std::string nameOf(PipeId id, const ChipSpec &chip);

/// The pipe that an operation which moves or computes is issued to, or nothing when the chip has
/// none for it, or the operation is no such one.
std::optional<PipeId> pipeOf(mlir::Operation *op, const ChipSpec &chip);

/// The two pipes of a set_event or wait_event, of one core; the pipe twice of a barrier or a
/// cross_set or cross_wait. Names that several kinds of core have are settled by the other name, or
/// by the kind of cores that the kernel runs on; nothing where that leaves more than one.
std::optional<std::pair<PipeId, PipeId>> syncPipes(mlir::Operation *op, const ChipSpec &chip);

/// Whether the operation orders and neither moves nor computes: barriers, events and flags.
bool isSync(mlir::Operation *op);

} // namespace tessera::tile
