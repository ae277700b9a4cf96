// Walks a kernel's tile program one block at a time, with every extent a number. What an operation
// costs is not known here (Timing.h).
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tessera::machine {

/// A buffer or a part of one, with concrete extents.
struct View {
  /// Views of different domains never overlap: a scratchpad, the workspace, or one argument.
  int64_t domain = 0;
  llvm::StringRef space;    ///< The memory it lives in.
  int64_t base = 0;         ///< Byte in the domain at which the whole buffer begins.
  int64_t offset = 0;       ///< Of the first element, in elements from the base.
  int64_t argument = -1;    ///< Number of the kernel's argument that it is part of, or -1.
  int64_t core = 0;         ///< Which of the equal cores of a group it belongs to (`tile.core`).
  int64_t elementBytes = 1; ///< Types narrower than a byte count as one.
  mlir::Type type;          ///< Element type.
  llvm::SmallVector<int64_t, 4> sizes, strides;
  mlir::Value whole;      ///< The buffer that this is a part of ...
  int64_t wholeBytes = 0; ///< ... and its size.

  int64_t elements() const;
  int64_t bytes() const { return elements() * elementBytes; }
  /// First byte, and one past the last, in the domain.
  int64_t begin() const { return base + offset * elementBytes; }
  int64_t end() const;
  /// The innermost dimensions that lie without gaps, joined: rows of so many elements each, and the
  /// distance between the two first of them in elements (0 when there is one).
  struct Rows {
    int64_t count = 1, length = 1, stride = 0;
  };
  Rows rows() const;
};

/// Whether two views may share a byte. Exact for boxes of one buffer, else by their hulls.
bool overlaps(const View &a, const View &b);

/// One operation with concrete operands.
struct Step {
  mlir::Operation *op;
  /// The buffers among the operands, in order, and whether each is read and written.
  struct Operand {
    View view;
    bool reads, writes;
  };
  llvm::ArrayRef<Operand> operands;
  /// Values of the index operands, in order (`m n k` of tile.mma).
  llvm::ArrayRef<int64_t> extents;
  bool accumulates = true; ///< Of tile.mma: whether it reads its accumulator.
};
using StepFn = llvm::function_ref<llvm::LogicalResult(const Step &)>;

/// The blocks of a launch in order. Blocks of one class have equal extents and loop bounds.
struct BlockList {
  std::vector<int32_t> classOf;                               ///< For every block.
  std::vector<llvm::SmallVector<int64_t, 4>> representatives; ///< Indices of each class's first.
};

/// Everything a kernel's values are while one block is walked. Scalars that are no integers have
/// no value; a loop bound or extent that needs one is an error, reported on the operation.
class Interpreter {
public:
  /// The kernel must have static argument types.
  explicit Interpreter(mlir::func::FuncOp kernel);

  /// The kernel's grids in order; none for a kernel without scf.forall, which is one block.
  llvm::ArrayRef<mlir::scf::ForallOp> grids() const { return grids_; }
  /// Fails on a grid of unknown extents, or of more than 2^24 blocks.
  mlir::FailureOr<BlockList> blocks(mlir::scf::ForallOp grid);
  /// Calls `step` for every tile operation of one block, in program order. `grid` is null for a
  /// kernel without one.
  llvm::LogicalResult walkBlock(mlir::scf::ForallOp grid, llvm::ArrayRef<int64_t> indices,
                                StepFn step);
  /// What one core does beside its blocks: calls `step` for every event or flag that stands outside
  /// the grids, and `grid` where a grid stands.
  llvm::LogicalResult walkCore(StepFn step,
                               llvm::function_ref<llvm::LogicalResult(mlir::scf::ForallOp)> grid);

  /// What a buffer or an integer is at the step that is being visited; null or nothing where that
  /// is not known.
  const View *viewOf(mlir::Value value) const;
  std::optional<int64_t> valueOf(mlir::Value value) const;

private:
  llvm::LogicalResult walk(mlir::Block &block, StepFn step);
  llvm::LogicalResult walkLoop(mlir::scf::ForOp loop, StepFn step);
  llvm::LogicalResult walkIf(mlir::scf::IfOp branch, StepFn step);
  llvm::LogicalResult makeStep(mlir::Operation *op, StepFn step);
  llvm::LogicalResult makeView(mlir::Operation *op);
  llvm::LogicalResult subview(mlir::Operation *op);
  llvm::LogicalResult buffer(mlir::Operation *op, mlir::Value value, llvm::StringRef domain);
  void evaluate(mlir::Operation *op);
  bool known(mlir::Value value) const { return scalars.contains(value); }
  /// A constant or a known value; failure, with an error on `op`, without one.
  mlir::FailureOr<int64_t> number(mlir::Operation *op, mlir::OpFoldResult value) const;
  llvm::SmallVector<mlir::Value> shapingValues(mlir::scf::ForallOp grid) const;
  int64_t domainNamed(const std::string &name);

  mlir::func::FuncOp kernel;
  llvm::SmallVector<mlir::scf::ForallOp, 1> grids_;
  llvm::DenseMap<mlir::Value, int64_t> scalars;
  llvm::DenseMap<mlir::Value, View> views;
  std::vector<std::string> domains;
  llvm::DenseMap<mlir::Operation *, int64_t> unplanned; ///< Bases of buffers without addresses.
  int64_t iterations = 0;                               ///< Of all loops of the block being walked.
  int64_t nextUnplanned = int64_t(1) << 40;
};

} // namespace tessera::machine
