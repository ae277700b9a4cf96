// The tile dialect's registration and attributes.
#include "tessera/dialect/tile/TileDialect.h"

#include "ChipVerify.h"

#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "tessera/dialect/tile/TileDialect.cpp.inc"
#include "tessera/dialect/tile/TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "tessera/dialect/tile/TileAttrs.cpp.inc"

using namespace mlir;

void tessera::tile::TileDialect::initialize() {
  addInterfaces<ChipCache>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "tessera/dialect/tile/TileAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tessera/dialect/tile/TileOps.cpp.inc"
      >();
}

LogicalResult tessera::tile::TileDialect::verifyOperationAttribute(Operation *op,
                                                                   NamedAttribute attribute) {
  if (attribute.getName() != "tile.offset")
    return success();
  auto offset = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!offset)
    return op->emitOpError("expected tile.offset to be an integer, but got ")
           << attribute.getValue();
  return verifyAddressOnChip(op, offset.getInt());
}

llvm::StringRef tessera::tile::spaceOf(BaseMemRefType type) {
  if (auto space = dyn_cast_or_null<SpaceAttr>(type.getMemorySpace()))
    return space.getName();
  return "gm";
}
