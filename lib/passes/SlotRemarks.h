// Remarks of tile-pipeline: why each buffer has its slots, and what stays from block to block.
#pragma once

#include "SlotPlan.h"

namespace tessera {

void explainSlots(mlir::func::FuncOp kernel, const SlotPlan &plan, const tile::ChipSpec &chip);

} // namespace tessera
