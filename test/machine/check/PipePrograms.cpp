// The walk of two blocks, and which operations touch the same bytes.
#include "PipePrograms.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/machine/Interpreter.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

namespace tessera::test {
using namespace mlir;
namespace {

constexpr size_t kMostItems = 3000;
/// The mode of flags between a cube core and its vector cores.
constexpr int64_t kGroupMode = 2;

class Collector {
public:
  Collector(func::FuncOp kernel, const tile::ChipSpec &chip) : kernel(kernel), chip(chip) {}
  std::optional<PipePrograms> run();

private:
  struct Access {
    machine::View view;
    bool writes;
    int64_t block;
  };
  LogicalResult add(const machine::Step &step, int64_t block);
  LogicalResult addSync(const machine::Step &step);
  void addFlag(Item item, tile::PipeId id, int64_t mode, int64_t number);
  void push(Item item, std::vector<Access> touched = {});
  void findNeeds();
  size_t pipe(tile::PipeId id);
  size_t channel(const std::string &name, int64_t limit);
  /// Cores of a kind that the kernel's operations are on.
  int64_t instances(StringRef core) { return std::max<int64_t>(counts[core.str()], 1); }

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  PipePrograms out;
  std::vector<tile::PipeId> pipes;
  std::vector<std::pair<size_t, size_t>> order;
  std::vector<std::vector<Access>> accesses; ///< In that order.
  std::map<std::string, size_t> channels;
  std::map<std::string, int64_t> counts;
};

size_t Collector::pipe(tile::PipeId id) {
  auto found = llvm::find(pipes, id);
  if (found == pipes.end()) {
    found = pipes.insert(found, id);
    out.queues.emplace_back();
  }
  return size_t(found - pipes.begin());
}

size_t Collector::channel(const std::string &name, int64_t limit) {
  auto [entry, fresh] = channels.try_emplace(name, channels.size());
  if (fresh)
    out.limits.push_back(int16_t(limit));
  return entry->second;
}

void Collector::push(Item item, std::vector<Access> touched) {
  order.push_back({item.pipe, out.queues[item.pipe].size()});
  accesses.push_back(std::move(touched));
  out.queues[item.pipe].push_back(std::move(item));
}

/// Every core of the kind sets or waits for itself, with a counter for each pair of cores.
void Collector::addFlag(Item item, tile::PipeId id, int64_t mode, int64_t number) {
  const bool sets = item.kind == Item::Set;
  StringRef other = id.core;
  if (mode == kGroupMode)
    other = id.core == chip.matrixCore() ? chip.vectorCore() : chip.matrixCore();
  const std::string name =
      (sets ? id.core : other).str() + std::to_string(mode) + "." + std::to_string(number) + " ";
  const int64_t partners = instances(other);
  for (id.instance = 0; id.instance < instances(id.core); ++id.instance) {
    item.pipe = pipe(id);
    item.channels.clear();
    for (int64_t partner = 0; partner < partners; ++partner)
      item.channels.push_back(channel(name + std::to_string(sets ? id.instance : partner) + ">" +
                                          std::to_string(sets ? partner : id.instance),
                                      chip.sync->maxCount));
    push(item);
  }
}

LogicalResult Collector::addSync(const machine::Step &step) {
  const auto pair = tile::syncPipes(step.op, chip);
  if (!pair)
    return failure();
  const int64_t slot = step.extents.empty() ? 0 : step.extents.front();
  const bool sets = isa<tile::SetEventOp, tile::CrossSetOp>(step.op);
  Item item;
  item.kind = sets ? Item::Set : Item::Wait;
  if (auto set = dyn_cast<tile::CrossSetOp>(step.op)) {
    addFlag(item, pair->first, set.getMode(), set.getId() + slot);
  } else if (auto wait = dyn_cast<tile::CrossWaitOp>(step.op)) {
    addFlag(item, pair->first, wait.getMode(), wait.getId() + slot);
  } else if (isa<tile::PipeBarrierOp>(step.op)) {
    item.kind = Item::Barrier;
    item.pipe = pipe(pair->second);
    push(item);
  } else {
    const int64_t id = cast<IntegerAttr>(step.op->getAttr("id")).getInt() + slot;
    item.pipe = pipe(sets ? pair->first : pair->second);
    item.channels = {channel(tile::nameOf(pair->first, chip) + ">" +
                                 tile::nameOf(pair->second, chip) + " " + std::to_string(id),
                             1)};
    push(item);
  }
  return success();
}

LogicalResult Collector::add(const machine::Step &step, int64_t block) {
  if (order.size() > kMostItems)
    return failure();
  const auto id = tile::pipeOf(step.op, chip);
  if (!id)
    return addSync(step);
  std::vector<Access> touched;
  for (const auto &operand : step.operands)
    if (operand.view.elements() > 0)
      touched.push_back({operand.view, operand.writes, block});
  Item item;
  item.pipe = pipe(*id);
  push(item, std::move(touched));
  return success();
}

/// An argument's part belongs to one block.
void Collector::findNeeds() {
  auto conflict = [](const Access &a, const Access &b) {
    return (a.writes || b.writes) && (a.view.argument < 0 || a.block == b.block) &&
           machine::overlaps(a.view, b.view);
  };
  for (size_t i = 0; i < order.size(); ++i) {
    Item &later = out.queues[order[i].first][order[i].second];
    later.after.assign(out.queues.size(), 0);
    for (size_t j = 0; j < i; ++j) {
      size_t &after = later.after[order[j].first];
      if (after > order[j].second)
        continue;
      for (const Access &a : accesses[j])
        for (const Access &b : accesses[i])
          if (conflict(a, b))
            after = order[j].second + 1;
    }
  }
}

std::optional<PipePrograms> Collector::run() {
  kernel.walk([&](Operation *op) {
    if (const auto id = tile::pipeOf(op, chip)) {
      int64_t &count = counts[id->core.str()];
      count = std::max(count, id->instance + 1);
    }
  });
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
  if (failed(interpreter.walkCore([&](const machine::Step &s) { return add(s, -1); }, grid)))
    return std::nullopt;
  findNeeds();
  for (const std::vector<Item> &queue : out.queues) {
    out.sets.emplace_back();
    for (size_t i = 0; i < queue.size(); ++i)
      if (queue[i].kind == Item::Set)
        out.sets.back().push_back(i);
  }
  return std::move(out);
}

} // namespace

std::optional<PipePrograms> pipeProgramsOf(func::FuncOp kernel, const tile::ChipSpec &chip) {
  return Collector(kernel, chip).run();
}

} // namespace tessera::test
