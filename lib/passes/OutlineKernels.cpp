// Makes each npu.kernel a private function; structurally equal kernels become one.
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/Hashing.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUOUTLINEKERNELS
#include "tessera/passes/Passes.h.inc"

namespace {

/// Kernels of equal hash may be equal; the region comparison decides.
llvm::hash_code hashOf(npu::KernelOp kernel) {
  llvm::hash_code hash = llvm::hash_combine_range(kernel->getOperandTypes());
  for (Operation &op : *kernel.getBlock())
    hash = llvm::hash_combine(
        hash, OperationEquivalence::computeHash(
                  &op, OperationEquivalence::ignoreHashValue,
                  OperationEquivalence::ignoreHashValue, OperationEquivalence::IgnoreLocations));
  return hash;
}

bool equal(npu::KernelOp a, npu::KernelOp b) {
  return a->getOperandTypes() == b->getOperandTypes() &&
         OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(),
                                                    OperationEquivalence::IgnoreLocations);
}

int64_t elementsOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.hasStaticShape() ? type.getNumElements() : 0;
}

/// Arithmetic of one launch: two per multiply-add of a contraction, one per element elsewhere.
double flopsOf(npu::KernelOp kernel) {
  double flops = 0;
  for (Operation &op : kernel.getBlock()->without_terminator()) {
    double results = double(elementsOf(op.getResult(0)));
    if (auto matmul = dyn_cast<npu::MatmulOp>(op)) {
      auto lhs = cast<RankedTensorType>(matmul.getLhs().getType());
      flops += 2 * results *
               double(lhs.getDimSize(lhs.getRank() - (matmul.getTransposeLhs() ? 2 : 1)));
    } else if (auto conv = dyn_cast<npu::Conv2DOp>(op)) {
      std::array<int64_t, 2> window = conv.getWindow();
      auto input = cast<RankedTensorType>(conv.getInput().getType());
      flops += 2 * results * double(window[0] * window[1] * input.getDimSize(3)) /
               double(conv.getGroups());
    } else if (auto depthwise = dyn_cast<npu::DepthwiseConv2DOp>(op)) {
      std::array<int64_t, 2> window = depthwise.getWindow();
      flops += 2 * results * double(window[0] * window[1]);
    } else {
      flops += results;
    }
  }
  return flops;
}

/// Bytes of the kernel's operands and results.
double bytesOf(npu::KernelOp kernel) {
  double bytes = 0;
  auto add = [&](Value v) {
    if (auto type = dyn_cast<RankedTensorType>(v.getType()))
      bytes += double(elementsOf(v)) * type.getElementTypeBitWidth() / 8;
  };
  llvm::for_each(kernel->getOperands(), add);
  llvm::for_each(kernel->getResults(), add);
  return bytes;
}

/// func @name(operands..., outputs...) -> results, with the kernel's body.
func::FuncOp outline(npu::KernelOp kernel, SymbolTable &symbols) {
  OpBuilder builder(kernel->getContext());
  SmallVector<Type> inputs(kernel->getOperandTypes());
  llvm::append_range(inputs, kernel->getResultTypes());
  StringRef name = kernel.getName().value_or("kernel");
  auto function = func::FuncOp::create(builder, kernel.getLoc(), name,
                                       builder.getFunctionType(inputs, kernel->getResultTypes()));
  function.setPrivate();
  function->setAttr("tile.kernel", builder.getUnitAttr());
  function->setAttr("tile.flops", builder.getF64FloatAttr(flopsOf(kernel)));
  function->setAttr("tile.bytes", builder.getF64FloatAttr(bytesOf(kernel)));
  // Only the results are written: an operand may be a constant.
  for (unsigned i = 0, e = kernel->getNumOperands(); i < inputs.size(); ++i)
    function.setArgAttr(i, bufferization::BufferizationDialect::kWritableAttrName,
                        builder.getBoolAttr(i >= e));
  symbols.insert(function);
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping map;
  map.map(kernel.getBlock()->getArguments(),
          entry->getArguments().take_front(kernel->getNumOperands()));
  for (Operation &op : kernel.getBlock()->without_terminator())
    builder.clone(op, map);
  SmallVector<Value> results;
  for (Value result : kernel.getBlock()->getTerminator()->getOperands())
    results.push_back(map.lookupOrDefault(result));
  func::ReturnOp::create(builder, kernel.getLoc(), results);
  return function;
}

struct OutlineKernels : impl::NpuOutlineKernelsBase<OutlineKernels> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<npu::KernelOp> kernels;
    getOperation().walk([&](npu::KernelOp kernel) { kernels.push_back(kernel); });
    std::multimap<size_t, std::pair<npu::KernelOp, func::FuncOp>> made;
    for (npu::KernelOp kernel : kernels) {
      size_t hash = hashOf(kernel);
      func::FuncOp function;
      auto [begin, end] = made.equal_range(hash);
      for (auto it = begin; it != end && !function; ++it)
        if (equal(it->second.first, kernel))
          function = it->second.second;
      if (!function) {
        function = outline(kernel, symbols);
        made.insert({hash, {kernel, function}});
      }
      replace(kernel, function);
    }
    for (npu::KernelOp kernel : kernels)
      kernel.erase();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        prepareEntry(function);
  }

  /// Results are marked, since they become arguments like any other when tensors become buffers.
  void prepareEntry(func::FuncOp function) {
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      function.setResultAttr(i, "npu.output", UnitAttr::get(&getContext()));
    copyRepeatedResults(function);
  }

  /// A caller has one buffer per result: a value that is given back twice is copied for the second.
  void copyRepeatedResults(func::FuncOp function) {
    DenseSet<Value> seen;
    Operation *end = function.getBody().front().getTerminator();
    for (OpOperand &result : end->getOpOperands()) {
      auto type = dyn_cast<RankedTensorType>(result.get().getType());
      if (!type || seen.insert(result.get()).second)
        continue;
      OpBuilder builder(end);
      result.set(bufferization::AllocTensorOp::create(builder, end->getLoc(), type, ValueRange(),
                                                      result.get()));
    }
  }

  void replace(npu::KernelOp kernel, func::FuncOp function) {
    OpBuilder builder(kernel);
    SmallVector<Value> operands(kernel->getOperands());
    for (Type type : kernel->getResultTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      // Unlike tensor.empty, two of these are never taken for one value.
      operands.push_back(bufferization::AllocTensorOp::create(builder, kernel.getLoc(), tensor,
                                                              ValueRange()));
    }
    auto call = func::CallOp::create(builder, kernel.getLoc(), function, operands);
    kernel->replaceAllUsesWith(call.getResults());
  }
};

} // namespace
} // namespace tessera
