// Attention as a pattern of npu operators, and the tiles it is computed in.
#pragma once

#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/TileCandidates.h"

#include <memory>
#include <optional>

namespace tessera {

/// softmax(scale * query * transpose(key) + mask) * value.
struct Attention {
  mlir::Value query, key, value;
  mlir::Value mask; ///< Null where there is none. Of the scores' shape, or repeated into it.
  std::optional<int64_t> causal;            ///< Query i sees no key beyond i plus this.
  double scale = 1;                         ///< Positive.
  llvm::SmallVector<mlir::Operation *> ops; ///< In the order of use; the last makes the result.
};

/// The attention that ends in `last`, where nothing between its operators is used elsewhere.
std::optional<Attention> matchAttention(mlir::Operation *last);

/// The types that the choice of a way and of tiles looks at.
struct AttentionTypes {
  mlir::ShapedType query, key, value;
  mlir::ShapedType mask; ///< Null where there is none.
  mlir::Type result;     ///< Element type.
  bool isBlock = false;  ///< All queries are one block's.
  bool causal = false;   ///< Queries see fewer keys the earlier they are.
};
AttentionTypes typesOf(const Attention &attention);

/// How scores pass from the matrix unit to the vector unit, and weights back.
enum class AttentionWay {
  /// Through global memory, all scores of a block's queries at a time: PlaceAttention.cpp.
  throughGlobal,
  /// From memory to memory of the cores, some columns at a time: PlaceAttentionOnChip.cpp.
  onChip,
  /// In registers and caches, by a kernel that reads its operands where they are.
  inPlace,
};

/// Parts that one block of attention is computed in.
struct AttentionTile {
  AttentionWay way;
  int64_t rows;    ///< Queries of a block.
  int64_t keys;    ///< Keys of one product of the matrix unit.
  int64_t columns; ///< Scores of one row that the vector unit takes at a time.
};

/// The tiles of attention on a chip. A tile is written as three sizes: queries of a block, scores
/// of a row that the vector unit takes at a time, keys of one product.
class AttentionChoice {
public:
  /// Nothing where the chip or the shapes do not suit.
  static std::optional<AttentionChoice> of(const AttentionTypes &types, const tile::ChipSpec &chip);

  /// The tiles that are tried and fit, least cycles first.
  llvm::SmallVector<TileCandidate> candidates() const;
  /// What speaks against a tile; empty when it fits. A size of 0 becomes the whole.
  std::string problem(llvm::SmallVectorImpl<int64_t> &sizes) const;
  double cycles(llvm::ArrayRef<int64_t> sizes) const;
  AttentionTile tile(llvm::ArrayRef<int64_t> sizes) const;

private:
  struct Impl;
  explicit AttentionChoice(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl;
};

/// The best by the cost function; nullopt where the chip or the shapes do not suit.
std::optional<AttentionTile> chooseAttentionTile(const AttentionTypes &types,
                                                 const tile::ChipSpec &chip);

/// Turns the operators into one on blocks of queries, in a loop that writes `output`. What is not
/// used any more stays.
void tileAttention(const Attention &attention, mlir::BlockArgument output,
                   const AttentionTile &tile);

} // namespace tessera
