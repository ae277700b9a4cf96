// Declarations and registration of Tessera's passes, generated from Passes.td.
#ifndef TESSERA_PASSES_PASSES_H
#define TESSERA_PASSES_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "tessera/dialect/npu/NpuDialect.h"

namespace tessera {
namespace func = ::mlir::func; // the generated declarations name it without a prefix
#define GEN_PASS_DECL
#include "tessera/passes/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "tessera/passes/Passes.h.inc"
} // namespace tessera

#endif // TESSERA_PASSES_PASSES_H
