// Makes tile programs of bufferised kernels, and launches of their calls.
#include "Placer.h"

#include "tessera/passes/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_NPUTOTILE
#include "tessera/passes/Passes.h.inc"

namespace {

struct ToTile : impl::NpuToTileBase<ToTile> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(module);
    if (!chip)
      return signalPassFailure();
    for (auto kernel : module.getOps<func::FuncOp>())
      if (kernel->hasAttr("tile.kernel") && !kernel->hasAttr("tile.blocks"))
        if (failed(placeKernel(kernel, *chip)))
          return signalPassFailure();
    SmallVector<func::CallOp> calls;
    module.walk([&](func::CallOp call) { calls.push_back(call); });
    for (func::CallOp call : calls)
      launch(call);
  }

  LogicalResult placeKernel(func::FuncOp kernel, const tile::ChipSpec &chip) {
    IRRewriter rewriter(&getContext());
    int64_t blocks = 0;
    bool matrix = false, vector = false;
    for (auto forall : llvm::make_early_inc_range(kernel.getOps<scf::ForallOp>())) {
      if (blocks != 0)
        return kernel.emitError("expected one scf.forall in a kernel, but got several");
      blocks = 1;
      for (auto [lower, upper, step] :
           llvm::zip(forall.getStaticLowerBound(), forall.getStaticUpperBound(),
                     forall.getStaticStep()))
        blocks *= llvm::divideCeil(upper - lower, step);
      Placer placer(rewriter, chip);
      if (failed(placer.run(*forall.getBody())))
        return failure();
      matrix = placer.usesMatrix;
      vector = placer.usesVector;
    }
    Builder b(&getContext());
    // A chip whose cores have both units has one kind of launch.
    bool separate = chip.matrixCore() != chip.vectorCore();
    tile::CoreKind cores = !separate || (matrix && vector) ? tile::CoreKind::mix
                           : matrix                        ? tile::CoreKind::cube
                                                           : tile::CoreKind::vector;
    kernel->setAttr("tile.blocks", b.getI64IntegerAttr(blocks));
    kernel->setAttr("tile.cores", tile::CoreKindAttr::get(&getContext(), cores));
    return success();
  }

  void launch(func::CallOp call) {
    auto kernel = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
    if (!kernel || !kernel->hasAttr("tile.kernel"))
      return;
    OpBuilder b(call);
    tile::LaunchOp::create(b, call.getLoc(), call.getCalleeAttr().getAttr(), call.getOperands(),
                           kernel->getAttrOfType<IntegerAttr>("tile.blocks").getInt(),
                           kernel->getAttrOfType<tile::CoreKindAttr>("tile.cores").getValue());
    call.erase();
  }
};

} // namespace
} // namespace tessera
