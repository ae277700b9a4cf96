// Lowering of gathers, windows and matrix products to calls of the device library.
#include "DeviceCalls.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

class ProductCalls : DeviceCalls {
public:
  using DeviceCalls::DeviceCalls;

  LogicalResult lower() {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](tile::Im2colOp o) { return lowerIm2col(o); })
        .Case([&](tile::MmaOp o) { return lowerMma(o); })
        .Case([&](tile::WindowOp o) { return lowerWindow(o); })
        .Case([&](tile::PackOp o) { return lowerPack(o); });
  }

private:
  LogicalResult lowerIm2col(tile::Im2colOp o) {
    if (bufferType(o.getTarget()).getRank() == 4)
      return gatherBlocks(o);
    Type element = bufferType(o.getSource()).getElementType();
    if (!element.isF32() && !element.isInteger(8))
      return o.emitOpError("gathers f32 and i8 only, but got ") << element;
    DeviceView x = view(o.getSource()), y = view(o.getTarget());
    ArrayRef<int64_t> kernel = o.getKernel(), stride = o.getStrides(), dilation = o.getDilations();
    call(element.isF32() ? "tessera_im2col_f32" : "tessera_im2col_s8",
         {x.pointer, x.sizes[1], x.sizes[2], x.sizes[3], x.strides[1], x.strides[2], i64(kernel[0]),
          i64(kernel[1]), i64(stride[0]), i64(stride[1]), i64(dilation[0]), i64(dilation[1]),
          i64(o.getPadTop()), i64(o.getPadLeft()), i64(o.getFirstPixel()), i64(o.getRows()),
          i64(o.getOutWidth()), y.pointer, y.strides[0]});
    return success();
  }

  /// The gather into fractal blocks, element by element: the stand-in of an NPU's load unit.
  LogicalResult gatherBlocks(tile::Im2colOp o) {
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    auto mul = [&](Value x, Value y) { return arith::MulIOp::create(b, loc, x, y).getResult(); };
    auto add = [&](Value x, Value y) { return arith::AddIOp::create(b, loc, x, y).getResult(); };
    auto sub = [&](Value x, Value y) { return arith::SubIOp::create(b, loc, x, y).getResult(); };
    auto div = [&](Value x, Value y) { return arith::DivUIOp::create(b, loc, x, y).getResult(); };
    auto rem = [&](Value x, Value y) { return arith::RemUIOp::create(b, loc, x, y).getResult(); };
    Type element = bufferType(o.getSource()).getElementType();
    Value channels = memref::DimOp::create(b, loc, o.getSource(), 3);
    Value height = memref::DimOp::create(b, loc, o.getSource(), 1);
    Value width = memref::DimOp::create(b, loc, o.getSource(), 2);
    Value zero = index(0), one = index(1);
    auto rows = scf::ForOp::create(b, loc, zero, o.getRows(), one);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(rows.getBody());
    Value r = rows.getInductionVar(), pixel = add(o.getFirstPixel(), r);
    Value outW = index(o.getOutWidth());
    Value oy = div(pixel, outW), ox = rem(pixel, outW);
    auto columns = scf::ForOp::create(b, loc, zero, o.getColumns(), one);
    b.setInsertionPointToStart(columns.getBody());
    Value c = columns.getInductionVar(), k = add(o.getFirstK(), c);
    Value tap = div(k, channels), channel = rem(k, channels), kw = index(o.getKernel()[1]);
    auto place = [&](Value out, Value t, int d, Value pad) {
      return sub(add(mul(out, index(o.getStrides()[d])), mul(t, index(o.getDilations()[d]))), pad);
    };
    Value y = place(oy, div(tap, kw), 0, o.getPadTop());
    Value x = place(ox, rem(tap, kw), 1, o.getPadLeft());
    auto below = [&](Value v, Value bound) { // as unsigned, a negative place is far outside
      return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, v, bound).getResult();
    };
    Value inside = arith::AndIOp::create(b, loc, below(y, height), below(x, width));
    auto choice = scf::IfOp::create(b, loc, element, inside, true);
    b.setInsertionPointToStart(&choice.getThenRegion().front());
    Value v = memref::LoadOp::create(b, loc, o.getSource(), ValueRange{zero, y, x, channel});
    scf::YieldOp::create(b, loc, v);
    b.setInsertionPointToStart(&choice.getElseRegion().front());
    scf::YieldOp::create(b, loc,
                         arith::ConstantOp::create(b, loc, b.getZeroAttr(element)).getResult());
    b.setInsertionPointAfter(choice);
    Value r0 = index(bufferType(o.getTarget()).getDimSize(2)),
          c0 = index(bufferType(o.getTarget()).getDimSize(3));
    memref::StoreOp::create(b, loc, choice.getResult(0), o.getTarget(),
                            ValueRange{div(r, r0), div(c, c0), rem(r, r0), rem(c, c0)});
    return success();
  }

  LogicalResult lowerMma(tile::MmaOp o) {
    DeviceView a = view(o.getLhs()), w = view(o.getRhs()), c = view(o.getAccumulator());
    Type element = bufferType(o.getLhs()).getElementType();
    Value accumulate = o.getAccumulate()
                           ? arith::ExtUIOp::create(b, loc, b.getI32Type(), o.getAccumulate())
                           : arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(0)).getResult();
    Value m = i64(o.getM()), n = i64(o.getN()), k = i64(o.getK());
    bool fractal = bufferType(o.getLhs()).getRank() == 4;
    if (element.isInteger(8) && !fractal && bufferType(o.getRhs()).getRank() == 4)
      return callInt8(o, {a.pointer, a.strides[0], w.pointer, c.pointer, c.strides[0], m, n, k,
                          w.sizes[2], w.sizes[3], accumulate});
    if (!element.isF32() &&
        !(fractal && (element.isF16() || element.isBF16() || element.isInteger(8))))
      return o.emitOpError("has no CPU kernel for ") << element;
    if (fractal && w.strides.size() == 4 && rowsInBlocks(bufferType(o.getRhs())))
      return multiplyRows(o, a, w, c, {m, n, k, accumulate});
    if (fractal) {
      call(element.isF32()    ? "tessera_mma_fractal_f32"
           : element.isF16()  ? "tessera_mma_fractal_f16"
           : element.isBF16() ? "tessera_mma_fractal_bf16"
                              : "tessera_mma_fractal_s8",
           {a.pointer, a.strides[0], a.strides[1], w.pointer, w.strides[0], w.strides[1], c.pointer,
            c.strides[1], c.strides[0], m, n, k, a.sizes[3], accumulate});
    } else if (bufferType(o.getRhs()).getRank() == 3) {
      call("tessera_mma_f32", {a.pointer, a.strides[0], w.pointer, c.pointer, c.strides[0], m, n, k,
                               w.sizes[2], accumulate});
    } else {
      call("tessera_matmul_f32", {a.pointer, a.strides[0], a.strides[1], w.pointer, w.strides[0],
                                  w.strides[1], c.pointer, c.strides[0], m, n, k, accumulate});
    }
    return success();
  }

  /// Whether blocks [columns, rows] of a right operand lie by rows.
  static bool rowsInBlocks(MemRefType type) {
    SmallVector<int64_t> strides;
    int64_t offset;
    return succeeded(type.getStridesAndOffset(strides, offset)) && strides.back() != 1;
  }

  /// The kernel reads blocks of the right operand by columns: one column of blocks after the other
  /// is turned aside and multiplied alone. `scalars`: m, n, k and whether to accumulate.
  LogicalResult multiplyRows(tile::MmaOp o, const DeviceView &a, const DeviceView &w,
                             const DeviceView &c, ArrayRef<Value> scalars) {
    MemRefType type = bufferType(o.getRhs());
    Type element = type.getElementType();
    if ((!element.isBF16() && !element.isF16()) || type.isDynamicDim(0))
      return o.emitOpError("has no CPU kernel for a right operand of type ") << type;
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    auto mul = [&](Value x, Value y) { return arith::MulIOp::create(b, loc, x, y).getResult(); };
    auto at = [&](const DeviceView &v, Type t, Value offset) {
      return LLVM::GEPOp::create(b, loc, v.pointer.getType(), t, v.pointer, ValueRange{offset});
    };
    const int64_t side = 16, block = side * side;
    DeviceView aside;
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(&o->getParentOfType<func::FuncOp>().getBody().front());
      aside.pointer = LLVM::AllocaOp::create(b, loc, w.pointer.getType(), element,
                                             i64(type.getDimSize(0) * block));
    }
    auto outer = scf::ForOp::create(b, loc, index(0), memref::DimOp::create(b, loc, o.getRhs(), 1),
                                    index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(outer.getBody());
    Value j = i64(outer.getInductionVar());
    auto inner = scf::ForOp::create(b, loc, index(0), memref::DimOp::create(b, loc, o.getRhs(), 0),
                                    index(1));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(inner.getBody());
      Value p = i64(inner.getInductionVar());
      Value from = arith::AddIOp::create(b, loc, mul(p, w.strides[0]), mul(j, w.strides[1]));
      call(sized("tessera_copy_nd2nz", element),
           {at(w, element, from), i64(1), i64(side), at(aside, element, mul(p, i64(block))),
            i64(block), i64(block), i64(side), i64(side), i64(side)});
    }
    // At an edge the last columns of blocks may hold nothing.
    Value rest = arith::SubIOp::create(b, loc, scalars[1], mul(j, i64(side)));
    Value columns =
        arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, rest, i64(side)), i64(0));
    call(element.isF16() ? "tessera_mma_fractal_f16" : "tessera_mma_fractal_bf16",
         {a.pointer, a.strides[0], a.strides[1], aside.pointer, i64(block), i64(block),
          at(c, b.getF32Type(), mul(j, c.strides[0])), c.strides[1], c.strides[0], scalars[0],
          columns, scalars[2], i64(side), scalars[3]});
    return success();
  }

  /// The product of 8-bit integers takes panels of whole vectors, in groups that divide its blocks.
  LogicalResult callInt8(tile::MmaOp o, ValueRange args) {
    constexpr int64_t kDepth = 2048; // of such a block, in mma_int8.h
    MemRefType type = bufferType(o.getRhs());
    int64_t panel = type.getDimSize(2), group = type.getDimSize(3);
    if (ShapedType::isDynamic(panel) || panel % lanes != 0)
      return o.emitOpError("expected panels of a multiple of ")
             << lanes << " columns, but got " << panel;
    if (ShapedType::isDynamic(group) || group <= 0 || kDepth % group != 0)
      return o.emitOpError("expected groups of a power of two, but got ") << group;
    call("tessera_mma_int8_s8", args);
    return success();
  }

  LogicalResult lowerWindow(tile::WindowOp o) {
    Type element = bufferType(o.getInput()).getElementType();
    if (element.isF16() || element.isBF16()) {
      lowerHalfWindow(b, o, lanes);
      return success();
    }
    if (!element.isF32())
      return o.emitOpError("has CPU code for f32, f16 and bf16 only, but got ") << element;
    DeviceView x = view(o.getInput()), y = view(o.getOut());
    ArrayRef<int64_t> kernel = o.getKernel(), stride = o.getStrides(), dilation = o.getDilations();
    SmallVector<Value> args{x.pointer,  x.sizes[1],   x.sizes[2],
                            x.sizes[3], x.strides[1], x.strides[2]};
    if (o.getFilter()) {
      // Taps follow each other at one distance: tiles never cut the window itself.
      DeviceView filter = view(o.getFilter());
      llvm::append_values(args, filter.pointer, filter.strides[1]);
    }
    llvm::append_values(args, i64(kernel[0]), i64(kernel[1]), i64(stride[0]), i64(stride[1]),
                        i64(dilation[0]), i64(dilation[1]), i64(o.getPadTop()), i64(o.getPadLeft()),
                        y.pointer, y.sizes[1], y.sizes[2], y.strides[1], y.strides[2]);
    StringRef name = o.getKind() == tile::WindowKind::fma    ? "tessera_window_fma_f32"
                     : o.getKind() == tile::WindowKind::max  ? "tessera_window_max_f32"
                     : o.getKind() == tile::WindowKind::mean ? "tessera_window_mean_f32"
                                                             : "tessera_window_sum_f32";
    call(name, args);
    return success();
  }

  LogicalResult lowerPack(tile::PackOp o) {
    Type element = bufferType(o.getInput()).getElementType();
    DeviceView x = view(o.getInput()), y = view(o.getOut());
    size_t rank = x.sizes.size();
    size_t k = o.getTranspose() ? rank - 1 : rank - 2, n = o.getTranspose() ? rank - 2 : rank - 1;
    if (element.isInteger(8) && y.sizes.size() == rank + 2) {
      call("tessera_mma_int8_pack_s8", {x.pointer, x.strides[k], x.strides[n], y.pointer,
                                        x.sizes[k], x.sizes[n], y.sizes[rank], y.sizes[rank + 1]});
      return success();
    }
    if (!element.isF32())
      return o.emitOpError("packs f32 and groups of i8 only, but got ") << element;
    call("tessera_pack_rhs_f32", {x.pointer, x.strides[k], x.strides[n], y.pointer, x.sizes[k],
                                  x.sizes[n], y.sizes.back()});
    return success();
  }
};

} // namespace

LogicalResult tessera::lowerProduct(IRRewriter &b, Operation *op, int64_t lanes,
                                    DeviceLibrary &library) {
  return ProductCalls(b, op, lanes, library).lower();
}
