// Lowering of copies, gathers, windows and matrix products to calls of the device library.
#include "LowerTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

/// A buffer as C code sees it: address, extents and strides as i64.
struct View {
  Value pointer;
  SmallVector<Value> sizes, strides;
};

class KernelCalls {
public:
  KernelCalls(IRRewriter &b, Operation *op, int64_t lanes, DeviceLibrary &library)
      : b(b), op(op), loc(op->getLoc()), lanes(lanes), library(library) {}

  LogicalResult lower() {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([&](tile::CopyOp o) { return lowerCopy(o); })
        .Case([&](tile::FixpipeOp o) { return lowerFixpipe(o); })
        .Case([&](tile::Im2colOp o) { return lowerIm2col(o); })
        .Case([&](tile::MmaOp o) { return lowerMma(o); })
        .Case([&](tile::WindowOp o) { return lowerWindow(o); })
        .Case([&](tile::PackOp o) { return lowerPack(o); })
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
  Value i64(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(v)); }
  Value i64(Value index) { return arith::IndexCastOp::create(b, loc, b.getI64Type(), index); }
  Value i32(int64_t v) { return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(v)); }

  View view(Value buffer) {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
    View v;
    v.pointer = addressOf(b, loc, buffer);
    MemRefType type = typeOf(buffer);
    SmallVector<int64_t> strides;
    int64_t offset;
    (void)type.getStridesAndOffset(strides, offset);
    for (int64_t d = 0; d < type.getRank(); ++d) {
      v.sizes.push_back(type.isDynamicDim(d) ? i64(metadata.getSizes()[d])
                                             : i64(type.getDimSize(d)));
      v.strides.push_back(ShapedType::isDynamic(strides[d]) ? i64(metadata.getStrides()[d])
                                                            : i64(strides[d]));
    }
    return v;
  }

  void call(StringRef name, ValueRange args) { library.call(b, loc, name, TypeRange(), args); }

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
    MemRefType type = typeOf(o.getTarget());
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

  std::string sized(StringRef name, Type element) {
    return (name + "_" + Twine(std::max(element.getIntOrFloatBitWidth(), 8u))).str();
  }

  LogicalResult lowerCopy(tile::CopyOp o) {
    Type element = typeOf(o.getSource()).getElementType();
    switch (o.getLayout()) {
    case tile::CopyLayout::nd2nd:
    case tile::CopyLayout::nz2nz: {
      AffineMap identity = b.getMultiDimIdentityMap(typeOf(o.getSource()).getRank());
      return move(o.getSource(), o.getTarget(), identity, identity);
    }
    case tile::CopyLayout::nz2zz: {
      AffineMap identity = b.getMultiDimIdentityMap(4);
      AffineMap swapped =
          AffineMap::getPermutationMap(ArrayRef<unsigned>{1, 0, 2, 3}, b.getContext());
      return move(o.getSource(), o.getTarget(), identity, swapped);
    }
    case tile::CopyLayout::nd2nz: {
      View nd = view(o.getSource()), nz = view(o.getTarget());
      call(sized("tessera_copy_nd2nz", element),
           {nd.pointer, nd.strides[0], nd.strides[1], nz.pointer, nz.strides[1], nz.strides[0],
            nd.sizes[0], nd.sizes[1], nz.sizes[3]});
      return success();
    }
    case tile::CopyLayout::nz2nd: {
      View nz = view(o.getSource()), nd = view(o.getTarget());
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
    Type element = typeOf(source).getElementType();
    int64_t rows = typeOf(source).getDimSize(2), cols = typeOf(source).getDimSize(3);
    int64_t cut = typeOf(target).getDimSize(3);
    bool zz = o.getLayout() == tile::CopyLayout::nz2zzT;
    if ((rows % cut != 0 && cut % rows != 0) || (16 % cols != 0 && cols % 16 != 0))
      return o.emitOpError("cannot transpose blocks of ") << rows << " x " << cols;
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    Value across = memref::DimOp::create(b, loc, source, 0);
    Value down = memref::DimOp::create(b, loc, source, 1);
    View from = view(source), to = view(target);
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
    Type from = typeOf(o.getSource()).getElementType(), to = typeOf(o.getTarget()).getElementType();
    if (from == to && !o.getRelu()) {
      View nz = view(o.getSource()), nd = view(o.getTarget());
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

  LogicalResult lowerIm2col(tile::Im2colOp o) {
    if (typeOf(o.getTarget()).getRank() == 4)
      return gatherBlocks(o);
    Type element = typeOf(o.getSource()).getElementType();
    if (!element.isF32() && !element.isInteger(8))
      return o.emitOpError("gathers f32 and i8 only, but got ") << element;
    View x = view(o.getSource()), y = view(o.getTarget());
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
    Type element = typeOf(o.getSource()).getElementType();
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
    Value r0 = index(typeOf(o.getTarget()).getDimSize(2)),
          c0 = index(typeOf(o.getTarget()).getDimSize(3));
    memref::StoreOp::create(b, loc, choice.getResult(0), o.getTarget(),
                            ValueRange{div(r, r0), div(c, c0), rem(r, r0), rem(c, c0)});
    return success();
  }

  LogicalResult lowerMma(tile::MmaOp o) {
    View a = view(o.getLhs()), w = view(o.getRhs()), c = view(o.getAccumulator());
    Type element = typeOf(o.getLhs()).getElementType();
    Value accumulate = o.getAccumulate()
                           ? arith::ExtUIOp::create(b, loc, b.getI32Type(), o.getAccumulate())
                           : i32(0);
    Value m = i64(o.getM()), n = i64(o.getN()), k = i64(o.getK());
    bool fractal = typeOf(o.getLhs()).getRank() == 4;
    if (element.isInteger(8) && !fractal && typeOf(o.getRhs()).getRank() == 4)
      return callInt8(o, {a.pointer, a.strides[0], w.pointer, c.pointer, c.strides[0], m, n, k,
                          w.sizes[2], w.sizes[3], accumulate});
    if (!element.isF32() &&
        !(fractal && (element.isF16() || element.isBF16() || element.isInteger(8))))
      return o.emitOpError("has no CPU kernel for ") << element;
    if (fractal && w.strides.size() == 4 && rowsInBlocks(typeOf(o.getRhs())))
      return multiplyRows(o, a, w, c, {m, n, k, accumulate});
    if (fractal) {
      call(element.isF32()    ? "tessera_mma_fractal_f32"
           : element.isF16()  ? "tessera_mma_fractal_f16"
           : element.isBF16() ? "tessera_mma_fractal_bf16"
                              : "tessera_mma_fractal_s8",
           {a.pointer, a.strides[0], a.strides[1], w.pointer, w.strides[0], w.strides[1], c.pointer,
            c.strides[1], c.strides[0], m, n, k, a.sizes[3], accumulate});
    } else if (typeOf(o.getRhs()).getRank() == 3) {
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
  LogicalResult multiplyRows(tile::MmaOp o, const View &a, const View &w, const View &c,
                             ArrayRef<Value> scalars) {
    MemRefType type = typeOf(o.getRhs());
    Type element = type.getElementType();
    if ((!element.isBF16() && !element.isF16()) || type.isDynamicDim(0))
      return o.emitOpError("has no CPU kernel for a right operand of type ") << type;
    auto index = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v).getResult(); };
    auto mul = [&](Value x, Value y) { return arith::MulIOp::create(b, loc, x, y).getResult(); };
    auto at = [&](const View &v, Type t, Value offset) {
      return LLVM::GEPOp::create(b, loc, v.pointer.getType(), t, v.pointer, ValueRange{offset});
    };
    const int64_t side = 16, block = side * side;
    View aside;
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
    MemRefType type = typeOf(o.getRhs());
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
    if (!typeOf(o.getInput()).getElementType().isF32())
      return o.emitOpError("has a CPU kernel for f32 only, but got ")
             << typeOf(o.getInput()).getElementType();
    View x = view(o.getInput()), y = view(o.getOut());
    ArrayRef<int64_t> kernel = o.getKernel(), stride = o.getStrides(), dilation = o.getDilations();
    SmallVector<Value> args{x.pointer,  x.sizes[1],   x.sizes[2],
                            x.sizes[3], x.strides[1], x.strides[2]};
    if (o.getFilter()) {
      // Taps follow each other at one distance: tiles never cut the window itself.
      View filter = view(o.getFilter());
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
    Type element = typeOf(o.getInput()).getElementType();
    View x = view(o.getInput()), y = view(o.getOut());
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

  IRRewriter &b;
  Operation *op;
  Location loc;
  int64_t lanes;
  DeviceLibrary &library;
};

} // namespace

ValueRange DeviceLibrary::call(OpBuilder &b, Location loc, StringRef name, TypeRange results,
                               ValueRange args) {
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto type = b.getFunctionType(TypeRange(args), results);
    func::FuncOp::create(b, loc, name, type).setPrivate();
  }
  return func::CallOp::create(b, loc, name, results, args).getResults();
}

Value tessera::addressOf(OpBuilder &b, Location loc, Value buffer) {
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, buffer);
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, buffer);
  Type i64 = b.getI64Type(), pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value integer = arith::IndexCastOp::create(b, loc, i64, base);
  Value address = LLVM::IntToPtrOp::create(b, loc, pointer, integer);
  SmallVector<int64_t> strides;
  int64_t offset;
  auto type = typeOf(buffer);
  if (succeeded(type.getStridesAndOffset(strides, offset)) && offset == 0)
    return address;
  Value at = arith::IndexCastOp::create(b, loc, i64, metadata.getOffset());
  return LLVM::GEPOp::create(b, loc, pointer, type.getElementType(), address, ValueRange{at});
}

LogicalResult tessera::lowerTileOp(IRRewriter &b, Operation *op, int64_t lanes,
                                   DeviceLibrary &library) {
  b.setInsertionPoint(op);
  if (auto attention = dyn_cast<tile::AttentionOp>(op))
    lowerAttention(b, attention, library);
  else if (failed(KernelCalls(b, op, lanes, library).lower()))
    return failure();
  b.eraseOp(op);
  return success();
}
