// Whether a tile program is free of races and of accesses that mean nothing, on a chip description.
// docs/check.md says what is proved, and what is assumed.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <string>
#include <vector>

namespace tessera::machine {

/// One of the operations that a finding is about.
struct FindingPlace {
  std::string operation; ///< "tile.copy on MTE2 writes bytes 0 to 4096 of l1".
  std::string where;     ///< "model.mlir:12:3" in the file that the program came from, or a name.
};

struct Finding {
  std::string kind;   ///< race, reuse, uninitialised, bounds, double-set, left-set, no-set, ...
  std::string kernel; ///< The function that it is in.
  std::string message;
  std::vector<FindingPlace> places; ///< The earlier one first.
  int64_t times = 1;                ///< How often the walk met it.
};

struct CheckResult {
  std::vector<Finding> findings;
  int64_t kernels = 0, blocks = 0, walked = 0; ///< Blocks of all grids, and those walked.
  int64_t operations = 0, syncs = 0, comparisons = 0;
  /// Kernels whose blocks were not all held against each other, for they are too many.
  std::vector<std::string> notCompared;
};

/// Walks one kernel and adds to the result. As checkProgram.
mlir::LogicalResult checkKernel(mlir::func::FuncOp kernel, const tile::ChipSpec &chip,
                                CheckResult &result);

/// Walks every kernel that @main launches. Failure, with errors on the operations, when one cannot
/// be walked; findings are no failure.
mlir::FailureOr<CheckResult> checkProgram(mlir::ModuleOp module, const tile::ChipSpec &chip);

void printCheck(const CheckResult &result, llvm::raw_ostream &out);
/// One object, to which `more` may add attributes.
void printCheckJson(const CheckResult &result, llvm::raw_ostream &out,
                    llvm::function_ref<void(llvm::json::OStream &)> more = nullptr);

} // namespace tessera::machine
