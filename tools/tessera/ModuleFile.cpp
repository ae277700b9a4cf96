// Modules as text and as bytecode.
#include "ModuleFile.h"
#include "CommandLine.h"
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/ToolOutputFile.h"

namespace tessera::tool {

/// Values longer than this many hexadecimal digits are left out of text for people.
static constexpr int64_t kShownDigits = 128;

void printForPeople(mlir::ModuleOp module) {
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(64);
  flags.elideLargeResourceString(kShownDigits);
  module.print(llvm::outs(), flags);
}

int writeModule(mlir::ModuleOp module, llvm::StringRef path) {
  return writeFile(path, [&](llvm::raw_ostream &out) {
    if (path.ends_with(".mlirbc"))
      return succeeded(mlir::writeBytecodeToFile(module, out));
    module.print(out);
    return true;
  });
}

int writeFile(llvm::StringRef path, llvm::function_ref<bool(llvm::raw_ostream &)> write) {
  std::string error;
  auto file = mlir::openOutputFile(path, &error);
  if (!file)
    return fail(error);
  if (!write(file->os()))
    return fail("cannot write " + path);
  file->os().flush();
  if (file->os().has_error()) {
    const std::string reason = file->os().error().message();
    file->os().clear_error();
    return fail("cannot write " + path + ": " + reason);
  }
  file->keep();
  return kOk;
}

} // namespace tessera::tool
