// Lowering of copies, fills and regions to loops and calls of the device library.
#include "DeviceCalls.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

class KernelCalls : DeviceCalls {
public:
  using DeviceCalls::DeviceCalls;

  LogicalResult lower() {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](tile::CopyOp o) { return lowerCopy(o); })
        .Case([&](tile::FixpipeOp o) { return lowerFixpipe(o); })
        .Case<tile::Im2colOp, tile::MmaOp, tile::WindowOp, tile::PackOp>(
            [&](Operation *o) { return lowerProduct(b, o, lanes, library); })
        .Case([&](tile::FillOp o) { return lowerFill(o); })
        .Case([&](tile::VectorOp o) {
          return region(o.getInputs(), o.getOutputs(), o.getIndexingMaps(), {}, o.getBody());
        })
        .Case([&](tile::RowReduceOp o) {
          return region(o.getInputs(), o.getOutputs(), o.getIndexingMaps(), o.getReduced(),
                        o.getBody());
        })
        .Default([](Operation *o) { return o->emitOpError("has no lowering to the CPU"); });
  }

private:
  LogicalResult region(ValueRange inputs, ValueRange outputs, ArrayAttr maps,
                       ArrayRef<int64_t> reduced, Region &body) {
    VectorWork work{loc, {}, {}, {}, SmallVector<int64_t>(reduced), &body.front()};
    llvm::append_range(work.inputs, inputs);
    llvm::append_range(work.outputs, outputs);
    llvm::append_range(work.maps, maps.getAsValueRange<AffineMapAttr>());
    return lowerVectorWork(b, work, lanes, library);
  }

  /// Element-by-element copy through maps.
  LogicalResult move(Value source, Value target, AffineMap from, AffineMap to) {
    VectorWork work{loc, {source}, {target}, {from, to}, {}, nullptr};
    return lowerVectorWork(b, work, lanes, library);
  }

  LogicalResult lowerFill(tile::FillOp o) {
    // A body of one value from outside: built aside, then lowered like any region.
    MemRefType type = bufferType(o.getTarget());
    Block body;
    body.addArgument(type.getElementType(), loc);
    OpBuilder inside(op->getContext());
    inside.setInsertionPointToEnd(&body);
    tile::YieldOp::create(inside, loc, o.getValue());
    VectorWork work{loc, {},   {o.getTarget()}, {b.getMultiDimIdentityMap(type.getRank())},
                    {},  &body};
    LogicalResult result = lowerVectorWork(b, work, lanes, library);
    body.clear();
    return result;
  }

  LogicalResult lowerCopy(tile::CopyOp o) {
    Type element = bufferType(o.getSource()).getElementType();
    switch (o.getLayout()) {
    case tile::CopyLayout::nd2nd:
    case tile::CopyLayout::nz2nz: {
      AffineMap identity = b.getMultiDimIdentityMap(bufferType(o.getSource()).getRank());
      return move(o.getSource(), o.getTarget(), identity, identity);
    }
    case tile::CopyLayout::nz2zz: {
      AffineMap identity = b.getMultiDimIdentityMap(4);
      AffineMap swapped =
          AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0, 2, 3}, b.getContext());
      return move(o.getSource(), o.getTarget(), identity, swapped);
    }
    case tile::CopyLayout::nd2nz: {
      DeviceView nd = view(o.getSource()), nz = view(o.getTarget());
      call(sized("tessera_copy_nd2nz", element),
           {nd.pointer, nd.strides[0], nd.strides[1], nz.pointer, nz.strides[1], nz.strides[0],
            nd.sizes[0], nd.sizes[1], nz.sizes[3]});
      return success();
    }
    case tile::CopyLayout::nz2nd: {
      DeviceView nz = view(o.getSource()), nd = view(o.getTarget());
      call(sized("tessera_copy_nz2nd", element),
           {nz.pointer, nz.strides[1], nz.strides[0], nd.pointer, nd.strides[0], nd.strides[1],
            nd.sizes[0], nd.sizes[1], nz.sizes[3]});
      return success();
    }
    case tile::CopyLayout::nz2nzT:
    case tile::CopyLayout::nz2zzT:
      return transposeBlocks(o);
    }
    llvm_unreachable("every layout is listed");
  }

  /// Each source block, read by columns, is a little matrix to be cut into target blocks.
  LogicalResult transposeBlocks(tile::CopyOp o) {
    Value source = o.getSource(), target = o.getTarget();
    Type element = bufferType(source).getElementType();
    int64_t rows = bufferType(source).getDimSize(2), cols = bufferType(source).getDimSize(3);
    int64_t cut = bufferType(target).getDimSize(3);
    bool zz = o.getLayout() == tile::CopyLayout::nz2zzT;
    if ((rows % cut != 0 && cut % rows != 0) || (16 % cols != 0 && cols % 16 != 0))
      return o.emitOpError("cannot transpose blocks of ") << rows << " x " << cols;
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    Value across = memref::DimOp::create(b, loc, source, 0);
    Value down = memref::DimOp::create(b, loc, source, 1);
    DeviceView from = view(source), to = view(target);
    // Block dims of the target: rows of the transposed matrix, then its columns.
    Value rowStride = to.strides[zz ? 0 : 1], colStride = to.strides[zz ? 1 : 0];
    auto outer = scf::ForOp::create(b, loc, index(0), across, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(outer.getBody());
    auto inner = scf::ForOp::create(b, loc, index(0), down, index(1));
    b.setInsertionPointToStart(inner.getBody());
    Value c1 = i64(outer.getInductionVar()), r1 = i64(inner.getInductionVar());
    auto mul = [&](Value x, Value y) { return arith::MulIOp::create(b, loc, x, y).getResult(); };
    auto add = [&](Value x, Value y) { return arith::AddIOp::create(b, loc, x, y).getResult(); };
    auto div = [&](Value x, Value y) { return arith::DivUIOp::create(b, loc, x, y).getResult(); };
    auto rem = [&](Value x, Value y) { return arith::RemUIOp::create(b, loc, x, y).getResult(); };
    Value fromAt = add(mul(c1, from.strides[0]), mul(r1, from.strides[1]));
    Value row = mul(c1, i64(cols)); // first row of the transposed block
    Value toAt = add(mul(div(row, i64(16)), rowStride), mul(rem(row, i64(16)), i64(cut)));
    // Blocks of bytes are wider than they are high: two of them, one above the other, make a row
    // of two target blocks.
    Value col = mul(r1, i64(rows));
    toAt = add(toAt, add(mul(div(col, i64(cut)), colStride), rem(col, i64(cut))));
    auto at = [&](Value pointer, Value offset) {
      return LLVM::GEPOp::create(b, loc, pointer.getType(), element, pointer, ValueRange{offset});
    };
    call(sized("tessera_copy_nd2nz", element),
         {at(from.pointer, fromAt), i64(1), i64(cols), at(to.pointer, toAt), rowStride, colStride,
          i64(cols), i64(rows), i64(cut)});
    return success();
  }

  LogicalResult lowerFixpipe(tile::FixpipeOp o) {
    Type from = bufferType(o.getSource()).getElementType(),
         to = bufferType(o.getTarget()).getElementType();
    if (from == to && !o.getRelu()) {
      DeviceView nz = view(o.getSource()), nd = view(o.getTarget());
      call(sized("tessera_copy_nz2nd", from),
           {nz.pointer, nz.strides[1], nz.strides[0], nd.pointer, nd.strides[0], nd.strides[1],
            nd.sizes[0], nd.sizes[1], nz.sizes[3]});
      return success();
    }
    // Row by row: [r / 16, c / 16, r % 16, c % 16] read along c.
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    Value rows = memref::DimOp::create(b, loc, o.getTarget(), 0);
    Value cols = memref::DimOp::create(b, loc, o.getTarget(), 1);
    auto outer = scf::ForOp::create(b, loc, index(0), rows, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(outer.getBody());
    auto inner = scf::ForOp::create(b, loc, index(0), cols, index(1));
    b.setInsertionPointToStart(inner.getBody());
    Value r = outer.getInductionVar(), c = inner.getInductionVar(), block = index(16);
    SmallVector<Value> at{
        arith::DivUIOp::create(b, loc, c, block), arith::DivUIOp::create(b, loc, r, block),
        arith::RemUIOp::create(b, loc, r, block), arith::RemUIOp::create(b, loc, c, block)};
    Value v = memref::LoadOp::create(b, loc, o.getSource(), at);
    if (o.getRelu())
      v = arith::MaximumFOp::create(b, loc, v,
                                    arith::ConstantOp::create(b, loc, b.getFloatAttr(from, 0.0)));
    if (from != to)
      v = arith::TruncFOp::create(b, loc, to, v);
    memref::StoreOp::create(b, loc, v, o.getTarget(), ValueRange{r, c});
    return success();
  }
};

} // namespace

LogicalResult tessera::lowerTileOp(IRRewriter &b, Operation *op, int64_t lanes,
                                   DeviceLibrary &library, Value context) {
  b.setInsertionPoint(op);
  LogicalResult lowered = success();
  if (auto attention = dyn_cast<tile::AttentionOp>(op))
    lowerAttention(b, attention, library);
  else if (auto product = dyn_cast<tile::MatmulOp>(op); product && product.getWhole())
    lowered = lowerWholeProduct(b, product, library, context);
  else
    lowered = KernelCalls(b, op, lanes, library).lower();
  if (failed(lowered))
    return failure();
  b.eraseOp(op);
  return success();
}
