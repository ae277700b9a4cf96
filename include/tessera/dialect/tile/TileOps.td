//===- TileOps.td - the operators of one core's program --------------------===//
//
// Block operators, placed operators, order and launches: one file each.
//
//===----------------------------------------------------------------------===//
#ifndef TESSERA_TILE_OPS
#define TESSERA_TILE_OPS

include "tessera/dialect/tile/TileBlocks.td"
include "tessera/dialect/tile/TilePlaced.td"
include "tessera/dialect/tile/TileOrder.td"

#endif // TESSERA_TILE_OPS
