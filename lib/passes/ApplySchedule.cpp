// npu-apply-schedule: runs the module's transform-dialect schedule, which annotates operators.
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/IR/TransformOps.h"
#include "mlir/Dialect/Transform/Transforms/TransformInterpreterUtils.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUAPPLYSCHEDULE
#include "tessera/passes/Passes.h.inc"

namespace {

struct ApplySchedule : impl::NpuApplyScheduleBase<ApplySchedule> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<transform::NamedSequenceOp> sequences(module.getOps<transform::NamedSequenceOp>());
    if (sequences.empty())
      return;
    auto main = llvm::find_if(sequences, [](transform::NamedSequenceOp sequence) {
      return sequence.getName() == transform::TransformDialect::kTransformEntryPointSymbolName;
    });
    if (main != sequences.end() && failed(transform::applyTransformNamedSequence(
                                       module, *main, ModuleOp(), transform::TransformOptions())))
      return signalPassFailure();
    for (transform::NamedSequenceOp sequence : sequences)
      sequence.erase();
    module->removeAttr(transform::TransformDialect::kWithNamedSequenceAttrName);
  }
};

} // namespace
} // namespace tessera
