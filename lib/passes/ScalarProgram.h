// Evaluates the scalar meaning of an elementwise operator at compile time.
#ifndef TESSERA_LIB_PASSES_SCALARPROGRAM_H
#define TESSERA_LIB_PASSES_SCALARPROGRAM_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"

#include <optional>
#include <vector>

namespace tessera {

/// A scalar while it is computed. Floats live in `real`, rounded to their type after each step.
struct Scalar {
  double real = 0;
  int64_t integer = 0;
};

/// The straight-line arith/math code that an elementwise operator builds for one element, decoded
/// once and run per element. It knows the operations it knows; `build` declines all others.
class ScalarProgram {
public:
  static std::optional<ScalarProgram> build(mlir::Operation *elementwise);

  /// One scalar per operand in, the result out, f16 and bf16 as f32 both ways. Nothing where the
  /// operation has no defined value (division by zero, a cast out of range).
  std::optional<Scalar> run(llvm::ArrayRef<Scalar> operands);

private:
  using Step = bool (*)(const Scalar *args, Scalar &result, int64_t param);
  struct Instruction {
    Step step;
    llvm::SmallVector<unsigned, 3> args;
    int64_t param;
    mlir::Type type; ///< Result type, to round to.
  };
  mlir::LogicalResult decode(mlir::Operation &op);

  std::vector<Instruction> instructions;
  std::vector<Scalar> registers;
  llvm::DenseMap<mlir::Value, unsigned> registerOf;
  unsigned operandCount = 0, result = 0;
};

} // namespace tessera

#endif // TESSERA_LIB_PASSES_SCALARPROGRAM_H
