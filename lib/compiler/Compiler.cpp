// The choice between the fast way and the reference, and the chip of this machine.
#include "tessera/compiler/Compiler.h"
#include "CompileProgram.h"
#include "CompileReference.h"

namespace tessera {

std::string hostChip() {
  std::string error;
  const auto isa = chooseIsaFromEnvironment(error);
  return isa ? "cpu-" + std::string(isaName(floatIsa(*isa))) : "";
}

std::shared_ptr<const runtime::CompiledModel> compileModule(mlir::ModuleOp module,
                                                            const CompileOptions &options) {
  std::string error;
  const auto isa = chooseIsaFromEnvironment(error);
  if (!isa) {
    module.emitError(error);
    return nullptr;
  }
  return options.reference ? compileReference(module, floatIsa(*isa))
                           : compileProgram(module, *isa, options);
}

} // namespace tessera
