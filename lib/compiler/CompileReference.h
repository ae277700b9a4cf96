// The slow, independent way to run a module: decompositions and upstream's passes.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/runtime/Model.h"
#include "tessera/support/Isa.h"
#include <memory>

namespace tessera {

/// Compiles @main by the reference pipeline. The whole model is one kernel, "reference". Null on
/// failure, with the error emitted.
std::shared_ptr<const runtime::CompiledModel> compileReference(mlir::ModuleOp module, Isa isa);

} // namespace tessera
