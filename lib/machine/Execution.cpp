// Blocks over cores: each core's memories, and the addresses of what its operations take.
#include "tessera/machine/Execution.h"
#include "Queues.h"
#include "Syncs.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/StepInputs.h"
#include "tessera/dialect/tile/TileDialect.h"
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>

namespace tessera::machine {
using namespace mlir;
namespace {

constexpr size_t kCacheLine = 64; // kernels may take memories to start on one

/// One memory of a core. Buffers of one space on different cores of a group lie in different ones.
struct Memory {
  void fill() {
    const size_t size = llvm::alignTo(bytes, kCacheLine);
    if (!data)
      data.reset(static_cast<std::byte *>(std::aligned_alloc(kCacheLine, size)));
    if (data)
      std::memset(data.get(), kPoison, size);
  }
  struct Free {
    void operator()(std::byte *memory) const { std::free(memory); }
  };
  size_t bytes = 0;
  std::unique_ptr<std::byte, Free> data;
};

class LaunchExecution {
public:
  LaunchExecution(func::FuncOp kernel, const tile::ChipSpec &chip, const StepCode &code,
                  void *const *arguments, int64_t blocks, uint64_t seed, ExecutionCounts &counts)
      : kernel(kernel), chip(chip), code(code), arguments(arguments), blocks(blocks),
        counts(counts), interpreter(kernel), table(chip), syncs(chip, table), random(seed) {
    auto kind = kernel->getAttrOfType<tile::CoreKindAttr>("tile.cores");
    const tile::Core *core = chip.core(
        kind && kind.getValue() == tile::CoreKind::vector ? chip.vectorCore() : chip.matrixCore());
    // How many cores there are is not the program's business: with few, blocks follow each other.
    const int64_t most = std::min<int64_t>(core ? int64_t(core->count) : 1, blocks);
    cores = 1 + int64_t(random() % uint64_t(std::max<int64_t>(most, 1)));
    order.resize(size_t(std::max<int64_t>(blocks, 0)));
    std::iota(order.begin(), order.end(), int64_t(0));
    std::shuffle(order.begin(), order.end(), random);
  }

  LogicalResult run() {
    if (failed(findPipes()) || failed(layMemories()))
      return failure();
    for (int64_t core = 0; core < std::min(cores, blocks); ++core)
      if (failed(runCore(core)))
        return failure();
    return success();
  }

private:
  LogicalResult findPipes();
  LogicalResult layMemories();
  LogicalResult runCore(int64_t core);
  LogicalResult issue(const Step &step);
  LogicalResult issueSync(const Step &step);
  FailureOr<int64_t> baseOf(const View &view, Operation *op);
  LogicalResult addView(const View &view, Operation *op, SmallVectorImpl<int64_t> &words);
  FailureOr<SmallVector<int64_t, 24>> wordsOf(Operation *op);
  /// On chips without events the text is the order.
  bool byEvents() const { return chip.sync && !chip.isCpu(); }
  static std::pair<std::string, int64_t> placeOf(Operation *buffer);
  static SmallVector<int64_t> indicesOf(scf::ForallOp grid, int64_t block);

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  const StepCode &code;
  void *const *arguments;
  const int64_t blocks;
  ExecutionCounts &counts;
  Interpreter interpreter;
  PipeTable table;
  SyncTable syncs;
  std::mt19937_64 random;
  int64_t cores = 1;
  std::vector<int64_t> order;                                 ///< Of the blocks.
  std::map<std::pair<std::string, int64_t>, Memory> memories; ///< By space and core of the group.
  llvm::DenseMap<int64_t, int64_t> bases; ///< By domain: the address of its first byte.
  llvm::DenseMap<Operation *, tile::StepInputs> inputs;
  std::optional<Queues> queues; ///< Of the core that runs.
};

/// Flags go to all equal cores of the group, so their pipes have to be known before.
LogicalResult LaunchExecution::findPipes() {
  bool fits = true;
  if (byEvents())
    kernel.walk([&](Operation *op) {
      if (const auto pipe = tile::pipeOf(op, chip))
        fits &= table.index({pipe->core, pipe->pipe, pipe->instance}).has_value();
    });
  return fits ? success()
              : kernel.emitError("has more pipes than the ") << kMostPipes << " that a group may";
}

std::pair<std::string, int64_t> LaunchExecution::placeOf(Operation *buffer) {
  if (isa<tile::WorkspaceOp>(buffer))
    return {"workspace", 0};
  auto core = buffer->getAttrOfType<IntegerAttr>("tile.core");
  return {tile::spaceOf(cast<MemRefType>(buffer->getResult(0).getType())).str(),
          core ? core.getInt() : 0};
}

LogicalResult LaunchExecution::layMemories() {
  kernel.walk([&](Operation *op) {
    auto offset = op->getAttrOfType<IntegerAttr>("tile.offset");
    if (!offset || !isa<memref::AllocOp, memref::AllocaOp, tile::WorkspaceOp>(op))
      return;
    auto type = cast<MemRefType>(op->getResult(0).getType());
    const int64_t bytes =
        type.hasStaticShape() && type.getElementType().isIntOrFloat()
            ? type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8))
            : 0;
    size_t &most = memories[placeOf(op)].bytes;
    most = std::max(most, size_t(offset.getInt() + bytes));
  });
  for (auto &[place, memory] : memories) {
    memory.fill();
    if (memory.bytes > 0 && !memory.data)
      return kernel.emitError("needs ") << memory.bytes << " bytes of " << place.first
                                        << ", for which there is not enough memory";
  }
  return success();
}

SmallVector<int64_t> LaunchExecution::indicesOf(scf::ForallOp grid, int64_t block) {
  SmallVector<int64_t> indices(size_t(grid.getRank()));
  for (size_t d = indices.size(); d-- > 0;) {
    const int64_t low = grid.getStaticLowerBound()[d], by = grid.getStaticStep()[d];
    const int64_t trips =
        std::max<int64_t>(int64_t(llvm::divideCeil(grid.getStaticUpperBound()[d] - low, by)), 1);
    indices[d] = low + (d == 0 ? block : block % trips) * by;
    block /= trips;
  }
  return indices;
}

LogicalResult LaunchExecution::runCore(int64_t core) {
  for (auto &[place, memory] : memories)
    memory.fill();
  queues.emplace(table, code, random(), counts);
  auto each = [&](const Step &step) { return issue(step); };
  auto onGrid = [&](scf::ForallOp grid) -> LogicalResult {
    if (ShapedType::isDynamicShape(grid.getStaticLowerBound()) ||
        ShapedType::isDynamicShape(grid.getStaticUpperBound()) ||
        ShapedType::isDynamicShape(grid.getStaticStep()))
      return grid.emitOpError("has bounds that are not known");
    for (int64_t at = core; at < blocks; at += cores)
      if (failed(interpreter.walkBlock(grid, indicesOf(grid, order[size_t(at)]), each)))
        return failure();
    return success();
  };
  const LogicalResult walked = interpreter.grids().empty()
                                   ? interpreter.walkBlock(nullptr, {}, each)
                                   : interpreter.walkCore(each, onGrid);
  return failed(walked) ? failure() : queues->finish();
}

LogicalResult LaunchExecution::issue(const Step &step) {
  if (tile::isSync(step.op))
    return byEvents() ? issueSync(step) : success();
  auto words = wordsOf(step.op);
  if (failed(words))
    return failure();
  if (!byEvents()) {
    code.perform(step.op, *words);
    ++counts.operations;
    return success();
  }
  const auto id = tile::pipeOf(step.op, chip);
  const auto pipe = id ? table.index({id->core, id->pipe, id->instance}) : std::nullopt;
  if (!pipe)
    return step.op->emitOpError("is done by no pipe of chip ") << chip.name;
  QueuedStep queued;
  queued.op = step.op;
  queued.words = std::move(*words);
  return queues->push(*pipe, std::move(queued));
}

LogicalResult LaunchExecution::issueSync(const Step &step) {
  auto set = dyn_cast<tile::CrossSetOp>(step.op);
  auto wait = dyn_cast<tile::CrossWaitOp>(step.op);
  if ((set && set.getMode() == 0) || (wait && wait.getMode() == 0))
    return step.op->emitOpError("joins all cores of a kind, but each is run by itself");
  FailureOr<TimedStep> timed = syncs.of(step);
  if (failed(timed))
    return failure();
  QueuedStep queued;
  queued.op = step.op;
  queued.sync = timed->sync;
  queued.channel = timed->channel;
  queued.flag = timed->flag;
  return queues->push(timed->pipe, std::move(queued));
}

FailureOr<int64_t> LaunchExecution::baseOf(const View &view, Operation *op) {
  auto address = [](const void *pointer) { return int64_t(reinterpret_cast<intptr_t>(pointer)); };
  if (view.argument >= 0)
    return address(arguments[view.argument]);
  auto [entry, fresh] = bases.try_emplace(view.domain, 0);
  Operation *source = view.whole.getDefiningOp();
  if (auto global = dyn_cast<memref::GetGlobalOp>(source)) {
    if (fresh)
      entry->second = address(code.constant(global.getName())) - view.base;
  } else if (!source->hasAttr("tile.offset")) {
    return op->emitOpError("uses a buffer without a planned address");
  } else if (fresh) {
    entry->second = address(memories[placeOf(source)].data.get());
  }
  return entry->second;
}

LogicalResult LaunchExecution::addView(const View &view, Operation *op,
                                       SmallVectorImpl<int64_t> &words) {
  FailureOr<int64_t> base = baseOf(view, op);
  if (failed(base))
    return failure();
  if (view.elements() > 0 && (view.begin() < view.base || view.end() > view.base + view.wholeBytes))
    return op->emitOpError("reaches from byte ")
           << view.begin() - view.base << " to " << view.end() - view.base << " of a buffer of "
           << view.wholeBytes;
  words.push_back(*base + view.begin());
  words.append(view.sizes.begin(), view.sizes.end());
  words.append(view.strides.begin(), view.strides.end());
  return success();
}

FailureOr<SmallVector<int64_t, 24>> LaunchExecution::wordsOf(Operation *op) {
  auto [entry, fresh] = inputs.try_emplace(op);
  if (fresh)
    entry->second = tile::stepInputs(op);
  SmallVector<int64_t, 24> words;
  for (Value argument : entry->second.arguments) {
    if (const View *view = interpreter.viewOf(argument)) {
      if (failed(addView(*view, op, words)))
        return failure();
    } else if (const auto value = interpreter.valueOf(argument)) {
      words.push_back(*value);
    } else {
      return op->emitOpError("needs a value that is not known before the program runs");
    }
  }
  return words;
}

} // namespace

LogicalResult executeLaunch(func::FuncOp kernel, const tile::ChipSpec &chip, const StepCode &code,
                            void *const *arguments, int64_t blocks, uint64_t seed,
                            ExecutionCounts &counts) {
  return LaunchExecution(kernel, chip, code, arguments, blocks, seed, counts).run();
}

} // namespace tessera::machine
