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
  }

  void replace(npu::KernelOp kernel, func::FuncOp function) {
    OpBuilder builder(kernel);
    SmallVector<Value> operands(kernel->getOperands());
    for (Type type : kernel->getResultTypes()) {
      auto tensor = cast<RankedTensorType>(type);
      operands.push_back(tensor::EmptyOp::create(builder, kernel.getLoc(), tensor.getShape(),
                                                 tensor.getElementType()));
    }
    auto call = func::CallOp::create(builder, kernel.getLoc(), function, operands);
    kernel->replaceAllUsesWith(call.getResults());
  }
};

} // namespace
} // namespace tessera
