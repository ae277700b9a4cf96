// Two searches. One goes through the states of all pipes; an operation is issued as soon as its
// pipe comes to it and ends as late as a set or a barrier lets it, since every other moment is less
// dangerous. Where there are too many states the other speaks alone: each operation in turn never
// ends, and each wait is never passed, while everything else goes on. What can go wrong then shows,
// for a channel has one pipe that sets and one that waits, so that no pipe takes from another what
// would let it go on, and more is possible with one thing held back than in any other order in
// which that thing is late.
#include "Interleavings.h"
#include "PipePrograms.h"
#include "llvm/ADT/STLExtras.h"
#include <optional>
#include <string>
#include <unordered_set>

namespace tessera::test {
using namespace mlir;
namespace {

constexpr size_t kMostStates = 30000;

struct State {
  std::vector<uint16_t> at, fired; ///< By pipe: items passed, and sets of them that have happened.
  std::vector<int16_t> count;      ///< By channel.
  explicit State(const PipePrograms &programs)
      : at(programs.queues.size()), fired(programs.queues.size()), count(programs.limits.size()) {}
  /// Counts follow from the rest.
  std::string key() const {
    std::string text(reinterpret_cast<const char *>(at.data()), at.size() * 2);
    return text.append(reinterpret_cast<const char *>(fired.data()), fired.size() * 2);
  }
};

bool mayPass(const Item &item, const State &state) {
  return item.kind != Item::Wait ||
         llvm::all_of(item.channels, [&](size_t channel) { return state.count[channel] > 0; });
}

/// False when a channel counts beyond its limit.
bool raise(const Item &set, const PipePrograms &programs, State &state) {
  bool fine = true;
  for (size_t channel : set.channels)
    fine &= ++state.count[channel] <= programs.limits[channel];
  return fine;
}

bool finished(const PipePrograms &programs, const State &state) {
  for (size_t p = 0; p < programs.queues.size(); ++p)
    if (state.at[p] < programs.queues[p].size() || state.fired[p] < programs.sets[p].size())
      return false;
  return llvm::all_of(state.count, [](int16_t count) { return count == 0; });
}

//===----------------------------------------------------------------------===//
// All states
//===----------------------------------------------------------------------===//

class Search {
public:
  explicit Search(const PipePrograms &programs)
      : programs(programs), queues(programs.queues), sets(programs.sets) {}
  Verdict run();

private:
  size_t ended(const State &state, size_t pipe) const;
  bool settle(State &state) const;
  std::vector<State> next(const State &state, bool &wrong) const;

  const PipePrograms &programs;
  const std::vector<std::vector<Item>> &queues;
  const std::vector<std::vector<size_t>> &sets;
};

/// How many items at the front of a queue are over for certain.
size_t Search::ended(const State &state, size_t pipe) const {
  size_t count = state.fired[pipe] ? sets[pipe][state.fired[pipe] - 1] : 0;
  for (size_t i = state.at[pipe]; i-- > count;)
    if (queues[pipe][i].kind == Item::Barrier)
      return i;
  return count;
}

/// Goes on until every pipe stands before a wait or a barrier; false when something starts too
/// early.
bool Search::settle(State &state) const {
  for (size_t p = 0; p < queues.size(); ++p)
    for (; state.at[p] < queues[p].size(); ++state.at[p]) {
      const Item &item = queues[p][state.at[p]];
      if (item.kind == Item::Wait || item.kind == Item::Barrier)
        break;
      if (item.kind == Item::Op)
        for (size_t q = 0; q < queues.size(); ++q)
          if (item.after[q] && ended(state, q) < item.after[q])
            return false;
    }
  return true;
}

std::vector<State> Search::next(const State &state, bool &wrong) const {
  std::vector<State> states;
  for (size_t p = 0; p < queues.size(); ++p) {
    if (state.fired[p] < sets[p].size() && sets[p][state.fired[p]] < state.at[p]) {
      State fired = state;
      wrong |= !raise(queues[p][sets[p][fired.fired[p]++]], programs, fired);
      states.push_back(std::move(fired));
    }
    if (state.at[p] == queues[p].size() || !mayPass(queues[p][state.at[p]], state))
      continue;
    State passed = state;
    for (size_t channel : queues[p][passed.at[p]++].channels)
      --passed.count[channel];
    states.push_back(std::move(passed));
  }
  return states;
}

Verdict Search::run() {
  State start(programs);
  if (!settle(start))
    return Verdict::Wrong;
  std::vector<State> stack{start};
  std::unordered_set<std::string> seen{start.key()};
  while (!stack.empty()) {
    const State state = std::move(stack.back());
    stack.pop_back();
    bool wrong = false;
    std::vector<State> states = next(state, wrong);
    if (wrong || (states.empty() && !finished(programs, state)))
      return Verdict::Wrong;
    for (State &one : states) {
      if (!settle(one))
        return Verdict::Wrong;
      if (seen.insert(one.key()).second)
        stack.push_back(std::move(one));
    }
    if (seen.size() > kMostStates)
      return Verdict::TooMany;
  }
  return Verdict::Safe;
}

//===----------------------------------------------------------------------===//
// One thing held back
//===----------------------------------------------------------------------===//

class HoldBack {
public:
  explicit HoldBack(const PipePrograms &programs) : programs(programs), queues(programs.queues) {}
  Verdict run();

private:
  struct Held {
    size_t pipe, place;
  };
  bool single() const;
  bool fine(std::optional<Held> held) const;
  bool pass(State &state, size_t pipe, std::optional<Held> held, bool &moved) const;

  const PipePrograms &programs;
  const std::vector<std::vector<Item>> &queues;
};

/// Whether each channel has one pipe that sets it and one that waits for it.
bool HoldBack::single() const {
  std::vector<std::optional<size_t>> setters(programs.limits.size()), waiters(setters);
  for (const std::vector<Item> &queue : queues)
    for (const Item &item : queue)
      for (size_t channel : item.channels) {
        auto &pipe = (item.kind == Item::Set ? setters : waiters)[channel];
        if (pipe.value_or(item.pipe) != item.pipe)
          return false;
        pipe = item.pipe;
      }
  return true;
}

/// Goes on with one pipe as far as it comes; false when something starts while what is held has not
/// ended.
bool HoldBack::pass(State &state, size_t pipe, std::optional<Held> held, bool &moved) const {
  for (; state.at[pipe] < queues[pipe].size(); ++state.at[pipe], moved = true) {
    const size_t place = state.at[pipe];
    const Item &item = queues[pipe][place];
    const bool behind = held && held->pipe == pipe && place > held->place;
    const bool itself = held && held->pipe == pipe && place == held->place;
    if (!mayPass(item, state) || (item.kind == Item::Wait && itself) ||
        (item.kind == Item::Barrier && behind))
      return true;
    if (item.kind == Item::Op && held && item.after[held->pipe] > held->place)
      return false;
    if (item.kind == Item::Wait)
      for (size_t channel : item.channels)
        --state.count[channel];
  }
  return true;
}

bool HoldBack::fine(std::optional<Held> held) const {
  State state(programs);
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t p = 0; p < queues.size(); ++p) {
      if (!pass(state, p, held, moved))
        return false;
      const std::vector<size_t> &sets = programs.sets[p];
      for (; state.fired[p] < sets.size(); ++state.fired[p], moved = true) {
        const size_t place = sets[state.fired[p]];
        if (place >= state.at[p] || (held && held->pipe == p && place > held->place))
          break;
        if (!raise(queues[p][place], programs, state))
          return false;
      }
    }
  }
  return held || finished(programs, state);
}

Verdict HoldBack::run() {
  if (!single())
    return Verdict::TooMany;
  if (!fine(std::nullopt))
    return Verdict::Wrong;
  for (size_t p = 0; p < queues.size(); ++p)
    for (size_t i = 0; i < queues[p].size(); ++i) {
      const Item::Kind kind = queues[p][i].kind;
      if ((kind == Item::Op || kind == Item::Wait) && !fine(Held{p, i}))
        return Verdict::Wrong;
    }
  return Verdict::Safe;
}

} // namespace

Verdict tryAllOrders(func::FuncOp kernel, const tile::ChipSpec &chip) {
  const std::optional<PipePrograms> programs = pipeProgramsOf(kernel, chip);
  if (!programs)
    return Verdict::TooMany;
  const Verdict all = Search(*programs).run(), held = HoldBack(*programs).run();
  if (all == Verdict::TooMany)
    return held;
  return held == Verdict::TooMany || held == all ? all : Verdict::Torn;
}

} // namespace tessera::test
