// Blocks over cores: each class of blocks is walked once, each sequence of blocks timed once.
#include "Launch.h"
#include "BlockWork.h"
#include "Timeline.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include <cmath>
#include <map>
#include <utility>

namespace tessera::machine {
using namespace mlir;
namespace {

/// A run of equal blocks longer than this goes on at the pace of its last one.
constexpr int64_t kSimulatedRun = 4;

class Launch {
public:
  Launch(func::FuncOp kernel, const tile::ChipSpec &chip, StringRef cores, ArrayRef<bool> isCold,
         TimingOptions options)
      : kernel(kernel), chip(chip), isCold(isCold), options(options), interpreter(kernel),
        table(chip), syncs(chip, table) {
    kind = cores == "vector" ? chip.vectorCore() : chip.matrixCore();
    const tile::Core *core = chip.core(kind);
    coresOfChip = core ? std::max<int64_t>(core->count, 1) : 1;
    clockMHz = core ? double(core->clockMHz) : 1.0;
    time.name = kernel.getName().str();
    time.cores = cores.str();
  }

  FailureOr<KernelTime> run() {
    if (failed(findSyncs()))
      return failure();
    if (interpreter.grids().empty()) {
      BlockList one;
      one.classOf = {0};
      one.representatives.emplace_back();
      if (failed(addGrid(nullptr, one)))
        return failure();
    }
    for (scf::ForallOp grid : interpreter.grids()) {
      FailureOr<BlockList> list = interpreter.blocks(grid);
      if (failed(list) || failed(addGrid(grid, *list)))
        return failure();
    }
    finish();
    return time;
  }

private:
  LogicalResult addGrid(scf::ForallOp grid, const BlockList &list);
  LogicalResult findSyncs();
  double coreCycles(ArrayRef<int32_t> sequence, ArrayRef<BlockWork> works, WhatIf what = {},
                    Timeline *timeline = nullptr);
  bool isNear();
  void explain(ArrayRef<int32_t> sequence, ArrayRef<BlockWork> works);
  double slowestCore(const BlockList &list, ArrayRef<BlockWork> works, int64_t cores);
  double levelCycles(double reads, double writes, double coldBytes);
  void addFirstLoads(ArrayRef<BlockWork> works, int64_t cores);
  void finish();

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  ArrayRef<bool> isCold;
  TimingOptions options;
  Interpreter interpreter;
  PipeTable table;
  SyncTable syncs;
  StringRef kind;
  int64_t coresOfChip = 1;
  double clockMHz = 1, globalBytes = 0, idealMatrixCycles = 0;
  Traffic traffic;
  bool byEvents = false;        ///< The kernel orders its pipes itself.
  bool sharedOut = false;       ///< Its one block is shared out to all cores.
  std::vector<TimedStep> first; ///< What a core sets before its blocks.
  KernelTime time;
};

/// A kernel with events is timed by them. What stands before the grid is issued once per core.
LogicalResult Launch::findSyncs() {
  kernel.walk([&](Operation *op) {
    byEvents |= tile::isSync(op);
    sharedOut |= isa<tile::MatmulOp>(op);
  });
  bool before = true;
  auto add = [&](const Step &step) -> LogicalResult {
    FailureOr<TimedStep> timed = syncs.of(step);
    if (succeeded(timed) && before)
      first.push_back(*timed);
    return timed;
  };
  auto grid = [&](scf::ForallOp) {
    before = false;
    return success();
  };
  return interpreter.grids().empty() ? success() : interpreter.walkCore(add, grid);
}

/// Whether a core's own cache, where the file lists one, holds all that the kernel touches.
bool Launch::isNear() {
  if (chip.shared.size() < 3 || llvm::is_contained(isCold, true))
    return false;
  int64_t bytes = 0;
  for (Type argument : kernel.getArgumentTypes())
    if (auto type = dyn_cast<MemRefType>(argument); type && type.hasStaticShape())
      bytes += type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
  return bytes <= chip.shared.front().bytes;
}

double Launch::coreCycles(ArrayRef<int32_t> sequence, ArrayRef<BlockWork> works, WhatIf what,
                          Timeline *timeline) {
  // Events are those of the slots there are; more slots would have others.
  Pipes pipes(table, byEvents && !what.manySlots, what);
  for (const TimedStep &step : first)
    pipes.issue(step);
  double firstLoad = chip.firstLoadUs * clockMHz, shared = 0;
  for (size_t i = 0; i < sequence.size();) {
    size_t run = i;
    while (run < sequence.size() && sequence[run] == sequence[i])
      ++run;
    const int64_t length = int64_t(run - i), simulated = std::min(length, kSimulatedRun);
    double pace = 0;
    for (int64_t block = 0; block < simulated; ++block) {
      const double before = pipes.end();
      pipes.beginBlock([&](int64_t domain) { return traffic.ofArguments.contains(domain); });
      const BlockWork &work = works[sequence[i]];
      for (const TimedStep &step : work.steps) {
        const double late = step.loads ? std::exchange(firstLoad, 0.0) : 0.0;
        const double end = pipes.issue(step, late);
        if (timeline && step.op)
          timeline->add(step, end - step.cycles - late, step.cycles + late, int64_t(i) + block);
      }
      // What several pipes move at once is no faster than the cache they share.
      shared += what.fastLevel ? 0.0 : work.levelCycles;
      if (pipes.end() < shared)
        pipes.shift(shared - pipes.end());
      pace = pipes.end() - before;
    }
    pipes.shift(pace * double(length - simulated));
    shared += works[sequence[i]].levelCycles * double(length - simulated);
    i = run;
  }
  return pipes.end();
}

/// Times the slowest core again, to keep what it does and with one thing better at a time.
void Launch::explain(ArrayRef<int32_t> sequence, ArrayRef<BlockWork> works) {
  if (options.timeline) {
    Timeline timeline;
    coreCycles(sequence, works, {}, &timeline);
    timeline.finish(time, table);
  }
  if (!options.savings)
    return;
  const double now = coreCycles(sequence, works);
  auto keep = [&](WhatIf what, std::string pipe, std::string text) {
    const double saved = now - coreCycles(sequence, works, what);
    time.savings.push_back({std::move(pipe), std::move(text), saved / clockMHz});
  };
  for (uint32_t pipe = 0; pipe < table.size(); ++pipe)
    keep({.fastPipe = pipe}, table.name(pipe), "");
  if (!byEvents)
    keep({.manySlots = true}, "", "more slots per buffer");
  keep({.fastLevel = true}, "", "a shared cache without limit");
}

/// Block b runs on core b mod cores, one after another on each.
double Launch::slowestCore(const BlockList &list, ArrayRef<BlockWork> works, int64_t cores) {
  std::map<std::vector<int32_t>, double> done;
  double slowest = 0;
  std::vector<int32_t> longest;
  for (int64_t core = 0; core < cores; ++core) {
    std::vector<int32_t> sequence;
    for (size_t block = size_t(core); block < list.classOf.size(); block += size_t(cores))
      sequence.push_back(list.classOf[block]);
    auto [entry, fresh] = done.try_emplace(sequence, 0.0);
    if (fresh)
      entry->second = coreCycles(sequence, works);
    if (entry->second > slowest) {
      slowest = entry->second;
      longest = entry->first;
    }
  }
  if (time.spans.empty() && time.savings.empty())
    explain(longest, works);
  return slowest;
}

/// The first load of each core waits for what ramps up at memory, and keeps its pipe busy.
void Launch::addFirstLoads(ArrayRef<BlockWork> works, int64_t cores) {
  for (const BlockWork &work : works)
    for (const TimedStep &step : work.steps)
      if (step.loads) {
        time.pipes[step.pipe].busyCycles += chip.firstLoadUs * clockMHz * double(cores);
        return;
      }
}

/// The least that the shared levels need for all cores' bytes; reads and writes of the cache do
/// not slow each other, those of the main memory do.
double Launch::levelCycles(double reads, double writes, double cold) {
  double cycles = 0;
  if (const tile::SharedLevel *cache = chip.sharedCache(); cache && cache->total > 0)
    cycles = std::max(reads, writes) / cache->total;
  if (const tile::SharedLevel *memory = chip.mainMemory(); memory && memory->total > 0)
    cycles = std::max(cycles, cold / memory->total);
  return cycles;
}

LogicalResult Launch::addGrid(scf::ForallOp grid, const BlockList &list) {
  std::vector<int64_t> counts(list.representatives.size(), 0);
  for (int32_t id : list.classOf)
    ++counts[id];
  const int64_t blocks = int64_t(list.classOf.size());
  const int64_t cores = sharedOut ? coresOfChip : std::min(blocks, coresOfChip);
  const double coldBefore = traffic.coldBytes;
  if (failed(traffic.addGrid(interpreter, kernel, chip, grid, list, counts, isCold)))
    return failure();
  const SharedRates rates(chip, cores, traffic.coldReadShare, traffic.coldWriteShare, isNear());
  const CostModel costs(chip, rates, traffic.shares);
  std::vector<BlockWork> works(counts.size());
  double reads = 0, writes = 0;
  time.pipes.resize(kMostPipes);
  for (size_t i = 0; i < works.size(); ++i) {
    if (failed(gatherWork(interpreter, grid, list.representatives[i], costs, traffic, table, syncs,
                          works[i])))
      return failure();
    const double count = double(counts[i]);
    for (size_t pipe = 0; pipe < kMostPipes; ++pipe)
      time.pipes[pipe].busyCycles += count * works[i].busy[pipe] * double(sharedOut ? cores : 1);
    for (const auto &[ends, use] : works[i].paths) {
      auto found = llvm::find_if(time.paths, [&](const PathUse &path) {
        return path.from == ends.first && path.to == ends.second;
      });
      if (found == time.paths.end())
        found = time.paths.insert(found, PathUse{ends.first, ends.second, 0, 0});
      found->operations += counts[i] * use.first;
      found->bytes += counts[i] * use.second;
    }
    works[i].levelCycles = rates.levelCycles(works[i].readBytes, works[i].writeBytes);
    reads += count * works[i].readBytes;
    writes += count * works[i].writeBytes;
    time.macs += count * works[i].macs;
    time.vectorOps += count * works[i].vectorOps;
    for (const auto &[type, macs] : works[i].macsByType)
      time.macsByType[type] += count * macs;
    idealMatrixCycles += count * works[i].idealMatrixCycles;
  }
  addFirstLoads(works, cores);
  globalBytes += reads + writes;
  time.blocks += blocks;
  time.blockClasses += int64_t(works.size());
  time.coresUsed = std::max(time.coresUsed, cores);
  time.waves += cores ? int64_t(llvm::divideCeil(blocks, cores)) : 0;
  time.cycles += std::max(slowestCore(list, works, cores),
                          levelCycles(reads, writes, traffic.coldBytes - coldBefore));
  return success();
}

void Launch::finish() {
  time.cycles += chip.rampUs * clockMHz;
  time.us = chip.launchUs + time.cycles / clockMHz;
  time.launches = 1;
  time.totalUs = time.us;
  time.pipes.resize(table.size());
  for (auto [i, pipe] : llvm::enumerate(time.pipes)) {
    pipe.name = table.name(i);
    const double all = time.cycles * double(time.coresUsed);
    pipe.share = all > 0 ? pipe.busyCycles / all : 0;
  }
  llvm::sort(time.pipes, [](const PipeUse &a, const PipeUse &b) {
    return std::tie(b.share, a.name) < std::tie(a.share, b.name);
  });
  auto level = [&](const tile::SharedLevel *spec, double bytes) {
    if (spec)
      time.levels.push_back(
          {spec->name, bytes,
           spec->total > 0 && time.cycles > 0 ? bytes / spec->total / time.cycles : 0.0});
  };
  level(chip.sharedCache(), globalBytes);
  level(chip.mainMemory(), traffic.coldBytes);
  if (time.us > 0)
    time.macShare = idealMatrixCycles / (time.us * clockMHz * double(coresOfChip));
  time.bound = describeBound(time, chip, coresOfChip);
  if (options.savings)
    describeSavings(time, chip, coresOfChip);
}

} // namespace

FailureOr<KernelTime> timeLaunch(func::FuncOp kernel, const tile::ChipSpec &chip, StringRef cores,
                                 ArrayRef<bool> isCold, TimingOptions options) {
  for (BlockArgument argument : kernel.getArguments())
    if (auto type = dyn_cast<MemRefType>(argument.getType()); type && !type.hasStaticShape())
      return kernel.emitError("kernel '")
             << kernel.getName() << "' has argument " << argument.getArgNumber() << " of type "
             << type << ", whose extents must be known to be timed";
  return Launch(kernel, chip, cores, isCold, options).run();
}

} // namespace tessera::machine
