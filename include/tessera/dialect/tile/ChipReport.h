// Chip descriptions as people and machines read them: the texts of `tessera chips`.
#pragma once
#include "tessera/dialect/tile/ChipSpec.h"

namespace tessera::tile {

/// A table of the chips that `listChips` finds: name, cores, peak rate, memories, how many numbers
/// of each status. A file that does not parse has its error instead.
std::string chipTable();
/// The same as a JSON array, by name and path, with the error of a file that does not parse.
std::string chipTableJson();

/// One chip in whole sentences and tables: cores, memories, paths, units, order, what the file
/// leaves out, then every number with its status and source.
std::string explainChip(const ChipSpec &chip);
/// The chip file as JSON; each number is {value, status, source, note}.
std::string explainChipJson(const ChipSpec &chip);

/// Peak of the matrix unit for the element type of its operands, over all cores, in operations per
/// second (two per multiply-accumulate); 0 when the chip does not take the type.
double peakOpsPerSecond(const ChipSpec &chip, llvm::StringRef type);

} // namespace tessera::tile
