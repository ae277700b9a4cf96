// Whether a mistake changes what a program computes, in the order of the text or any other.
#pragma once
#include "Mutants.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tessera/compiler/Compiler.h"

namespace tessera::test {

class Values {
public:
  /// Of a placed program, all of whose inputs are f32; runs it on random numbers.
  Values(mlir::ModuleOp program, const CompileOptions &options);

  /// Whether outputs have other bits once the mistake is in the kernel of that name, or whether the
  /// program can no longer be run.
  bool change(const Mutant &mutant, llvm::StringRef kernel) const;

private:
  using Outputs = std::vector<std::vector<char>>;
  std::optional<Outputs> compute(mlir::ModuleOp program) const;

  mlir::OwningOpRef<mlir::ModuleOp> program;
  CompileOptions options;
  std::vector<runtime::TensorInfo> infos; ///< Of the outputs.
  std::vector<std::vector<float>> inputs;
  Outputs wanted;
};

} // namespace tessera::test
