// Bytes and cycles of a value written to and read from global memory by all cores of a chip.
#include "PassingCost.h"

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace tessera {

PassingCost costOfPassing(Value value, const tile::ChipSpec *chip) {
  auto type = cast<RankedTensorType>(value.getType());
  int64_t bytes =
      type.hasStaticShape()
          ? 2 * type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8))
          : 0;
  const tile::VectorUnit *unit = chip ? chip->vectorFor() : nullptr;
  if (!unit)
    return {bytes, 0};
  double rate = 0;
  for (const std::string &space : unit->spaces)
    if (const tile::Path *path = chip->path(chip->global().name, space))
      rate = std::max(rate, double(path->bytesPerCycle));
  const tile::Core *core = chip->core(chip->vectorCore());
  rate *= core ? double(std::max<int64_t>(core->count, 1)) : 1.0;
  if (const tile::SharedLevel *cache = chip->sharedCache(); cache && cache->total > 0)
    rate = std::min(rate, double(cache->total));
  return {bytes, rate > 0 ? double(bytes) / rate : 0};
}

double launchCycles(const tile::ChipSpec *chip) {
  const tile::Core *core = chip ? chip->core(chip->matrixCore()) : nullptr;
  return core ? chip->launchUs * core->clockMHz : 0;
}

} // namespace tessera
