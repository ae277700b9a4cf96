// The cost function that picks tile sizes for a kernel on a chip: time of one block from the
// units' rates and the bytes it moves, times the waves of blocks over the chip's cores.
#include "TileSizes.h"

#include "StagedTime.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tessera;

static int64_t bytesOf(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// The unit that multiplies these types, or null.
static const tile::Mma *unitFor(const ContractionShape &shape, const tile::ChipSpec &chip) {
  return chip.mmaFor(shape.lhsType, shape.rhsType);
}

static bool readsGlobal(const tile::MmaOperand &operand, const tile::ChipSpec &chip) {
  return operand.allowsSpace(chip.global().name);
}

/// Extents 1, 2, 4 ... steps of `unit`, and the whole extent rounded up to `unit`. With `every`,
/// each multiple of the unit up to 32 of them, where a block is to fill a memory just so.
static SmallVector<int64_t> candidates(int64_t extent, int64_t unit, bool every) {
  SmallVector<int64_t> sizes;
  int64_t whole = llvm::alignTo(std::max<int64_t>(extent, 1), unit);
  for (int64_t steps = 1; every && steps < 32; ++steps)
    if (steps * unit < whole)
      sizes.push_back(steps * unit);
  if (every) {
    sizes.push_back(std::min(whole, 32 * unit));
    return sizes;
  }
  for (int64_t steps : {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64})
    if (steps * unit < whole)
      sizes.push_back(steps * unit);
  sizes.push_back(whole);
  return sizes;
}

std::optional<KSteps> tessera::chooseKSteps(const ContractionShape &shape, MatrixTile tile,
                                            const tile::ChipSpec &chip) {
  const tile::Mma *unit = unitFor(shape, chip);
  if (!unit)
    return std::nullopt;
  if (readsGlobal(unit->a, chip) && readsGlobal(unit->b, chip))
    return KSteps{std::max<int64_t>(shape.k, 1), std::max<int64_t>(shape.k, 1)};
  return chooseStagedSteps(shape, tile, *unit, chip);
}

/// Whether the block's accumulator fits where the unit keeps it.
static bool accumulatorFits(MatrixTile tile, const tile::Mma &unit, const tile::ChipSpec &chip) {
  int64_t m = llvm::alignTo(tile.m, unit.m.value), n = llvm::alignTo(tile.n, unit.n.value);
  int64_t bytes = m * n * 4;
  int64_t capacity = 0;
  for (const std::string &space : unit.c.spaces)
    if (!chip.memory(space)->onChip())
      capacity = std::max(capacity, chip.capacity(space));
  // A CPU's scratch is a share of a cache, which the operands need too.
  return capacity == 0 || bytes <= (chip.isCpu() ? capacity / 2 : capacity);
}

/// Whether what leaves the accumulator fits the vector unit's memory, where it goes through it.
static bool drainFits(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                      const tile::ChipSpec &chip) {
  const tile::VectorUnit *vector = chip.vectorFor();
  auto route = chip.route(unit.c.spaces.front(), chip.global().name);
  if (!vector || !route || chip.isCpu())
    return true;
  bool meets = chip.path(unit.c.spaces.front(), vector->spaces.front()) != nullptr;
  if (route->size() == 1 && !(shape.epilogue && meets))
    return true;
  // The block as rows (twice with an epilogue), and four columns of fractal blocks on their way.
  int64_t m = llvm::alignTo(tile.m, unit.m.value), n = llvm::alignTo(tile.n, unit.n.value);
  int64_t perPoint = shape.epilogue ? 8 : bytesOf(shape.resultType);
  return m * (n * perPoint + 2 * 64 * 4) <= chip.capacity(vector->spaces.front());
}

/// Estimated cycles of the whole contraction with this block.
static double cost(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                   const tile::ChipSpec &chip) {
  int64_t blocks =
      shape.batch * llvm::divideCeil(shape.m, tile.m) * llvm::divideCeil(shape.n, tile.n);
  double waves = std::ceil(double(blocks) / double(std::max<int64_t>(chip.groups(), 1)));
  double steps = double(llvm::divideCeil(tile.m, unit.m.value)) *
                 double(llvm::divideCeil(tile.n, unit.n.value)) *
                 double(llvm::divideCeil(std::max<int64_t>(shape.k, 1), unit.k.value));
  double compute = steps * unit.cycles + unit.head;
  const tile::Path *load = chip.path(chip.global().name, "l1");
  double rate = load && load->bytesPerCycle > 0 ? double(load->bytesPerCycle) : 16.0;
  double bytes =
      double(shape.k) * double(tile.m * bytesOf(shape.lhsType) + tile.n * bytesOf(shape.rhsType));
  double move = bytes / rate;
  double drain = double(tile.m * tile.n * bytesOf(shape.resultType)) / rate;
  double block = std::max(compute, move) + drain; // an NPU loads while it computes
  if (chip.isCpu() && shape.lineBytes > 0) {
    block = compute + move + drain; // a core gathers the windows first
  } else if (chip.isCpu()) {
    // Panels and rows are walked in order, so a core hides most loads: blocks of any size from
    // 48 x 64 up ran within 5% of each other (Zen 4, 512^3 and 1024^3), the largest slowest.
    constexpr double kExposed = 1.0 / 32;
    block = compute + kExposed * move + drain;
    // What follows on the block reads it again, and what the nearest cache holds costs little.
    constexpr double kNearest = 32 << 10;
    double resultBytes =
        double(std::min(tile.m, shape.m) * std::min(tile.n, shape.n) * bytesOf(shape.resultType));
    if (shape.epilogue && resultBytes > kNearest)
      block += drain * (1 - kNearest / resultBytes);
  }
  constexpr double kBlockCycles = 500; // starting a block: call, addresses, cold front end
  return waves * (block + kBlockCycles);
}

std::optional<MatrixTile> tessera::chooseMatrixTile(const ContractionShape &shape,
                                                    const tile::ChipSpec &chip) {
  const tile::Mma *unit = unitFor(shape, chip);
  if (!unit)
    return std::nullopt;
  std::optional<MatrixTile> best;
  double bestCost = 0;
  int64_t mUnit = shape.mStep > 1 ? shape.mStep : int64_t(unit->m);
  int64_t nUnit = std::max<int64_t>(shape.panel, unit->n);
  nUnit = llvm::alignTo(nUnit, std::max<int64_t>(shape.panel, 1));
  bool staged = !readsGlobal(unit->a, chip) || !readsGlobal(unit->b, chip);
  for (int64_t m : candidates(shape.m, mUnit, staged)) {
    for (int64_t n : candidates(shape.n, nUnit, staged)) {
      MatrixTile tile{m, n};
      if (!accumulatorFits(tile, *unit, chip) || !drainFits(shape, tile, *unit, chip) ||
          !chooseKSteps(shape, tile, chip))
        continue;
      double c = staged ? stagedCycles(shape, tile, *unit, chip) : cost(shape, tile, *unit, chip);
      if (!best || c < bestCost) {
        best = tile;
        bestCost = c;
      }
    }
  }
  return best;
}

std::optional<SmallVector<int64_t>> tessera::chooseVectorTile(ArrayRef<int64_t> extents,
                                                              double bytesPerPoint,
                                                              const tile::ChipSpec &chip) {
  int64_t capacity = 0;
  const tile::VectorUnit *unit = chip.vectorFor();
  if (!unit)
    return std::nullopt;
  for (const std::string &space : unit->spaces)
    if (!chip.memory(space)->onChip())
      capacity = std::max(capacity, chip.capacity(space));
  // Where the unit reads global memory, a block beyond its own memory is slow, not wrong.
  if (bytesPerPoint > double(capacity) && !unit->allowsSpace(chip.global().name))
    return std::nullopt;
  int64_t points = 1;
  for (int64_t extent : extents)
    points *= extent;
  // Half of the memory: intermediates of the decomposition need room too.
  double room = std::max(double(capacity) / 2, bytesPerPoint);
  double budget = room / std::max(bytesPerPoint, 1e-9);
  // Every core should get work, but a block of less than this costs more to start than to do.
  const tile::Core *core = chip.core(chip.vectorCore());
  double cores = core ? double(core->count) : 1.0;
  double least = 8192.0 / std::max(bytesPerPoint, 1.0) + 1;
  budget = std::min(budget, std::max(double(points) / (2.0 * cores), least));
  SmallVector<int64_t> sizes(extents.size(), 1);
  double used = 1;
  for (int64_t d = int64_t(extents.size()) - 1; d >= 0; --d) {
    int64_t extent = std::max<int64_t>(extents[d], 1);
    int64_t fits = std::clamp<int64_t>(int64_t(budget / used), 1, extent);
    // Equal pieces rather than full ones and a sliver; whole vectors along the inner dim.
    int64_t pieces = llvm::divideCeil(extent, fits);
    int64_t size = llvm::divideCeil(extent, pieces);
    if (d + 1 == int64_t(extents.size()) && size < extent)
      size =
          std::min<int64_t>(llvm::alignTo(size, 16), fits >= 16 ? llvm::alignDown(fits, 16) : fits);
    sizes[d] = size;
    used *= double(size);
    if (size < extent)
      break;
  }
  return sizes;
}
