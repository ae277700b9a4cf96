// Groups of operators on their way to becoming kernels, and the rules by which they join.
#ifndef TESSERA_LIB_PASSES_FUSEGROUPS_H
#define TESSERA_LIB_PASSES_FUSEGROUPS_H

#include "Attention.h"
#include "PassingCost.h"

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"

#include <optional>
#include <string>

namespace tessera {

/// Operators that will be one kernel, in block order. The last one makes the only result; values of
/// the others have no user outside. So joining a group to the one that uses its result can never
/// close a cycle: a path that left the group would start at a value somebody outside uses.
struct FuseGroup {
  llvm::SmallVector<mlir::Operation *> ops;
  /// The one operator of the group that is not elementwise, or null.
  mlir::Operation *anchor = nullptr;
  bool closed = false; ///< Nothing joins it.
  /// The group that a schedule put its operators into (kGroupAttr), or null.
  mlir::Attribute scheduled = {};

  mlir::Operation * final() const { return ops.back(); }
};

/// Attribute of an operator, put there by a schedule: operators of equal values become one kernel.
inline constexpr llvm::StringLiteral kGroupAttr = "npu.group";

/// The groups of one block.
class FuseGroups {
public:
  struct Limits {
    bool enable = true;
    unsigned maxOps = 32;
    const tile::ChipSpec *chip = nullptr; ///< What attention is asked of; null: left apart.
  };
  FuseGroups(mlir::Block &block, Limits limits);

  /// Whether each group of the schedule is one kernel; else emits why not.
  mlir::LogicalResult checkSchedule();
  /// Groups that are left, in block order of their last operator.
  llvm::SmallVector<FuseGroup *> all();

private:
  using Refusal = std::optional<std::string>;

  FuseGroup *groupOf(mlir::Value value);
  /// May they join? Whether tiling from the consumer's last operator tiles all of both, each
  /// element of the producer made once per tile that needs it. A reason against, or nothing.
  Refusal legality(const FuseGroup &producer, const FuseGroup &consumer);
  /// Should they join?
  Refusal profitability(const FuseGroup &producer, const FuseGroup &consumer);
  Refusal acceptsFrom(mlir::Operation *user, mlir::Value value, const FuseGroup &producer);
  Refusal refusalOf(const FuseGroup &producer, const FuseGroup &consumer);
  llvm::SmallVector<FuseGroup *> producersOf(const FuseGroup &group);
  void join(FuseGroup &producer, FuseGroup &consumer);
  void growFrom(FuseGroup &group);
  /// Attention that is to be one group, by its last operator.
  llvm::DenseMap<mlir::Operation *, Attention> attentionsIn(mlir::Block &block) const;
  void joinAttention(const Attention &attention);
  /// Remarks on every group that was left apart from one that uses its result.
  void explain();

  Limits limits;
  std::vector<std::unique_ptr<FuseGroup>> groups;
  llvm::DenseMap<mlir::Operation *, FuseGroup *> byOp;
};

/// Whether an operator becomes (part of) a kernel: every npu operator but views and constants.
bool isKernelMaterial(mlir::Operation *op);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_FUSEGROUPS_H
