//===- TilePlaced.td - placed operators ------------------------------------===//
//
// They move and compute on buffers in typed memories.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_PLACED
#define TESSERA_TILE_PLACED

include "tessera/dialect/tile/TileBase.td"

def Tile_WindowOp : Tile_DestinationOp<"window"> {
  let summary = "Sliding-window work of the vector unit, channel by channel";
  let description = [{
    For each output pixel and channel: `fma` sums input times filter over the window (depthwise
    convolution), `max` and `sum` reduce the window, and `mean` divides the sum by the number of
    places inside the input. Places outside count as zero, or for `max` not at all. Input
    `[1, h, w, c]`, filter `[kh, kw, c]`, output `[1, oh, ow, c]`.

    ```mlir
    tile.window max ins(%x : memref<1x8x8x16xf32>) outs(%y : memref<1x4x4x16xf32>) pads(%c0, %c0)
      {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>}
    ```
  }];
  let arguments = (ins Tile_WindowKindAttr:$kind, Tile_Operand:$input,
      Optional<Tile_Operand>:$filter, Tile_Operand:$out, Index:$pad_top, Index:$pad_left,
      DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $kind `ins` `(` $input (`,` $filter^)? `:` type($input) (`,` type($filter)^)? `)`
    `outs` `(` $out `:` type($out) `)` `pads` `(` $pad_top `,` $pad_left `)`
    attr-dict (`->` type($result)^)?
  }];
}

def Tile_CopyOp : Tile_Op<"copy"> {
  let summary = "DMA between two memories, rearranging on the way";
  let description = [{
    `nd2nd` copies equal shapes. `nd2nz` cuts a matrix `[r, c]` into fractal blocks
    `[c/c0, r/r0, r0, c0]`, filling the last blocks with zeros; `nz2nd` is its inverse and writes
    the matrix's extents only. `nz2zz` exchanges the two outer block dimensions; `nz2nzT`
    and `nz2zzT` transpose the matrix too, as the loads into the matrix unit's memories can.
    The pair of memories must be a path of the chip.

    ```mlir
    tile.copy nd2nz %a to %b : memref<100x64xf16> to memref<4x7x16x16xf16, #tile.space<"l1">>
    ```
  }];
  let arguments = (ins DefaultValuedAttr<Tile_CopyLayoutAttr, "CopyLayout::nd2nd">:$layout,
      Arg<AnyStridedMemRef, "read", [MemRead]>:$source,
      Arg<AnyStridedMemRef, "written", [MemWrite]>:$target);
  let assemblyFormat = [{
    $layout $source `to` $target attr-dict `:` type($source) `to` type($target)
  }];
  let hasVerifier = 1;
}

def Tile_Im2colOp : Tile_Op<"im2col"> {
  let summary = "Gathers convolution windows into the rows of a matrix";
  let description = [{
    Row r of the target holds the window of output pixel `first_pixel + r` (row-major over an
    output map `out_width` wide): of its `kernel[0] * kernel[1] * c` values, zero outside the
    input, those from `first_k` on, as many as the target has columns.
    Input `[1, h, w, c]`; `pad_top` and `pad_left` as in `tile.conv2d`. The target is a matrix
    of at least `rows` x `columns`, or its fractal blocks `[r/r0, k/k0, r0, k0]`.

    ```mlir
    tile.im2col %x to %rows pads(%c0, %c0) first(%c0, %c0) extents(%c64, %c72)
      {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>,
       out_width = 8 : i64}
      : memref<1x10x10x8xf32> to memref<64x72xf32>
    ```
  }];
  let arguments = (ins Arg<AnyStridedMemRef, "read", [MemRead]>:$source,
      Arg<AnyStridedMemRef, "written", [MemWrite]>:$target, Index:$pad_top, Index:$pad_left,
      Index:$first_pixel, Index:$first_k, Index:$rows, Index:$columns, DenseI64ArrayAttr:$kernel,
      DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations, I64Attr:$out_width);
  let assemblyFormat = [{
    $source `to` $target `pads` `(` $pad_top `,` $pad_left `)`
    `first` `(` $first_pixel `,` $first_k `)` `extents` `(` $rows `,` $columns `)` attr-dict
    `:` type($source) `to` type($target)
  }];
  let hasVerifier = 1;
}

def Tile_MmaOp : Tile_Op<"mma"> {
  let summary = "The matrix unit: accumulator = lhs * rhs, or += with `accumulate`";
  let description = [{
    `m`, `n` and `k` are the valid extents; what lies beyond them in a block is not read as data.
    Operands are matrices, packed panels, or fractal blocks, as the chip's matrix unit takes them:
    rank 2 is a matrix, rank 3 (rhs) panels `[n/panel, k, panel]`, rank 4 fractal blocks.

    ```mlir
    tile.mma %a, %b, %c extents(%m, %n, %k)
      : memref<4x4x16x16xf16>, memref<4x8x16x16xf16>, memref<8x4x16x16xf32>
    ```
  }];
  let arguments = (ins Arg<AnyStridedMemRef, "read", [MemRead]>:$lhs,
      Arg<AnyStridedMemRef, "read", [MemRead]>:$rhs,
      Arg<AnyStridedMemRef, "accumulated into", [MemRead, MemWrite]>:$accumulator,
      Index:$m, Index:$n, Index:$k, Optional<I1>:$accumulate);
  let assemblyFormat = [{
    $lhs `,` $rhs `,` $accumulator `extents` `(` $m `,` $n `,` $k `)`
    (`accumulate` `(` $accumulate^ `)`)? attr-dict
    `:` type($lhs) `,` type($rhs) `,` type($accumulator)
  }];
  let hasVerifier = 1;
}

def Tile_FixpipeOp : Tile_Op<"fixpipe"> {
  let summary = "Drains the accumulator through the fixpipe";
  let description = [{
    Writes the matrix held in the accumulator's fractal blocks `[n/n0, m/m0, m0, n0]` to
    `target` as rows and columns, casting to the target's element type. `bias` adds one value per
    column and `relu` clamps at zero where the chip's fixpipe can.

    ```mlir
    tile.fixpipe %c to %y : memref<8x4x16x16xf32, #tile.space<"l0c">> to memref<64x128xf32>
    ```
  }];
  let arguments = (ins Arg<AnyStridedMemRef, "read", [MemRead]>:$source,
      Arg<AnyStridedMemRef, "written", [MemWrite]>:$target, UnitAttr:$relu);
  let assemblyFormat = "$source `to` $target attr-dict `:` type($source) `to` type($target)";
  let hasVerifier = 1;
}

def Tile_VectorOp : Tile_Op<"vector", [AttrSizedOperandSegments, SingleBlock]> {
  let summary = "The vector unit: scalar arithmetic over every element";
  let description = [{
    The body gets one element of each input and the old element of each output, and yields the
    new elements. `indexing_maps` are projected permutations or zeros (broadcasts), one per
    operand, over the same iteration space, as in `linalg.generic`.

    ```mlir
    tile.vector ins(%x : memref<64xf32>) outs(%y : memref<64xf32>)
      maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {
    ^bb0(%a: f32, %old: f32):
      %r = tile.apply "gelu"(%a) : (f32) -> f32
      tile.yield %r : f32
    }
    ```
  }];
  let arguments = (ins Arg<Variadic<AnyStridedMemRef>, "read", [MemRead]>:$inputs,
      Arg<Variadic<AnyStridedMemRef>, "written", [MemRead, MemWrite]>:$outputs,
      AffineMapArrayAttr:$indexing_maps);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`ins` `(` $inputs^ `:` type($inputs) `)`)? `outs` `(` $outputs `:` type($outputs) `)`
    `maps` $indexing_maps attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Tile_RowReduceOp : Tile_Op<"row_reduce", [AttrSizedOperandSegments, SingleBlock]> {
  let summary = "The vector unit: reduces dimensions into carried state";
  let description = [{
    As `tile.vector`, with the iteration dimensions in `reduced` folded into the outputs, whose
    old values are the state carried in.

    ```mlir
    tile.row_reduce ins(%x : memref<8x64xf32>) outs(%max : memref<8xf32>) reduced [1]
      maps [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>] {
    ^bb0(%a: f32, %state: f32):
      %r = arith.maximumf %a, %state : f32
      tile.yield %r : f32
    }
    ```
  }];
  let arguments = (ins Arg<Variadic<AnyStridedMemRef>, "read", [MemRead]>:$inputs,
      Arg<Variadic<AnyStridedMemRef>, "written", [MemRead, MemWrite]>:$outputs,
      DenseI64ArrayAttr:$reduced, AffineMapArrayAttr:$indexing_maps);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    (`ins` `(` $inputs^ `:` type($inputs) `)`)? `outs` `(` $outputs `:` type($outputs) `)`
    `reduced` $reduced `maps` $indexing_maps attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["VectorOp", "RowReduceOp"]>]> {
  let summary = "Ends the body of a vector operator with the new elements";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Tile_ApplyOp : Tile_Op<"apply", [Pure]> {
  let summary = "A scalar function by the name of its kernel";
  let description = [{
    Stands for one lane of a hand-vectorised kernel, as in `tile.apply "gelu"(%x)`. Operands
    after the first are parameters of the function.

    ```mlir
    %y = tile.apply "leaky_relu"(%x, %alpha) : (f32, f32) -> f32
    ```
  }];
  let arguments = (ins StrAttr:$kernel, Variadic<AnyType>:$operands);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$kernel `(` $operands `)` attr-dict `:` functional-type($operands, $result)";
}

def Tile_FillOp : Tile_Op<"fill"> {
  let summary = "Sets every element of a buffer";
  let description = [{
    ```mlir
    tile.fill %zero to %acc : f32 to memref<64xf32, #tile.space<"ub">>
    ```
  }];
  let arguments = (ins AnyType:$value, Arg<AnyStridedMemRef, "written", [MemWrite]>:$target);
  let assemblyFormat = "$value `to` $target attr-dict `:` type($value) `to` type($target)";
  let hasVerifier = 1;
}

#endif // TESSERA_TILE_PLACED
