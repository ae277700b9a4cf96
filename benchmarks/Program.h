// Programs compiled from npu operators, as something to time.
#pragma once

#include "Bench.h"

#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"

namespace tessera::bench {

/// A session on so many threads with memory for its tensors: one call is one run of the program.
/// Null when the program does not compile.
std::function<void()> runnable(mlir::ModuleOp module, const CompileOptions &options,
                               unsigned threads);

/// For the CPU chip of an instruction set.
CompileOptions optionsFor(Isa isa);

/// The product of two arguments by the whole pipeline, packing included.
std::function<void()> compiledProduct(const Product &product, Isa isa, unsigned threads);

} // namespace tessera::bench
