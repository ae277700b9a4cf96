// How near the tiles that the cost function chooses are to the best of those that are tried.
#pragma once
#include "TuneModel.h"

namespace tessera::tool {

/// Tries tiles for the shapes of CpuCases on this machine (or on the chip's description, if the
/// chip is no CPU), prints a table, and returns the exit code.
int validateTiles(const std::string &chip, const TryOptions &how, bool json);

} // namespace tessera::tool
