// What it costs to pass a value through global memory: the unit in which fusion and layouts are
// weighed.
#pragma once

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/IR/Value.h"

namespace tessera {

/// What a value costs that passes between kernels through global memory: bytes written and read
/// again, and their cycles at the rate of all cores of the chip; 0 cycles without a chip.
struct PassingCost {
  int64_t bytes;
  double cycles;
};
PassingCost costOfPassing(mlir::Value value, const tile::ChipSpec *chip);
/// Cycles that one more launch costs.
double launchCycles(const tile::ChipSpec *chip);

} // namespace tessera
