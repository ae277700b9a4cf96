// A timing in words and as JSON.
#pragma once
#include "tessera/machine/Timing.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::machine {

/// The time, what it is made of, and a table of kernels, the slowest first.
void printTiming(const ProgramTime &time, llvm::raw_ostream &out);
/// The same figures, kernels in order of their first launch.
void printTimingJson(const ProgramTime &time, llvm::raw_ostream &out);

} // namespace tessera::machine
