// Writes the planned orders into kernels as events, barriers and flags.
#include "EventPlan.h"

#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILEINSERTEVENTS
#include "tessera/passes/Passes.h.inc"

namespace {

/// Flags among the vector cores of a cube core, and between it and them.
constexpr int64_t kVectorsMode = 1, kGroupMode = 2;

struct InsertEvents : impl::TileInsertEventsBase<InsertEvents> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (kernel.isExternal() || !kernel->hasAttr("tile.kernel"))
      return;
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(kernel);
    if (!chip)
      return signalPassFailure();
    bool done = false;
    kernel.walk([&](Operation *op) { done |= tile::isSync(op); });
    if (done || !chip->sync || chip->isCpu())
      return;
    const std::optional<events::Traces> traces = events::traceKernel(kernel, *chip);
    if (!traces) {
      kernel.emitError("kernel '") << kernel.getName() << "' has an operation that no pipe of chip "
                                   << chip->name << " does, so its pipes cannot be ordered";
      return signalPassFailure();
    }
    std::string message;
    const auto syncs = events::planSyncs(*traces, *chip, message);
    if (!syncs) {
      kernel.emitError("kernel '") << kernel.getName() << "' " << message;
      return signalPassFailure();
    }
    for (const events::Sync &sync : *syncs)
      write(kernel, sync, *traces, *chip);
  }

  /// Sets follow their node at once, so that waits of the next node come after them.
  void write(func::FuncOp kernel, const events::Sync &sync, const events::Traces &traces,
             const tile::ChipSpec &chip) {
    tile::PipeId source = traces.pipes[sync.from], target = traces.pipes[sync.to];
    const bool kindred = source.core == target.core;
    if (sync.kind == events::Sync::Flag) // every vector core of the group sets and waits alike
      source.instance = target.instance = 0;
    const std::string from = tile::nameOf(source, chip), to = tile::nameOf(target, chip);
    const int64_t mode = kindred ? kVectorsMode : kGroupMode;
    OpBuilder b(sync.before);
    if (sync.kind == events::Sync::Barrier) {
      tile::PipeBarrierOp::create(b, sync.before->getLoc(), to);
      return;
    }
    auto set = [&](Location loc, int64_t id, Value slot) {
      if (sync.kind == events::Sync::Flag)
        tile::CrossSetOp::create(b, loc, from, mode, id, slot);
      else
        tile::SetEventOp::create(b, loc, from, to, id, slot);
    };
    auto wait = [&](Location loc, int64_t id, Value slot) {
      if (sync.kind == events::Sync::Flag)
        tile::CrossWaitOp::create(b, loc, to, mode, id, slot);
      else
        tile::WaitEventOp::create(b, loc, from, to, id, slot);
    };
    wait(sync.before->getLoc(), sync.id, sync.slot);
    b.setInsertionPointAfter(sync.after);
    set(sync.after->getLoc(), sync.id, sync.slot);
    Block &body = kernel.getBody().front();
    for (int64_t credit = 0; credit < sync.credits(); ++credit) {
      const int64_t id = sync.id + credit;
      b.setInsertionPointToStart(&body);
      set(sync.after->getLoc(), id, Value());
      b.setInsertionPoint(body.getTerminator());
      wait(sync.before->getLoc(), id, Value());
    }
  }
};

} // namespace
} // namespace tessera
