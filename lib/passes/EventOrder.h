// Whether chosen orders are enough for a trace: vector clocks over the pipes of a core group.
#ifndef TESSERA_LIB_PASSES_EVENTORDER_H
#define TESSERA_LIB_PASSES_EVENTORDER_H

#include "EventPlan.h"

namespace tessera::events {

constexpr size_t kMostPipes = 16;

/// The moment of a trace that another must follow: the last of its pipe that it conflicts with.
struct Need {
  unsigned pipe;
  size_t moment;
};

class PipeOrder {
public:
  PipeOrder(const Traces &traces, const tile::ChipSpec &chip);
  bool selfOrdered(unsigned pipe) const { return self[pipe]; }
  /// Walks a trace with the syncs chosen: whether each moment knows those over that it must follow,
  /// and no event is set before an earlier set of it has been waited for. `numbered`: syncs that
  /// have a number share it with others of that number.
  bool holds(const Trace &trace, llvm::ArrayRef<std::vector<Need>> need,
             llvm::ArrayRef<Sync> chosen, bool numbered) const;

private:
  unsigned coreIndex(unsigned pipe) const;
  bool sharesFlags(llvm::ArrayRef<Sync> chosen) const;

  const Traces &traces;
  const tile::ChipSpec &chip;
  std::vector<bool> self;
};

} // namespace tessera::events

#endif // TESSERA_LIB_PASSES_EVENTORDER_H
