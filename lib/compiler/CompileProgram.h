// The fast way: from npu operators through a chip's tile program to machine code.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/support/Isa.h"

namespace tessera {

/// Compiles @main for a chip, to run on this machine's `host`. A module that carries a chip keeps
/// it; one that has been lowered in part is entered from there. On failure returns null and has
/// emitted diagnostics.
std::shared_ptr<const runtime::CompiledModel> compileProgram(mlir::ModuleOp module, Isa host,
                                                             const CompileOptions &options);

} // namespace tessera
