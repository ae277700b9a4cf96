// The subcommands of `tessera`, one per source file.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include <string>

namespace tessera::tool {

/// Each takes the arguments after its name and returns the exit code.
int runCommand(llvm::ArrayRef<std::string> arguments);
int compileCommand(llvm::ArrayRef<std::string> arguments);
int simCommand(llvm::ArrayRef<std::string> arguments);
int checkCommand(llvm::ArrayRef<std::string> arguments);
int importCommand(llvm::ArrayRef<std::string> arguments);
int benchCommand(llvm::ArrayRef<std::string> arguments);
int chipsCommand(llvm::ArrayRef<std::string> arguments);
int kernelsCommand(llvm::ArrayRef<std::string> arguments);
int tuneCommand(llvm::ArrayRef<std::string> arguments);

} // namespace tessera::tool
