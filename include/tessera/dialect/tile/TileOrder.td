//===- TileOrder.td - order between pipes and cores, and launches ----------===//
//
// They move no data.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_ORDER
#define TESSERA_TILE_ORDER

include "tessera/dialect/tile/TileBase.td"

def Tile_PipeBarrierOp : Tile_Op<"pipe_barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Orders the operations of one pipe: those before end before those after start";
  let description = [{
    A pipe's name is preceded by the kind of core where several kinds have it: `"vector.MTE2"`.
    `"vector1.MTE2"` is the pipe of the second vector core of a cube core.

    ```mlir
    tile.pipe_barrier "V"
    ```
  }];
  let arguments = (ins StrAttr:$pipe);
  let assemblyFormat = "$pipe attr-dict";
  let hasVerifier = 1;
}

class Tile_EventOp<string mnemonic> : Tile_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let arguments = (ins StrAttr:$from, StrAttr:$to, I64Attr:$id, Optional<Index>:$slot);
  let assemblyFormat = "$from `to` $to `id` $id (`slot` `(` $slot^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Tile_SetEventOp : Tile_EventOp<"set_event"> {
  let summary = "Raises a binary event from one pipe to another";
  let description = [{
    The event is raised when all earlier operations of the first pipe have ended. Its number is
    `id`, or `id + slot`: a buffer of several slots has one event for each. A second set of the
    same event before its wait is an error. Outside the kernel's grid it is executed once per core,
    before the core's first block or after its last.

    ```mlir
    tile.set_event "MTE2" to "MTE1" id 0
    %slot = arith.constant 1 : index
    tile.set_event "M" to "MTE1" id 2 slot(%slot)
    ```
  }];
}

def Tile_WaitEventOp : Tile_EventOp<"wait_event"> {
  let summary = "Holds a pipe until the event is raised, and clears it";
  let description = [{
    Later operations of the second pipe start after it; earlier ones need not have ended.

    ```mlir
    tile.wait_event "MTE2" to "MTE1" id 0
    ```
  }];
}

class Tile_CrossOp<string mnemonic> : Tile_Op<mnemonic, [MemoryEffects<[MemRead, MemWrite]>]> {
  let arguments = (ins StrAttr:$pipe, I64Attr:$mode, I64Attr:$id, Optional<Index>:$slot);
  let assemblyFormat = "$pipe `mode` $mode `id` $id (`slot` `(` $slot^ `)`)? attr-dict";
  let hasVerifier = 1;
}

def Tile_CrossSetOp : Tile_CrossOp<"cross_set"> {
  let summary = "Counts up a flag between cores";
  let description = [{
    The flag counts when all earlier operations of the pipe have ended. Mode 0 joins all cores of a
    kind, 1 the vector cores of one cube core, 2 a cube core with its vector cores: a cube core's
    set counts at each of its vector cores, and the set of all its vector cores counts at the cube
    core. Flags of the two directions are apart, though they have the same id. `slot` is added to
    the id, as in `tile.set_event`.

    ```mlir
    tile.cross_set "FIX" mode 2 id 0
    ```
  }];
}

def Tile_CrossWaitOp : Tile_CrossOp<"cross_wait"> {
  let summary = "Holds a pipe until a flag between cores is above zero, and counts it down";
  let description = [{
    ```mlir
    tile.cross_wait "vector.MTE2" mode 2 id 0
    ```
  }];
}

def Tile_WorkspaceOp : Tile_Op<"workspace", [
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "A buffer in global memory through which the cores of a group pass blocks";
  let description = [{
    A ring of `depth` slots, one ring per core group; above 1, dim 0 counts them. It is planned
    in the arena and its traffic counts as traffic to global memory.

    ```mlir
    %ring = tile.workspace depth 2 : memref<2x128x256xf32>
    ```
  }];
  let arguments = (ins DefaultValuedAttr<I64Attr, "1">:$depth);
  let results = (outs AnyStridedMemRef:$buffer);
  let assemblyFormat = "`depth` $depth attr-dict `:` type($buffer)";
  let hasVerifier = 1;
}

def Tile_LaunchOp : Tile_Op<"launch", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel on a grid of blocks";
  let description = [{
    The kernel's blocks run on the cores named by `cores`, in waves if there are more blocks than
    cores. Launches run one after another.

    ```mlir
    tile.launch @matmul_gelu(%x, %w, %y) blocks 24 cores = mix
      : memref<128x768xf32>, memref<768x3072xf32>, memref<128x3072xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel,
      Arg<Variadic<AnyStridedMemRef>, "read and written", [MemRead, MemWrite]>:$buffers,
      I64Attr:$blocks, Tile_CoreKindAttr:$cores);
  let assemblyFormat = [{
    $kernel `(` $buffers `)` `blocks` $blocks `cores` `=` $cores attr-dict `:` type($buffers)
  }];
}

#endif // TESSERA_TILE_ORDER
