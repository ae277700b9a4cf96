// Attention as a pattern of npu operators, and the tiles it is computed in.
#pragma once

#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"

#include <optional>

namespace tessera {

/// softmax(scale * query * transpose(key)) * value.
struct Attention {
  mlir::Value query, key, value;
  double scale = 1;
  llvm::SmallVector<mlir::Operation *> ops; ///< In the order of use; the last makes the result.
};

/// The attention that ends in `last`, where nothing between its operators is used elsewhere.
std::optional<Attention> matchAttention(mlir::Operation *last);

/// Parts that one block of attention is computed in.
struct AttentionTile {
  int64_t rows;    ///< Queries of a block.
  int64_t keys;    ///< Keys of one product of the matrix unit.
  int64_t columns; ///< Scores of one row that the vector unit takes at a time.
};

/// nullopt where the chip or the shapes do not suit: the scores of a block have to pass from the
/// matrix unit to the vector unit and back through global memory.
std::optional<AttentionTile> chooseAttentionTile(mlir::ShapedType query, mlir::ShapedType key,
                                                 mlir::ShapedType value,
                                                 const tile::ChipSpec &chip);

} // namespace tessera
