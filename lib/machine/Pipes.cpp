// Dependences between operations, and the times that follow from them.
#include "Pipes.h"
#include <utility>

namespace tessera::machine {
using namespace mlir;

std::optional<uint32_t> PipeTable::index(PipeId id) {
  // A file with one kind of core need not name it.
  if (chip.cores.size() == 1)
    id.core = chip.cores.front().kind;
  auto found = llvm::find(pipes, id);
  if (found == pipes.end()) {
    if (pipes.size() == kMostPipes)
      return std::nullopt;
    found = pipes.insert(found, id);
  }
  return uint32_t(found - pipes.begin());
}

std::string PipeTable::name(size_t pipe) const {
  const tile::Pipe *spec = chip.pipe(pipes[pipe].pipe);
  const int64_t instance = pipes[pipe].instance;
  const bool shared = instance || (chip.cores.size() > 1 && spec && spec->cores.size() != 1);
  const std::string core = pipes[pipe].core.str() + (instance ? std::to_string(instance) : "");
  return shared ? core + "." + pipes[pipe].pipe.str() : pipes[pipe].pipe.str();
}

double PipeTable::gap(size_t pipe) const {
  const tile::Pipe *spec = chip.pipe(pipes[pipe].pipe);
  return spec ? double(spec->gapCycles) : 0.0;
}

bool PipeTable::selfOrdered(size_t pipe) const {
  const tile::Pipe *spec = chip.pipe(pipes[pipe].pipe);
  return spec && spec->selfOrdered;
}

SmallVector<uint32_t, 2> PipeTable::siblings(uint32_t pipe) const {
  SmallVector<uint32_t, 2> list;
  for (uint32_t i = 0; i < pipes.size(); ++i)
    if (pipes[i].core == pipes[pipe].core && pipes[i].pipe == pipes[pipe].pipe)
      list.push_back(i);
  return list;
}

double PipeTable::latency(size_t from, size_t to) const {
  if (!chip.sync)
    return 0;
  const bool one = pipes[from].core == pipes[to].core && pipes[from].instance == pipes[to].instance;
  return one ? chip.sync->eventCycles : chip.sync->crossCycles;
}

void Pipes::beginBlock(llvm::function_ref<bool(int64_t)> isArgument) {
  for (auto &[name, domain] : domains)
    if (isArgument(name))
      domain = Domain();
}

void Pipes::shift(double cycles) {
  for (double &time : free)
    time += cycles;
  for (auto &[name, domain] : domains)
    for (Record &record : domain.records)
      record.end += cycles;
  for (auto &[channel, queue] : messages)
    for (Message &message : queue)
      message.time += cycles;
}

double Pipes::end() const {
  return *std::max_element(free.begin(), free.end());
}

/// Keeps the list short: what is ordered before the new record by a conflict with it, and lies
/// within it, can be reached through it.
void Pipes::remember(Domain &domain, const Record &record) {
  auto same = [&](const View &view) {
    return view.base == record.view.base && view.offset == record.view.offset &&
           view.sizes == record.view.sizes && view.strides == record.view.strides;
  };
  const bool dense = record.view.rows().count == 1;
  llvm::erase_if(domain.records, [&](const Record &old) {
    if (old.pipe == record.pipe && old.writes == record.writes && same(old.view))
      return true;
    return record.writes && (same(old.view) || (dense && record.view.begin() <= old.view.begin() &&
                                                old.view.end() <= record.view.end()));
  });
  domain.records.push_back(record);
  domain.pipes |= 1u << record.pipe;
  domain.written |= record.writes;
}

/// A wait for what nobody has set holds up nothing here; `tessera check` finds it.
void Pipes::synchronise(const TimedStep &step) {
  SmallVector<uint32_t, 2> members{step.pipe};
  if (step.flag)
    members = table.siblings(step.pipe);
  std::deque<Message> &queue = messages[step.channel];
  if (step.sync == TimedStep::Set) {
    double time = 0;
    for (uint32_t pipe : members)
      time = std::max(time, free[pipe]);
    queue.push_back({step.pipe, time});
  } else if (step.sync == TimedStep::Wait) {
    for (uint32_t pipe : members) {
      waited[pipe] = true;
      if (!queue.empty())
        free[pipe] =
            std::max(free[pipe], queue.front().time + table.latency(queue.front().from, pipe));
    }
    if (!queue.empty())
      queue.pop_front();
  }
}

double Pipes::startAfterConflicts(const TimedStep &step) {
  const uint32_t pipe = step.pipe;
  std::array<const Record *, kMostPipes> last{};
  for (const TimedStep::Access &access : step.accesses) {
    const Domain &domain = domains[access.view.domain];
    if ((domain.pipes & ~(1u << pipe)) == 0 || !(domain.written || access.writes))
      continue;
    for (const Record &record : domain.records) {
      if (record.pipe == pipe || !(record.writes || access.writes) ||
          (what.manySlots && (!record.writes || (access.writes && !step.readsOld))) ||
          known[pipe][record.pipe] >= record.number || !overlaps(record.view, access.view))
        continue;
      if (!last[record.pipe] || last[record.pipe]->number < record.number)
        last[record.pipe] = &record;
    }
  }
  double start = free[pipe];
  bool waits = false;
  for (size_t from = 0; from < table.size(); ++from) {
    const Record *record = last[from];
    if (!record)
      continue;
    bool implied = false;
    for (const Record *other : last)
      implied |= other && other != record && other->known[from] >= record->number;
    if (implied)
      continue;
    waits = true;
    start = std::max(start, record->end + table.latency(from, pipe));
    known[pipe][from] = std::max(known[pipe][from], record->number);
    for (size_t i = 0; i < kMostPipes; ++i)
      known[pipe][i] = std::max(known[pipe][i], record->known[i]);
  }
  if (waits)
    start += table.gap(pipe);
  return start;
}

double Pipes::issue(const TimedStep &step, double late) {
  if (step.sync != TimedStep::None) {
    synchronise(step);
    return free[step.pipe];
  }
  const uint32_t pipe = step.pipe;
  double start = free[pipe];
  if (!byEvents)
    start = startAfterConflicts(step);
  else if (std::exchange(waited[pipe], false))
    start += table.gap(pipe);
  free[pipe] = start + step.cycles * (pipe == what.fastPipe ? 0.5 : 1.0) + late;
  if (byEvents)
    return free[pipe];
  const uint32_t number = ++issued[pipe];
  for (const TimedStep::Access &access : step.accesses)
    remember(domains[access.view.domain],
             Record{access.view, access.writes, pipe, number, free[pipe], known[pipe]});
  return free[pipe];
}

} // namespace tessera::machine
