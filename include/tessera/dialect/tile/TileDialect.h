// The tile dialect: one core's program on buffers in typed memories.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

// Part of the shared library's interface; the generated classes carry no mark themselves.
#pragma GCC visibility push(default)
#include "tessera/dialect/tile/TileDialect.h.inc"
#include "tessera/dialect/tile/TileEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "tessera/dialect/tile/TileAttrs.h.inc"
#define GET_OP_CLASSES
#include "tessera/dialect/tile/TileOps.h.inc"
#pragma GCC visibility pop

namespace tessera::tile {

/// The name of the memory `type` lives in; "gm" when it names none.
llvm::StringRef spaceOf(mlir::BaseMemRefType type);

/// Bufferisation of the destination-style operators of this dialect.
void registerTileBufferization(mlir::DialectRegistry &registry);

} // namespace tessera::tile
