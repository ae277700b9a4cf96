// What of a kernel the choice of its tile depends on.
#pragma once

#include "TileSizes.h"

#include "tessera/passes/TileCandidates.h"

#include "mlir/Interfaces/TilingInterface.h"

namespace tessera {

/// Attribute of a kernel of which not even one row fits the vector unit's memory: rows lie in
/// global memory between its operations, and pass through the unit in parts.
inline constexpr llvm::StringLiteral kRowsInPartsAttr = "tile.rows_in_parts";

class TileChoice {
public:
  /// Of a kernel's function, or of npu.kernel. Failure, with an error, when the chip cannot compute
  /// the kernel, however it is cut.
  static mlir::FailureOr<TileChoice> of(mlir::Operation *kernel, mlir::TilingInterface root,
                                        const tile::ChipSpec &chip);
  /// The same without an error.
  static std::optional<TileChoice> ifAny(mlir::Operation *kernel, mlir::TilingInterface root,
                                         const tile::ChipSpec &chip);

  /// The tiles that are tried and fit, least cycles first.
  llvm::SmallVector<TileCandidate> candidates() const;
  /// What speaks against a tile of one size per dim of the result; empty when it fits. A size of 0
  /// becomes the whole dim.
  std::string problem(llvm::SmallVectorImpl<int64_t> &sizes) const;
  double cycles(llvm::ArrayRef<int64_t> sizes) const;
  /// Where no tile fits, the one of a single row, if the vector unit can take rows in parts.
  std::optional<TileCandidate> rowInParts() const;
  /// What to say when there is none either.
  void emitNoneFits() const;
  /// The smallest tile that is tried, and what speaks against it.
  std::string smallestProblem() const;
  /// One size per loop of the root, reductions not cut (0).
  llvm::SmallVector<int64_t> sizePerLoop(llvm::ArrayRef<int64_t> sizes) const;

private:
  TileChoice(mlir::Operation *kernel, mlir::TilingInterface root, const tile::ChipSpec &chip);
  mlir::Block &body() const { return kernel->getRegion(0).front(); }
  /// What the chip lacks for the kernel, however it is cut; empty when nothing.
  std::string describe();
  std::string describeContraction();
  std::string feedProblem(const tile::Mma &unit) const;
  std::string describeVector();
  void describeWindow(mlir::Operation *op);
  /// What speaks against a tile of the vector unit's work.
  std::string vectorProblem(llvm::ArrayRef<int64_t> sizes) const;
  /// The smallest tile that is tried.
  llvm::SmallVector<int64_t> leastSizes() const;
  MatrixTile matrixTile(llvm::ArrayRef<int64_t> sizes) const;
  llvm::SmallVector<int64_t> sizesOf(MatrixTile tile) const;
  /// Of all sizes those that are neither whole nor 1 by rule, and their extents.
  llvm::SmallVector<int64_t> cuttable(llvm::ArrayRef<int64_t> sizes) const;

  /// A window's lines, for a tile of one column of channels: it reads more of them than it makes.
  struct Lines {
    double bytes = 0;   ///< Of one line that is read.
    double others = 0;  ///< Of all other values, for each row that is made.
    double weights = 0; ///< Of the window, where it has weights.
    int64_t rows = 0, stride = 1, reach = 1;
  };

  mlir::Operation *kernel;
  mlir::TilingInterface root;
  const tile::ChipSpec &chip;
  llvm::SmallVector<int64_t> extents; ///< Of the result.
  /// Dims that every tile takes whole, and those of which it takes one place.
  llvm::SmallVector<bool> whole, single;
  bool rows = false;                 ///< Whether an operator takes whole rows.
  mlir::Operation *window = nullptr; ///< The operator on the vector unit that takes windows.
  Lines lines;                       ///< Of the window, if there is one.
  mlir::Operation *contraction = nullptr;
  ContractionShape shape;   ///< Of the contraction, if there is one.
  double bytesPerPoint = 0; ///< Of the vector unit's memory, otherwise.
};

} // namespace tessera
