// npu-outline-operators: each operator becomes a private function, one for all that are equal.
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/SymbolTable.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUOUTLINEOPERATORS
#include "tessera/passes/Passes.h.inc"
} // namespace tessera

using namespace tessera;

// Views cost nothing where they are, and the result of a call must have a size known to its caller.
static bool isWorthAFunction(npu::NpuOpInterface op) {
  npu::OpFamily family = op.getFamily();
  if (family == npu::OpFamily::View || family == npu::OpFamily::Constant)
    return false;
  auto isStatic = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  return llvm::all_of(op->getOperandTypes(), isStatic) &&
         llvm::all_of(op->getResultTypes(), isStatic);
}

// What two operators must have in common to share a function.
static Attribute identityOf(Operation *op) {
  Builder builder(op->getContext());
  return builder.getArrayAttr({builder.getStringAttr(op->getName().getStringRef()),
                               op->getAttrDictionary(),
                               builder.getTypeArrayAttr(op->getOperandTypes()),
                               builder.getTypeArrayAttr(op->getResultTypes())});
}

static func::FuncOp makeFunction(SymbolTable &symbols, Operation *op) {
  // "exp" alone is a function of libm's, which the lowering of npu.exp may call.
  auto function = func::FuncOp::create(
      op->getLoc(), ("npu_" + op->getName().stripDialect()).str(),
      FunctionType::get(op->getContext(), op->getOperandTypes(), op->getResultTypes()));
  function.setPrivate();
  // Said in the way that survives the conversion to LLVM; inlining would undo this pass.
  Builder attributes(op->getContext());
  function->setAttr("passthrough", attributes.getStrArrayAttr({"noinline"}));
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(op->getContext(), LLVM::linkage::Linkage::Internal));
  Block *block = function.addEntryBlock();
  auto builder = OpBuilder::atBlockEnd(block);
  // An operator may take one value twice; each operand is an argument of its own.
  Operation *copy = builder.clone(*op);
  copy->setOperands(block->getArguments());
  func::ReturnOp::create(builder, op->getLoc(), copy->getResults());
  symbols.insert(function);
  return function;
}

namespace {
struct NpuOutlineOperatorsPass : tessera::impl::NpuOutlineOperatorsBase<NpuOutlineOperatorsPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<npu::NpuOpInterface> operators;
    getOperation().walk([&](npu::NpuOpInterface op) {
      if (isWorthAFunction(op))
        operators.push_back(op);
    });
    llvm::DenseMap<Attribute, func::FuncOp> functions;
    for (npu::NpuOpInterface op : operators) {
      func::FuncOp &function = functions[identityOf(op)];
      if (!function)
        function = makeFunction(symbols, op);
      OpBuilder builder(op);
      auto call = func::CallOp::create(builder, op.getLoc(), function, op->getOperands());
      op->replaceAllUsesWith(call.getResults());
      op->erase();
    }
  }
};
} // namespace
