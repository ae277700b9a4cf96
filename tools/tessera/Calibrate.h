// Measures this machine for a chip description of it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace tessera::tool {

/// The description of this machine's CPU as YAML: the shipped one of its instruction set with what
/// could be measured in place of its numbers. `cores` below 1 stands for all that this process may
/// use. Nothing, with `error` set, when there is no description to start from. Takes seconds.
std::optional<std::string> calibratedChip(const std::string &name, int64_t cores,
                                          std::string &error);

/// Compiles a model without inputs from files for a chip and returns the fastest of many runs, in
/// microseconds; nothing, with everything said, when it cannot be run.
std::optional<double> fastestRunUs(const std::string &name, const std::string &text,
                                   const std::string &chip, int threads);

} // namespace tessera::tool
