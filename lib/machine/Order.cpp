// Sets, waits and barriers on vector clocks. Each wait takes the message of the set that comes as
// many sets before as waits: sets of one channel are in order, for they come from one pipe.
#include "Order.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {
using namespace mlir;

void Order::join(Clock &into, const Clock &other) {
  for (size_t i = 0; i < kMostPipes; ++i)
    into[i] = std::max(into[i], other[i]);
}

std::optional<uint32_t> Order::index(tile::PipeId id) {
  auto found = llvm::find(pipes, id);
  if (found == pipes.end()) {
    if (pipes.size() == kMostPipes)
      return std::nullopt;
    found = pipes.insert(found, id);
  }
  return uint32_t(found - pipes.begin());
}

Order::Stamp Order::issue(uint32_t pipe) {
  const int32_t number = ++issued[pipe];
  join(ended[pipe], known[pipe]);
  ended[pipe][pipe] = number;
  const tile::Pipe *spec = chip.pipe(pipes[pipe].pipe);
  if (spec && spec->selfOrdered)
    known[pipe] = ended[pipe];
  return {pipe, number};
}

SmallVector<uint32_t, 2> Order::members(uint32_t pipe, bool flag) const {
  SmallVector<uint32_t, 2> list;
  for (uint32_t i = 0; i < pipes.size(); ++i)
    if (i == pipe || (flag && pipes[i].isSibling(pipes[pipe])))
      list.push_back(i);
  return list;
}

std::optional<Order::Fault> Order::set(Channel &channel, uint32_t from, Operation *op,
                                       int64_t room) {
  const bool flag = isa<tile::CrossSetOp>(op);
  if (channel.sets > 0 && channel.setter != from)
    return Fault{"two-setters", channel.name + " is set from two pipes, so no wait knows which",
                 channel.pending.empty() ? nullptr : channel.pending.back().set};
  channel.setter = from;
  const int64_t index = channel.sets - room;
  const bool waited = index < int64_t(channel.waits.size());
  bool certain = true;
  Clock over{};
  for (uint32_t setter : members(from, flag)) {
    join(over, ended[setter]);
    if (index >= 0 && waited)
      for (uint32_t waiter : members(channel.waiter, flag))
        certain &= ended[setter][waiter] >= channel.waits[size_t(index)].first[waiter];
  }
  std::optional<Fault> fault;
  if (int64_t(channel.pending.size()) >= room)
    fault = Fault{flag ? "overflow" : "double-set",
                  flag ? channel.name + " counts beyond " + std::to_string(room)
                       : channel.name + " is set again before it is waited for",
                  channel.pending.back().set};
  else if (index >= 0 && (!waited || !certain))
    fault = Fault{flag ? "overflow" : "double-set",
                  flag ? "nothing keeps " + channel.name + " from counting beyond " +
                             std::to_string(room)
                       : channel.name + " may be set again before its wait: nothing orders them",
                  waited ? channel.waits[size_t(index)].second : nullptr};
  channel.pending.push_back({over, op});
  ++channel.sets;
  return fault;
}

std::optional<Order::Fault> Order::wait(Channel &channel, uint32_t to, Operation *op) {
  if (channel.pending.empty())
    return Fault{"no-set", channel.name + " is waited for, but not set before: the pipe hangs"};
  if (!channel.waits.empty() && channel.waiter != to)
    return Fault{"two-waiters", channel.name + " is waited for by two pipes",
                 channel.waits.back().second};
  channel.waiter = to;
  Clock places{};
  for (uint32_t waiter : members(to, isa<tile::CrossWaitOp>(op))) {
    join(known[waiter], channel.pending.front().clock);
    places[waiter] = ++issued[waiter];
    join(ended[waiter], known[waiter]);
    ended[waiter][waiter] = issued[waiter];
  }
  channel.pending.pop_front();
  channel.waits.push_back({places, op});
  return std::nullopt;
}

std::optional<Order::Fault> Order::sync(Operation *op, int64_t slot) {
  const auto pair = tile::syncPipes(op, chip);
  const Fault unclear{"pipe", "names a pipe that several kinds of core have: write \"" +
                                  chip.matrixCore().str() + ".\" or \"" + chip.vectorCore().str() +
                                  ".\" before it"};
  if (!pair)
    return unclear;
  const auto from = index(pair->first), to = index(pair->second);
  if (!from || !to)
    return Fault{"pipe", "uses more pipes than are followed"};
  if (isa<tile::PipeBarrierOp>(op)) {
    known[*from] = ended[*from];
    return std::nullopt;
  }
  const std::string a = tile::nameOf(pair->first, chip), b = tile::nameOf(pair->second, chip);
  if (isa<tile::SetEventOp, tile::WaitEventOp>(op)) {
    auto set = dyn_cast<tile::SetEventOp>(op);
    const int64_t id = (set ? set.getId() : cast<tile::WaitEventOp>(op).getId()) + slot;
    if (slot < 0 || (chip.sync && id >= chip.sync->eventIds))
      return Fault{"event-id", "event " + std::to_string(id) + " is not one of the " +
                                   std::to_string(chip.sync ? int64_t(chip.sync->eventIds) : 0) +
                                   " of chip " + chip.name};
    Channel &channel = channels[{a, b, id}];
    channel.name = "event " + std::to_string(id) + " from " + a + " to " + b;
    return set ? this->set(channel, *from, op, 1) : wait(channel, *to, op);
  }
  auto set = dyn_cast<tile::CrossSetOp>(op);
  const int64_t mode = set ? set.getMode() : cast<tile::CrossWaitOp>(op).getMode(),
                id = (set ? set.getId() : cast<tile::CrossWaitOp>(op).getId()) + slot;
  if (slot < 0 || (chip.sync && id >= chip.sync->crossIds))
    return Fault{"event-id", "flag " + std::to_string(id) + " is not one of the " +
                                 std::to_string(chip.sync ? int64_t(chip.sync->crossIds) : 0) +
                                 " of chip " + chip.name};
  // Mode 2 goes between the kinds, the others stay within one.
  std::string kind = pair->first.core.str();
  if (mode == 2 && !set)
    kind = kind == chip.matrixCore() ? chip.vectorCore().str() : chip.matrixCore().str();
  Channel &channel = channels[{"flag " + std::to_string(mode), kind, id}];
  channel.name =
      "flag " + std::to_string(id) + " of mode " + std::to_string(mode) + " from " + kind;
  const int64_t most = chip.sync && chip.sync->maxCount > 0 ? int64_t(chip.sync->maxCount) : 1;
  return set ? this->set(channel, *from, op, most) : wait(channel, *to, op);
}

std::vector<Order::Fault> Order::left() const {
  std::vector<Fault> faults;
  for (const auto &[key, channel] : channels)
    if (!channel.pending.empty())
      faults.push_back({"left-set", channel.name + " is still set when the kernel ends",
                        channel.pending.front().set});
  return faults;
}

} // namespace tessera::machine
