// Which way attention takes through a chip's memories, and in which tiles.
#include "Attention.h"
#include "TileSizes.h"

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
  Type element;      ///< What the matrix unit takes ...
  int64_t bytes;     ///< ... and its bytes.
  int64_t maskBytes; ///< For a score's place in the mask; 0 without a mask.
  int64_t cores;     ///< Vector cores that share a block's rows.
  bool isBlock;      ///< Whether all queries are one block's.
  bool causal;       ///< Whether blocks differ, from next to no keys to all of them.

  int64_t lanes() const { return vector.bytes / kF32; }
  int64_t room(StringRef space) const { return chip.capacity(space); }
  int64_t vectorRoom() const { return room(vector.spaces.front()); }
  /// Blocks that the busiest core computes. A short and a long one follow each other, and are as
  /// much work as one that sees all keys.
  int64_t waves(int64_t rows) const {
    int64_t count = std::max<int64_t>(chip.core(chip.matrixCore())->count, 1);
    int64_t blocks = batch * int64_t(llvm::divideCeil(queries, rows));
    return int64_t(llvm::divideCeil(llvm::divideCeil(blocks, count), causal ? 2 : 1));
  }
};

/// Bytes that a tile takes of one memory.
struct Claim {
  int64_t bytes;
  StringRef space;
  const char *what;
};

/// What a tile takes on a chip whose cores meet in global memory.
SmallVector<Claim> claimsThroughGlobal(const Need &n, const AttentionTile &t) {
  int64_t half = llvm::divideCeil(t.rows, n.cores);
  StringRef accumulator = n.unit.c.spaces.front();
  // Rows of scores and of what they turn into, twice each, and one vector of partial sums.
  int64_t perRow =
      t.columns * (kSlots * kF32 + kSlots * n.bytes + kSlots * n.maskBytes) + n.vector.bytes + 64;
  // The accumulator of the result, and two of scores, lie there one after the other.
  return {{kSlots * t.rows * t.keys * kF32, accumulator, "scores"},
          {t.rows * int64_t(llvm::alignTo(n.width, kBlock)) * kF32, accumulator, "the result"},
          {half * perRow + kF32 * t.rows, n.vector.spaces.front(), "rows of scores and weights"}};
}

/// For comparison: rows of scores, and what a block costs besides them.
double cyclesThroughGlobal(const Need &n, const AttentionTile &t) {
  constexpr int64_t kFixedRows = 16;
  constexpr double kPerScore = 9; // instructions on scores, as PlaceAttention.cpp has them
  double row = double(llvm::divideCeil(n.keys, n.lanes())) * kPerScore * n.vector.cyclesPerRepeat /
               double(n.cores);
  return double(n.waves(t.rows) * (t.rows + kFixedRows)) * row;
}

/// Every number of rows, with the longest product that its accumulators have room for.
SmallVector<AttentionTile> tilesThroughGlobal(const Need &n) {
  constexpr int64_t kColumns = 128;
  SmallVector<AttentionTile> all;
  int64_t accumulator = n.room(n.unit.c.spaces.front());
  for (int64_t rows = kBlock; rows < n.queries + kBlock; rows += kBlock) {
    int64_t keys = accumulator / (kSlots * rows * kF32);
    if (keys < kBlock)
      break;
    keys = keys >= 64 ? 64 : keys >= 32 ? 32 : 16; // divides the columns
    all.push_back({AttentionWay::throughGlobal, rows, keys, kColumns});
  }
  return all;
}

/// What a tile takes on chip, as PlaceAttentionOnChip.cpp allocates it.
SmallVector<Claim> claimsOnChip(const Need &n, const AttentionTile &t) {
  int64_t depth = llvm::alignTo(n.depth, kBlock), width = llvm::alignTo(n.width, kBlock);
  int64_t half = t.rows / n.cores;
  constexpr int64_t kRowValues = 8; // sums, greatest, factors, and what alignment costs
  int64_t vector = half * (kSlots * t.columns * kF32 + t.columns * n.bytes + 2 * width * kF32 +
                           n.lanes() * kF32 + kRowValues * kF32 + t.columns * n.maskBytes) +
                   kRowValues * 64;
  return {{(t.rows * depth + kSlots * t.rows * t.keys) * n.bytes, n.unit.a.spaces.front(),
           "queries and weights"},
          {kSlots * t.keys * (depth + width) * n.bytes, n.unit.b.spaces.front(), "keys and values"},
          {(kSlots * t.rows * t.keys + t.rows * width) * kF32, n.unit.c.spaces.front(),
           "scores and the result"},
          {(t.rows * depth + kSlots * t.columns * (depth + width + t.rows)) * n.bytes, "l1",
           "queries, keys, values and weights"},
          {vector, n.vector.spaces.front(), "rows of scores and weights"}};
}

/// Cycles of all blocks: of each, the longer of what the matrix unit and a vector core do.
double cyclesOnChip(const Need &n, const AttentionTile &t) {
  int64_t steps = llvm::divideCeil(n.keys, t.columns), half = t.rows / n.cores;
  double gap = 60; // what an operation that waits for another costs, in cycles
  double product =
      n.unit.cyclesFor(t.rows, t.keys, n.depth) + n.unit.cyclesFor(t.rows, n.width, t.keys);
  double matrix = double(t.columns / t.keys) * (product + 2 * gap);
  double registers = double(half * t.columns) / double(n.lanes());
  constexpr double kPerScore = 6, kPerStep = 12; // instructions on scores, and operations in all
  double vector = registers * kPerScore * n.vector.cyclesPerRepeat +
                  double(half) * n.vector.cyclesPerRepeatOf("row_reduce") + kPerStep * gap;
  return double(n.waves(t.rows)) * (double(steps) * std::max(matrix, vector) + matrix + vector);
}

/// More than any chip's memories hold of a head of 16.
constexpr int64_t kMostRows = 1024, kMostColumns = 1024;

SmallVector<AttentionTile> tilesOnChip(const Need &n) {
  SmallVector<AttentionTile> all;
  const int64_t rowStep = kBlock * n.cores;
  const int64_t most = int64_t(llvm::alignTo(n.queries, rowStep));
  for (int64_t rows = n.isBlock ? most : rowStep; rows <= most && rows <= kMostRows;
       rows += rowStep)
    for (int64_t columns = n.lanes(); columns < n.keys + n.lanes() && columns <= kMostColumns;
         columns += n.lanes())
      for (int64_t piece : {128, 64, 32, 16})
        all.push_back({AttentionWay::onChip, rows, piece, columns});
  return all;
}

constexpr int64_t kRows = 64;   // queries that a CPU's kernel takes at a time
constexpr int64_t kFewRows = 8; // so many it does another way, which wants memory of its own

/// Attention of a CPU is a kernel of the library, which takes whole blocks of queries apart by
/// itself. Blocks are there for threads.
AttentionTile tileInPlace(const Need &need) {
  constexpr int64_t kBlocks = 4; // of each core, so that none waits long for another
  int64_t wanted = kBlocks * std::max<int64_t>(need.chip.core(need.chip.matrixCore())->count, 1);
  int64_t rows = int64_t(llvm::alignTo(need.queries, kRows));
  while (rows > kRows && need.batch * int64_t(llvm::divideCeil(need.queries, rows)) < wanted)
    rows -= kRows;
  while (need.queries % rows != 0 && need.queries % rows <= kFewRows)
    rows += kRows;
  return {AttentionWay::inPlace, rows, need.keys, need.keys};
}

std::string number(int64_t value) {
  return std::to_string(value);
}

/// Queries of a block come in multiples of it.
int64_t rowStepOf(const Need &n, AttentionWay way) {
  return way == AttentionWay::inPlace  ? kRows
         : way == AttentionWay::onChip ? kBlock * n.cores
                                       : kBlock;
}

/// What speaks against a tile, whatever room there is.
std::string shapeProblem(const Need &n, const AttentionTile &t) {
  const bool inPlace = t.way == AttentionWay::inPlace;
  const int64_t rowStep = rowStepOf(n, t.way);
  if (t.rows < 1 || t.rows % rowStep != 0 || t.rows >= n.queries + rowStep)
    return "has " + number(t.rows) + " queries in a block, but they come in multiples of " +
           number(rowStep) + ", up to the " + number(n.queries) + " that there are";
  if (inPlace)
    return t.columns != n.keys || t.keys != n.keys
               ? "cuts the keys, which a CPU's kernel takes whole"
           : n.queries % t.rows != 0 && n.queries % t.rows <= kFewRows
               ? "leaves " + number(n.queries % t.rows) + " queries, but a block needs more than " +
                     number(kFewRows)
               : "";
  const int64_t turns = t.way == AttentionWay::onChip ? kSlots : 1;
  if (t.columns < 1 || t.columns % n.lanes() != 0)
    return "takes " + number(t.columns) +
           " scores of a row at a time, but they come in multiples " + "of " + number(n.lanes());
  if (t.keys < 1 || t.keys % kBlock != 0 || t.columns % (turns * t.keys) != 0)
    return "has products of " + number(t.keys) + " keys, but they come in multiples of " +
           number(kBlock) + " that divide the " + number(t.columns / turns) +
           (turns > 1 ? " scores of half a step" : " scores of a step");
  return "";
}

SmallVector<Claim> claims(const Need &n, const AttentionTile &t) {
  return t.way == AttentionWay::throughGlobal ? claimsThroughGlobal(n, t)
         : t.way == AttentionWay::onChip      ? claimsOnChip(n, t)
                                              : SmallVector<Claim>();
}

/// On a chip whose cores meet in global memory both products are staged like any other.
std::string productProblem(const Need &n, const AttentionTile &t) {
  ContractionShape scores, result;
  scores.m = result.m = t.rows;
  scores.n = t.keys, scores.k = n.depth, scores.turnRhs = true;
  result.n = n.width, result.k = t.columns;
  for (ContractionShape *shape : {&scores, &result}) {
    shape->lhsType = shape->rhsType = shape->resultType = n.element;
    if (!chooseKSteps(*shape, {shape->m, shape->n}, n.chip))
      return "multiplies " + number(shape->m) + " rows by " + number(shape->n) +
             " columns, but chip " + n.chip.name + " has no room for one step along k of both";
  }
  return "";
}

std::string problemOf(const Need &n, const AttentionTile &t) {
  if (std::string problem = shapeProblem(n, t); !problem.empty())
    return problem;
  for (const Claim &claim : claims(n, t))
    if (claim.bytes > n.room(claim.space))
      return "needs " + number(claim.bytes) + " bytes of " + claim.space.str() + " for " +
             claim.what + ", but chip " + n.chip.name + " has " + number(n.room(claim.space));
  return t.way == AttentionWay::throughGlobal ? productProblem(n, t) : "";
}

double cyclesOf(const Need &n, const AttentionTile &t) {
  return t.way == AttentionWay::throughGlobal ? cyclesThroughGlobal(n, t)
         : t.way == AttentionWay::onChip      ? cyclesOnChip(n, t)
                                              : 0;
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

/// What a tile has to fit, and the way; nullopt where attention of these types has none.
static std::optional<std::pair<AttentionWay, Need>> needOf(const AttentionTypes &types,
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
                  element,
                  element.getIntOrFloatBitWidth() / 8,
                  types.mask ? types.mask.getElementTypeBitWidth() / 8 : 0,
                  std::max<int64_t>(chip.core(chip.matrixCore())->ratio, 1),
                  types.isBlock,
                  types.causal};
  // By measurement: with fewer queries, lanes of a CPU are idle, and three kernels take less time.
  constexpr int64_t kLeastQueries = 16;
  if (*way == AttentionWay::inPlace &&
      (!types.result.isF32() || !element.isF32() ||
       (types.mask && !types.mask.getElementType().isF32()) || need.queries < kLeastQueries))
    return std::nullopt;
  return std::pair(*way, need);
}

struct AttentionChoice::Impl {
  AttentionWay way;
  Need need;
};

AttentionChoice::AttentionChoice(std::shared_ptr<const Impl> impl) : impl(std::move(impl)) {}

std::optional<AttentionChoice> AttentionChoice::of(const AttentionTypes &types,
                                                   const tile::ChipSpec &chip) {
  auto need = needOf(types, chip);
  if (!need)
    return std::nullopt;
  return AttentionChoice(std::make_shared<const Impl>(need->first, need->second));
}

AttentionTile AttentionChoice::tile(ArrayRef<int64_t> sizes) const {
  return {impl->way, sizes[0], sizes[2], sizes[1]};
}

SmallVector<TileCandidate> AttentionChoice::candidates() const {
  const Need &need = impl->need;
  SmallVector<AttentionTile> tiles =
      impl->way == AttentionWay::throughGlobal ? tilesThroughGlobal(need)
      : impl->way == AttentionWay::onChip      ? tilesOnChip(need)
                                               : SmallVector<AttentionTile>{tileInPlace(need)};
  SmallVector<TileCandidate> all;
  for (const AttentionTile &tile : tiles)
    if (tile.way == AttentionWay::inPlace || problemOf(need, tile).empty())
      all.push_back({{tile.rows, tile.columns, tile.keys}, cyclesOf(need, tile)});
  // Of equals the smallest block, and the longest product.
  auto rank = [](const TileCandidate &c) {
    return std::tuple(c.cycles, c.sizes[0], c.sizes[1], -c.sizes[2]);
  };
  llvm::sort(all,
             [&](const TileCandidate &a, const TileCandidate &b) { return rank(a) < rank(b); });
  return all;
}

std::string AttentionChoice::problem(SmallVectorImpl<int64_t> &sizes) const {
  if (sizes.size() != 3)
    return "has " + number(int64_t(sizes.size())) +
           " sizes, but attention has three: queries of a block, scores of a row at a time, keys " +
           "of a product";
  const Need &need = impl->need;
  const bool inPlace = impl->way == AttentionWay::inPlace;
  if (sizes[0] == 0)
    sizes[0] = int64_t(llvm::alignTo(need.queries, rowStepOf(need, impl->way)));
  if (sizes[1] == 0)
    sizes[1] = inPlace ? need.keys : int64_t(llvm::alignTo(need.keys, need.lanes()));
  if (sizes[2] == 0)
    sizes[2] = impl->way == AttentionWay::onChip ? sizes[1] / kSlots : sizes[1];
  return problemOf(need, tile(sizes));
}

double AttentionChoice::cycles(ArrayRef<int64_t> sizes) const {
  return cyclesOf(impl->need, tile(sizes));
}

std::optional<AttentionTile> tessera::chooseAttentionTile(const AttentionTypes &types,
                                                          const tile::ChipSpec &chip) {
  std::optional<AttentionChoice> choice = AttentionChoice::of(types, chip);
  SmallVector<TileCandidate> all = choice ? choice->candidates() : SmallVector<TileCandidate>();
  if (all.empty())
    return std::nullopt;
  return choice->tile(all.front().sizes);
}
