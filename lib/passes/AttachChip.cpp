// Puts a chip description into the module.
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"

#include "mlir/Dialect/DLTI/DLTI.h"

namespace tessera {
using namespace mlir;
#define GEN_PASS_DEF_TILEATTACHCHIP
#include "tessera/passes/Passes.h.inc"

namespace {

struct AttachChip : impl::TileAttachChipBase<AttachChip> {
  using Base::Base;

  void runOnOperation() override {
    std::string error;
    std::optional<tile::ChipSpec> spec = tile::loadChip(chip, error);
    if (!spec) {
      getOperation().emitError(error);
      return signalPassFailure();
    }
    spec->attach(getOperation());
  }
};

} // namespace
} // namespace tessera
