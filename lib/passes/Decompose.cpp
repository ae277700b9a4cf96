// npu-decompose: replaces operators by what their decomposition says, and nothing else.
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUDECOMPOSE
#include "tessera/passes/Passes.h.inc"
} // namespace tessera

using namespace tessera;

// Moves a kernel's operators in front of it and lets its results be what they yield.
static void inlineKernel(IRRewriter &rewriter, npu::KernelOp kernel) {
  Operation *yield = kernel.getBlock()->getTerminator();
  SmallVector<Value> results(yield->getOperands());
  SmallVector<Value> inputs(kernel.getInputs());
  rewriter.eraseOp(yield);
  // A yielded argument is the operand itself.
  for (Value &result : results)
    if (auto argument = dyn_cast<BlockArgument>(result);
        argument && argument.getOwner() == kernel.getBlock())
      result = inputs[argument.getArgNumber()];
  rewriter.inlineBlockBefore(kernel.getBlock(), kernel, inputs);
  rewriter.replaceOp(kernel, results);
}

static LogicalResult decompose(IRRewriter &rewriter, Operation *op) {
  rewriter.setInsertionPoint(op);
  if (auto constant = dyn_cast<npu::ConstantOp>(op)) {
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(constant.getValue()));
    return success();
  }
  auto aggregated = dyn_cast<linalg::AggregatedOpInterface>(op);
  if (!aggregated)
    return op->emitOpError("has no decomposition");
  FailureOr<SmallVector<Value>> values = aggregated.decomposeOperation(rewriter);
  if (failed(values))
    return op->emitOpError("could not be decomposed");
  rewriter.replaceOp(op, *values);
  return success();
}

namespace {
struct NpuDecomposePass : tessera::impl::NpuDecomposeBase<NpuDecomposePass> {
  using NpuDecomposeBase::NpuDecomposeBase;

  void runOnOperation() override {
    SmallVector<npu::OpFamily> wanted;
    for (const std::string &name : families) {
      std::optional<npu::OpFamily> family = npu::symbolizeOpFamily(name);
      if (!family) {
        getOperation().emitError() << "npu-decompose: unknown family '" << name
                                   << "'; choose from elementwise, contraction, window, "
                                      "normalization, reduction, movement, view, constant";
        return signalPassFailure();
      }
      wanted.push_back(*family);
    }

    IRRewriter rewriter(&getContext());
    if (wanted.empty()) {
      SmallVector<npu::KernelOp> kernels;
      getOperation().walk([&](npu::KernelOp kernel) { kernels.push_back(kernel); });
      for (npu::KernelOp kernel : kernels)
        inlineKernel(rewriter, kernel);
    }
    SmallVector<Operation *> operators;
    getOperation().walk([&](npu::NpuOpInterface op) {
      if (wanted.empty() || llvm::is_contained(wanted, op.getFamily()))
        operators.push_back(op);
    });
    for (Operation *op : operators)
      if (failed(decompose(rewriter, op)))
        return signalPassFailure();
  }
};
} // namespace
