// Data files that come with the program, beside its chip descriptions.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <optional>
#include <string>

namespace tessera::tile {

/// The path of share/tessera/FOLDER/NAME.yaml, looked up where chips are; nothing when there is no
/// such file, or when the name is a path.
std::optional<std::string> shippedFile(llvm::StringRef folder, llvm::StringRef name);

} // namespace tessera::tile
