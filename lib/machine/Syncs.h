// Events, flags and barriers of a program as steps that the pipes can time.
#pragma once
#include "Pipes.h"
#include <map>

namespace tessera::machine {

/// Numbers the channels of a kernel: an event by its two pipes and its id, a flag by the kind of
/// core that sets it, its mode and its id.
class SyncTable {
public:
  SyncTable(const tile::ChipSpec &chip, PipeTable &table) : chip(chip), table(table) {}
  /// Failure, with an error on the operation, when it does not say which pipe it means.
  mlir::FailureOr<TimedStep> of(const Step &step);

private:
  const tile::ChipSpec &chip;
  PipeTable &table;
  std::map<std::tuple<int64_t, int64_t, int64_t>, int64_t> channels;
};

} // namespace tessera::machine
