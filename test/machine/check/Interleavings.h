// Whether a kernel can go wrong, by trying every order in which its pipes may go on.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/dialect/tile/ChipSpec.h"

namespace tessera::test {

enum class Verdict {
  Safe,
  Wrong,
  TooMany,
  Torn, ///< The two searches do not agree: one of them is mistaken.
};

/// Two blocks of the kernel's first class, one after another on a core. Wrong is an operation that
/// starts while an earlier one that it conflicts with has not ended, an event set while it is set,
/// a flag above its limit, a pipe that never goes on, and anything left set.
Verdict tryAllOrders(mlir::func::FuncOp kernel, const tile::ChipSpec &chip);

} // namespace tessera::test
