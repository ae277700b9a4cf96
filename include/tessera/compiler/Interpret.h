// A tile program run operation by operation, in orders that the pipes of its chip could take. Its
// operations are compiled as in the program that runs fast, each by itself, so the numbers are the
// same to the last bit; where they are not, the program leaves something to chance.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/support/Export.h"
#include <memory>
#include <span>

namespace tessera {

/// What all runs of a program have done.
struct InterpretedCounts {
  int64_t operations = 0, syncs = 0;
  int64_t overtakings = 0; ///< Operations done before one that precedes them in the text.
  int64_t doubleSets = 0;  ///< Of an event that was set already.
};

class InterpretedProgram {
public:
  /// Of a module at Level::Program, which is changed. Its context must outlive the object. On
  /// failure returns null and has emitted diagnostics.
  TESSERA_API static std::unique_ptr<InterpretedProgram> make(mlir::ModuleOp module,
                                                              const CompileOptions &options);
  TESSERA_API ~InterpretedProgram();

  /// Computes the outputs, as Session::run does, in the order that `seed` stands for. Memory that
  /// nothing has written holds NaN. Returns false, with diagnostics emitted, when a kernel cannot
  /// be followed or its pipes wait for ever.
  TESSERA_API bool run(std::span<const void *const> inputs, std::span<void *const> outputs,
                       uint64_t seed);

  TESSERA_API InterpretedCounts counts() const;

private:
  struct Impl;
  explicit InterpretedProgram(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace tessera
