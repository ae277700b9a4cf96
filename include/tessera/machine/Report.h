// A timing in words and as JSON.
#pragma once
#include "tessera/machine/Timing.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::machine {

/// The time, what it is made of, and a table of kernels, the slowest first.
void printTiming(const ProgramTime &time, const EnergyEstimate &energy, llvm::raw_ostream &out);
/// The same figures, kernels in order of their first launch.
void printTimingJson(const ProgramTime &time, const EnergyEstimate &energy, llvm::raw_ostream &out);
/// The launches and, where `TimingOptions::timeline` was asked for, the operations of each one's
/// slowest core, in the JSON that Chrome's and Perfetto's trace viewers read.
void writeTrace(const ProgramTime &time, const tile::ChipSpec &chip, llvm::raw_ostream &out);
/// One HTML page that needs nothing else: what the text says, timelines, memory over time, a
/// roofline.
void writePage(const ProgramTime &time, const EnergyEstimate &energy, const tile::ChipSpec &chip,
               llvm::StringRef title, llvm::raw_ostream &out);

} // namespace tessera::machine
