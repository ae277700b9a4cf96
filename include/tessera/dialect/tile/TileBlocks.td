//===- TileBlocks.td - block operators -------------------------------------===//
//
// They name a tile's work before it is placed; npu-to-tile takes them away.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_BLOCKS
#define TESSERA_TILE_BLOCKS

include "tessera/dialect/tile/TileBase.td"

def Tile_MatmulOp : Tile_DestinationOp<"matmul"> {
  let summary = "Matrix product of one block, before it is placed";
  let description = [{
    out = lhs * rhs, or out + lhs * rhs with `accumulate`. Leading dimensions of all three are 1.
    With `panel` the right operand is in packed panels `[ceil(n/panel), k, panel]`, those of 8-bit
    integers in groups of k as `tile.pack` makes them.
    `npu-to-tile` turns it into copies and `tile.mma`.

    With `whole` the block is all of a product, batch included, of plain f32 operands. It stays one
    operation, a kernel of a CPU that shares itself out to the cores.

    ```mlir
    tile.matmul ins(%a, %b : memref<64x128xf32>, memref<128x32xf32>) outs(%c : memref<64x32xf32>)
    ```
  }];
  let arguments = (ins Tile_Operand:$lhs, Tile_Operand:$rhs, Tile_Operand:$out,
      UnitAttr:$transpose_lhs, UnitAttr:$transpose_rhs, UnitAttr:$accumulate,
      OptionalAttr<I64Attr>:$panel, UnitAttr:$whole);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $rhs `:` type($lhs) `,` type($rhs) `)`
    `outs` `(` $out `:` type($out) `)` attr-dict (`->` type($result)^)?
  }];
}

def Tile_Conv2DOp : Tile_DestinationOp<"conv2d"> {
  let summary = "Convolution of one block of output rows, before it is placed";
  let description = [{
    Input `[1, h, w, c]` (the rows the block needs), filter `[kh*kw*c, f]` or its panels, output
    `[1, oh, ow, f]`. `pad_top` and `pad_left` count the rows and columns of zeros before the
    input; those after follow from the extents.

    ```mlir
    tile.conv2d ins(%x, %w : memref<1x10x10x8xf32>, memref<72x16xf32>)
      outs(%y : memref<1x8x8x16xf32>) pads(%c0, %c0)
      {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>}
    ```
  }];
  let arguments = (ins Tile_Operand:$input, Tile_Operand:$filter, Tile_Operand:$out,
      Index:$pad_top, Index:$pad_left,
      DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$dilations,
      OptionalAttr<I64Attr>:$panel);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `,` $filter `:` type($input) `,` type($filter) `)`
    `outs` `(` $out `:` type($out) `)` `pads` `(` $pad_top `,` $pad_left `)`
    attr-dict (`->` type($result)^)?
  }];
}

def Tile_PackOp : Tile_DestinationOp<"pack"> {
  let summary = "Packs one batch of a right operand into panels";
  let description = [{
    `[1.., k, n]`, or `[1.., n, k]` with `transpose`, becomes `[1.., n/panel, k, panel]`, or of
    8-bit integers `[1.., n/panel, k/group, panel, group]`; places beyond n and k are zero.

    ```mlir
    tile.pack ins(%b : memref<16x20xf32>) outs(%p : memref<2x16x16xf32>)
    ```
  }];
  let arguments = (ins Tile_Operand:$input, Tile_Operand:$out, UnitAttr:$transpose);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $out `:` type($out) `)`
    attr-dict (`->` type($result)^)?
  }];
}

def Tile_AttentionOp : Tile_DestinationOp<"attention"> {
  let summary = "Attention of one block of queries, before it is placed";
  let description = [{
    out = softmax(scale * query * transpose(key) + mask) * value, row by row. Query `[1.., m, d]`,
    key `[1.., s, d]`, value `[1.., s, e]`, mask (if any) `[1.., m or 1, s]`, out `[1.., m, e]`.
    `npu-to-tile` turns it into copies, `tile.mma` and vector work on a part of s at a time. `tile`
    says which parts: queries of the block, scores of a row at a time, keys of a product; without it
    a cost function does.

    ```mlir
    tile.attention ins(%q, %k, %v : memref<64x128xf16>, memref<4096x128xf16>, memref<4096x128xf16>)
      outs(%o : memref<64x128xf16>) scale 0.0883883461
    ```
  }];
  let arguments = (ins Tile_Operand:$query, Tile_Operand:$key, Tile_Operand:$value,
      Optional<Tile_Operand>:$mask, Tile_Operand:$out, F32Attr:$scale,
      OptionalAttr<DenseI64ArrayAttr>:$tile);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value (`,` $mask^)?
      `:` type($query) `,` type($key) `,` type($value) (`,` type($mask)^)? `)`
    `outs` `(` $out `:` type($out) `)` `scale` $scale attr-dict (`->` type($result)^)?
  }];
}

#endif // TESSERA_TILE_BLOCKS
