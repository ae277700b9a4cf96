// Lowers planned tile programs to the functions that the runtime calls.
//
// A kernel becomes `core(ptr args, i64 block, ptr scratch)`, the entry function becomes
// `tessera_main(ptr buffers, ptr arena, ptr context)`, a step `step(ptr words)`; upstream passes
// finish the way to LLVM.
#include "LowerTile.h"
#include "WholeProducts.h"

#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"
#include "tessera/support/Isa.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AttrTypeSubElements.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILETOLLVM
#include "tessera/passes/Passes.h.inc"

namespace {

constexpr int64_t kAlign = 64; // scratchpads start on a cache line

struct ToLLVM : impl::TileToLLVMBase<ToLLVM> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(module);
    if (!chip)
      return signalPassFailure();
    std::optional<Isa> runsOn = isaFromName(target.empty() ? chip->isa : target.getValue());
    if (!runsOn) {
      module.emitError("expected an isa for the CPU that runs chip ")
          << chip->name << ", but got '" << target << "'";
      return signalPassFailure();
    }
    lanes = isaFloatLanes(*runsOn);
    dropSpaces(module);
    DeviceLibrary library(module);
    SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
    int64_t scratch = 0;
    SmallVector<Attribute> names;
    products.clear();
    for (func::FuncOp function : functions) {
      if (function.isExternal() || !function->hasAttr("tile.kernel"))
        continue;
      names.push_back(DictionaryAttr::get(
          &getContext(),
          {{StringAttr::get(&getContext(), "name"), function.getSymNameAttr()},
           {StringAttr::get(&getContext(), "flops"), costOf(function, "tile.flops")},
           {StringAttr::get(&getContext(), "bytes"), costOf(function, "tile.bytes")}}));
      kernelIndex[function.getName()] = kernelIndex.size();
      std::optional<int64_t> bytes = lowerKernel(function, library);
      if (!bytes)
        return signalPassFailure();
      scratch = std::max(scratch, *bytes);
      function.setName(coreName(function.getName()));
    }
    for (func::FuncOp function : functions) {
      if (function.isExternal() || function->hasAttr("tile.kernel"))
        continue;
      if (!function->hasAttr("tile.step")) {
        lowerEntry(function);
        continue;
      }
      Value context = readStepArguments(function, noteProducts(function));
      if (failed(lowerWork(function, library, context)))
        return signalPassFailure();
    }
    Builder b(&getContext());
    module->setAttr("tile.scratch_bytes", b.getI64IntegerAttr(scratch));
    module->setAttr("tile.kernels", b.getArrayAttr(names));
    if (!products.empty())
      module->setAttr("tile.products", b.getArrayAttr(products));
    module->setAttr("tile.isa", b.getStringAttr(isaName(*runsOn)));
  }

  /// The name of a kernel's code. A kernel may be called "exp", which is a function of libm's.
  static std::string coreName(StringRef kernel) { return ("core_" + kernel).str(); }

  Attribute costOf(func::FuncOp kernel, StringRef name) {
    if (auto cost = kernel->getAttrOfType<FloatAttr>(name))
      return cost;
    return Builder(&getContext()).getF64FloatAttr(0);
  }

  /// Memories are told apart no longer: everything is in the CPU's.
  void dropSpaces(ModuleOp module) {
    AttrTypeReplacer replacer;
    replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
      if (!isa_and_nonnull<tile::SpaceAttr>(type.getMemorySpace()))
        return std::nullopt;
      return MemRefType::get(type.getShape(), type.getElementType(), type.getLayout());
    });
    module.walk([&](Operation *op) { replacer.replaceElementsIn(op, true, false, true); });
  }

  /// A memref of static identity layout at an address.
  Value bufferAt(OpBuilder &b, Location loc, MemRefType type, Value pointer) {
    LLVMTypeConverter converter(&getContext());
    Value descriptor = MemRefDescriptor::fromStaticShape(b, loc, converter, type, pointer);
    return UnrealizedConversionCastOp::create(b, loc, type, descriptor).getResult(0);
  }

  Value loadPointer(OpBuilder &b, Location loc, Value table, int64_t index) {
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    Value slot = LLVM::GEPOp::create(b, loc, pointer, pointer, table,
                                     ArrayRef<LLVM::GEPArg>{int32_t(index)});
    return LLVM::LoadOp::create(b, loc, pointer, slot);
  }

  Value offsetPointer(OpBuilder &b, Location loc, Value base, int64_t bytes) {
    return LLVM::GEPOp::create(b, loc, base.getType(), b.getI8Type(), base,
                               ArrayRef<LLVM::GEPArg>{int32_t(bytes)});
  }

  //===--------------------------------------------------------------------===//
  // Kernels
  //===--------------------------------------------------------------------===//

  /// Returns the bytes of scratch one core needs.
  std::optional<int64_t> lowerKernel(func::FuncOp kernel, DeviceLibrary &library) {
    Block &entry = kernel.getBody().front();
    OpBuilder b(&getContext());
    Location loc = kernel.getLoc();
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    unsigned buffers = entry.getNumArguments();
    Value args = entry.addArgument(pointer, loc);
    Value blockId = entry.addArgument(b.getI64Type(), loc);
    Value scratch = entry.addArgument(pointer, loc);
    b.setInsertionPointToStart(&entry);
    for (unsigned i = 0; i < buffers; ++i) {
      Value at = loadPointer(b, loc, args, i);
      entry.getArgument(i).replaceAllUsesWith(
          bufferAt(b, loc, cast<MemRefType>(entry.getArgument(i).getType()), at));
    }
    // Behind the buffers comes the context of the launch.
    Value context = noteProducts(kernel) ? loadPointer(b, loc, args, int64_t(buffers)) : Value();
    entry.eraseArguments(0, buffers);
    kernel.setType(b.getFunctionType({pointer, b.getI64Type(), pointer}, {}));
    kernel.setAllArgAttrs(SmallVector<Attribute>(3, b.getDictionaryAttr({})));
    if (!kernel.getBody().front().getTerminator()->getOperands().empty()) {
      kernel.emitError("expected a kernel that writes its outputs, but got one that returns them");
      return std::nullopt;
    }
    for (auto forall : llvm::make_early_inc_range(kernel.getOps<scf::ForallOp>()))
      inlineBlock(forall, blockId);
    std::optional<int64_t> bytes = layScratch(kernel, scratch);
    return bytes && succeeded(lowerWork(kernel, library, context)) ? bytes : std::nullopt;
  }

  /// The sizes of products that are taken whole: how much workspace that takes depends on the
  /// machine. False where there is none.
  bool noteProducts(func::FuncOp function) {
    const size_t before = products.size();
    function.walk([&](tile::MatmulOp op) {
      if (std::optional<ProductLayout> p = productLayout(op))
        products.push_back(DenseI64ArrayAttr::get(&getContext(), {p->m, p->n, p->k}));
    });
    return products.size() > before;
  }

  LogicalResult lowerWork(func::FuncOp function, DeviceLibrary &library, Value context) {
    SmallVector<Operation *> work;
    function.walk([&](Operation *op) {
      if (isa<tile::TileDialect>(op->getDialect()) && !isa<tile::YieldOp, tile::ApplyOp>(op))
        work.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (Operation *op : work) {
      // Textual order is always right: what orders the chip's pipes orders nothing here.
      if (isa<tile::PipeBarrierOp, tile::SetEventOp, tile::WaitEventOp, tile::CrossSetOp,
              tile::CrossWaitOp>(op))
        op->erase();
      else if (failed(lowerTileOp(rewriter, op, lanes, library, context)))
        return failure();
    }
    return success();
  }

  /// Replaces the grid loop by the body for one block, whose number gives the loop's variables.
  void inlineBlock(scf::ForallOp forall, Value blockId) {
    OpBuilder b(forall);
    Location loc = forall.getLoc();
    Value left = arith::IndexCastOp::create(b, loc, b.getIndexType(), blockId);
    SmallVector<Value> ivs(forall.getRank());
    for (int64_t d = forall.getRank() - 1; d >= 0; --d) {
      int64_t lower = forall.getStaticLowerBound()[d], step = forall.getStaticStep()[d];
      int64_t trips = llvm::divideCeil(forall.getStaticUpperBound()[d] - lower, step);
      Value count = arith::ConstantIndexOp::create(b, loc, std::max<int64_t>(trips, 1));
      Value at = d == 0 ? left : arith::RemUIOp::create(b, loc, left, count).getResult();
      left = d == 0 ? left : arith::DivUIOp::create(b, loc, left, count).getResult();
      at = arith::MulIOp::create(b, loc, at, arith::ConstantIndexOp::create(b, loc, step));
      ivs[d] = arith::AddIOp::create(b, loc, at, arith::ConstantIndexOp::create(b, loc, lower));
    }
    Block *body = forall.getBody();
    for (auto [argument, iv] : llvm::zip(body->getArguments(), ivs))
      argument.replaceAllUsesWith(iv);
    body->getTerminator()->erase();
    forall->getBlock()->getOperations().splice(forall->getIterator(), body->getOperations());
    forall.erase();
  }

  /// Gives every allocation its place in the core's scratch: one memory after another.
  std::optional<int64_t> layScratch(func::FuncOp kernel, Value scratch) {
    int64_t bytes = 0;
    llvm::StringMap<int64_t> base, size;
    if (auto sizes = kernel->getAttrOfType<DictionaryAttr>("tile.space_bytes"))
      for (NamedAttribute space : sizes) {
        base[space.getName()] = bytes;
        size[space.getName()] = cast<IntegerAttr>(space.getValue()).getInt();
        bytes += llvm::alignTo(size[space.getName()], kAlign);
      }
    SmallVector<Operation *> allocs;
    kernel.walk([&](Operation *op) {
      if (isa<memref::AllocOp, tile::WorkspaceOp>(op))
        allocs.push_back(op);
    });
    for (Operation *alloc : allocs) {
      OpBuilder b(alloc);
      auto space = alloc->getAttrOfType<StringAttr>("tile.space");
      auto offset = alloc->getAttrOfType<IntegerAttr>("tile.offset");
      if (!isInside(alloc, space, offset, size))
        return std::nullopt;
      if (offset) { // none: never used
        Value at = offsetPointer(b, alloc->getLoc(), scratch,
                                 base.lookup(space.getValue()) + offset.getInt());
        alloc->getResult(0).replaceAllUsesWith(
            bufferAt(b, alloc->getLoc(), cast<MemRefType>(alloc->getResult(0).getType()), at));
      }
      alloc->dropAllUses();
      alloc->erase();
    }
    return bytes;
  }

  /// Programs in files are edited, and their addresses with them.
  static bool isInside(Operation *alloc, StringAttr space, IntegerAttr offset,
                       const llvm::StringMap<int64_t> &size) {
    if (!offset && alloc->use_empty())
      return true;
    if (!space || !offset) {
      alloc->emitOpError("is used, but has no place: expected tile.space and tile.offset");
      return false;
    }
    auto type = cast<MemRefType>(alloc->getResult(0).getType());
    const int64_t bytes =
        type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8));
    const int64_t room = size.lookup(space.getValue());
    if (offset.getInt() >= 0 && offset.getInt() <= room - bytes)
      return true;
    alloc->emitOpError("takes bytes ")
        << offset.getInt() << " to " << offset.getInt() + bytes << " of " << space
        << ", of which the kernel's tile.space_bytes has " << room;
    return false;
  }

  //===--------------------------------------------------------------------===//
  // The entry function
  //===--------------------------------------------------------------------===//

  /// Where the runtime passes each argument: inputs first, then weights, then outputs.
  static SmallVector<unsigned> runtimeOrder(func::FuncOp function) {
    auto rank = [&](unsigned i) {
      if (function.getArgAttr(i, "tile.arena"))
        return 3; // passed by itself
      bool weight =
          function.getArgAttr(i, "npu.weight") || function.getArgAttr(i, "npu.random_weight");
      return function.getArgAttr(i, "npu.output") ? 2 : weight ? 1 : 0;
    };
    SmallVector<unsigned> order = llvm::to_vector(llvm::seq(0u, function.getNumArguments()));
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(rank(a), a) < std::pair(rank(b), b);
    });
    SmallVector<unsigned> slots(order.size());
    for (auto [slot, argument] : llvm::enumerate(order))
      slots[argument] = slot;
    return slots;
  }

  void lowerEntry(func::FuncOp entryFunction) {
    Block &entry = entryFunction.getBody().front();
    OpBuilder b(&getContext());
    Location loc = entryFunction.getLoc();
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    unsigned count = entry.getNumArguments();
    Value buffers = entry.addArgument(pointer, loc), arena = entry.addArgument(pointer, loc);
    Value context = entry.addArgument(pointer, loc);
    b.setInsertionPointToStart(&entry);
    SmallVector<unsigned> slots = runtimeOrder(entryFunction);
    for (unsigned i = 0; i < count; ++i) {
      bool isArena = entryFunction.getArgAttr(i, "tile.arena") != nullptr;
      Value at = isArena ? arena : loadPointer(b, loc, buffers, slots[i]);
      entry.getArgument(i).replaceAllUsesWith(
          bufferAt(b, loc, cast<MemRefType>(entry.getArgument(i).getType()), at));
    }
    entry.eraseArguments(0, count);
    entryFunction.setType(b.getFunctionType({pointer, pointer, pointer}, {}));
    entryFunction.setAllArgAttrs(SmallVector<Attribute>(3, b.getDictionaryAttr({})));
    entryFunction.setName("tessera_main");
    entryFunction.walk([&](tile::LaunchOp launch) { lowerLaunch(launch, entry, context); });
  }

  /// context->launch(context, kernel, core, args, blocks)
  void lowerLaunch(tile::LaunchOp launch, Block &entry, Value context) {
    OpBuilder b(&getContext());
    Location loc = launch.getLoc();
    Type pointer = LLVM::LLVMPointerType::get(&getContext());
    b.setInsertionPointToStart(&entry);
    const auto buffers = int64_t(launch.getBuffers().size());
    Value size = LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(buffers + 1));
    Value table = LLVM::AllocaOp::create(b, loc, pointer, pointer, size);
    b.setInsertionPoint(launch);
    auto put = [&](int64_t i, Value word) {
      Value slot =
          LLVM::GEPOp::create(b, loc, pointer, pointer, table, ArrayRef<LLVM::GEPArg>{int32_t(i)});
      LLVM::StoreOp::create(b, loc, word, slot);
    };
    for (auto [i, buffer] : llvm::enumerate(launch.getBuffers()))
      put(int64_t(i), addressOf(b, loc, buffer));
    put(buffers, context);
    auto type = b.getFunctionType({pointer, b.getI64Type(), pointer}, {});
    auto symbol = FlatSymbolRefAttr::get(&getContext(), coreName(launch.getKernel()));
    Value function = func::ConstantOp::create(b, loc, type, symbol);
    Value core = UnrealizedConversionCastOp::create(b, loc, pointer, function).getResult(0);
    Value index = LLVM::ConstantOp::create(
        b, loc, b.getI32IntegerAttr(kernelIndex.lookup(launch.getKernel())));
    Value blocks = LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(launch.getBlocks()));
    Value callback = LLVM::LoadOp::create(b, loc, pointer, context);
    auto signature =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                    {pointer, b.getI32Type(), pointer, pointer, b.getI64Type()});
    LLVM::CallOp::create(b, loc, signature,
                         ValueRange{callback, context, index, core, table, blocks});
    launch.erase();
  }

  int64_t lanes = 0;
  SmallVector<Attribute> products;
  llvm::StringMap<int64_t> kernelIndex;
};

} // namespace
} // namespace tessera
