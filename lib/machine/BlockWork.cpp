// One block's operations with their costs, and how much of each argument they find in the cache.
#include "BlockWork.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {
using namespace mlir;

/// More operations than any block has; keeps a hostile file from filling memory.
constexpr size_t kMostSteps = size_t(1) << 20;

/// How much of each argument comes from main memory: what is cold comes from there once, and from
/// the cache from then on, spread evenly over the launch's accesses.
LogicalResult Traffic::addGrid(Interpreter &interpreter, func::FuncOp kernel,
                               const tile::ChipSpec &chip, scf::ForallOp grid,
                               const BlockList &list, ArrayRef<int64_t> counts,
                               ArrayRef<bool> isCold) {
  const size_t arguments = kernel.getNumArguments();
  std::vector<double> reads(arguments, 0), writes(arguments, 0), whole(arguments, 0);
  for (auto [i, indices] : llvm::enumerate(list.representatives)) {
    auto note = [&, i = i](const Step &step) {
      for (const Step::Operand &operand : step.operands) {
        const View &view = operand.view;
        if (operand.writes)
          written.insert(view.domain);
        if (view.argument < 0)
          continue;
        ofArguments.insert(view.domain);
        (operand.writes ? writes : reads)[view.argument] +=
            double(view.bytes()) * double(counts[i]);
      }
      return success();
    };
    if (failed(interpreter.walkBlock(grid, indices, note)))
      return failure();
  }
  const tile::SharedLevel *cache = chip.sharedCache();
  shares.assign(arguments, cache ? 0.0 : 1.0);
  for (auto [i, argument] : llvm::enumerate(kernel.getArguments())) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!cache || !type || !type.hasStaticShape())
      continue;
    whole[i] =
        double(type.getNumElements()) * double(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    const bool fits = whole[i] <= double(cache->bytes);
    const bool cold = i < isCold.size() && isCold[i];
    if (cache->multicast) // each byte read passes once, wherever it goes; what is written does too
      shares[i] = reads[i] > 0 ? std::min(1.0, whole[i] / reads[i]) : 1.0;
    else if (writes[i] > 0)
      shares[i] = fits ? 0.0 : 1.0;
    else if (!fits)
      shares[i] = 1.0;
    else if (cold && reads[i] > 0)
      shares[i] = std::min(1.0, whole[i] / reads[i]);
  }
  double all = 0, coldReads = 0, coldWrites = 0;
  for (size_t i = 0; i < arguments; ++i) {
    all += reads[i] + writes[i];
    coldReads += shares[i] * reads[i];
    coldWrites += shares[i] * writes[i];
  }
  coldBytes += coldReads + coldWrites;
  coldReadShare = all > 0 ? coldReads / all : 0;
  coldWriteShare = all > 0 ? coldWrites / all : 0;
  return success();
}

LogicalResult gatherWork(Interpreter &interpreter, scf::ForallOp grid, ArrayRef<int64_t> indices,
                         const CostModel &costs, const Traffic &traffic, PipeTable &table,
                         SyncTable &syncs, BlockWork &work) {
  work.busy.assign(kMostPipes, 0);
  auto add = [&](const Step &step) -> LogicalResult {
    if (work.steps.size() == kMostSteps)
      return step.op->emitOpError("expected at most ") << kMostSteps << " operations in a block";
    if (tile::isSync(step.op)) {
      FailureOr<TimedStep> sync = syncs.of(step);
      if (succeeded(sync))
        work.steps.push_back(std::move(*sync));
      return sync;
    }
    FailureOr<Cost> cost = costs.of(step);
    if (failed(cost))
      return failure();
    const std::optional<uint32_t> pipe = table.index(cost->pipe);
    if (!pipe)
      return step.op->emitOpError("needs one more pipe than the ") << kMostPipes << " of a group";
    TimedStep timed;
    timed.pipe = *pipe;
    timed.cycles = cost->cycles;
    for (const Step::Operand &operand : step.operands)
      if (operand.writes || (operand.reads && traffic.written.contains(operand.view.domain)))
        timed.accesses.push_back({operand.view, operand.writes});
    work.busy[*pipe] += cost->cycles;
    if (!cost->from.empty()) {
      auto &[operations, bytes] = work.paths[{cost->from.str(), cost->to.str()}];
      ++operations;
      bytes += cost->bytes;
    }
    timed.loads = cost->readBytes > 0;
    timed.op = step.op;
    timed.from = cost->from;
    timed.to = cost->to;
    timed.bytes = cost->bytes;
    timed.readsOld = llvm::any_of(step.operands, [](const Step::Operand &operand) {
      return operand.reads && operand.writes;
    });
    work.readBytes += double(cost->readBytes);
    work.writeBytes += double(cost->writeBytes);
    work.macs += cost->macs;
    work.vectorOps += cost->vectorOps;
    if (cost->macs > 0)
      work.macsByType[cost->macType] += cost->macs;
    work.idealMatrixCycles += cost->idealCycles;
    work.steps.push_back(std::move(timed));
    return success();
  };
  return interpreter.walkBlock(grid, indices, add);
}

} // namespace tessera::machine
