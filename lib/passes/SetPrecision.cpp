// Feeds the matrix unit operands of a narrower type than the model's.
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/Passes.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUSETPRECISION
#include "tessera/passes/Passes.h.inc"

namespace {

struct SetPrecision : impl::NpuSetPrecisionBase<SetPrecision> {
  using Base::Base;

  void runOnOperation() override {
    Builder b(&getContext());
    Type narrow = llvm::StringSwitch<Type>(type)
                      .Case("f32", b.getF32Type())
                      .Case("f16", b.getF16Type())
                      .Case("bf16", b.getBF16Type())
                      .Default(Type());
    if (!narrow) {
      getOperation().emitError("expected precision f32, f16 or bf16, but got '") << type << "'";
      return signalPassFailure();
    }
    SmallVector<Operation *> contractions;
    getOperation().walk([&](Operation *op) {
      if (isa<npu::MatmulOp, npu::Conv2DOp>(op) && elementOf(op->getOperand(0)).isF32())
        contractions.push_back(op);
    });
    if (contractions.empty())
      return;
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(getOperation());
    if (!chip)
      return signalPassFailure();
    if (!chip->mmaFor(narrow, narrow))
      return refuse(*chip);
    if (narrow.isF32())
      return;
    DenseMap<Value, Value> casts; // a value that several products read is cast once
    for (Operation *op : contractions)
      for (OpOperand &operand : op->getOpOperands().take_front(2)) {
        Value &narrowed = casts[operand.get()];
        if (!narrowed) {
          OpBuilder builder(&getContext());
          builder.setInsertionPointAfterValue(operand.get());
          auto from = cast<RankedTensorType>(operand.get().getType());
          narrowed = npu::CastOp::create(builder, op->getLoc(), from.clone(narrow), operand.get());
        }
        operand.set(narrowed);
      }
  }

  static Type elementOf(Value v) { return cast<RankedTensorType>(v.getType()).getElementType(); }

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
