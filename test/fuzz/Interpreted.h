// A program run operation by operation, in an order that its chip's pipes could take, and its
// compiled code held against each other.
#pragma once
#include "Evidence.h"
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/import/Tensors.h"

namespace tessera::test {

/// Nothing when every output has the same bits, else which differs and where. The program is a
/// placed one, which is changed; `seed` picks the order, and `model` is what it compiles to.
std::string interpretedDiffers(mlir::ModuleOp program, const CompileOptions &options,
                               const std::shared_ptr<const runtime::CompiledModel> &model,
                               const std::vector<import_::Tensor> &inputs, uint64_t seed,
                               Evidence &into);

} // namespace tessera::test
