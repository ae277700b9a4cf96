// Exhaustive search over the states of all pipes. An operation is issued as soon as its pipe comes
// to it and ends as late as a set or a barrier lets it: every other moment is less dangerous.
#include "Interleavings.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/machine/Interpreter.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <string>
#include <unordered_set>

namespace tessera::test {
using namespace mlir;
namespace {

constexpr size_t kMostItems = 3000;
constexpr size_t kMostStates = 1000000;

struct Item {
  enum Kind { Op, Set, Wait, Barrier } kind = Op;
  size_t pipe = 0, channel = 0;
  std::vector<std::pair<machine::View, bool>> accesses;
  int64_t block = 0;
  /// By pipe: how many items of its queue must have ended before this starts.
  std::vector<size_t> after;
};

struct State {
  std::vector<uint16_t> at, fired; ///< By pipe: items passed, and sets of them that have happened.
  std::vector<int16_t> count;      ///< By channel.
};

class Search {
public:
  Search(func::FuncOp kernel, const tile::ChipSpec &chip) : kernel(kernel), chip(chip) {}
  Verdict run();

private:
  LogicalResult add(const machine::Step &step, int64_t block);
  bool collect();
  void findNeeds();
  size_t pipe(tile::PipeId id);
  size_t ended(const State &state, size_t pipe) const;
  bool settle(State &state) const;
  bool finished(const State &state) const;
  std::vector<State> next(const State &state, bool &wrong) const;
  static std::string pack(const State &state) {
    std::string text(reinterpret_cast<const char *>(state.at.data()), state.at.size() * 2);
    return text.append(reinterpret_cast<const char *>(state.fired.data()), state.fired.size() * 2);
  }

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  std::vector<tile::PipeId> pipes;
  std::vector<std::vector<Item>> queues;
  std::vector<std::vector<size_t>> sets; ///< Places of the sets in each queue.
  std::vector<std::pair<size_t, size_t>> order;
  std::map<std::string, size_t> channels;
  std::vector<int16_t> limits;
};

size_t Search::pipe(tile::PipeId id) {
  auto found = llvm::find(pipes, id);
  if (found == pipes.end()) {
    found = pipes.insert(found, id);
    queues.emplace_back();
  }
  return size_t(found - pipes.begin());
}

LogicalResult Search::add(const machine::Step &step, int64_t block) {
  if (order.size() > kMostItems)
    return failure();
  Item item;
  item.block = block;
  if (const auto id = tile::pipeOf(step.op, chip)) {
    item.pipe = pipe(*id);
    for (const auto &operand : step.operands)
      if (operand.view.elements() > 0)
        item.accesses.push_back({operand.view, operand.writes});
  } else {
    const auto pair = tile::syncPipes(step.op, chip);
    if (!pair)
      return failure();
    const int64_t slot = step.extents.empty() ? 0 : step.extents.front();
    auto channel = [&](std::string name, int64_t limit) {
      auto [entry, fresh] = channels.try_emplace(name, channels.size());
      if (fresh)
        limits.push_back(int16_t(limit));
      return entry->second;
    };
    auto event = [&](int64_t id) {
      return channel(pair->first.core.str() + pair->first.pipe.str() + ">" +
                         pair->second.pipe.str() + std::to_string(id + slot),
                     1);
    };
    auto flag = [&](int64_t id, int64_t mode, bool sets) {
      const bool cube = (pair->first.core == chip.matrixCore()) == (sets || mode != 2);
      return channel((cube ? "cube" : "vector") + std::to_string(mode) + "." +
                         std::to_string(id + slot),
                     chip.sync->maxCount);
    };
    item.kind = Item::Wait;
    item.pipe = pipe(pair->second);
    if (isa<tile::PipeBarrierOp>(step.op)) {
      item.kind = Item::Barrier;
    } else if (auto set = dyn_cast<tile::SetEventOp>(step.op)) {
      item.kind = Item::Set;
      item.pipe = pipe(pair->first);
      item.channel = event(set.getId());
    } else if (auto wait = dyn_cast<tile::WaitEventOp>(step.op)) {
      item.channel = event(wait.getId());
    } else if (auto set = dyn_cast<tile::CrossSetOp>(step.op)) {
      item.kind = Item::Set;
      item.channel = flag(set.getId(), set.getMode(), true);
    } else if (auto wait = dyn_cast<tile::CrossWaitOp>(step.op)) {
      item.channel = flag(wait.getId(), wait.getMode(), false);
    }
  }
  order.push_back({item.pipe, queues[item.pipe].size()});
  queues[item.pipe].push_back(std::move(item));
  return success();
}

bool Search::collect() {
  machine::Interpreter interpreter(kernel);
  int64_t block = 0;
  auto grid = [&](scf::ForallOp op) -> LogicalResult {
    FailureOr<machine::BlockList> list = interpreter.blocks(op);
    if (failed(list) || list->representatives.empty())
      return list;
    for (int turn = 0; turn < 2; ++turn, ++block)
      if (failed(interpreter.walkBlock(op, list->representatives.front(),
                                       [&](const machine::Step &s) { return add(s, block); })))
        return failure();
    return success();
  };
  return succeeded(interpreter.walkCore([&](const machine::Step &s) { return add(s, -1); }, grid));
}

void Search::findNeeds() {
  for (size_t i = 0; i < order.size(); ++i) {
    Item &later = queues[order[i].first][order[i].second];
    later.after.assign(queues.size(), 0);
    for (size_t j = 0; j < i; ++j) {
      const Item &earlier = queues[order[j].first][order[j].second];
      for (const auto &[a, aWrites] : earlier.accesses)
        for (const auto &[b, bWrites] : later.accesses)
          if ((aWrites || bWrites) && (a.argument < 0 || earlier.block == later.block) &&
              machine::overlaps(a, b))
            later.after[order[j].first] =
                std::max(later.after[order[j].first], order[j].second + 1);
    }
  }
  sets.resize(queues.size());
  for (size_t p = 0; p < queues.size(); ++p)
    for (size_t i = 0; i < queues[p].size(); ++i)
      if (queues[p][i].kind == Item::Set)
        sets[p].push_back(i);
}

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

bool Search::finished(const State &state) const {
  for (size_t p = 0; p < queues.size(); ++p)
    if (state.at[p] < queues[p].size() || state.fired[p] < sets[p].size())
      return false;
  return llvm::all_of(state.count, [](int16_t count) { return count == 0; });
}

std::vector<State> Search::next(const State &state, bool &wrong) const {
  std::vector<State> states;
  for (size_t p = 0; p < queues.size(); ++p) {
    if (state.fired[p] < sets[p].size() && sets[p][state.fired[p]] < state.at[p]) {
      State fired = state;
      const size_t channel = queues[p][sets[p][fired.fired[p]++]].channel;
      wrong |= ++fired.count[channel] > limits[channel];
      states.push_back(std::move(fired));
    }
    if (state.at[p] == queues[p].size())
      continue;
    const Item &item = queues[p][state.at[p]];
    if (item.kind == Item::Wait && state.count[item.channel] == 0)
      continue;
    State passed = state;
    ++passed.at[p];
    if (item.kind == Item::Wait)
      --passed.count[item.channel];
    states.push_back(std::move(passed));
  }
  return states;
}

Verdict Search::run() {
  if (!collect())
    return Verdict::TooMany;
  findNeeds();
  State start{std::vector<uint16_t>(queues.size()), std::vector<uint16_t>(queues.size()),
              std::vector<int16_t>(channels.size())};
  if (!settle(start))
    return Verdict::Wrong;
  std::vector<State> stack{start};
  std::unordered_set<std::string> seen{pack(start)};
  while (!stack.empty()) {
    const State state = std::move(stack.back());
    stack.pop_back();
    bool wrong = false;
    std::vector<State> states = next(state, wrong);
    if (wrong || (states.empty() && !finished(state)))
      return Verdict::Wrong;
    for (State &one : states) {
      if (!settle(one))
        return Verdict::Wrong;
      if (seen.insert(pack(one)).second)
        stack.push_back(std::move(one));
    }
    if (seen.size() > kMostStates)
      return Verdict::TooMany;
  }
  return Verdict::Safe;
}

} // namespace

Verdict tryAllOrders(func::FuncOp kernel, const tile::ChipSpec &chip) {
  return Search(kernel, chip).run();
}

} // namespace tessera::test
