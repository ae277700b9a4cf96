//===- TileDialect.td - one core's program on typed memories --------------===//
//
// The dialect, its attributes and enumerations. Operators are in TileOps.td.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_DIALECT
#define TESSERA_TILE_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::tessera::tile";
  let summary = "One core's program on buffers in typed memories";
  let description = [{
    A tile program says how one core group of an accelerator computes a kernel: which
    blocks are copied between which memories, what the matrix and vector units do, and
    which launches make up the model. Buffers are memrefs whose memory space,
    `#tile.space<"l1">`, names a memory of the chip description that the module carries
    (`tile.chip`); a memref without a space is in `gm`, the chip's global memory.

    A tile program is sequential: executing it in textual order is always right.
    Events and flags only license overlap.

    In a module with a chip every operation is held against it: memories, paths and layouts, what
    the units take, events, and addresses of buffers (`tile.offset`).
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect",
    "::mlir::scf::SCFDialect"
  ];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

class Tile_Attr<string name, string mnem, list<Trait> traits = []>
    : AttrDef<Tile_Dialect, name, traits> {
  let mnemonic = mnem;
}

def Tile_SpaceAttr : Tile_Attr<"Space", "space"> {
  let summary = "the memory a buffer lives in, by the chip description's name for it";
  let description = [{
    ```mlir
    func.func private @takes_l1(memref<128x64xf16, #tile.space<"l1">>)
    ```
  }];
  let parameters = (ins StringRefParameter<"memory name">:$name);
  let assemblyFormat = "`<` $name `>`";
}

def Tile_CopyLayout : I32EnumAttr<"CopyLayout", "how a copy rearranges what it moves", [
  I32EnumAttrCase<"nd2nd", 0>, I32EnumAttrCase<"nd2nz", 1>, I32EnumAttrCase<"nz2nd", 2>,
  I32EnumAttrCase<"nz2nz", 3>, I32EnumAttrCase<"nz2zz", 4>, I32EnumAttrCase<"nz2nzT", 5>, I32EnumAttrCase<"nz2zzT", 6>]> {
  let cppNamespace = "::tessera::tile";
  let genSpecializedAttr = 0;
}

def Tile_WindowKind : I32EnumAttr<"WindowKind", "what a window operator does with its window", [
  I32EnumAttrCase<"fma", 0>, I32EnumAttrCase<"max", 1>, I32EnumAttrCase<"sum", 2>,
  I32EnumAttrCase<"mean", 3>]> {
  let cppNamespace = "::tessera::tile";
  let genSpecializedAttr = 0;
}

def Tile_CoreKind : I32EnumAttr<"CoreKind", "the cores a launch runs on", [
  I32EnumAttrCase<"cube", 0>, I32EnumAttrCase<"vector", 1>, I32EnumAttrCase<"mix", 2>]> {
  let cppNamespace = "::tessera::tile";
  let genSpecializedAttr = 0;
}

def Tile_CopyLayoutAttr : EnumAttr<Tile_Dialect, Tile_CopyLayout, "layout">;
def Tile_WindowKindAttr : EnumAttr<Tile_Dialect, Tile_WindowKind, "window_kind">;
def Tile_CoreKindAttr : EnumAttr<Tile_Dialect, Tile_CoreKind, "cores">;

#endif // TESSERA_TILE_DIALECT
