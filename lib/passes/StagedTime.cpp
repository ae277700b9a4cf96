// The cost function of contractions whose operands go through L1 to the unit's own memories. It
// counts what the machine times: bytes and starts of each pipe, the cache's rate shared by all
// cores, first touches, and the drain where the accumulator has one slot.
#include "StagedTime.h"

#include "CoreRuns.h"

#include <algorithm>
#include <limits>

using namespace mlir;
using namespace tessera;

static constexpr int64_t kSlots = 2;
static constexpr int64_t kBlockRowBytes = 32; ///< A row of an operand's block, of every type.

static int64_t bytesOf(Type type) {
  return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8);
}

/// Bytes per cycle of one core's path from or to global memory while `cores` work.
static double globalRate(const tile::ChipSpec &chip, const tile::Path &path, int64_t cores,
                         bool cold) {
  double rate = path.bytesPerCycle;
  auto limit = [&](double most) { rate = most > 0 ? std::min(rate, most) : rate; };
  bool reads = path.from == chip.global().name;
  auto level = [&](const tile::SharedLevel &shared) {
    limit(reads ? shared.readPerCore : shared.writePerCore);
    limit(shared.total / double(cores));
  };
  if (const tile::SharedLevel *cache = chip.sharedCache()) {
    level(*cache);
    if (cold)
      limit(cache->coldRate);
  }
  if (const tile::SharedLevel *memory = chip.mainMemory(); memory && cold)
    level(*memory);
  return std::max(rate, 1e-3);
}

/// Cycles before the first byte of an operation that waits for another pipe.
static double startOf(const tile::ChipSpec &chip, const tile::Path &path, double rate) {
  const tile::Pipe *pipe = chip.pipe(path.pipe);
  return path.fixedCycles + path.halfBytes / rate + (pipe ? double(pipe->gapCycles) : 0.0);
}

/// Cycles of one row of `bytes` from address `at`, in the requests that the path cuts it into.
static double rowCycles(const tile::Path &path, double rate, int64_t at, int64_t bytes) {
  if (path.requestSizes.empty())
    return double(bytes) / rate;
  double cycles = 0;
  while (bytes > 0) {
    int64_t first = std::max<int64_t>(path.requestSizes.front(), 1);
    int64_t piece = std::min(bytes, first - at % first);
    for (int64_t size : path.requestSizes)
      if (size > 0 && at % size == 0 && size <= bytes)
        piece = size;
    cycles += std::max<double>(path.requestCycles, double(piece) / rate);
    at += piece, bytes -= piece;
  }
  return cycles;
}

/// Cycles for a matrix of `rows` x `rowBytes`, one of those a larger one is cut into along its
/// rows: the average over places that are aligned differently.
static double matrixCycles(const tile::Path &path, double rate, double rows, int64_t rowBytes,
                           int64_t pitch) {
  // One request for each row of a block, all of one size.
  if (path.wholeRanges && rowBytes > kBlockRowBytes)
    return rows * double(rowBytes) / kBlockRowBytes * rowCycles(path, rate, 0, kBlockRowBytes);
  constexpr int64_t kPlaces = 4, kRows = 4;
  double cycles = 0;
  for (int64_t place = 0; place < kPlaces; ++place)
    for (int64_t row = 0; row < kRows; ++row)
      cycles += rowCycles(path, rate, place * rowBytes + row * pitch, rowBytes);
  return rows * cycles / double(kPlaces * kRows);
}

/// Parts of one operand of `partBytes` each that fit besides the slots; all of `parts` when only
/// two are left, which then need no slots.
static int64_t keptParts(int64_t room, int64_t partBytes, int64_t parts) {
  int64_t kept = std::max<int64_t>(room, 0) / std::max<int64_t>(partBytes, 1);
  return kept + kSlots >= parts ? parts : kept;
}

/// Whether the unit reads L1 itself, so that nothing is fed from there.
static bool readsL1(const tile::Mma &unit) {
  return unit.a.allowsSpace("l1");
}

/// Bytes of a block's result that lie in L1 on their way out, where no path leads past it.
static int64_t drainedBytes(const ContractionShape &shape, int64_t m, int64_t n,
                            const tile::ChipSpec &chip) {
  const bool through = chip.fixpipe && chip.fixpipe->allowsTarget("l1") &&
                       !chip.fixpipe->allowsTarget(chip.global().name) &&
                       chip.path("l1", chip.global().name);
  return through ? m * n * bytesOf(shape.resultType) : 0;
}

namespace {

/// What L1 holds of a block whose outer step along k is given.
struct L1Use {
  int64_t partA, partB; ///< Bytes of one step of lhs and rhs.
  int64_t lines;        ///< A convolution's, once.
  int64_t room;         ///< What the slots leave; negative: does not fit.
  int64_t parts;        ///< Steps along k.
  const ContractionShape &shape;
  int64_t m, n, outer;

  L1Use(const ContractionShape &shape, int64_t m, int64_t n, int64_t outer,
        const tile::ChipSpec &chip)
      : partA(shape.lineBytes == 0 ? m * outer * bytesOf(shape.lhsType) : 0),
        partB(n * outer * bytesOf(shape.rhsType)), lines(shape.linesFor(m)),
        room(chip.capacity("l1") - kSlots * (partA + partB) - lines -
             kSlots * drainedBytes(shape, m, n, chip)),
        parts(llvm::divideCeil(std::max<int64_t>(shape.k, 1), outer)), shape(shape), m(m), n(n),
        outer(outer) {}

  /// Cycles to load one step of lhs or rhs at a rate.
  double cyclesA(const tile::Path &path, double rate) const {
    int64_t element = bytesOf(shape.lhsType);
    if (shape.lineBytes > 0)
      return double(lines) / rate / double(parts);
    return shape.turnLhs ? matrixCycles(path, rate, double(outer), m * element, shape.m * element)
                         : matrixCycles(path, rate, double(m), outer * element, shape.k * element);
  }
  double cyclesB(const tile::Path &path, double rate) const {
    int64_t element = bytesOf(shape.rhsType);
    return shape.turnRhs ? matrixCycles(path, rate, double(n), outer * element, shape.k * element)
                         : matrixCycles(path, rate, double(outer), n * element, shape.n * element);
  }
};

} // namespace

namespace {

/// A block in whole steps of the unit, and what of k its memories hold at a time.
struct StagedBlock {
  int64_t a, b; ///< Bytes of an element of either operand.
  int64_t m, n;
  int64_t step, whole, inner; ///< The least step along k, all of it, and the one that L0 holds.

  StagedBlock(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
              const tile::ChipSpec &chip)
      : a(bytesOf(shape.lhsType)), b(bytesOf(shape.rhsType)) {
    // What is turned on its way arrives in squares of the rows of its blocks.
    const tile::Memory *memory = chip.memory(unit.a.spaces.front());
    const tile::Fractal *fractal =
        memory ? memory->fractalOf(tile::elementTypeName(shape.lhsType)) : nullptr;
    int64_t square = fractal ? int64_t(fractal->cols) : 1;
    m = llvm::alignTo(tile.m, std::max<int64_t>(unit.m, shape.turnLhs ? square : 1));
    n = llvm::alignTo(tile.n, std::max<int64_t>(unit.n, shape.turnRhs ? 1 : square));
    step = std::max<int64_t>(unit.k, 16); // L1 holds the right operand in rows of 16
    whole = llvm::alignTo(std::max<int64_t>(shape.k, 1), step);
    int64_t fitsA = chip.capacity(unit.a.spaces.front()) / (kSlots * m * a);
    int64_t fitsB = chip.capacity(unit.b.spaces.front()) / (kSlots * n * b);
    inner = std::min<int64_t>(llvm::alignDown(std::min(fitsA, fitsB), step), whole);
    if (readsL1(unit))
      inner = std::min(inner, step);
  }
};

} // namespace

std::string tessera::needs(int64_t bytes, const std::string &space, int64_t capacity,
                           const char *what, const tile::ChipSpec &chip) {
  return "needs " + std::to_string(bytes) + " bytes of " + space + " for " + what + ", but chip " +
         chip.name + " has " + std::to_string(capacity);
}

std::string tessera::stagedProblem(const ContractionShape &shape, MatrixTile tile,
                                   const tile::Mma &unit, const tile::ChipSpec &chip) {
  const StagedBlock block(shape, tile, unit, chip);
  const std::string &a = unit.a.spaces.front(), &b = unit.b.spaces.front();
  if (int64_t bytes = kSlots * block.m * block.a * block.step; bytes > chip.capacity(a))
    return needs(bytes, a, chip.capacity(a), "two steps of its left operand", chip);
  if (int64_t bytes = kSlots * block.n * block.b * block.step; bytes > chip.capacity(b))
    return needs(bytes, b, chip.capacity(b), "two steps of its right operand", chip);
  if (!chip.path(chip.global().name, "l1"))
    return "needs a path from " + chip.global().name + " to l1, but chip " + chip.name +
           " has none";
  if (L1Use use(shape, block.m, block.n, block.inner, chip); use.room < 0)
    return needs(chip.capacity("l1") - use.room, "l1", chip.capacity("l1"),
                 use.lines > 0 ? "the lines it reads and two steps of its weights"
                               : "two steps of its operands",
                 chip);
  return "";
}

std::optional<KSteps> tessera::chooseStagedSteps(const ContractionShape &shape, MatrixTile tile,
                                                 const tile::Mma &unit,
                                                 const tile::ChipSpec &chip) {
  if (!stagedProblem(shape, tile, unit, chip).empty())
    return std::nullopt;
  const StagedBlock block(shape, tile, unit, chip);
  const int64_t inner = block.inner;
  const tile::Path *load = chip.path(chip.global().name, "l1");
  double rate = globalRate(chip, *load, chip.groups(), false);
  double start = startOf(chip, *load, rate);
  std::optional<KSteps> best;
  double least = std::numeric_limits<double>::infinity();
  for (int64_t outer = inner; outer < block.whole + inner; outer += inner) {
    L1Use use(shape, block.m, block.n, outer, chip);
    if (use.room < 0)
      break;
    // In the middle of a long run of blocks, what is kept of one operand is not loaded.
    double saved = 0, a = use.cyclesA(*load, rate), b = use.cyclesB(*load, rate);
    for (auto [part, each] : {std::pair(use.partA, a), std::pair(use.partB, b)})
      if (part > 0)
        saved = std::max(saved, each * double(keptParts(use.room, part, use.parts)));
    double cycles = double(use.parts) * (a + b + (use.partA > 0 ? 2 : 1) * start) - saved;
    if (cycles < least) {
      least = cycles;
      best = KSteps{outer, readsL1(unit) ? outer : inner};
    }
  }
  return best;
}

namespace {

/// The pipes' cycles for the average block.
struct BlockTime {
  double load = 0, feed = 0, multiply = 0, drain = 0;
};

class StagedTime {
public:
  StagedTime(const ContractionShape &shape, MatrixTile tile, KSteps steps, const tile::Mma &unit,
             const tile::ChipSpec &chip)
      : shape(shape), tile(tile), steps(steps), unit(unit), chip(chip) {
    runs.trips = {shape.batch, int64_t(llvm::divideCeil(shape.m, tile.m)),
                  int64_t(llvm::divideCeil(shape.n, tile.n))};
    runs.cores = std::clamp<int64_t>(chip.groups(), 1, runs.blocks());
    k = double(llvm::alignTo(std::max<int64_t>(shape.k, 1), unit.k.value));
    m = double(llvm::alignTo(shape.m, unit.m.value)) / double(runs.trips[1]);
    n = double(llvm::alignTo(shape.n, unit.n.value)) / double(runs.trips[2]);
  }

  double cycles() {
    BlockTime block;
    block.load = loadCycles();
    feedAndMultiply(block);
    block.drain = drainCycles();
    int64_t accumulator = int64_t(llvm::alignTo(tile.m, unit.m.value)) *
                          int64_t(llvm::alignTo(tile.n, unit.n.value)) * 4;
    bool overlaps = kSlots * accumulator <= chip.capacity(unit.c.spaces.front());
    double own = block.multiply + (overlaps ? 0 : block.drain);
    double pace = std::max({block.load, block.feed, own, block.drain});
    double inner = double(llvm::divideCeil(std::max<int64_t>(shape.k, 1), steps.inner));
    double outer = double(llvm::divideCeil(std::max<int64_t>(shape.k, 1), steps.outer));
    // The first step has nothing to hide behind, nor has the last drain.
    double ends = block.load / outer + (block.feed + block.multiply) / inner + block.drain;
    return double(runs.longest()) * pace + ends;
  }

private:
  double loadCycles() {
    const tile::Path *path = chip.path(chip.global().name, "l1");
    double warm = globalRate(chip, *path, runs.cores, false);
    double slow = globalRate(chip, *path, runs.cores, true);
    L1Use use(shape, llvm::alignTo(tile.m, unit.m.value), llvm::alignTo(tile.n, unit.n.value),
              steps.outer, chip);
    double parts = double(use.parts);
    // Whole steps of whole tiles, scaled to the average block.
    double scaleK = k / (parts * double(steps.outer));
    double a = use.cyclesA(*path, warm) * parts * scaleK * m / double(use.m);
    double b = use.cyclesB(*path, warm) * parts * scaleK * n / double(use.n);
    // The share of loads that are left when one operand's parts are kept for a run of blocks.
    auto left = [&](int64_t part, int64_t fast) {
      if (part == 0 || runs.longest() < 2)
        return 1.0;
      double kept = double(keptParts(use.room, part, use.parts)) / double(use.parts);
      return 1.0 - kept * (1.0 - double(runs.places(fast)) / double(runs.longest()));
    };
    double keptA = 1.0 - left(use.partA, runs.trips[2]);
    double keptB = 1.0 - left(use.partB, runs.trips[1]);
    if (keptA * a >= keptB * b)
      keptB = 0;
    else
      keptA = 0;
    // Each byte comes from main memory once.
    double first = double(shape.batch) *
                   (double(shape.m) * k * double(bytesOf(shape.lhsType)) +
                    double(shape.n) * k * double(bytesOf(shape.rhsType))) /
                   double(runs.blocks());
    double all = a * (1 - keptA) + b * (1 - keptB);
    double cold = std::min(first, all * warm);
    double starts = double(use.parts) * (use.partA > 0 ? 2 : 1) * startOf(chip, *path, warm);
    return all + cold * (1 / slow - 1 / warm) + starts;
  }

  void feedAndMultiply(BlockTime &block) {
    double count = double(llvm::divideCeil(std::max<int64_t>(shape.k, 1), steps.inner));
    auto feed = [&](StringRef space, double bytes) {
      const tile::Path *path = chip.path("l1", space);
      if (path)
        block.feed +=
            bytes / path->bytesPerCycle + count * startOf(chip, *path, path->bytesPerCycle);
    };
    feed(unit.a.spaces.front(), m * k * double(bytesOf(shape.lhsType)));
    feed(unit.b.spaces.front(), n * k * double(bytesOf(shape.rhsType)));
    const tile::Pipe *pipe = chip.pipe(unit.pipe);
    double perStep = double(unit.m * unit.n * unit.k);
    block.multiply = m * n * k / perStep * unit.cycles +
                     count * (unit.head + (pipe ? double(pipe->gapCycles) : 0.0));
  }

  double drainCycles() {
    auto route = chip.route(unit.c.spaces.front(), chip.global().name);
    if (!route || route->empty())
      return 0;
    // What the vector unit works on leaves the accumulator as it is.
    double element = shape.epilogue ? 4.0 : double(bytesOf(shape.resultType));
    const tile::Path &path = *route->front();
    double rate = path.to == chip.global().name ? globalRate(chip, path, runs.cores, false)
                                                : double(path.bytesPerCycle);
    return m * n * element / rate + startOf(chip, path, rate);
  }

  const ContractionShape &shape;
  MatrixTile tile;
  KSteps steps;
  const tile::Mma &unit;
  const tile::ChipSpec &chip;
  CoreRuns runs;
  double m, n, k; ///< Of the average block.
};

} // namespace

double tessera::stagedCycles(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                             const tile::ChipSpec &chip) {
  std::optional<KSteps> steps = chooseStagedSteps(shape, tile, unit, chip);
  if (!steps)
    return std::numeric_limits<double>::infinity();
  return StagedTime(shape, tile, *steps, unit, chip).cycles();
}
