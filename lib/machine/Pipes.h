// The pipes of one core group: when each operation may start, given what came before.
#pragma once
#include "Costs.h"
#include <array>
#include <deque>

namespace tessera::machine {

/// More pipes than any group has.
inline constexpr size_t kMostPipes = 16;

/// One operation, ready to be placed in time.
struct TimedStep {
  uint32_t pipe = 0;
  double cycles = 0;
  bool loads = false; ///< Reads the global memory.
  // For reports.
  mlir::Operation *op = nullptr;
  llvm::StringRef from, to;
  int64_t bytes = 0;
  bool readsOld = false; ///< What it writes, it reads too.
  struct Access {
    View view;
    bool writes;
  };
  llvm::SmallVector<Access, 3> accesses;
  /// Instead of work: an event or flag of this number set or waited for, or a barrier.
  enum Sync { None, Set, Wait, Barrier } sync = None;
  int64_t channel = 0;
  bool flag = false; ///< Of all vector cores of the group alike.
};

/// The pipes that a launch's operations use, by the order of their first use.
class PipeTable {
public:
  explicit PipeTable(const tile::ChipSpec &chip) : chip(chip) {}
  /// Nothing when there are too many.
  std::optional<uint32_t> index(PipeId id);
  size_t size() const { return pipes.size(); }
  std::string name(size_t pipe) const;
  double gap(size_t pipe) const;
  bool selfOrdered(size_t pipe) const;
  /// The same pipe of every equal core of the group, this one included.
  llvm::SmallVector<uint32_t, 2> siblings(uint32_t pipe) const;
  /// From the end of an operation on one pipe until another may know of it.
  double latency(size_t from, size_t to) const;

private:
  const tile::ChipSpec &chip;
  std::vector<PipeId> pipes;
};

/// A machine with one thing better than it is.
struct WhatIf {
  uint32_t fastPipe = kMostPipes; ///< This pipe takes half as long.
  bool manySlots = false;         ///< No buffer is waited for to be free.
  bool fastLevel = false;         ///< The shared cache is no limit.
};

/// Pipes run in order. An operation starts when its pipe is free and the operations of other pipes
/// that it must follow have ended: it reads what they wrote, or writes what they read or wrote.
/// What an earlier wait already implies is not waited for again, as correct events of the least
/// number would have it; an operation that waits also pays its pipe's gap.
///
/// With events, an operation starts when its pipe is free and the waits before it let it: a set
/// counts from the end of all that its pipe was given before.
class Pipes {
public:
  explicit Pipes(const PipeTable &table, bool byEvents = false, WhatIf what = {})
      : table(table), byEvents(byEvents), what(what) {}
  /// When it ends. `late`: cycles that it takes beyond its own.
  double issue(const TimedStep &step, double late = 0);
  /// Blocks do not share parts of arguments, so nothing need be remembered of those.
  void beginBlock(llvm::function_ref<bool(int64_t domain)> isArgument);
  /// As if so many cycles of the same went by.
  void shift(double cycles);
  double end() const;

private:
  using Clock = std::array<uint32_t, kMostPipes>;
  struct Record {
    View view;
    bool writes;
    uint32_t pipe, number; ///< Of the operation on its pipe, from 1.
    double end;
    Clock known; ///< What its pipe knew to have ended when it began.
  };
  struct Domain {
    std::vector<Record> records;
    uint32_t pipes = 0; ///< Bit set of those that touched it.
    bool written = false;
  };
  void remember(Domain &domain, const Record &record);
  void synchronise(const TimedStep &step);
  double startAfterConflicts(const TimedStep &step);

  /// Sets that have not been waited for yet: which pipe's, and when.
  struct Message {
    uint32_t from;
    double time;
  };

  const PipeTable &table;
  const bool byEvents;
  const WhatIf what;
  std::array<bool, kMostPipes> waited{};
  llvm::DenseMap<int64_t, std::deque<Message>> messages;
  std::array<double, kMostPipes> free{};
  std::array<uint32_t, kMostPipes> issued{};
  std::array<Clock, kMostPipes> known{};
  llvm::DenseMap<int64_t, Domain> domains;
};

} // namespace tessera::machine
