// Which orders a kernel needs, as few as will do, with numbers for its events.
#ifndef TESSERA_LIB_PASSES_EVENTPLAN_H
#define TESSERA_LIB_PASSES_EVENTPLAN_H

#include "EventTrace.h"

namespace tessera::events {

/// One order: from the operations of pipe `from` up to node `after`, to those of pipe `to` from
/// node `before` on. Both nodes are in one block of the program. A barrier has only `before`.
struct Sync {
  enum Kind { Barrier, Event, Flag } kind = Event;
  unsigned from = 0, to = 0;
  mlir::Operation *after = nullptr, *before = nullptr;
  /// The wait comes first: it takes a credit that the set of an earlier turn, or the kernel's
  /// beginning, has given.
  bool carried = false;
  mlir::Value slot; ///< Each slot has an event of its own.
  int64_t slots = 1;
  int64_t id = -1;
  size_t order =
      0; ///< As the program's order has it, so that the same program gets the same events.
  int64_t credits() const { return carried ? slots : 0; }
  /// Numbers taken from `id` on.
  int64_t ids() const { return slot ? slots : 1; }
};

/// Orders for every conflict of the traces, none of which the others imply. The message says what
/// is missing where the chip has too few events.
std::optional<std::vector<Sync>> planSyncs(const Traces &traces, const tile::ChipSpec &chip,
                                           std::string &message);

} // namespace tessera::events

#endif // TESSERA_LIB_PASSES_EVENTPLAN_H
