// The cost function that picks tile sizes for a kernel on a chip.
#pragma once

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace tessera {

/// What the cost function knows of a contraction: result[m, n] = lhs[m, k] * rhs[k, n], batched.
struct ContractionShape {
  int64_t batch = 1, m = 1, n = 1, k = 1;
  int64_t panel = 1;        ///< Tiles of n are multiples of it.
  int64_t mStep = 1;        ///< Rows of the matrix in one step of the m loop (a convolution's width).
  /// A convolution's lines, which lie in L1 as they are in memory: bytes of one, how far apart
  /// those of two output rows are, and how many one row reads. 0 where lhs is a matrix.
  int64_t lineBytes = 0, lineStride = 1, lineReach = 1;

  /// Bytes of the lines that m rows of the matrix read.
  int64_t linesFor(int64_t rows) const {
    return lineBytes * ((rows / mStep - 1) * lineStride + lineReach);
  }
  mlir::Type lhsType, rhsType, resultType;
  bool turnLhs = false, turnRhs = false; ///< In memory, k runs down lhs, or along rhs.
  bool epilogue = false;    ///< Vector work follows on the result.
};

/// Sizes of one tile of the contraction, in elements.
struct MatrixTile {
  int64_t m, n; ///< A block: what one grid step computes.
};

/// The block of least estimated time that fits the chip's memories; nullopt when none does.
std::optional<MatrixTile> chooseMatrixTile(const ContractionShape &shape,
                                           const tile::ChipSpec &chip);

/// Steps along k of one block: elements per load of L1 and per feed of the matrix unit. On a chip
/// whose unit reads global memory both are k.
struct KSteps {
  int64_t outer, inner;
};
std::optional<KSteps> chooseKSteps(const ContractionShape &shape, MatrixTile tile,
                                   const tile::ChipSpec &chip);

/// Tile sizes, one per extent, for work of the vector unit: as many whole inner dims as keep
/// `bytesPerPoint` x points within the unit's memory and leave blocks for every core. nullopt when
/// even a tile of one point per loop does not fit.
std::optional<llvm::SmallVector<int64_t>> chooseVectorTile(llvm::ArrayRef<int64_t> extents,
                                                           double bytesPerPoint,
                                                           const tile::ChipSpec &chip);

} // namespace tessera
