// Writing modules: whole into files, or without the weights for people.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {

/// Text without the weights, to read, on stdout; such text cannot be compiled again.
void printForPeople(mlir::ModuleOp module);

/// Writes the module, as bytecode if the name ends in .mlirbc, and returns the exit code.
int writeModule(mlir::ModuleOp module, llvm::StringRef path);

/// Writes a file by `write`, which returns whether it could, and returns the exit code. What could
/// not be written whole is removed.
int writeFile(llvm::StringRef path, llvm::function_ref<bool(llvm::raw_ostream &)> write);

} // namespace tessera::tool
