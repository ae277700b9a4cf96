// The values that an operation and its region use, followed back to buffers, integers and
// constants.
#include "tessera/dialect/tile/StepInputs.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

namespace tessera::tile {
using namespace mlir;
namespace {

struct Collector {
  llvm::SetVector<Value> buffers, numbers;
  llvm::SetVector<Operation *> again;

  void add(Value value) {
    Operation *source = value.getDefiningOp();
    if (isa<BaseMemRefType>(value.getType())) {
      buffers.insert(value);
    } else if (source && source->hasTrait<OpTrait::ConstantLike>()) {
      again.insert(source);
    } else if (!value.getType().isIntOrIndex() && source && isPure(source) &&
               source->getNumRegions() == 0) {
      for (Value operand : source->getOperands())
        add(operand);
      again.insert(source);
    } else {
      numbers.insert(value);
    }
  }
};

} // namespace

StepInputs stepInputs(Operation *op) {
  Collector found;
  for (Value operand : op->getOperands())
    found.add(operand);
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured)
    found.add(value);
  StepInputs inputs;
  inputs.arguments.append(found.buffers.begin(), found.buffers.end());
  inputs.arguments.append(found.numbers.begin(), found.numbers.end());
  inputs.madeAgain.append(found.again.begin(), found.again.end());
  return inputs;
}

} // namespace tessera::tile
