// Finds attention among npu operators and chooses its tiles.
#include "Attention.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace tessera;

/// The one number that a constant holds.
static std::optional<double> splatOf(Value value) {
  auto constant = value.getDefiningOp<npu::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : nullptr;
  if (!dense || !dense.isSplat())
    return std::nullopt;
  return dense.getSplatValue<APFloat>().convertToDouble();
}

namespace {

/// Walks up from the last operator, each of the others having one user.
class Matcher {
public:
  std::optional<Attention> run(Operation *last) {
    auto result = dyn_cast<npu::MatmulOp>(last);
    if (!result || result.getTransposeLhs() || result.getTransposeRhs() || result.getPackedN())
      return std::nullopt;
    take(result);
    found.value = result.getRhs();
    at = result.getLhs();
    skipCast();
    auto softmax = only<npu::SoftmaxOp>();
    if (!softmax ||
        int64_t(softmax.getAxis()) != cast<RankedTensorType>(softmax.getType()).getRank() - 1)
      return std::nullopt;
    take(softmax);
    at = softmax->getOperand(0);
    skipCast();
    while (takeScale()) {
    }
    skipCast();
    auto scores = only<npu::MatmulOp>();
    if (!scores || scores.getTransposeLhs() || !scores.getTransposeRhs() || scores.getPackedN())
      return std::nullopt;
    take(scores);
    found.query = scores.getLhs();
    found.key = scores.getRhs();
    std::reverse(found.ops.begin(), found.ops.end());
    return found;
  }

private:
  template <typename Op> Op only() {
    auto op = at.getDefiningOp<Op>();
    return op && op->hasOneUse() ? op : Op();
  }
  void take(Operation *op) { found.ops.push_back(op); }
  void skipCast() {
    if (auto cast = only<npu::CastOp>()) {
      take(cast);
      at = cast->getOperand(0);
    }
  }
  bool takeScale() {
    Operation *op = at.getDefiningOp();
    if (!isa_and_nonnull<npu::MulOp, npu::DivOp>(op) || !op->hasOneUse())
      return false;
    std::optional<double> right = splatOf(op->getOperand(1)), left = splatOf(op->getOperand(0));
    bool divides = isa<npu::DivOp>(op);
    if (right && (!divides || *right != 0)) {
      found.scale *= divides ? 1 / *right : *right;
      at = op->getOperand(0);
    } else if (left && !divides) {
      found.scale *= *left;
      at = op->getOperand(1);
    } else {
      return false;
    }
    take(op);
    return true;
  }

  Attention found;
  Value at;
};

} // namespace

std::optional<Attention> tessera::matchAttention(Operation *last) {
  return Matcher().run(last);
}

/// Whether blocks of attention can be computed on a chip of this structure.
static const tile::Mma *unitFor(ShapedType query, const tile::ChipSpec &chip) {
  if (chip.isCpu() || !chip.fixpipe || chip.matrixCore() == chip.vectorCore())
    return nullptr;
  const tile::Mma *unit = chip.mmaFor(query.getElementType(), query.getElementType());
  const tile::VectorUnit *vector = chip.vectorFor();
  if (!unit || !vector || vector->bytes < 4 || unit->b.panel > 0)
    return nullptr;
  // Where the accumulator reaches the vector unit directly, another way would be better.
  return chip.path(unit->c.spaces.front(), vector->spaces.front()) ? nullptr : unit;
}

std::optional<AttentionTile> tessera::chooseAttentionTile(ShapedType query, ShapedType key,
                                                          ShapedType value,
                                                          const tile::ChipSpec &chip) {
  const tile::Mma *unit = unitFor(query, chip);
  int64_t rank = query.getRank();
  if (!unit || rank < 2 || key.getRank() != rank || value.getRank() != rank ||
      !query.hasStaticShape() || !key.hasStaticShape() || !value.hasStaticShape())
    return std::nullopt;
  for (ShapedType type : {query, key, value})
    if (type.getElementType() != query.getElementType() || type.getElementTypeBitWidth() != 16 ||
        type.getShape().drop_back(2) != query.getShape().drop_back(2))
      return std::nullopt;
  constexpr int64_t kColumns = 128, kBlock = 16;
  int64_t keys = key.getDimSize(rank - 2), depth = query.getDimSize(rank - 1);
  int64_t width = value.getDimSize(rank - 1), queries = query.getDimSize(rank - 2);
  if (keys % kColumns != 0 || depth % kBlock != 0 || width % kBlock != 0 || queries == 0)
    return std::nullopt;
  const tile::Core *core = chip.core(chip.matrixCore());
  int64_t ratio = std::max<int64_t>(core->ratio, 1);
  int64_t accumulator = chip.capacity(unit->c.spaces.front());
  int64_t vectorRoom = chip.capacity(chip.vectorFor()->spaces.front());
  int64_t batch = llvm::product_of(query.getShape().drop_back(2));
  std::optional<AttentionTile> best;
  int64_t least = INT64_MAX;
  for (int64_t rows = kBlock; rows < queries + kBlock; rows += kBlock) {
    // The accumulator of the result, and two of scores, lie there one after the other.
    int64_t parts = llvm::alignDown(accumulator / (2 * rows * 4), kBlock);
    if (rows * width * 4 > accumulator || parts < kBlock)
      break;
    // Rows of scores and of what they turn into, twice each, and one vector of partial sums.
    int64_t perRow = kColumns * (2 * 4 + 2 * 2) + chip.vectorFor()->bytes + 64;
    int64_t half = llvm::divideCeil(rows, ratio);
    if (half * perRow + 4 * rows > vectorRoom)
      break;
    int64_t blocks = batch * llvm::divideCeil(queries, rows);
    int64_t waves = llvm::divideCeil(blocks, std::max<int64_t>(core->count, 1));
    constexpr int64_t kFixedRows = 16; // what a block costs besides its rows, in rows
    int64_t cost = waves * (rows + kFixedRows);
    if (cost >= least)
      continue;
    least = cost;
    int64_t step = parts >= 64 ? 64 : parts >= 32 ? 32 : 16; // divides the columns
    best = AttentionTile{rows, step, kColumns};
  }
  return best;
}
