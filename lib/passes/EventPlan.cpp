// Every order that a conflict asks for is a candidate; those that the rest implies are dropped one
// by one, and what is left is numbered. Implied is what vector clocks say on the traces.
#include "EventOrder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

#include <array>

namespace tessera::events {
using namespace mlir;
namespace {

/// How often events are joined or held back before a kernel is given up.
constexpr int kMostRepairs = 64;
/// A buffer of more slots has one event for all: there are few numbers.
constexpr int64_t kMostSlots = 6;

class Planner {
public:
  Planner(const Traces &traces, const tile::ChipSpec &chip)
      : traces(traces), chip(chip), order(traces, chip) {}

  std::optional<std::vector<Sync>> run(std::string &message) {
    needs.resize(traces.traces.size());
    for (size_t i = 0; i < traces.traces.size(); ++i)
      findNeeds(traces.traces[i], needs[i]);
    if (!ordered(syncs, false)) {
      message = "has pipes that events cannot order";
      return std::nullopt;
    }
    prune();
    if (!number(message))
      return std::nullopt;
    return syncs;
  }

private:
  void findNeeds(const Trace &trace, std::vector<std::vector<Need>> &out);
  void propose(const Moment &first, const Moment &second, const Access &a, const Access &b);
  void prune();
  void drop(bool numbered);
  bool number(std::string &message);
  int64_t limitOf(const Sync &sync) const;
  size_t assign();
  bool mergeAny(unsigned from, unsigned to, bool creditsOnly);
  bool merge(size_t first, size_t second);
  bool holdBack(size_t stuck);
  bool ordered(ArrayRef<Sync> chosen, bool numbered) const;
  bool sameCore(unsigned a, unsigned b) const {
    return traces.pipes[a].core == traces.pipes[b].core &&
           traces.pipes[a].instance == traces.pipes[b].instance;
  }

  const Traces &traces;
  const tile::ChipSpec &chip;
  const PipeOrder order;
  std::vector<std::vector<std::vector<Need>>> needs; ///< By trace and moment.
  std::vector<Sync> syncs;
};

void Planner::findNeeds(const Trace &trace, std::vector<std::vector<Need>> &out) {
  out.assign(trace.size(), {});
  for (size_t later = 0; later < trace.size(); ++later) {
    if (trace[later].kind != Moment::Op)
      continue;
    std::array<bool, kMostPipes> seen{};
    for (size_t earlier = later; earlier-- > 0;) {
      if (trace[earlier].kind != Moment::Op)
        continue;
      const unsigned pipe = trace[earlier].pipe;
      if (pipe == trace[later].pipe && order.selfOrdered(pipe))
        continue;
      bool found = false;
      for (const Access &a : trace[earlier].accesses)
        for (const Access &b : trace[later].accesses)
          if (conflict(a, b)) {
            propose(trace[earlier], trace[later], a, b);
            found = true;
          }
      if (found && !seen[pipe]) {
        seen[pipe] = true;
        out[later].push_back({pipe, earlier});
      }
    }
  }
}

/// The innermost block that holds both, and their ancestors there.
static std::pair<Operation *, Operation *> nodesOf(Operation *a, Operation *b) {
  for (Operation *node = a; node; node = node->getParentOp())
    if (Operation *other = node->getBlock()->findAncestorOpInBlock(*b))
      return {node, other};
  llvm_unreachable("both are in the kernel");
}

void Planner::propose(const Moment &first, const Moment &second, const Access &a, const Access &b) {
  auto [after, before] = nodesOf(first.node, second.node);
  Sync sync;
  sync.from = first.pipe;
  sync.to = second.pipe;
  sync.before = before;
  if (sync.from == sync.to) {
    sync.kind = Sync::Barrier;
  } else {
    sync.after = after;
    sync.carried = !after->isBeforeInBlock(before);
    if (a.slot && a.slot == b.slot && a.slots == b.slots && a.slots <= kMostSlots) {
      sync.slot = a.slot;
      sync.slots = a.slots;
    }
    if (!sameCore(sync.from, sync.to))
      sync.kind = Sync::Flag;
  }
  const bool known = llvm::any_of(syncs, [&](const Sync &s) {
    return s.kind == sync.kind && s.from == sync.from && s.to == sync.to && s.after == sync.after &&
           s.before == sync.before && s.slot == sync.slot;
  });
  sync.order = syncs.size();
  if (!known)
    syncs.push_back(sync);
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

bool Planner::ordered(ArrayRef<Sync> chosen, bool numbered) const {
  for (size_t i = 0; i < traces.traces.size(); ++i)
    if (!order.holds(traces.traces[i], needs[i], chosen, numbered))
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// As few as will do
//===----------------------------------------------------------------------===//

static int depthOf(const Sync &sync) {
  int depth = 0;
  for (Operation *op = sync.before->getParentOp(); op; op = op->getParentOp())
    depth += isa<scf::ForOp, scf::ForallOp>(op);
  return depth;
}

/// What runs most often goes first, if it can go at all; flags between cores before events, those
/// before barriers, which wait for nobody else.
void Planner::prune() {
  auto rank = [](const Sync &s) {
    return std::tuple(-depthOf(s),
                      s.kind == Sync::Flag    ? 0
                      : s.kind == Sync::Event ? 1
                                              : 2,
                      // One event for all slots makes pipes take turns: it goes before those that
                      // let both run, and where it is set before where it comes back.
                      s.slot ? 1 : 0, bool(s.slot) == s.carried ? 0 : 1, s.order);
  };
  llvm::sort(syncs, [&](const Sync &a, const Sync &b) { return rank(a) < rank(b); });
  drop(false);
}

/// Drops what the rest implies, with numbers or without.
void Planner::drop(bool numbered) {
  for (size_t i = 0; i < syncs.size();) {
    std::vector<Sync> fewer = syncs;
    fewer.erase(fewer.begin() + int64_t(i));
    if (ordered(fewer, numbered))
      syncs = std::move(fewer);
    else
      ++i;
  }
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

int64_t Planner::limitOf(const Sync &sync) const {
  if (!chip.sync)
    return 0;
  return sync.kind == Sync::Flag ? chip.sync->crossIds : chip.sync->eventIds;
}

/// Credits have numbers of their own. Others take the lowest number at which no event is set twice.
/// Gives the first that finds none.
size_t Planner::assign() {
  llvm::sort(syncs, [](const Sync &a, const Sync &b) {
    return std::tuple(!a.carried, a.order) < std::tuple(!b.carried, b.order);
  });
  for (Sync &sync : syncs)
    sync.id = -1;
  for (size_t i = 0; i < syncs.size(); ++i) {
    Sync &sync = syncs[i];
    if (sync.kind == Sync::Barrier)
      continue;
    const int64_t limit = limitOf(sync);
    for (sync.id = 0; sync.id + sync.ids() <= limit; ++sync.id)
      if (ordered(syncs, true))
        break;
    if (sync.id + sync.ids() > limit)
      return i;
  }
  return syncs.size();
}

/// One event instead of two between these pipes: set after both, waited for before both.
bool Planner::mergeAny(unsigned from, unsigned to, bool creditsOnly) {
  SmallVector<size_t> candidates;
  for (size_t i = syncs.size(); i-- > 0;)
    if (syncs[i].kind != Sync::Barrier && syncs[i].from == from && syncs[i].to == to &&
        (syncs[i].carried || !creditsOnly))
      candidates.push_back(i);
  for (size_t first = 0; first < candidates.size(); ++first)
    for (size_t second = first + 1; second < candidates.size(); ++second)
      if (merge(candidates[first], candidates[second]))
        return true;
  return false;
}

bool Planner::merge(size_t first, size_t second) {
  const Sync &a = syncs[first], &b = syncs[second];
  if (a.carried != b.carried || a.after->getBlock() != b.after->getBlock())
    return false;
  Sync both = a;
  both.after = a.after->isBeforeInBlock(b.after) ? b.after : a.after;
  both.before = a.before->isBeforeInBlock(b.before) ? a.before : b.before;
  if (!both.carried && !both.after->isBeforeInBlock(both.before))
    return false;
  if (a.slot != b.slot) {
    both.slot = Value();
    both.slots = 1;
  }
  std::vector<Sync> fewer = syncs;
  fewer[first] = both;
  fewer.erase(fewer.begin() + int64_t(second));
  if (!ordered(fewer, false))
    return false;
  syncs = std::move(fewer);
  return true;
}

/// Keeps the setting pipe back until an earlier event has been waited for, whose number is then
/// free again.
bool Planner::holdBack(size_t stuck) {
  const Sync one = syncs[stuck];
  for (const Sync &other : syncs) {
    if (one.carried || other.carried || other.kind != one.kind || other.from != one.from ||
        other.to != one.to || other.after->getBlock() != one.after->getBlock() ||
        !other.before->isBeforeInBlock(one.after))
      continue;
    Sync back = one;
    std::swap(back.from, back.to);
    back.after = other.before;
    back.before = one.after;
    back.slot = Value();
    back.slots = 1;
    back.order = syncs.size();
    if (llvm::any_of(syncs, [&](const Sync &s) {
          return s.from == back.from && s.to == back.to && s.after == back.after &&
                 s.before == back.before;
        }))
      continue;
    std::vector<Sync> more = syncs;
    more.push_back(back);
    if (!ordered(more, false))
      continue;
    syncs = std::move(more);
    return true;
  }
  return false;
}

bool Planner::number(std::string &message) {
  size_t stuck = assign();
  for (int repair = 0; stuck < syncs.size() && repair < kMostRepairs; ++repair) {
    // The fewer credits come back, the more each says, and the sooner a number is free again.
    const unsigned from = syncs[stuck].from, to = syncs[stuck].to;
    if (!mergeAny(from, to, false) && !mergeAny(to, from, true) && !holdBack(stuck))
      break;
    stuck = assign();
  }
  if (stuck == syncs.size()) {
    drop(true);
    return true;
  }
  const Sync &sync = syncs[stuck];
  const std::string pair = tile::nameOf(traces.pipes[sync.from], chip) + " to " +
                           tile::nameOf(traces.pipes[sync.to], chip);
  message = "needs more " +
            (sync.kind == Sync::Flag ? "flags between cores" : "events from " + pair) +
            " than the " + std::to_string(limitOf(sync)) + " of chip " + chip.name;
  return false;
}

} // namespace

std::optional<std::vector<Sync>> planSyncs(const Traces &traces, const tile::ChipSpec &chip,
                                           std::string &message) {
  if (traces.pipes.size() > kMostPipes) {
    message = "uses more pipes than can be ordered";
    return std::nullopt;
  }
  return Planner(traces, chip).run(message);
}

} // namespace tessera::events
