// The pipes of one core group as queues of operations, and who of them goes on next.
#pragma once
#include "Pipes.h"
#include "tessera/machine/Execution.h"
#include <deque>
#include <map>
#include <random>
#include <set>

namespace tessera::machine {

/// One operation with all it takes, or a sync, in the queue of its pipe.
struct QueuedStep {
  mlir::Operation *op = nullptr;
  TimedStep::Sync sync = TimedStep::None;
  int64_t channel = 0;
  bool flag = false;  ///< Counts, where an event is set or not.
  int64_t number = 0; ///< In the program's order.
  llvm::SmallVector<int64_t, 24> words;
};

class Queues {
public:
  Queues(const PipeTable &table, const StepCode &code, uint64_t seed, ExecutionCounts &counts);

  /// Gives the next operation in the program's order to its pipe; a flag to that pipe of every
  /// equal core. Where too many wait, some go on first. Failure, with an error, when none can.
  mlir::LogicalResult push(uint32_t pipe, QueuedStep step);
  /// Goes on until all is done.
  mlir::LogicalResult finish();

private:
  struct Pipe {
    std::deque<QueuedStep> queue;
    bool selfOrdered = false;
  };
  /// Sets and waits by pipe: each waiting pipe goes on when every setting one has set once more
  /// than it has waited.
  struct Channel {
    std::array<int64_t, kMostPipes> sets{}, waits{};
    uint32_t setters = 0; ///< One bit each.
  };
  bool goOn();
  bool passSyncs(uint32_t pipe, llvm::SmallVectorImpl<size_t> &ready);
  bool pass(uint32_t pipe, const QueuedStep &step, bool first);
  void perform(Pipe &pipe, size_t at);
  mlir::LogicalResult stuck() const;

  const PipeTable &table;
  const StepCode &code;
  ExecutionCounts &counts;
  std::mt19937_64 random;
  std::array<Pipe, kMostPipes> pipes;
  std::array<uint32_t, kMostPipes> priority; ///< Pipes, the first to go on at the front.
  int64_t untilChange = 0;                   ///< Operations before the priorities change.
  std::map<int64_t, Channel> channels;
  int64_t waiting = 0; ///< In all queues.
  int64_t pushed = 0;
  std::set<int64_t> undone; ///< Numbers of the operations that wait.
};

} // namespace tessera::machine
