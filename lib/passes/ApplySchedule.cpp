// npu-apply-schedule: runs the module's transform-dialect schedule, which annotates operators.
#include "FuseGroups.h"

#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"

#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/IR/TransformOps.h"
#include "mlir/Dialect/Transform/Transforms/TransformInterpreterUtils.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUAPPLYSCHEDULE
#include "tessera/passes/Passes.h.inc"

namespace {

/// Says where an annotation means nothing to the passes, or has met no operator.
void checkAnnotations(transform::NamedSequenceOp sequence, ModuleOp module) {
  sequence.walk([&](transform::AnnotateOp annotate) {
    StringRef name = annotate.getName();
    if (!name.starts_with("npu."))
      return;
    if (name != kGroupAttr && name != kTileAttr) {
      annotate.emitWarning("expected ")
          << kGroupAttr << " or " << kTileAttr << ", but got " << name << ", which no pass reads";
      return;
    }
    auto constant = annotate.getParam()
                        ? annotate.getParam().getDefiningOp<transform::ParamConstantOp>()
                        : transform::ParamConstantOp();
    bool met = false;
    module.walk([&](Operation *op) {
      Attribute have = op->getAttr(name);
      met |= have && (!constant || have == constant.getValue());
    });
    if (!met)
      annotate.emitWarning("puts ")
          << name << " on no operator: nothing matched; 'tessera compile --emit graph' shows the "
          << "operators that a schedule sees";
  });
}

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
    if (main != sequences.end())
      checkAnnotations(*main, module);
    for (transform::NamedSequenceOp sequence : sequences)
      sequence.erase();
    module->removeAttr(transform::TransformDialect::kWithNamedSequenceAttrName);
  }
};

} // namespace
} // namespace tessera
