// Gives each tile operation a function of its own, for the machine's interpreter to call.
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/StepInputs.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/Hashing.h"

#include <map>

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILEOUTLINESTEPS
#include "tessera/passes/Passes.h.inc"

namespace {

/// The type of any buffer of this rank and these elements in this space; of blocks, that is of the
/// inner two of four dims, the extents stay.
MemRefType anyExtents(MemRefType type, bool blocks) {
  SmallVector<int64_t> shape(type.getShape()), strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return type;
  const size_t kept = blocks && shape.size() == 4 ? 2 : 0;
  for (size_t d = 0; d + kept < shape.size(); ++d) {
    shape[d] = ShapedType::kDynamic;
    if (d + 1 < shape.size() || strides[d] != 1)
      strides[d] = ShapedType::kDynamic;
  }
  auto layout = StridedLayoutAttr::get(type.getContext(), ShapedType::kDynamic, strides);
  return MemRefType::get(shape, type.getElementType(), layout, type.getMemorySpace());
}

/// What an operation's function takes for one of its values. What only moves or sets elements gives
/// the same bits whatever is known of the extents, so that most of them can share functions.
Type argumentType(Operation *op, Type type) {
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer || !isa<tile::CopyOp, tile::FillOp, tile::FixpipeOp>(op))
    return type;
  auto copy = dyn_cast<tile::CopyOp>(op);
  return anyExtents(buffer, !copy || copy.getLayout() != tile::CopyLayout::nd2nd);
}

struct OutlineSteps : impl::TileOutlineStepsBase<OutlineSteps> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<Operation *> steps;
    for (auto kernel : getOperation().getOps<func::FuncOp>())
      if (kernel->hasAttr("tile.kernel"))
        kernel.walk([&](Operation *op) {
          if (isa<tile::TileDialect>(op->getDialect()) && !tile::isSync(op) &&
              !isa<tile::WorkspaceOp, tile::YieldOp, tile::ApplyOp>(op))
            steps.push_back(op);
        });
    for (Operation *op : steps) {
      func::FuncOp function = outline(op, symbols);
      if (!function)
        return signalPassFailure();
      op->setAttr("tile.step", FlatSymbolRefAttr::get(function.getSymNameAttr()));
    }
  }

  /// Equal operations on buffers of equal types share one function.
  func::FuncOp outline(Operation *op, SymbolTable &symbols) {
    const tile::StepInputs inputs = tile::stepInputs(op);
    SmallVector<Type> types;
    SmallVector<Location> locations(inputs.arguments.size(), op->getLoc());
    for (Value argument : inputs.arguments) {
      types.push_back(argumentType(op, argument.getType()));
      if (!isa<MemRefType>(types.back()) && !types.back().isIntOrIndex()) {
        op->emitOpError("depends on a value of type ")
            << types.back() << " that is computed outside of it and cannot be computed again";
        return nullptr;
      }
    }
    OpBuilder b(&getContext());
    auto function =
        func::FuncOp::create(op->getLoc(), "step", b.getFunctionType(types, TypeRange()));
    function.setPrivate();
    function->setAttr("tile.step", b.getUnitAttr());
    Block *body = b.createBlock(&function.getBody(), {}, types, locations);
    IRMapping map;
    map.map(inputs.arguments, body->getArguments());
    for (Operation *again : inputs.madeAgain)
      b.clone(*again, map);
    b.clone(*op, map);
    func::ReturnOp::create(b, op->getLoc());
    auto &alike = made[hashOf(op, types)];
    for (func::FuncOp other : alike)
      if (OperationEquivalence::isRegionEquivalentTo(&other.getBody(), &function.getBody(),
                                                     OperationEquivalence::IgnoreLocations)) {
        function.erase();
        return other;
      }
    alike.push_back(function);
    symbols.insert(function);
    return function;
  }

  static size_t hashOf(Operation *op, ArrayRef<Type> types) {
    return llvm::hash_combine(
        llvm::hash_combine_range(types),
        OperationEquivalence::computeHash(op, OperationEquivalence::ignoreHashValue,
                                          OperationEquivalence::ignoreHashValue,
                                          OperationEquivalence::IgnoreLocations));
  }

  std::map<size_t, SmallVector<func::FuncOp, 1>> made;
};

} // namespace
} // namespace tessera
