// A module taken part of the way down, or all the way to code in a file.
#include "Jit.h"
#include "Signature.h"
#include "Stages.h"
#include "llvm/IR/LegacyPassManager.h"

namespace tessera {

bool lowerModule(mlir::ModuleOp module, const CompileOptions &options, Level level) {
  // Nothing runs here, so any machine will do.
  return attachChip(module, floatIsa(kAllIsas.back()), options) && lowerGraph(module, options) &&
         readSignature(module) && lowerTo(module, options, level);
}

bool emitCode(mlir::ModuleOp module, const CompileOptions &options, CodeFormat format,
              llvm::raw_pwrite_stream &out) {
  if (!lowerModule(module, options, Level::Program))
    return false;
  std::string error;
  const auto host = chooseIsaFromEnvironment(error);
  if (!host) {
    module.emitError(error);
    return false;
  }
  const Isa isa = chipIsa(module).value_or(floatIsa(*host));
  llvm::LLVMContext context;
  auto program = makeLlvm(module, isa, context);
  if (!program)
    return false;
  auto machine = makeTargetMachine(isa);
  if (!machine) {
    module.emitError(llvm::toString(machine.takeError()));
    return false;
  }
  optimize(*program, **machine);
  if (format == CodeFormat::Llvm) {
    program->print(out, nullptr);
    return true;
  }
  llvm::legacy::PassManager passes;
  const auto kind = format == CodeFormat::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                                   : llvm::CodeGenFileType::ObjectFile;
  if ((*machine)->addPassesToEmitFile(passes, out, nullptr, kind)) {
    module.emitError("the code generator cannot write files");
    return false;
  }
  passes.run(*program);
  return true;
}

} // namespace tessera
