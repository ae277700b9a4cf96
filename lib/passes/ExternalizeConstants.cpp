// npu-externalize-constants: big constants become arguments of the entry function, so that no
// later stage holds their bytes in code.
#include "Constants.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"
#include "llvm/Support/xxhash.h"

#include <unordered_map>

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUEXTERNALIZECONSTANTS
#include "tessera/passes/Passes.h.inc"

namespace {

constexpr llvm::StringLiteral kWeightAttr = "npu.weight";

/// Knows which constants are equal: the same attribute, or equal bytes of the same type under
/// another resource name.
class EqualConstants {
public:
  /// The first constant seen that equals this one, or this one.
  ElementsAttr representative(ElementsAttr value) {
    std::optional<ConstantView> view = ConstantView::of(value);
    if (!view)
      return value;
    SmallVector<ElementsAttr, 1> &candidates =
        byHash[llvm::xxh3_64bits(StringRef(view->getBytes().data(), view->getBytes().size()))];
    for (ElementsAttr other : candidates) {
      if (other == value)
        return other;
      std::optional<ConstantView> seen = ConstantView::of(other);
      if (other.getShapedType() == value.getShapedType() && seen->isSplat() == view->isSplat() &&
          seen->getBytes() == view->getBytes())
        return other;
    }
    candidates.push_back(value);
    return value;
  }

private:
  std::unordered_map<uint64_t, SmallVector<ElementsAttr, 1>> byHash;
};

struct ExternalizeConstants : impl::NpuExternalizeConstantsBase<ExternalizeConstants> {
  using NpuExternalizeConstantsBase::NpuExternalizeConstantsBase;

  // A kernel is isolated from above: the constant moves out and enters as an operand.
  static void hoistFromKernel(npu::ConstantOp constant) {
    auto kernel = constant->getParentOfType<npu::KernelOp>();
    constant->moveBefore(kernel);
    BlockArgument argument = kernel.getBlock()->addArgument(constant.getType(), constant.getLoc());
    constant.getResult().replaceAllUsesWith(argument);
    kernel.getInputsMutable().append(constant.getResult());
  }

  void externalize(func::FuncOp function) {
    SmallVector<npu::ConstantOp> big;
    function.walk([&](npu::ConstantOp constant) {
      auto type = cast<RankedTensorType>(constant.getType());
      if (type.hasStaticShape() && tensorBytes(type) > minBytes)
        big.push_back(constant);
    });
    EqualConstants equals;
    DenseMap<ElementsAttr, BlockArgument> argumentOf;
    for (npu::ConstantOp constant : big) {
      if (constant->getParentOfType<npu::KernelOp>())
        hoistFromKernel(constant);
      ElementsAttr value = equals.representative(constant.getValue());
      BlockArgument &argument = argumentOf[value];
      if (!argument) {
        unsigned index = function.getNumArguments();
        NamedAttribute weight(StringAttr::get(&getContext(), kWeightAttr), value);
        if (failed(function.insertArgument(index, constant.getType(),
                                           DictionaryAttr::get(&getContext(), weight),
                                           constant.getLoc())))
          return signalPassFailure();
        argument = function.getArgument(index);
      }
      constant.getResult().replaceAllUsesWith(argument);
      constant.erase();
    }
  }

  void runOnOperation() override {
    SymbolTableCollection symbols;
    SymbolUserMap users(symbols, getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isPrivate() || function.isExternal())
        continue;
      if (!users.getUsers(function).empty()) {
        function.emitOpError("expected an entry function, but got one that is called; inline it "
                             "or make it private");
        return signalPassFailure();
      }
      externalize(function);
    }
  }
};

} // namespace
} // namespace tessera
