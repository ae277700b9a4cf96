// `tessera check --run`: the program run in orders that its chip could take, against its code.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Interpret.h"
#include <optional>
#include <string>
#include <vector>

namespace tessera::tool {

struct RunResult {
  InterpretedCounts counts;
  int64_t orders = 0, outputs = 0;
  /// What differs, at most one for each output, and whether an event was set twice.
  std::vector<std::string> differences;
};

/// Runs a placed program on random inputs in as many orders, the first of number `seed`, and
/// compares every output with what the compiled program gives. Nothing, with everything said, when
/// it cannot be run.
std::optional<RunResult> runInOrders(mlir::ModuleOp program, const CompileOptions &options,
                                     int64_t orders, int64_t seed);

} // namespace tessera::tool
