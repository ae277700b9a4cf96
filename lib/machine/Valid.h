// What of its buffers an operation uses and fills, where that is less than the buffers: tiles at an
// edge leave the rest of a fractal buffer as it was.
#pragma once
#include "tessera/machine/Interpreter.h"

namespace tessera::machine {

/// One part of a buffer that an operation reads as data or writes.
struct Valid {
  View view;
  bool uses = false, fills = false;
};

/// The parts of all operands. Moves between the memories of a core pass on what they find, so that
/// they use nothing: see `moved`.
llvm::SmallVector<Valid, 4> validParts(const Step &step);

/// Whether the operation moves fractal blocks between two memories of a core. Then calls `block`
/// for each block that it fills, with the blocks it is made of.
bool moved(const Step &step,
           llvm::function_ref<void(const View &target, llvm::ArrayRef<View> sources)> block);

} // namespace tessera::machine
