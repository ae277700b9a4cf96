// Places one block of a kernel on a chip: buffers in memories, copies along paths, units' work.
#ifndef TESSERA_LIB_PASSES_PLACER_H
#define TESSERA_LIB_PASSES_PLACER_H

#include "TileSizes.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera {

struct AttentionTile;

/// Walks the operations of a block in order and replaces each by tile operations. Buffers the
/// block allocates move into memories of the chip; everything else is in global memory.
class Placer {
public:
  Placer(mlir::IRRewriter &rewriter, const tile::ChipSpec &chip) : b(rewriter), chip(chip) {}

  /// Places every operation of `block`; errors are emitted on the operation that has no place.
  mlir::LogicalResult run(mlir::Block &block);

  /// Whether matrix and vector work have been placed.
  bool usesMatrix = false, usesVector = false;

private:
  /// Rows [offset, offset + count) of a loop, `most` of them or fewer.
  struct Rows {
    unsigned loop;
    int64_t most;
    mlir::Value offset, count;
  };

  mlir::LogicalResult place(mlir::Operation *op);

  // PlaceContraction.cpp
  mlir::LogicalResult placeContraction(mlir::Operation *op);
  mlir::LogicalResult placeWhole(tile::MatmulOp op);
  mlir::LogicalResult placeDirect(mlir::Operation *op, const tile::Mma &unit);
  mlir::LogicalResult placeDirectConv(tile::Conv2DOp op, const tile::Mma &unit, mlir::Value rhs,
                                      mlir::Value c, mlir::Value m, mlir::Value n);
  mlir::FailureOr<mlir::Value> turnedLhs(tile::MatmulOp op);
  mlir::Value outMatrix(mlir::Operation *op, mlir::Value out);
  void gatherRows(tile::Conv2DOp op, mlir::Value source, mlir::Value target, mlir::Value firstPixel,
                  mlir::Value firstK, mlir::Value rows, mlir::Value columns);

  // PlaceStaged.cpp
  struct Staged;
  /// With `keepsLhs`, a loop around the operation, lhs is loaded once in front of it.
  mlir::LogicalResult placeStaged(mlir::Operation *op, const tile::Mma &unit,
                                  mlir::Operation *keepsLhs = nullptr);
  mlir::FailureOr<mlir::Value> accumulate(mlir::Operation *op, const tile::Mma &unit,
                                          mlir::Operation *keepsLhs, mlir::Value base);
  mlir::FailureOr<Staged> stage(mlir::Operation *op);
  mlir::LogicalResult allocateStages(Staged &s, const tile::Mma &unit);
  void loadL1(const Staged &s, mlir::Value from, mlir::Value count);
  mlir::Value stepOf(const Staged &s, mlir::Value l1, int64_t d, mlir::Value from, int64_t unit);
  void feedUnit(const Staged &s, mlir::Value from, mlir::Value at, mlir::Value count);
  int64_t lanesOf(llvm::StringRef space, mlir::Type element) const;
  void drainByVector(mlir::Location loc, mlir::Value accumulator, mlir::Value target,
                     mlir::Value n);
  mlir::LogicalResult drain(mlir::Operation *op, mlir::Value accumulator, mlir::Value out,
                            mlir::Value m, mlir::Value n, bool relu = false);

  // PlaceTiled.cpp
  mlir::LogicalResult placeTiled(mlir::Operation *op, const tile::Mma &unit);

  // PlaceDrained.cpp
  /// The one region that reads a product's result and that the fixpipe does on a chip without a
  /// vector unit, or null.
  mlir::linalg::GenericOp drainedBy(mlir::Value buffer) const;
  mlir::LogicalResult placeDrained(mlir::linalg::GenericOp op);

  // PlaceAttention.cpp
  struct AttentionWork;
  struct AttentionCore;
  mlir::LogicalResult placeAttention(tile::AttentionOp op);
  mlir::LogicalResult placeScores(const AttentionWork &w, const tile::Mma &unit,
                                  mlir::Operation *all, mlir::Value j);
  mlir::FailureOr<mlir::Value> placeProduct(const AttentionWork &w, const tile::Mma &unit,
                                            mlir::Value j);
  AttentionCore attentionCore(const AttentionWork &w, int64_t core);
  void placeGreatest(const AttentionWork &w, const AttentionCore &c, mlir::Value j);
  void finishGreatest(const AttentionWork &w, const AttentionCore &c);
  void placeWeights(const AttentionWork &w, const AttentionCore &c, mlir::Value j);
  void placeDivision(const AttentionWork &w, const AttentionCore &c);
  mlir::OpFoldResult columnsFrom(const AttentionWork &w, mlir::Value j);
  void loadScores(const AttentionWork &w, const AttentionCore &c, mlir::Value buffer,
                  mlir::Value j);
  mlir::Value maskScores(const AttentionWork &w, const AttentionCore &c, mlir::Value scores,
                         mlir::Value j);

  // PlaceAttentionOnChip.cpp
  struct OnChipAttention;
  /// `keys` is the most that a block of queries sees.
  void placeAttentionOnChip(tile::AttentionOp op, const AttentionTile &tile, const tile::Mma &unit,
                            int64_t queries, int64_t keys);

  // PlaceRegion.cpp
  struct Region;
  mlir::LogicalResult placeGeneric(mlir::linalg::GenericOp op);
  mlir::LogicalResult placeScalar(mlir::linalg::GenericOp op);
  mlir::LogicalResult placeCut(const Region &region);
  mlir::LogicalResult placeRows(const Region &region, const Rows *rows);
  mlir::FailureOr<bool> placeInParts(const Region &region);
  mlir::LogicalResult placeParts(const Region &region, unsigned loop, int64_t most,
                                 mlir::Value total);
  static std::pair<int64_t, int64_t> rowBytes(const Region &region, unsigned loop);
  /// A buffer of the vector unit's that holds an operand (some rows of it, if given) and has the
  /// extents of `like`.
  mlir::Value allocateRows(const Region &region, size_t operand, mlir::Value like,
                           const Rows *rows);
  /// Opens a loop over `total` rows, at most `most` at a time, and moves into it.
  Rows loopOverRows(mlir::Location loc, unsigned loop, int64_t most, mlir::Value total);
  void emitVector(mlir::linalg::GenericOp op, mlir::ValueRange inputs, mlir::ValueRange outputs);

  // PlaceVector.cpp
  mlir::LogicalResult placeWindow(tile::WindowOp op);
  mlir::LogicalResult placeFill(mlir::Location loc, mlir::Value value, mlir::Value target);
  mlir::LogicalResult placeCopy(mlir::Operation *op, mlir::Value source, mlir::Value target);

  /// The memory-resolved form of a value of the block.
  mlir::Value placed(mlir::Value v) { return map.lookupOrDefault(v); }
  /// An allocation of `shape` in `space` at the start of the block being placed.
  mlir::Value allocate(mlir::Location loc, llvm::ArrayRef<int64_t> shape, mlir::Type element,
                       llvm::StringRef space);
  /// An allocation in `space` that holds any extent `like` can have, cut to its extents.
  mlir::FailureOr<mlir::Value> allocateLike(mlir::Value like, llvm::StringRef space);
  static bool isAccumulated(mlir::memref::AllocOp alloc);
  mlir::FailureOr<mlir::Value> allocateBetween(mlir::memref::AllocOp alloc);
  bool staysInGlobal(mlir::memref::AllocOp alloc);
  mlir::FailureOr<mlir::Value> allocateWorkspace(mlir::memref::AllocOp alloc);
  /// The part [0, extents) of a buffer.
  mlir::Value cut(mlir::Location loc, mlir::Value buffer,
                  llvm::ArrayRef<mlir::OpFoldResult> extents);
  /// The largest extents a value can have; failure (with an error) where there is no bound.
  mlir::FailureOr<llvm::SmallVector<int64_t>> bounds(mlir::Value v);
  /// A rank-2 (or `rank`) view without the leading dims of extent 1.
  mlir::Value dropLeading(mlir::Location loc, mlir::Value v, int64_t rank);
  /// Copies along the chip's route between the two memories, through buffers in between.
  mlir::LogicalResult copyAlong(mlir::Operation *op, mlir::Value source, mlir::Value target);
  /// The memory of the vector unit that belongs to a core, or gm where it works on gm.
  llvm::StringRef vectorSpace() const;
  bool vectorReaches(mlir::Value v) const;
  mlir::Value constant(mlir::Location loc, int64_t value);
  mlir::Value dim(mlir::Location loc, mlir::Value v, int64_t d);

  mlir::IRRewriter &b;
  const tile::ChipSpec &chip;
  mlir::IRMapping map;
  /// Accumulators by the results that they stand for until those are drained.
  llvm::DenseMap<mlir::Value, mlir::Value> undrained;
  mlir::Block *block = nullptr;
  llvm::SmallVector<mlir::Operation *> dead;
};

} // namespace tessera

#endif // TESSERA_LIB_PASSES_PLACER_H
