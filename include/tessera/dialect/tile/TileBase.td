//===- TileBase.td - what tile operators have in common --------------------===//
//
// Operand types and base classes.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_BASE
#define TESSERA_TILE_BASE

include "tessera/dialect/tile/TileDialect.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"

def Tile_Operand : AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef]>;

class Tile_Op<string mnemonic, list<Trait> traits = []>
    : Op<Tile_Dialect, mnemonic, traits>;

/// Destination style on tensors or memrefs: reads `inputs`, writes `outs`. On tensors the
/// results are the new values of `outs`; on memrefs there is no result.
class Tile_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Tile_Op<mnemonic, traits # [
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DestinationStyleOpInterface]> {
  code destinationMethods = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
  }];
  let extraClassDeclaration = destinationMethods;
  let hasVerifier = 1;
}

#endif // TESSERA_TILE_BASE
