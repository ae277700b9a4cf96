// `tessera sim --validate cpu`: this machine's chip, predicted beside measured.
#pragma once
#include <string>

namespace tessera::tool {

/// Measures the machine, or takes the chip given; compiles, times and runs shapes of five families
/// on one thread; prints them. Returns an exit code.
int validateCpu(const std::string &chip, bool json);

} // namespace tessera::tool
