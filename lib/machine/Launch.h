// The time of one launch of a kernel.
#pragma once
#include "tessera/machine/Timing.h"

namespace tessera::machine {

/// Times one launch. `isCold` says for each argument whether its bytes are outside the shared
/// cache when it begins.
mlir::FailureOr<KernelTime> timeLaunch(mlir::func::FuncOp kernel, const tile::ChipSpec &chip,
                                       llvm::StringRef cores, llvm::ArrayRef<bool> isCold,
                                       TimingOptions options = {});

/// Says what a launch's time is made of mostly.
std::string describeBound(const KernelTime &time, const tile::ChipSpec &chip, int64_t coresOfChip);

/// Turns savings in microseconds into shares and words, adds those that need no timing, and sorts.
void describeSavings(KernelTime &time, const tile::ChipSpec &chip, int64_t coresOfChip);

} // namespace tessera::machine
