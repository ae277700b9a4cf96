// Everything a tool registers before it reads MLIR: upstream, Tessera's dialects and passes.
#ifndef TESSERA_PASSES_REGISTRATION_H
#define TESSERA_PASSES_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

namespace tessera {

/// Adds all dialects, upstream's and Tessera's, with the external models Tessera's passes need.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers Tessera's passes and named pipelines by name. Once per process.
void registerPassesAndPipelines();

/// Dialects, passes and pipelines, upstream's and Tessera's: what `tessera-opt` knows.
void registerAllTessera(mlir::DialectRegistry &registry);

/// Appends the reference lowering: npu-decompose, then upstream's passes alone, from tensors to
/// the LLVM dialect. Functions get a C interface (`_mlir_ciface_<name>`) that takes pointers to
/// memref descriptors: the arguments', then one per result, whose buffer the caller provides.
void buildReferencePipeline(mlir::OpPassManager &manager);

} // namespace tessera

#endif // TESSERA_PASSES_REGISTRATION_H
