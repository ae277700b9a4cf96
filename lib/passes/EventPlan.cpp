// Every order that a conflict asks for is a candidate; those that the rest implies are dropped one
// by one, and what is left is numbered. Implied is what vector clocks say on the traces.
#include "EventPlan.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

#include <array>
#include <deque>
#include <map>

namespace tessera::events {
using namespace mlir;
namespace {

constexpr size_t kMostPipes = 16;
/// How many moments of each pipe are known to be over.
using Clock = std::array<int32_t, kMostPipes>;

void join(Clock &into, const Clock &other) {
  for (size_t i = 0; i < kMostPipes; ++i)
    into[i] = std::max(into[i], other[i]);
}

/// The moment of a trace that another must follow: the last of its pipe that it conflicts with.
struct Need {
  unsigned pipe;
  size_t moment;
};

class Planner {
public:
  Planner(const Traces &traces, const tile::ChipSpec &chip) : traces(traces), chip(chip) {
    for (tile::PipeId id : traces.pipes) {
      const tile::Pipe *pipe = chip.pipe(id.pipe);
      selfOrdered.push_back(pipe && pipe->selfOrdered);
    }
  }

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
  bool number(std::string &message);
  bool ordered(ArrayRef<Sync> chosen, bool numbered) const;
  bool ordered(const Trace &trace, ArrayRef<std::vector<Need>> need, ArrayRef<Sync> chosen,
               bool numbered) const;
  bool sameCore(unsigned a, unsigned b) const {
    return traces.pipes[a].core == traces.pipes[b].core;
  }

  unsigned coreIndex(unsigned pipe) const {
    return unsigned(
        llvm::find_if(traces.pipes,
                      [&](const tile::PipeId &id) { return id.core == traces.pipes[pipe].core; }) -
        traces.pipes.begin());
  }

  const Traces &traces;
  const tile::ChipSpec &chip;
  std::vector<bool> selfOrdered;
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
      if (pipe == trace[later].pipe && selfOrdered[pipe])
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
    if (a.slot && a.slot == b.slot && a.slots == b.slots) {
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

/// Walks a trace with the syncs chosen: whether each moment knows those over that it must follow,
/// and no event is set before an earlier set of it has been waited for.
bool Planner::ordered(const Trace &trace, ArrayRef<std::vector<Need>> need, ArrayRef<Sync> chosen,
                      bool numbered) const {
  struct Message {
    Clock clock;
    size_t sync;
  };
  struct Channel {
    std::deque<Message> pending;
    std::deque<int32_t> waits; ///< Positions of the waits so far, on the waiting pipe.
    int64_t sets = 0;
  };
  using Key = std::tuple<unsigned, unsigned, int64_t>;
  const int64_t most = chip.sync && chip.sync->maxCount > 0 ? int64_t(chip.sync->maxCount) : 1;
  std::array<Clock, kMostPipes> known{}, ended{};
  std::array<int32_t, kMostPipes> issued{};
  std::vector<int32_t> position(trace.size(), 0);
  std::map<Key, Channel> channels;
  llvm::DenseMap<Operation *, SmallVector<size_t, 4>> waits, sets;
  auto keyOf = [&](size_t i, int64_t slot) -> Key {
    const Sync &s = chosen[i];
    const bool perSlot = bool(s.slot);
    if (numbered && s.id >= 0)
      // A flag is known by the kind of core that sets it.
      return s.kind == Sync::Flag ? Key(500 + coreIndex(s.from), 0, s.id + (perSlot ? slot : 0))
                                  : Key(s.from, s.to, s.id + (perSlot ? slot : 0));
    return {1000 + unsigned(i), 0, perSlot ? slot : 0};
  };
  auto slotOf = [&](const Sync &s, const Moment &at) -> int64_t {
    if (!s.slot)
      return 0;
    const auto found = llvm::find(traces.slotValues, s.slot);
    return at.slots[size_t(found - traces.slotValues.begin())];
  };
  for (size_t i = 0; i < chosen.size(); ++i) {
    waits[chosen[i].before].push_back(i);
    if (chosen[i].after)
      sets[chosen[i].after].push_back(i);
    for (int64_t slot = 0; slot < chosen[i].credits(); ++slot) {
      Channel &channel = channels[keyOf(i, slot)];
      channel.pending.push_back({Clock(), i});
      ++channel.sets;
    }
  }
  auto set = [&](size_t i, const Moment &at) {
    const Sync &s = chosen[i];
    Channel &channel = channels[keyOf(i, slotOf(s, at))];
    const int64_t room = s.kind == Sync::Flag ? most : 1;
    if (int64_t(channel.pending.size()) >= room)
      return false;
    // The set before the `room` last ones must have been waited for, and this pipe must know it.
    const int64_t index = channel.sets - room;
    if (index >= 0 && ended[s.from][s.to] < channel.waits[size_t(index)])
      return false;
    channel.pending.push_back({ended[s.from], i});
    ++channel.sets;
    return true;
  };
  auto wait = [&](size_t i, const Moment &at) {
    const Sync &s = chosen[i];
    Channel &channel = channels[keyOf(i, slotOf(s, at))];
    if (channel.pending.empty() || channel.pending.front().sync != i)
      return false;
    join(known[s.to], channel.pending.front().clock);
    channel.pending.pop_front();
    channel.waits.push_back(++issued[s.to]);
    join(ended[s.to], known[s.to]);
    ended[s.to][s.to] = issued[s.to];
    return true;
  };
  for (size_t at = 0; at < trace.size(); ++at) {
    const Moment &moment = trace[at];
    if (moment.kind == Moment::Op) {
      const unsigned pipe = moment.pipe;
      for (const Need &one : need[at])
        if (known[pipe][one.pipe] < position[one.moment])
          return false;
      position[at] = ++issued[pipe];
      join(ended[pipe], known[pipe]);
      ended[pipe][pipe] = issued[pipe];
      if (selfOrdered[pipe])
        known[pipe] = ended[pipe];
      continue;
    }
    auto &list = moment.kind == Moment::Before ? waits : sets;
    auto found = list.find(moment.node);
    if (found == list.end())
      continue;
    for (size_t i : found->second) {
      if (chosen[i].kind == Sync::Barrier)
        known[chosen[i].to] = ended[chosen[i].to];
      else if (moment.kind == Moment::Before ? !wait(i, moment) : !set(i, moment))
        return false;
    }
  }
  return true;
}

bool Planner::ordered(ArrayRef<Sync> chosen, bool numbered) const {
  for (size_t i = 0; i < traces.traces.size(); ++i)
    if (!ordered(traces.traces[i], needs[i], chosen, numbered))
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
                      s.carried ? 0 : 1, s.order);
  };
  llvm::sort(syncs, [&](const Sync &a, const Sync &b) { return rank(a) < rank(b); });
  for (size_t i = 0; i < syncs.size();) {
    std::vector<Sync> fewer = syncs;
    fewer.erase(fewer.begin() + int64_t(i));
    if (ordered(fewer, false))
      syncs = std::move(fewer);
    else
      ++i;
  }
}

/// Credits have numbers of their own. Others take the lowest number at which no event is set twice.
bool Planner::number(std::string &message) {
  const int64_t events = chip.sync ? int64_t(chip.sync->eventIds) : 0,
                flags = chip.sync ? int64_t(chip.sync->crossIds) : 0;
  llvm::sort(syncs, [](const Sync &a, const Sync &b) {
    return std::tuple(!a.carried, a.order) < std::tuple(!b.carried, b.order);
  });
  for (Sync &sync : syncs) {
    if (sync.kind == Sync::Barrier)
      continue;
    const int64_t limit = sync.kind == Sync::Flag ? flags : events;
    for (sync.id = 0; sync.id + sync.ids() <= limit; ++sync.id)
      if (ordered(syncs, true))
        break;
    if (sync.id + sync.ids() <= limit)
      continue;
    message = (sync.kind == Sync::Flag ? "flags between cores" : "events from ") +
              (sync.kind == Sync::Flag ? std::string()
                                       : tile::nameOf(traces.pipes[sync.from], chip) + " to " +
                                             tile::nameOf(traces.pipes[sync.to], chip));
    message =
        "needs more " + message + " than the " + std::to_string(limit) + " of chip " + chip.name;
    return false;
  }
  return true;
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
