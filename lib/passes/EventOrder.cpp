// The walk of a trace with clocks. A pipe knows what its waits and barriers told it; a set tells
// all that its pipe has issued before.
#include "EventOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <array>
#include <deque>
#include <map>

namespace tessera::events {
using namespace mlir;

/// How many moments of each pipe are known to be over.
using Clock = std::array<int32_t, kMostPipes>;

static void join(Clock &into, const Clock &other) {
  for (size_t i = 0; i < kMostPipes; ++i)
    into[i] = std::max(into[i], other[i]);
}

PipeOrder::PipeOrder(const Traces &traces, const tile::ChipSpec &chip)
    : traces(traces), chip(chip) {
  for (tile::PipeId id : traces.pipes) {
    const tile::Pipe *pipe = chip.pipe(id.pipe);
    self.push_back(pipe && pipe->selfOrdered);
  }
}

unsigned PipeOrder::coreIndex(unsigned pipe) const {
  return unsigned(
      llvm::find_if(traces.pipes,
                    [&](const tile::PipeId &id) { return id.core == traces.pipes[pipe].core; }) -
      traces.pipes.begin());
}

/// Whether two flags of one number are set or waited for by different pipes: the counter would not
/// tell them apart.
bool PipeOrder::sharesFlags(ArrayRef<Sync> chosen) const {
  auto like = [&](unsigned a, unsigned b) {
    return a == b || traces.pipes[a].isSibling(traces.pipes[b]);
  };
  for (auto [i, a] : llvm::enumerate(chosen))
    for (const Sync &b : chosen.drop_front(i + 1))
      if (a.kind == Sync::Flag && b.kind == Sync::Flag && a.id >= 0 && b.id >= 0 &&
          a.id < b.id + b.ids() && b.id < a.id + a.ids() &&
          coreIndex(a.from) == coreIndex(b.from) && !(like(a.from, b.from) && like(a.to, b.to)))
        return true;
  return false;
}

bool PipeOrder::holds(const Trace &trace, ArrayRef<std::vector<Need>> need, ArrayRef<Sync> chosen,
                      bool numbered) const {
  if (numbered && sharesFlags(chosen))
    return false;
  struct Message {
    Clock clock;
    size_t sync;
  };
  struct Channel {
    std::deque<Message> pending;
    std::deque<Clock> waits; ///< Positions of the waits so far, on the waiting pipes.
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
  // A flag is set by, or waited for by, this pipe of every vector core of the group.
  auto members = [&](const Sync &s, unsigned pipe) {
    SmallVector<unsigned, 2> list;
    for (unsigned i = 0; i < traces.pipes.size(); ++i)
      if (i == pipe || (s.kind == Sync::Flag && traces.pipes[i].isSibling(traces.pipes[pipe])))
        list.push_back(i);
    return list;
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
    // The set before the `room` last ones must have been waited for, and these pipes must know it.
    const int64_t index = channel.sets - room;
    Clock over{};
    for (unsigned from : members(s, s.from)) {
      for (unsigned to : members(s, s.to))
        if (index >= 0 && ended[from][to] < channel.waits[size_t(index)][to])
          return false;
      join(over, ended[from]);
    }
    channel.pending.push_back({over, i});
    ++channel.sets;
    return true;
  };
  auto wait = [&](size_t i, const Moment &at) {
    const Sync &s = chosen[i];
    Channel &channel = channels[keyOf(i, slotOf(s, at))];
    if (channel.pending.empty() || channel.pending.front().sync != i)
      return false;
    Clock places{};
    for (unsigned to : members(s, s.to)) {
      join(known[to], channel.pending.front().clock);
      places[to] = ++issued[to];
      join(ended[to], known[to]);
      ended[to][to] = issued[to];
    }
    channel.pending.pop_front();
    channel.waits.push_back(places);
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
      if (self[pipe])
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

} // namespace tessera::events
