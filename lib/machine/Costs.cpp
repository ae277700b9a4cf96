// Copies, matrix steps and fills. VectorCosts.cpp has the bodies of vector operations.
#include "Costs.h"
#include "tessera/dialect/tile/TileDialect.h"
#include <cmath>
#include <limits>
#include <numeric>

namespace tessera::machine {
using namespace mlir;

static constexpr double kNoLimit = std::numeric_limits<double>::infinity();

SharedRates::SharedRates(const tile::ChipSpec &chip, int64_t activeCores, double coldReads,
                         double coldWrites, bool inNear)
    : readWarm(kNoLimit), readCold(kNoLimit), writeWarm(kNoLimit), writeCold(kNoLimit) {
  const double cores = double(std::max<int64_t>(activeCores, 1));
  auto limit = [](double &rate, double most) {
    if (most > 0)
      rate = std::min(rate, most);
  };
  if (inNear) {
    limit(readWarm, chip.shared.front().readPerCore);
    limit(writeWarm, chip.shared.front().writePerCore);
  } else if (const tile::SharedLevel *cache = chip.sharedCache()) {
    limit(readWarm, cache->readPerCore);
    limit(writeWarm, cache->writePerCore);
    limit(readWarm, cache->total / cores);
    limit(writeWarm, cache->total / cores);
    limit(readCold, cache->coldRate);
  }
  if (const tile::SharedLevel *memory = chip.mainMemory()) {
    limit(readCold, memory->readPerCore);
    limit(writeCold, memory->writePerCore);
    if (coldReads > 0)
      limit(readCold, memory->total / (cores * coldReads));
    if (coldWrites > 0)
      limit(writeCold, memory->total / (cores * coldWrites));
  }
}

double SharedRates::mix(double path, double warm, double cold, double share) {
  const double slow = std::min({path, warm, cold}), fast = std::min(path, warm);
  return 1.0 / ((1.0 - share) / fast + share / slow);
}

double CostModel::coldShare(const View &view) const {
  return view.argument >= 0 && size_t(view.argument) < cold.size() ? cold[view.argument] : 0.0;
}

/// Cycles of the requests that rows of so many bytes are cut into. The pattern of cuts repeats
/// with the largest request, so that many rows stand for all.
static double requestCycles(const tile::Path &path, int64_t begin, int64_t rowBytes,
                            int64_t strideBytes, int64_t rows, double rate) {
  const int64_t largest = std::max<int64_t>(path.requestSizes.back(), 1);
  const int64_t step = ((strideBytes % largest) + largest) % largest;
  const int64_t period = std::min(rows, largest / std::gcd(step ? step : largest, largest));
  double cycles = 0;
  for (int64_t row = 0; row < period; ++row) {
    int64_t at = (((begin + row * step) % largest) + largest) % largest;
    // Whole largest requests in the middle of a row need no loop.
    int64_t left = rowBytes;
    while (left > 0) {
      if (at % largest == 0 && left >= largest) {
        const int64_t whole = left / largest;
        cycles += double(whole) * std::max<double>(path.requestCycles, double(largest) / rate);
        left -= whole * largest;
        continue;
      }
      int64_t piece = std::min(left, int64_t(path.requestSizes.front()) -
                                         at % int64_t(path.requestSizes.front()));
      for (int64_t size : path.requestSizes)
        if (size > 0 && at % size == 0 && size <= left)
          piece = size;
      cycles += std::max<double>(path.requestCycles, double(piece) / rate);
      at += piece;
      left -= piece;
    }
  }
  return cycles * double(rows) / double(std::max<int64_t>(period, 1));
}

/// What is one run of bytes on both sides of a copy, in the order in which `moved` holds them. A
/// matrix that is cut into blocks, or made of them, leaves rows of blocks.
static View::Rows sharedRuns(const View &from, const View &to, const View &moved) {
  View::Rows rows = moved.rows();
  int64_t length = std::min({rows.length, from.rows().length, to.rows().length});
  if (from.sizes.size() != to.sizes.size())
    for (const View *side : {&from, &to})
      if (side->sizes.size() == 4)
        length = std::min(length, side->sizes.back());
  if (length >= rows.length || length <= 0)
    return rows;
  rows.count = llvm::divideCeil(moved.elements(), length);
  rows.length = rows.stride = length;
  return rows;
}

/// Fixed cost, the half-saturation size, and the bytes at the rate given, in requests where the
/// path cuts them; between scratchpads rows are rounded up to the coarser granule.
double CostModel::transferCycles(const tile::Path &path, const View &moved, const View::Rows &rows,
                                 double rate) const {
  int64_t rowBytes = rows.length * moved.elementBytes;
  if (rows.count * rowBytes == 0)
    return path.fixedCycles;
  const double start = path.fixedCycles + path.halfBytes / rate;
  if (!path.requestSizes.empty() && path.requestSizes.front() > 0)
    return start + requestCycles(path, moved.begin(), rowBytes, rows.stride * moved.elementBytes,
                                 rows.count, rate);
  int64_t granule = 1;
  for (StringRef side : {path.from, path.to})
    if (const tile::Memory *memory = chip.memory(side))
      granule = std::max<int64_t>(granule, memory->granule);
  rowBytes = int64_t(llvm::divideCeil(rowBytes, granule)) * granule;
  return start + double(rows.count * rowBytes) / rate;
}

FailureOr<Cost> CostModel::ofCopy(const Step &step, const View &from, const View &to,
                                  const View &moved) const {
  const tile::Path *path = chip.path(from.space, to.space);
  if (!path)
    return step.op->emitOpError("moves from ")
           << from.space << " to " << to.space << ", for which chip " << chip.name
           << " has no path";
  const StringRef global = chip.global().name;
  double rate = path->bytesPerCycle;
  if (from.space == global)
    rate = rates.read(rate, coldShare(from));
  if (to.space == global)
    rate = rates.write(rate, coldShare(to));
  Cost cost;
  cost.pipe = {path->core, path->pipe};
  cost.from = path->from;
  cost.to = path->to;
  cost.bytes = moved.bytes();
  cost.cycles = transferCycles(
      *path, moved, path->wholeRanges ? sharedRuns(from, to, moved) : moved.rows(), rate);
  cost.readBytes = from.space == global ? moved.bytes() : 0;
  cost.writeBytes = to.space == global ? moved.bytes() : 0;
  return cost;
}

/// The last two extents are the rows and columns of the matrix that it makes.
FailureOr<Cost> CostModel::ofGather(const Step &step, tile::Im2colOp gather) const {
  const View &from = step.operands[0].view, &to = step.operands[1].view;
  View matrix = to;
  const auto extents = step.extents.take_back(2);
  matrix.sizes = {extents[0], extents[1]};
  matrix.strides = {extents[1], 1};
  FailureOr<Cost> cost = ofCopy(step, from, to, matrix);
  const tile::VectorUnit *unit = chip.vectorFor();
  if (failed(cost) || !unit || !unit->registers)
    return cost;
  // A line of a window is copied through registers: one that does not fill the last has a tail.
  const int64_t places = gather.getDilations()[1] == 1 ? gather.getKernel()[1] : 1;
  const int64_t line = std::max<int64_t>(from.sizes.back() * places, 1);
  if (line * from.elementBytes % unit->bytes != 0)
    cost->cycles += double(extents[0] * (extents[1] / line)) * double(unit->tail);
  return cost;
}

/// Bytes that a unit reads and writes in the global memory directly, as a CPU's units do: it runs
/// no faster than the shared levels deliver them.
void CostModel::countGlobal(const Step &step, Cost &cost) const {
  double cycles = 0;
  for (const Step::Operand &operand : step.operands) {
    if (operand.view.space != chip.global().name)
      continue;
    const double bytes = double(operand.view.bytes()), share = coldShare(operand.view);
    if (operand.writes) {
      cost.writeBytes += operand.view.bytes();
      cycles += bytes / rates.write(kNoLimit, share);
    } else {
      cost.readBytes += operand.view.bytes();
      cycles += bytes / rates.read(kNoLimit, share);
    }
  }
  cost.cycles = std::max(cost.cycles, cycles);
}

FailureOr<Cost> CostModel::ofMma(const Step &step) const {
  const View &a = step.operands[0].view, &b = step.operands[1].view, &c = step.operands[2].view;
  const tile::Mma *unit = chip.mmaFor(a.type, b.type, c.type);
  if (!unit)
    unit = chip.mmaFor(a.type, b.type);
  if (!unit)
    return step.op->emitOpError("multiplies ")
           << a.type << " by " << b.type << ", which chip " << chip.name << " does not do";
  const int64_t m = step.extents[0], n = step.extents[1], k = step.extents[2];
  Cost cost;
  cost.pipe = {unit->core, unit->pipe};
  cost.cycles = unit->cyclesFor(m, n, k);
  // With the right operand in panels a step is made of registers, and the last ones of a row and of
  // a column of the result only of as many as are needed.
  if (const tile::VectorUnit *vector = chip.vectorFor();
      unit->b.panel > 0 && vector && vector->registers) {
    const int64_t lanes = std::max<int64_t>(vector->bytes / c.elementBytes, 1);
    const double wide = double(llvm::divideCeil(n, lanes) * lanes) / double(unit->n);
    cost.cycles = unit->head + double(m) / double(unit->m) * wide *
                                   double(llvm::divideCeil(k, int64_t(unit->k))) * unit->cycles;
  }
  cost.macs = double(m) * double(n) * double(k);
  cost.macType = unit->types.a;
  cost.idealCycles = cost.macs * unit->cycles / double(unit->m * unit->n * unit->k);
  countGlobal(step, cost);
  return cost;
}

/// A kernel of a CPU, which all cores have a share of. It waits for the right operand, which few
/// products use when it comes first; packing is hidden beside those.
FailureOr<Cost> CostModel::ofProduct(const Step &step, tile::MatmulOp op) const {
  const View &a = step.operands[0].view, &b = step.operands[1].view, &c = step.operands[2].view;
  const tile::Mma *unit = chip.isCpu() && op.getWhole() ? chip.mmaFor(a.type, b.type) : nullptr;
  FailureOr<const tile::VectorUnit *> vector = unitOf(step);
  if (!unit || failed(vector))
    return step.op->emitOpError("is not placed on a pipe yet, so it cannot be timed");
  const int64_t n = c.sizes.back(), k = a.sizes.end()[op.getTransposeLhs() ? -2 : -1];
  const int64_t rows = c.elements() / std::max<int64_t>(n, 1);
  const int64_t lanes = std::max<int64_t>((*vector)->bytes / c.elementBytes, 1);
  const double wide = double(llvm::divideCeil(n, lanes) * lanes) / double(unit->n);
  const tile::Core *core = chip.core(unit->core);
  Cost cost;
  cost.pipe = {unit->core, unit->pipe};
  cost.macs = double(rows) * double(n) * double(k);
  cost.macType = unit->types.a;
  cost.idealCycles = cost.macs * unit->cycles / double(unit->m * unit->n * unit->k);
  cost.cycles = unit->head +
                double(rows) / double(unit->m) * wide *
                    double(llvm::divideCeil(k, int64_t(unit->k))) * unit->cycles +
                double(b.bytes()) / rates.read(kNoLimit, coldShare(b));
  countGlobal(step, cost);
  cost.cycles /= double(core ? std::max<int64_t>(core->count, 1) : 1);
  return cost;
}

/// A kernel of a CPU: both products at the matrix unit's rate, and between them the instructions of
/// the softmax on each register of scores.
FailureOr<Cost> CostModel::ofAttention(const Step &step) const {
  const View &q = step.operands[0].view, &k = step.operands[1].view, &v = step.operands[2].view;
  const tile::Mma *unit = chip.isCpu() ? chip.mmaFor(q.type, k.type) : nullptr;
  FailureOr<const tile::VectorUnit *> vector = unitOf(step);
  if (!unit || failed(vector))
    return step.op->emitOpError("is not placed on a pipe yet, so it cannot be timed");
  const int64_t rows = q.sizes[0], depth = q.sizes[1], keys = k.sizes[0], width = v.sizes[1];
  Cost cost;
  cost.pipe = {unit->core, unit->pipe};
  cost.macs = double(rows) * double(keys) * double(depth + width);
  cost.macType = unit->types.a;
  cost.idealCycles = cost.macs * unit->cycles / double(unit->m * unit->n * unit->k);
  // Queries lie in the lanes.
  const int64_t lanes = std::max<int64_t>((*vector)->bytes / q.elementBytes, 1);
  const double registers = double(llvm::divideCeil(rows, lanes)) * double(keys);
  const double full = double(llvm::divideCeil(rows, lanes) * lanes) / double(rows);
  cost.cycles = unit->head + full * cost.idealCycles;
  for (StringRef op : {"max", "sub", "exp", "add"})
    cost.cycles += registers * (*vector)->cyclesPerRepeatOf(op);
  cost.vectorOps = 4 * double(rows) * double(keys);
  countGlobal(step, cost);
  return cost;
}

FailureOr<const tile::VectorUnit *> CostModel::unitOf(const Step &step) const {
  const tile::VectorUnit *unit = chip.vectorFor();
  if (!unit)
    return step.op->emitOpError("needs a vector unit, which chip ") << chip.name << " has not";
  return unit;
}

FailureOr<Cost> CostModel::ofFill(const Step &step) const {
  FailureOr<const tile::VectorUnit *> unit = unitOf(step);
  if (failed(unit))
    return failure();
  const View &target = step.operands[0].view;
  Cost cost;
  cost.pipe = {(*unit)->core, (*unit)->pipe};
  cost.cycles = (*unit)->cyclesFor("fill", target.bytes());
  // A memory that the vector unit does not reach is cleared by the pipe that fills it.
  if (!(*unit)->allowsSpace(target.space))
    for (const tile::Path &path : chip.paths)
      if (path.to == target.space) {
        cost.pipe = {path.core, path.pipe};
        cost.cycles = path.cyclesFor(double(target.bytes()));
        break;
      }
  countGlobal(step, cost);
  return cost;
}

FailureOr<Cost> CostModel::ofWindow(const Step &step) const {
  FailureOr<const tile::VectorUnit *> unit = unitOf(step);
  if (failed(unit))
    return failure();
  auto window = cast<tile::WindowOp>(step.op);
  int64_t places = 1;
  for (int64_t extent : window.getKernel())
    places *= extent;
  const View &out = step.operands.back().view;
  const double repeats =
      std::ceil(double(out.bytes()) / double(std::max<int64_t>((*unit)->bytes, 1)));
  SmallVector<StringRef, 2> ops;
  if (window.getKind() == tile::WindowKind::fma)
    ops = {"mul", "add"};
  else
    ops = {window.getKind() == tile::WindowKind::max ? "max" : "add"};
  Cost cost;
  cost.pipe = {(*unit)->core, (*unit)->pipe};
  for (StringRef op : ops)
    cost.cycles +=
        double(places) * repeats * (*unit)->cyclesPerRepeatOf(op) +
        ((*unit)->registers ? 0 : double(places)) * ((*unit)->headOf(op) + (*unit)->tailOf(op));
  if ((*unit)->registers)
    cost.cycles += (*unit)->head + (*unit)->tail;
  countGlobal(step, cost);
  return cost;
}

FailureOr<Cost> CostModel::ofVector(const Step &step) const {
  FailureOr<const tile::VectorUnit *> unit = unitOf(step);
  if (failed(unit))
    return failure();
  auto maps = step.op->getAttrOfType<ArrayAttr>("indexing_maps");
  SmallVector<int64_t, 4> extents;
  int64_t elementBytes = 1;
  for (auto [operand, attr] : llvm::zip(step.operands, maps)) {
    AffineMap map = cast<AffineMapAttr>(attr).getValue();
    extents.resize(map.getNumDims(), 1);
    elementBytes = std::max(elementBytes, operand.view.elementBytes);
    for (auto [d, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && d < operand.view.sizes.size())
        extents[dim.getPosition()] = operand.view.sizes[d];
  }
  Cost cost;
  cost.pipe = {(*unit)->core, (*unit)->pipe};
  const tile::Memory *memory =
      (*unit)->spaces.empty() ? nullptr : chip.memory((*unit)->spaces.front());
  cost.cycles =
      vectorCycles(**unit, step.op, extents, elementBytes, memory ? int64_t(memory->granule) : 1);
  cost.vectorOps = double(llvm::range_size(step.op->getRegion(0).front().without_terminator()));
  for (int64_t extent : extents)
    cost.vectorOps *= double(extent);
  countGlobal(step, cost);
  return cost;
}

FailureOr<Cost> CostModel::of(const Step &step) const {
  FailureOr<Cost> cost = ofKind(step);
  if (failed(cost))
    return failure();
  // A core of which its group has several works on the buffers that are its own.
  for (const Step::Operand &operand : step.operands)
    if (const tile::Memory *memory = chip.memory(operand.view.space);
        memory && memory->owner == cost->pipe.core)
      cost->pipe.instance = std::max(cost->pipe.instance, operand.view.core);
  return cost;
}

FailureOr<Cost> CostModel::ofKind(const Step &step) const {
  auto view = [&](size_t i) -> const View & { return step.operands[i].view; };
  // The side that has only the valid extents says what moves: the matrix, or what there is of it.
  auto smaller = [&]() -> const View & {
    return view(0).elements() <= view(1).elements() ? view(0) : view(1);
  };
  if (isa<tile::CopyOp>(step.op))
    return ofCopy(step, view(0), view(1), smaller());
  if (auto gather = dyn_cast<tile::Im2colOp>(step.op))
    return ofGather(step, gather);
  if (isa<tile::FixpipeOp, tile::PackOp>(step.op))
    return ofCopy(step, view(0), view(1), view(1));
  if (isa<tile::MmaOp>(step.op))
    return ofMma(step);
  if (auto product = dyn_cast<tile::MatmulOp>(step.op))
    return ofProduct(step, product);
  if (isa<tile::AttentionOp>(step.op))
    return ofAttention(step);
  if (isa<tile::VectorOp, tile::RowReduceOp>(step.op))
    return ofVector(step);
  if (isa<tile::FillOp>(step.op))
    return ofFill(step);
  if (isa<tile::WindowOp>(step.op))
    return ofWindow(step);
  return step.op->emitOpError("is not placed on a pipe yet, so it cannot be timed");
}

} // namespace tessera::machine
