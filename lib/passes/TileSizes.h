// The cost function that picks tile sizes for a kernel on a chip.
#pragma once

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/TilingInterface.h"

#include <string>

namespace tessera {

/// What the cost function knows of a contraction: result[m, n] = lhs[m, k] * rhs[k, n], batched.
struct ContractionShape {
  int64_t batch = 1, m = 1, n = 1, k = 1;
  int64_t panel = 1; ///< Tiles of n are multiples of it.
  int64_t mStep = 1; ///< Rows of the matrix in one step of the m loop (a convolution's width).
  /// A convolution's lines, which lie in L1 as they are in memory: bytes of one, how far apart
  /// those of two output rows are, and how many one row reads. 0 where lhs is a matrix.
  int64_t lineBytes = 0, lineStride = 1, lineReach = 1;

  /// Bytes of the lines that m rows of the matrix read.
  int64_t linesFor(int64_t rows) const {
    return lineBytes * ((rows / mStep - 1) * lineStride + lineReach);
  }
  mlir::Type lhsType, rhsType, resultType;
  bool turnLhs = false, turnRhs = false; ///< In memory, k runs down lhs, or along rhs.
  bool epilogue = false;                 ///< Vector work follows on the result.
};

/// Sizes of one tile of the contraction, in elements.
struct MatrixTile {
  int64_t m, n; ///< A block: what one grid step computes.
};

/// A block that fits, and what the cost function says of it.
struct CostedMatrixTile {
  MatrixTile tile;
  double cycles;
};

/// The blocks that are tried and fit the chip's memories, by estimated cycles of the whole
/// contraction, least first.
llvm::SmallVector<CostedMatrixTile> matrixTiles(const ContractionShape &shape,
                                                const tile::ChipSpec &chip);

/// The smallest block that is tried.
MatrixTile leastMatrixTile(const ContractionShape &shape, const tile::ChipSpec &chip);

/// Estimated cycles of the whole contraction in such blocks.
double matrixCycles(const ContractionShape &shape, MatrixTile tile, const tile::ChipSpec &chip);

/// What speaks against a block on a chip that has a unit for it; empty when it fits.
std::string matrixTileProblem(const ContractionShape &shape, MatrixTile tile,
                              const tile::ChipSpec &chip);

/// Cycles of a launch on a CPU: a thread that wakes later than one alone would be done finds
/// nothing to do, so that blocks for many threads gain nothing in a short launch.
double threadedCycles(double shared, double alone, const tile::ChipSpec &chip);

/// Steps along k of one block: elements per load of L1 and per feed of the matrix unit. On a chip
/// whose unit reads global memory both are k.
struct KSteps {
  int64_t outer, inner;
};
std::optional<KSteps> chooseKSteps(const ContractionShape &shape, MatrixTile tile,
                                   const tile::ChipSpec &chip);

/// A tile of the vector unit's work, one size per extent, and what the cost function says of it.
struct CostedVectorTile {
  llvm::SmallVector<int64_t> sizes;
  double cycles;
};

/// Tiles of as many whole inner dims as a number of points allows, for the numbers of points that
/// are tried and fit the unit's memory at `bytesPerPoint`; by estimated cycles, least first. None
/// when even a tile of one point per loop does not fit.
llvm::SmallVector<CostedVectorTile> vectorTiles(llvm::ArrayRef<int64_t> extents,
                                                double bytesPerPoint, const tile::ChipSpec &chip);

/// Estimated cycles of all points in such tiles.
double vectorCycles(llvm::ArrayRef<int64_t> extents, llvm::ArrayRef<int64_t> sizes,
                    double bytesPerPoint, const tile::ChipSpec &chip);

/// What speaks against a tile; empty when it fits.
std::string vectorTileProblem(llvm::ArrayRef<int64_t> sizes, double bytesPerPoint,
                              const tile::ChipSpec &chip);

/// What speaks against a tile of so many bytes; empty when it fits.
std::string vectorBytesProblem(double bytes, const tile::ChipSpec &chip);

} // namespace tessera
