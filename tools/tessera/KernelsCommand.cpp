// `tessera kernels`: the hand-vectorised kernels, and which of them this machine runs.
#include "CommandLine.h"
#include "Commands.h"
#include "tessera/kernels/Registry.h"

namespace tessera::tool {

int kernelsCommand(llvm::ArrayRef<std::string>) { return kOk; }

} // namespace tessera::tool
