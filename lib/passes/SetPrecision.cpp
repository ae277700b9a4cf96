// Feeds the matrix unit operands of a narrower type than the model's, or where it lacks the model's
// half precision, of a wider one.
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUSETPRECISION
#include "tessera/passes/Passes.h.inc"

namespace {

struct SetPrecision : impl::NpuSetPrecisionBase<SetPrecision> {
  using Base::Base;

  void getDependentDialects(DialectRegistry &registry) const override {
    Base::getDependentDialects(registry);
    simplify().getDependentDialects(registry);
  }

  void runOnOperation() override {
    Builder b(&getContext());
    Type asked = llvm::StringSwitch<Type>(type)
                     .Case("f32", b.getF32Type())
                     .Case("f16", b.getF16Type())
                     .Case("bf16", b.getBF16Type())
                     .Default(Type());
    if (!asked) {
      getOperation().emitError("expected precision f32, f16 or bf16, but got '") << type << "'";
      return signalPassFailure();
    }
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (!isa<npu::MatmulOp, npu::Conv2DOp>(op))
        return;
      Type element = elementOf(op->getOperand(0));
      if (element.isF32() || element.isF16() || element.isBF16())
        contractions.push_back(op);
    });
    if (contractions.empty())
      return;
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(getOperation());
    if (!chip)
      return signalPassFailure();
    DenseMap<std::pair<Value, Type>, Value> casts; // what several products read is cast once
    bool changed = false;
    for (Operation *op : contractions) {
      Type from = elementOf(op->getOperand(0)), to = asked;
      if (from.isF32() && !chip->mmaFor(to, to))
        return refuse(*chip);
      if (!from.isF32())
        to = chip->mmaFor(from, from) ? from : chip->mmaFor(to, to) ? asked : b.getF32Type();
      if (from == to || !chip->mmaFor(to, to) || from != elementOf(op->getOperand(1)))
        continue;
      changed = true;
      feed(op, to, casts);
    }
    OpPassManager passes = simplify(); // weights are cast now, not at run time
    if (changed && failed(runPipeline(passes, getOperation())))
      signalPassFailure();
  }

private:
  static OpPassManager simplify() {
    OpPassManager passes(func::FuncOp::getOperationName());
    passes.addPass(createNpuCanonicalizeGraph());
    return passes;
  }

  static Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

  /// Makes the product one of operands of type `to`, which gives f32.
  void feed(Operation *op, Type to, DenseMap<std::pair<Value, Type>, Value> &casts) {
    OpBuilder builder(op);
    for (OpOperand &operand : op->getOpOperands().take_front(2)) {
      Value &cast = casts[{operand.get(), to}];
      if (!cast) {
        builder.setInsertionPointAfterValue(operand.get());
        cast = npu::CastOp::create(builder, op->getLoc(), operand.get(), to);
      }
      operand.set(cast);
    }
    Value result = op->getResult(0);
    auto type = cast<RankedTensorType>(result.getType());
    if (type.getElementType().isF32())
      return;
    result.setType(type.clone(builder.getF32Type()));
    builder.setInsertionPointAfter(op);
    auto rounded = npu::CastOp::create(builder, op->getLoc(), result, type.getElementType());
    result.replaceAllUsesExcept(rounded, rounded);
  }

  void refuse(const tile::ChipSpec &chip) {
    SmallVector<std::string> types;
    for (const tile::Mma &unit : chip.mma)
      if (!llvm::is_contained(types, unit.types.a))
        types.push_back(unit.types.a);
    getOperation().emitError("precision ")
        << type << " is not one that the matrix unit of chip " << chip.name << " takes: it has "
        << llvm::join(types, ", ") << "; choose with --precision";
    signalPassFailure();
  }
};

} // namespace
} // namespace tessera
