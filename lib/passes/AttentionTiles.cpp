// Which way attention takes through a chip's memories, and in which tiles.
#include "Attention.h"

#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;
using namespace tessera;

namespace {

constexpr int64_t kBlock = 16; // rows of a fractal block
constexpr int64_t kSlots = 2;  // one fills while the other is read
constexpr int64_t kF32 = 4;    // bytes

/// What a tile has to fit.
struct Need {
  const tile::ChipSpec &chip;
  const tile::Mma &unit;
  const tile::VectorUnit &vector;
  int64_t batch, queries, keys, depth, width;
  int64_t bytes;     ///< Of an element that the matrix unit takes.
  int64_t maskBytes; ///< For a score's place in the mask; 0 without a mask.
  int64_t cores;     ///< Vector cores that share a block's rows.
  bool isBlock;      ///< Whether all queries are one block's.

  int64_t lanes() const { return vector.bytes / kF32; }
  int64_t room(StringRef space) const { return chip.capacity(space); }
  int64_t vectorRoom() const { return room(vector.spaces.front()); }
  /// Blocks that the busiest core computes.
  int64_t waves(int64_t rows) const {
    int64_t count = std::max<int64_t>(chip.core(chip.matrixCore())->count, 1);
    int64_t blocks = batch * int64_t(llvm::divideCeil(queries, rows));
    return int64_t(llvm::divideCeil(blocks, count));
  }
};

std::optional<AttentionTile> tileThroughGlobal(const Need &need) {
  const int64_t columns = 128;
  int64_t accumulator = need.room(need.unit.c.spaces.front());
  std::optional<AttentionTile> best;
  int64_t least = INT64_MAX;
  for (int64_t rows = kBlock; rows < need.queries + kBlock; rows += kBlock) {
    // The accumulator of the result, and two of scores, lie there one after the other.
    int64_t parts = llvm::alignDown(accumulator / (kSlots * rows * kF32), kBlock);
    if (rows * int64_t(llvm::alignTo(need.width, kBlock)) * kF32 > accumulator || parts < kBlock)
      break;
    // Rows of scores and of what they turn into, twice each, and one vector of partial sums.
    int64_t perRow = columns * (kSlots * kF32 + kSlots * need.bytes + kSlots * need.maskBytes) +
                     need.vector.bytes + 64;
    int64_t half = llvm::divideCeil(rows, need.cores);
    if (half * perRow + kF32 * rows > need.vectorRoom())
      break;
    constexpr int64_t kFixedRows = 16; // what a block costs besides its rows, in rows
    int64_t cost = need.waves(rows) * (rows + kFixedRows);
    if (cost >= least)
      continue;
    least = cost;
    int64_t step = parts >= 64 ? 64 : parts >= 32 ? 32 : 16; // divides the columns
    best = AttentionTile{AttentionWay::throughGlobal, rows, step, columns};
  }
  return best;
}

/// Bytes in each memory of a tile on chip, as PlaceAttentionOnChip.cpp allocates them.
bool fitsOnChip(const Need &n, int64_t rows, int64_t piece, int64_t columns) {
  int64_t depth = llvm::alignTo(n.depth, kBlock), width = llvm::alignTo(n.width, kBlock);
  int64_t half = rows / n.cores;
  int64_t left = (rows * depth + kSlots * rows * piece) * n.bytes;
  int64_t right = kSlots * piece * (depth + width) * n.bytes;
  int64_t accumulators = (kSlots * rows * piece + rows * width) * kF32;
  int64_t l1 = (rows * depth + kSlots * columns * (depth + width + rows)) * n.bytes;
  constexpr int64_t kRowValues = 8; // sums, greatest, factors, and what alignment costs
  int64_t vector = half * (kSlots * columns * kF32 + columns * n.bytes + 2 * width * kF32 +
                           n.lanes() * kF32 + kRowValues * kF32 + columns * n.maskBytes) +
                   kRowValues * 64;
  return left <= n.room(n.unit.a.spaces.front()) && right <= n.room(n.unit.b.spaces.front()) &&
         accumulators <= n.room(n.unit.c.spaces.front()) && l1 <= n.room("l1") &&
         vector <= n.vectorRoom();
}

/// Cycles of a block: the longer of what the matrix unit and a vector core do.
double cyclesOnChip(const Need &n, int64_t rows, int64_t piece, int64_t columns) {
  int64_t steps = llvm::divideCeil(n.keys, columns), half = rows / n.cores;
  double gap = 60; // what an operation that waits for another costs, in cycles
  double product = n.unit.cyclesFor(rows, piece, n.depth) + n.unit.cyclesFor(rows, n.width, piece);
  double matrix = double(columns / piece) * (product + 2 * gap);
  double registers = double(half * columns) / double(n.lanes());
  constexpr double kPerScore = 6, kPerStep = 12; // instructions on scores, and operations in all
  double vector = registers * kPerScore * n.vector.cyclesPerRepeat +
                  double(half) * n.vector.cyclesPerRepeatOf("row_reduce") + kPerStep * gap;
  return double(n.waves(rows)) * (double(steps) * std::max(matrix, vector) + matrix + vector);
}

/// More than any chip's memories hold of a head of 16.
constexpr int64_t kMostRows = 1024, kMostColumns = 1024;

std::optional<AttentionTile> tileOnChip(const Need &need) {
  std::optional<AttentionTile> best;
  double least = 0;
  const int64_t rowStep = kBlock * need.cores;
  const int64_t most = int64_t(llvm::alignTo(need.queries, rowStep));
  for (int64_t rows = need.isBlock ? most : rowStep; rows <= most && rows <= kMostRows;
       rows += rowStep)
    for (int64_t columns = need.lanes();
         columns < need.keys + need.lanes() && columns <= kMostColumns; columns += need.lanes())
      for (int64_t piece : {128, 64, 32, 16}) {
        if (columns % (kSlots * piece) != 0 || !fitsOnChip(need, rows, piece, columns))
          continue;
        double cycles = cyclesOnChip(need, rows, piece, columns);
        if (best && cycles >= least)
          continue;
        least = cycles;
        best = AttentionTile{AttentionWay::onChip, rows, piece, columns};
      }
  return best;
}

/// Attention of a CPU is a kernel of the library, which takes whole blocks of queries apart by
/// itself. Blocks are there for threads.
std::optional<AttentionTile> tileInPlace(const AttentionTypes &types, const Need &need) {
  constexpr int64_t kRows = 64; // queries that the kernel takes at a time
  // By measurement: with fewer, lanes are idle, and three kernels take less time.
  constexpr int64_t kLeastQueries = 16;
  constexpr int64_t kFewRows = 8; // so many it does another way, which wants memory of its own
  constexpr int64_t kBlocks = 4;  // of each core, so that none waits long for another
  if (!types.result.isF32() || !types.query.getElementType().isF32() ||
      (types.mask && !types.mask.getElementType().isF32()) || need.queries < kLeastQueries)
    return std::nullopt;
  int64_t wanted = kBlocks * std::max<int64_t>(need.chip.core(need.chip.matrixCore())->count, 1);
  int64_t rows = int64_t(llvm::alignTo(need.queries, kRows));
  while (rows > kRows && need.batch * int64_t(llvm::divideCeil(need.queries, rows)) < wanted)
    rows -= kRows;
  while (need.queries % rows != 0 && need.queries % rows <= kFewRows)
    rows += kRows;
  return AttentionTile{AttentionWay::inPlace, rows, need.keys, need.keys};
}

} // namespace

/// How the chip's memories are joined, or nullopt where blocks of attention have no way.
static std::optional<AttentionWay> wayOf(const tile::Mma &unit, const tile::ChipSpec &chip) {
  if (chip.isCpu())
    return AttentionWay::inPlace;
  if (!chip.fixpipe || chip.matrixCore() == chip.vectorCore() || unit.b.panel > 0)
    return std::nullopt;
  StringRef from = unit.c.spaces.front(), to = chip.vectorFor()->spaces.front();
  if (!chip.path(from, to))
    return AttentionWay::throughGlobal;
  const tile::Path *back = chip.path(to, "l1");
  if (back && (back->layouts.empty() || back->allowsLayout("row", "zN")))
    return AttentionWay::onChip;
  return std::nullopt;
}

/// Whether a mask's dims are those of the scores or 1, and it has one value a key.
static bool suits(ShapedType mask, ArrayRef<int64_t> scores) {
  ArrayRef<int64_t> shape = mask.getShape();
  if (!mask.hasStaticShape() || shape.size() > scores.size() || shape.size() < 2 ||
      shape.back() != scores.back() ||
      !isa<Float16Type, BFloat16Type, Float32Type>(mask.getElementType()))
    return false;
  for (auto [have, wanted] : llvm::zip(llvm::reverse(shape), llvm::reverse(scores)))
    if (have != 1 && have != wanted)
      return false;
  return true;
}

std::optional<AttentionTile> tessera::chooseAttentionTile(const AttentionTypes &types,
                                                          const tile::ChipSpec &chip) {
  const tile::VectorUnit *vector = chip.vectorFor();
  Type element = types.query.getElementType();
  const tile::Mma *unit = chip.mmaFor(element, element);
  if (!unit || !vector || vector->bytes < kF32 ||
      !isa<Float16Type, BFloat16Type, Float32Type>(element))
    return std::nullopt;
  int64_t rank = types.query.getRank();
  for (ShapedType type : {types.query, types.key, types.value})
    if (rank < 2 || type.getRank() != rank || !type.hasStaticShape() ||
        type.getElementType() != element || type.getNumElements() == 0 ||
        type.getShape().drop_back(2) != types.query.getShape().drop_back(2))
      return std::nullopt;
  std::optional<AttentionWay> way = wayOf(*unit, chip);
  if (!way)
    return std::nullopt;
  SmallVector<int64_t> scores(types.query.getShape());
  scores.back() = types.key.getDimSize(rank - 2);
  if (types.mask && !suits(types.mask, scores))
    return std::nullopt;
  const Need need{chip,
                  *unit,
                  *vector,
                  llvm::product_of(types.query.getShape().drop_back(2)),
                  types.query.getDimSize(rank - 2),
                  scores.back(),
                  types.query.getDimSize(rank - 1),
                  types.value.getDimSize(rank - 1),
                  element.getIntOrFloatBitWidth() / 8,
                  types.mask ? types.mask.getElementTypeBitWidth() / 8 : 0,
                  std::max<int64_t>(chip.core(chip.matrixCore())->ratio, 1),
                  types.isBlock};
  switch (*way) {
  case AttentionWay::throughGlobal:
    return tileThroughGlobal(need);
  case AttentionWay::onChip:
    return tileOnChip(need);
  case AttentionWay::inPlace:
    return tileInPlace(types, need);
  }
  return std::nullopt;
}
