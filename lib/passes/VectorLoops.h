// Loops over vectors for one region of scalar arithmetic: the lowering's state and its parts.
#ifndef TESSERA_LIB_PASSES_VECTORLOOPS_H
#define TESSERA_LIB_PASSES_VECTORLOOPS_H

#include "LowerTile.h"

#include "mlir/IR/IRMapping.h"

namespace tessera {

/// Lowers one VectorWork at the insertion point of `b`; made for one call of run().
class VectorLoops {
public:
  VectorLoops(mlir::OpBuilder &b, VectorWork work, int64_t lanes, DeviceLibrary &library)
      : b(b), work(std::move(work)), lanes(lanes), library(library), loc(this->work.loc) {}

  mlir::LogicalResult run();

private:
  using Values = llvm::SmallVector<mlir::Value>;
  /// How an operand is reached along a dim.
  enum class Access { broadcast, contiguous, strided };
  /// Emits `width` lanes at the current indices; takes and returns what the loop carries.
  using Step =
      llvm::function_ref<Values(int64_t width, mlir::Value mask, mlir::ValueRange carried)>;

  // VectorLoops.cpp
  mlir::OpFoldResult extentOf(unsigned d);
  mlir::Value value(mlir::OpFoldResult fold);
  Access access(unsigned operand, int d) const;
  void pickVectorDim();
  /// The loops around the vector dim (and the other dim of a transposition), outermost first.
  llvm::SmallVector<unsigned> outerLoops() const;
  /// Emits `loops` around `inner`, which takes and returns the values they carry.
  Values nest(llvm::ArrayRef<unsigned> loops, Values carried,
              llvm::function_ref<Values(Values)> inner);
  void emitInner();
  /// Loads inputs that do not change along the vector dim before its loop: the compiler cannot, as
  /// it must assume that the loop's stores change them.
  void hoistBroadcasts();
  /// Walks the vector dim from `from`: full vectors, then one masked vector or single elements.
  Values alongVectorDim(mlir::Value from, Values carried, Step body);
  Values loopOver(mlir::Value from, mlir::Value to, int64_t width, Values carried, Step body);
  void step(int64_t width, mlir::Value mask, llvm::ArrayRef<unsigned> reducedLoops);

  // VectorReductions.cpp
  /// Finds the operation that folds a new element into each output; false if the kind of one is
  /// not known or lanes are not full vectors.
  bool findCombiners();
  /// Reduces along the vector dim, and along `reducedLoops` around it.
  void horizontal(llvm::ArrayRef<unsigned> reducedLoops);
  mlir::Value foldFour(Values &state);
  Values neutralVectors();
  mlir::Value combine(mlir::Operation *combiner, mlir::Value x, mlir::Value y);

  // VectorTranspose.cpp
  /// For a plain copy whose source is contiguous along another dim than its target: that dim, else
  /// -1.
  int transposedDim() const;
  /// Calls the transposition kernel for each pair of matrices over `from` and the vector dim.
  mlir::LogicalResult emitTranspose(int from);
  std::pair<mlir::Value, mlir::Value> matrixAt(unsigned operand, int d);

  // VectorLanes.cpp
  bool readsOutput(size_t operand) const;
  Values addressOf(unsigned operand, mlir::Value lane = {});
  /// `width` elements of an operand at the current indices: a scalar for 1, else a vector. No mask
  /// means all lanes.
  mlir::Value load(unsigned operand, int64_t width, mlir::Value mask);
  void store(unsigned operand, mlir::Value v, int64_t width, mlir::Value mask);
  /// The body on `width` lanes of the inputs and the outputs' `state`: the outputs' new values.
  Values evaluate(int64_t width, mlir::Value mask, Values state);
  Values evaluateOp(mlir::Operation *op, mlir::IRMapping &map, int64_t width);
  /// Scalars from outside the region become vectors of one value.
  mlir::Value wide(mlir::Value v, int64_t width);
  mlir::Value callDevice(llvm::StringRef function, Values args, int64_t width);

  bool isReduced(unsigned d) const { return llvm::is_contained(work.reduced, d); }
  mlir::Value index(int64_t value);

  mlir::OpBuilder &b;
  VectorWork work;
  int64_t lanes; ///< Elements of a natural vector.
  DeviceLibrary &library;
  mlir::Location loc;
  Values operands; ///< Inputs, then outputs.
  unsigned dims = 0;
  llvm::SmallVector<mlir::OpFoldResult> extents;      ///< By dim.
  Values indices;                                     ///< By dim, at the current step.
  llvm::SmallVector<mlir::Operation *> combiners;     ///< By output, of a horizontal reduction.
  llvm::SmallDenseMap<unsigned, mlir::Value> hoisted; ///< Broadcast inputs, loaded before the loop.
  int vectorDim = -1;                                 ///< The dim lanes run along, if any.
  int other = -1;                                     ///< The second dim of a transposition.
  bool strided = false; ///< Whether an operand's lanes must be moved one by one.
};

} // namespace tessera

#endif // TESSERA_LIB_PASSES_VECTORLOOPS_H
