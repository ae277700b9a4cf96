// Pipes go on by priorities that change now and then, so that each is far ahead of the others at
// times, and far behind at others.
#include "Queues.h"
#include <numeric>

namespace tessera::machine {
using namespace mlir;

/// Operations that a pipe has started and not ended, at most: a guess of what a chip keeps open.
static constexpr size_t kInFlight = 4;
/// Steps in all queues beyond which the program is not read ahead: several blocks of most kernels.
static constexpr int64_t kBacklog = 512;
/// The longest time that priorities stay.
static constexpr uint64_t kLongestPhase = 48;

Queues::Queues(const PipeTable &table, const StepCode &code, uint64_t seed, ExecutionCounts &counts)
    : table(table), code(code), counts(counts), random(seed) {
  for (size_t i = 0; i < table.size(); ++i)
    pipes[i].selfOrdered = table.selfOrdered(i);
  std::iota(priority.begin(), priority.end(), 0u);
}

LogicalResult Queues::push(uint32_t pipe, QueuedStep step) {
  step.number = pushed++;
  const SmallVector<uint32_t, 2> alike =
      step.flag ? table.siblings(pipe) : SmallVector<uint32_t, 2>{pipe};
  for (uint32_t each : alike) {
    if (step.sync == TimedStep::Set)
      channels[step.channel].setters |= 1u << each;
    pipes[each].queue.push_back(step);
    ++waiting;
  }
  if (step.sync == TimedStep::None)
    undone.insert(step.number);
  // Every wait has its set before it in the text, so some pipe can always go on.
  while (waiting > kBacklog)
    if (!goOn())
      return stuck();
  return success();
}

LogicalResult Queues::finish() {
  while (waiting > 0)
    if (!goOn())
      return stuck();
  return success();
}

/// Whether a sync at the head of its pipe lets it by; `first`: nothing before it is left.
bool Queues::pass(uint32_t pipe, const QueuedStep &step, bool first) {
  Channel &channel = channels[step.channel];
  switch (step.sync) {
  case TimedStep::None:
    return false;
  case TimedStep::Barrier:
    return first;
  case TimedStep::Set: {
    if (!first)
      return false;
    // On the chip an event that is set already is set no further, and some pipe may wait for ever.
    // Here it counts, so that what else goes wrong shows in the numbers.
    if (++channel.sets[pipe] > *llvm::max_element(channel.waits) + 1 && !step.flag)
      ++counts.doubleSets;
    return true;
  }
  case TimedStep::Wait:
    for (uint32_t setter = 0; setter < kMostPipes; ++setter)
      if ((channel.setters >> setter & 1) && channel.sets[setter] <= channel.waits[pipe])
        return false;
    if (channel.setters == 0)
      return false;
    ++channel.waits[pipe];
    return true;
  }
  llvm_unreachable("every kind is listed");
}

/// Fires what can fire, and finds the operations that may be done now. Whether something fired.
bool Queues::passSyncs(uint32_t pipe, SmallVectorImpl<size_t> &ready) {
  std::deque<QueuedStep> &queue = pipes[pipe].queue;
  bool fired = false;
  for (size_t i = 0; i < queue.size() && ready.size() < kInFlight;) {
    if (queue[i].sync == TimedStep::None) {
      if (pipes[pipe].selfOrdered && !ready.empty())
        break;
      ready.push_back(i++);
    } else if (pass(pipe, queue[i], i == 0)) {
      queue.erase(queue.begin() + ptrdiff_t(i));
      --waiting;
      ++counts.syncs;
      fired = true;
    } else if (queue[i].sync == TimedStep::Set) {
      ++i; // later operations need not wait until it fires
    } else {
      break;
    }
  }
  return fired;
}

bool Queues::goOn() {
  if (untilChange-- <= 0) {
    untilChange = int64_t(random() % kLongestPhase);
    for (size_t i = table.size(); i-- > 1;)
      std::swap(priority[i], priority[random() % (i + 1)]);
  }
  bool fired = true;
  while (fired) {
    fired = false;
    // What fires may let a pipe of higher priority go on.
    for (size_t i = 0; i < table.size() && !fired; ++i) {
      SmallVector<size_t, kInFlight> ready;
      fired = passSyncs(priority[i], ready);
      if (ready.empty())
        continue;
      perform(pipes[priority[i]], ready[random() % ready.size()]);
      return true;
    }
    if (waiting == 0)
      return true;
  }
  return false;
}

void Queues::perform(Pipe &pipe, size_t at) {
  const QueuedStep &step = pipe.queue[at];
  code.perform(step.op, step.words);
  ++counts.operations;
  counts.overtakings += *undone.begin() < step.number;
  undone.erase(step.number);
  pipe.queue.erase(pipe.queue.begin() + ptrdiff_t(at));
  --waiting;
}

LogicalResult Queues::stuck() const {
  for (uint32_t i = 0; i < table.size(); ++i)
    for (const QueuedStep &step : pipes[i].queue)
      if (step.sync == TimedStep::Wait)
        return step.op->emitOpError("holds pipe ")
               << table.name(i) << " for ever: nothing that is still to be done sets what it "
               << "waits for";
  llvm_unreachable("only a wait holds a pipe whose earlier operations are done");
}

} // namespace tessera::machine
