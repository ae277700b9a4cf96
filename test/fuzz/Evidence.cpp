// Counts, and a walk of @main that knows whose value each byte of the arena holds.
#include "Evidence.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "llvm/ADT/MapVector.h"
#include <algorithm>

namespace tessera::test {
using namespace mlir;
namespace {

/// Where every buffer of an arena begins at least.
constexpr int64_t kAlign = 64;
constexpr int64_t kManyLive = 16;

struct Effect {
  bool reads = false, writes = false;
};

/// What an operation does to one of its buffers.
Effect effectOn(Operation *op, Value buffer) {
  Effect effect;
  SmallVector<MemoryEffects::EffectInstance> list;
  if (auto interface = dyn_cast<MemoryEffectOpInterface>(op))
    interface.getEffects(list);
  for (const MemoryEffects::EffectInstance &one : list)
    if (one.getValue() == buffer) {
      effect.reads |= isa<MemoryEffects::Read>(one.getEffect());
      effect.writes |= isa<MemoryEffects::Write>(one.getEffect());
    }
  // The old elements of an output are read only by a body that uses them.
  if (auto vector = dyn_cast<tile::VectorOp>(op); vector && effect.writes) {
    effect.reads = llvm::is_contained(vector.getInputs(), buffer);
    for (auto [output, old] : llvm::zip_equal(
             vector.getOutputs(),
             vector.getBody().front().getArguments().take_back(vector.getOutputs().size())))
      effect.reads |= output == buffer && !old.use_empty();
  }
  // Sums begin in the kernel that adds them up, so their accumulators bring nothing from outside.
  if (auto mma = dyn_cast<tile::MmaOp>(op))
    effect.reads &= buffer != mma.getAccumulator();
  if (auto rows = dyn_cast<tile::RowReduceOp>(op))
    effect.reads &= !llvm::is_contained(rows.getOutputs(), buffer);
  // Nor does an operator that has not been placed read what its result replaces.
  if (auto placed = dyn_cast<DestinationStyleOpInterface>(op))
    effect.reads &= !llvm::is_contained(placed.getDpsInits(), buffer);
  return effect;
}

/// What a function does to an argument, through all views of it. It reads only what it has not
/// written before, in textual order.
Effect effectOf(func::FuncOp kernel, unsigned index) {
  Effect effect;
  llvm::SmallDenseSet<Value> views{kernel.getArgument(index)};
  kernel.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (Value operand : op->getOperands()) {
      if (!views.contains(operand))
        continue;
      if (op->getNumResults() == 1 && isa<MemRefType>(op->getResult(0).getType())) {
        views.insert(op->getResult(0));
        continue;
      }
      const Effect one = effectOn(op, operand);
      effect.reads |= one.reads && !effect.writes;
      effect.writes |= one.writes;
    }
  });
  return effect;
}

struct Buffer {
  int64_t begin = 0, end = 0, first = -1, last = -1;
};

class Arena {
public:
  Arena(ModuleOp module, func::FuncOp entry) : module(module), entry(entry) {}

  std::string run() {
    int64_t time = 0;
    for (Operation &op : entry.getBody().front()) {
      if (auto view = dyn_cast<memref::ViewOp>(op))
        add(view);
      else if (op.getNumResults() == 1 && op.getNumOperands() > 0 &&
               base.contains(op.getOperand(0)) && isa<MemRefType>(op.getResult(0).getType()))
        base[op.getResult(0)] = base[op.getOperand(0)];
      else if (!op.hasTrait<OpTrait::IsTerminator>())
        touch(&op, time++);
      if (!wrong.empty())
        return wrong;
    }
    return "";
  }

  /// The arena over what is live at the worst point, or nothing where too few are live.
  std::optional<double> gap(int64_t bytes) const {
    int64_t most = 0, count = 0;
    for (const auto &[value, at] : buffers) {
      int64_t live = 0, together = 0;
      for (const auto &[value2, one] : buffers)
        if (one.first >= 0 && one.first <= at.first && at.first <= one.last) {
          live += llvm::alignTo(one.end - one.begin, kAlign);
          ++together;
        }
      most = std::max(most, live);
      count = std::max(count, together);
    }
    if (count < kManyLive || most == 0)
      return std::nullopt;
    return double(llvm::alignTo(bytes, kAlign)) / double(most);
  }

  size_t size() const { return buffers.size(); }

private:
  void add(memref::ViewOp view) {
    APInt offset;
    if (!matchPattern(view.getByteShift(), m_ConstantInt(&offset)))
      return;
    const MemRefType type = view.getType();
    const int64_t bytes =
        type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    buffers[view] = {offset.getSExtValue(), offset.getSExtValue() + bytes, -1, -1};
    base[view] = view;
  }

  void touch(Operation *op, int64_t time) {
    func::FuncOp kernel;
    if (auto launch = dyn_cast<tile::LaunchOp>(op))
      kernel = module.lookupSymbol<func::FuncOp>(launch.getKernel());
    SmallVector<std::pair<Value, Effect>> touched;
    for (OpOperand &operand : op->getOpOperands()) {
      auto found = base.find(operand.get());
      if (found == base.end())
        continue;
      Buffer &buffer = buffers[found->second];
      buffer.first = buffer.first < 0 ? time : buffer.first;
      buffer.last = time;
      touched.push_back({found->second, kernel ? effectOf(kernel, operand.getOperandNumber())
                                               : effectOn(op, operand.get())});
    }
    for (const auto &[value, effect] : touched) {
      const Buffer &one = buffers[value];
      for (const auto &[value2, effect2] : touched) {
        const Buffer &other = buffers[value2];
        if (value != value2 && effect.writes && one.begin < other.end && other.begin < one.end)
          return say(op, "has two buffers at the same place, one of them written");
      }
      if (effect.reads && !owns(value))
        return say(op, "reads a buffer that another has been written over, or nothing into");
    }
    for (const auto &[value, effect] : touched)
      if (effect.writes)
        write(value);
  }

  /// Whether each byte of the buffer holds what was written to it.
  bool owns(Value value) {
    const Buffer &buffer = buffers[value];
    int64_t at = buffer.begin;
    for (const auto &[begin, owned] : owners)
      if (owned.second == value && begin <= at && at < owned.first)
        at = owned.first;
    return at >= buffer.end;
  }

  void write(Value value) {
    const Buffer &buffer = buffers[value];
    std::map<int64_t, std::pair<int64_t, Value>> rest;
    for (const auto &[begin, owned] : owners) {
      if (begin < std::min(owned.first, buffer.begin))
        rest[begin] = {std::min(owned.first, buffer.begin), owned.second};
      if (owned.first > std::max(begin, buffer.end))
        rest[std::max(begin, buffer.end)] = owned;
    }
    rest[buffer.begin] = {buffer.end, value};
    owners = std::move(rest);
  }

  void say(Operation *op, const char *what) {
    llvm::raw_string_ostream(wrong) << "arena: " << *op << " " << what;
  }

  ModuleOp module;
  func::FuncOp entry;
  llvm::MapVector<Value, Buffer> buffers;
  DenseMap<Value, Value> base;                         ///< Of each view: the buffer in the arena.
  std::map<int64_t, std::pair<int64_t, Value>> owners; ///< By first byte: the end, and whose.
  std::string wrong;
};

void count(ModuleOp module, const tile::ChipSpec &chip, const TileCounts &tiles,
           Evidence &evidence) {
  module.walk([&](Operation *op) {
    if (auto launch = dyn_cast<tile::LaunchOp>(op)) {
      ++evidence.launches;
      const tile::Core *core = chip.core(
          launch.getCores() == tile::CoreKind::vector ? chip.vectorCore() : chip.matrixCore());
      evidence.waves += core && tiles.lookup(launch.getKernel()) > core->count;
      return;
    }
    evidence.buffers += isa<memref::AllocOp>(op);
    if (!op->getDialect() || !isa<tile::TileDialect>(op->getDialect()))
      return;
    if (isa<tile::SetEventOp, tile::WaitEventOp>(op))
      ++evidence.events;
    else if (isa<tile::CrossSetOp, tile::CrossWaitOp>(op))
      ++evidence.flags;
    else if (isa<tile::PipeBarrierOp>(op))
      ++evidence.barriers;
    else if (isa<tile::WorkspaceOp>(op))
      ++evidence.workspaces;
    else if (!isa<tile::YieldOp, tile::ApplyOp>(op)) {
      ++evidence.operations;
      ++evidence.operators[op->getName().stripDialect().str()];
    }
  });
  for (auto function : module.getOps<func::FuncOp>())
    evidence.kernels += function->hasAttr("tile.kernel");
}

} // namespace

TileCounts tileCounts(ModuleOp module) {
  TileCounts counts;
  for (auto kernel : module.getOps<func::FuncOp>())
    kernel.walk([&](scf::ForallOp tiles) {
      int64_t count = 1;
      for (auto [from, to, step] : llvm::zip_equal(
               tiles.getStaticLowerBound(), tiles.getStaticUpperBound(), tiles.getStaticStep()))
        count *= llvm::divideCeil(to - from, step);
      counts[kernel.getName()] += count;
    });
  return counts;
}

std::string examine(ModuleOp program, const tile::ChipSpec &chip, const TileCounts &tiles,
                    Evidence &evidence) {
  count(program, chip, tiles, evidence);
  auto entry = program.lookupSymbol<func::FuncOp>("main");
  auto bytes = program->getAttrOfType<IntegerAttr>("tile.arena_bytes");
  if (!entry || !bytes)
    return "arena: the program has none";
  Arena arena(program, entry);
  const std::string wrong = arena.run();
  if (!wrong.empty())
    return wrong;
  if (const auto gap = arena.gap(bytes.getInt()))
    evidence.gaps.push_back(*gap);
  return "";
}

} // namespace tessera::test
