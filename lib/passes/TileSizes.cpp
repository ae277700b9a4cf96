// The cost function that picks blocks of contractions on a chip: time of one block from the units'
// rates and the bytes it moves, times the waves of blocks over the chip's cores.
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
static std::string accumulatorProblem(MatrixTile tile, const tile::Mma &unit,
                                      const tile::ChipSpec &chip) {
  int64_t m = llvm::alignTo(tile.m, unit.m.value), n = llvm::alignTo(tile.n, unit.n.value);
  int64_t bytes = m * n * 4, capacity = 0;
  std::string largest;
  for (const std::string &space : unit.c.spaces)
    if (!chip.memory(space)->onChip() && chip.capacity(space) > capacity) {
      capacity = chip.capacity(space);
      largest = space;
    }
  // A CPU's scratch is a share of a cache, which the operands need too.
  if (chip.isCpu())
    capacity /= 2;
  return capacity == 0 || bytes <= capacity
             ? ""
             : needs(bytes, largest, capacity, "its accumulator", chip);
}

/// Whether what leaves the accumulator fits the vector unit's memory, where it goes through it.
static std::string drainProblem(const ContractionShape &shape, MatrixTile tile,
                                const tile::Mma &unit, const tile::ChipSpec &chip) {
  const tile::VectorUnit *vector = chip.vectorFor();
  auto route = chip.route(unit.c.spaces.front(), chip.global().name);
  if (!vector || !route || chip.isCpu())
    return "";
  const std::string &space = vector->spaces.front();
  bool meets = chip.path(unit.c.spaces.front(), space) != nullptr;
  if (route->size() == 1 && !(shape.epilogue && meets))
    return "";
  // The block as rows (twice with an epilogue), and four columns of fractal blocks on their way.
  int64_t m = llvm::alignTo(tile.m, unit.m.value), n = llvm::alignTo(tile.n, unit.n.value);
  int64_t perPoint = shape.epilogue ? 8 : bytesOf(shape.resultType);
  int64_t bytes = m * (n * perPoint + 2 * 64 * 4);
  return bytes <= chip.capacity(space)
             ? ""
             : needs(bytes, space, chip.capacity(space), "its result", chip);
}

double tessera::threadedCycles(double shared, double alone, const tile::ChipSpec &chip) {
  const tile::Core *core = chip.core(chip.matrixCore());
  double wake = core ? chip.launchUs * core->clockMHz : 0.0;
  return std::max(shared, std::min(alone, wake));
}

/// Estimated cycles of the whole contraction with this block.
static double directCycles(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
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
    // A right operand that L2 does not hold comes at a quarter of the rate of a copy beside
    // products, so blocks of few rows wait for it: at 1024^3 18 x 512 took 1.1 of the time of
    // 36 x 512, and 6 x 700 took 1.4 of that of 48 x 320 at 300 x 700 x 800.
    constexpr double kBeside = 4;
    double panels = double(shape.k) * double(tile.n * bytesOf(shape.rhsType)) / rate;
    bool far =
        double(shape.k) * double(shape.n * bytesOf(shape.rhsType)) > double(chip.capacity("l1"));
    block = std::max(compute, far ? kBeside * panels : 0.0) + kExposed * move + drain;
    // What follows on the block reads it again, and what the nearest cache holds costs little.
    constexpr double kNearest = 32 << 10;
    double resultBytes =
        double(std::min(tile.m, shape.m) * std::min(tile.n, shape.n) * bytesOf(shape.resultType));
    if (shape.epilogue && resultBytes > kNearest)
      block += drain * (1 - kNearest / resultBytes);
  }
  constexpr double kBlockCycles = 500; // starting a block: call, addresses, cold front end
  block += kBlockCycles;
  return chip.isCpu() ? threadedCycles(waves * block, double(blocks) * block, chip) : waves * block;
}

static bool isStaged(const tile::Mma &unit, const tile::ChipSpec &chip) {
  return !readsGlobal(unit.a, chip) || !readsGlobal(unit.b, chip);
}

/// Blocks are whole panels wide.
static int64_t widthStep(const ContractionShape &shape, const tile::Mma &unit) {
  return llvm::alignTo(std::max<int64_t>(shape.panel, unit.n), std::max<int64_t>(shape.panel, 1));
}

double tessera::matrixCycles(const ContractionShape &shape, MatrixTile tile,
                             const tile::ChipSpec &chip) {
  const tile::Mma &unit = *unitFor(shape, chip);
  return isStaged(unit, chip) ? stagedCycles(shape, tile, unit, chip)
                              : directCycles(shape, tile, unit, chip);
}

std::string tessera::matrixTileProblem(const ContractionShape &shape, MatrixTile tile,
                                       const tile::ChipSpec &chip) {
  const tile::Mma &unit = *unitFor(shape, chip);
  auto multiple = [&](int64_t size, int64_t whole, int64_t step, const char *what) {
    return size >= whole || size % step == 0
               ? std::string()
               : "has " + std::to_string(size) + " " + what + ", which is no multiple of " +
                     std::to_string(step);
  };
  bool staged = isStaged(unit, chip);
  if (std::string p =
          multiple(tile.n, shape.n, staged ? widthStep(shape, unit) : shape.panel, "columns");
      !p.empty())
    return p;
  if (std::string p =
          multiple(tile.m, shape.m, staged && shape.mStep == 1 ? int64_t(unit.m) : 1, "rows");
      !p.empty())
    return p;
  if (std::string p = accumulatorProblem(tile, unit, chip); !p.empty())
    return p;
  if (std::string p = drainProblem(shape, tile, unit, chip); !p.empty())
    return p;
  return staged ? stagedProblem(shape, tile, unit, chip) : "";
}

/// Rows of the smallest block.
static int64_t heightStep(const ContractionShape &shape, const tile::Mma &unit) {
  return shape.mStep > 1 ? shape.mStep : int64_t(unit.m);
}

MatrixTile tessera::leastMatrixTile(const ContractionShape &shape, const tile::ChipSpec &chip) {
  const tile::Mma &unit = *unitFor(shape, chip);
  return {heightStep(shape, unit), widthStep(shape, unit)};
}

SmallVector<CostedMatrixTile> tessera::matrixTiles(const ContractionShape &shape,
                                                   const tile::ChipSpec &chip) {
  SmallVector<CostedMatrixTile> tiles;
  const tile::Mma *unit = unitFor(shape, chip);
  if (!unit)
    return tiles;
  bool staged = isStaged(*unit, chip);
  for (int64_t m : candidates(shape.m, heightStep(shape, *unit), staged))
    for (int64_t n : candidates(shape.n, widthStep(shape, *unit), staged))
      if (MatrixTile tile{m, n}; matrixTileProblem(shape, tile, chip).empty())
        tiles.push_back({tile, matrixCycles(shape, tile, chip)});
  llvm::sort(tiles, [](const auto &a, const auto &b) {
    return std::tie(a.cycles, a.tile.m, a.tile.n) < std::tie(b.cycles, b.tile.m, b.tile.n);
  });
  return tiles;
}
