// The cost function that picks tiles of the vector unit's work: the bytes a tile moves at the rate
// of the memory that holds it, what a tile costs to start, and the waves over the chip's cores.
#include "TileSizes.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace tessera;

namespace {

/// The memories and cores that vector work has.
struct VectorRoom {
  const tile::VectorUnit *unit;
  int64_t capacity = 0;
  std::string space; ///< The one of that capacity.
  bool readsGlobal = false;
  double cores = 1, rate = 16;

  explicit VectorRoom(const tile::ChipSpec &chip) : unit(chip.vectorFor()) {
    if (!unit)
      return;
    for (const std::string &name : unit->spaces)
      if (!chip.memory(name)->onChip() && chip.capacity(name) > capacity)
        capacity = chip.capacity(name), space = name;
    readsGlobal = unit->allowsSpace(chip.global().name);
    if (const tile::Core *core = chip.core(chip.vectorCore()))
      cores = double(std::max<int64_t>(core->count, 1));
    if (const tile::Path *load = chip.path(chip.global().name, space);
        load && load->bytesPerCycle > 0)
      rate = load->bytesPerCycle;
  }
};

/// Cycles besides the work of a block: call, addresses, first bytes.
constexpr double kBlockCycles = 500;

/// As many whole inner dims as `points` allow, and equal pieces of the next.
SmallVector<int64_t> tileOf(ArrayRef<int64_t> extents, double points) {
  SmallVector<int64_t> sizes(extents.size(), 1);
  double used = 1;
  for (int64_t d = int64_t(extents.size()) - 1; d >= 0; --d) {
    int64_t extent = std::max<int64_t>(extents[d], 1);
    int64_t fits = std::clamp<int64_t>(int64_t(points / used), 1, extent);
    // Equal pieces rather than full ones and a sliver; whole vectors along the inner dim.
    int64_t pieces = llvm::divideCeil(extent, fits);
    int64_t size = llvm::divideCeil(extent, pieces);
    if (d + 1 == int64_t(extents.size()) && size < extent)
      size =
          std::min<int64_t>(llvm::alignTo(size, 16), fits >= 16 ? llvm::alignDown(fits, 16) : fits);
    sizes[d] = size;
    used *= double(size);
    if (size < extent)
      break;
  }
  return sizes;
}

} // namespace

double tessera::vectorCycles(ArrayRef<int64_t> extents, ArrayRef<int64_t> sizes,
                             double bytesPerPoint, const tile::ChipSpec &chip) {
  VectorRoom room(chip);
  double blocks = 1, points = 1, all = 1;
  for (auto [extent, size] : llvm::zip(extents, sizes)) {
    blocks *= double(llvm::divideCeil(std::max<int64_t>(extent, 1), size));
    points *= double(size);
    all *= double(std::max<int64_t>(extent, 1));
  }
  double waves = std::ceil(blocks / room.cores);
  double whole = points * bytesPerPoint / room.rate;
  // The average block of a core: the last ones are smaller.
  double average = std::min(whole, all * bytesPerPoint / room.rate / blocks);
  // Half of the memory: intermediates of the decomposition need room too, and on an NPU the next
  // block's operands. What does not fit comes and goes once more, or does not overlap.
  double over = points * bytesPerPoint - double(room.capacity) / 2;
  double spill = std::max(over, 0.0) / room.rate;
  double block = average + spill + kBlockCycles;
  double shared = waves * block + (whole - average);
  return chip.isCpu() ? threadedCycles(shared, blocks * block, chip) : shared;
}

std::string tessera::vectorTileProblem(ArrayRef<int64_t> sizes, double bytesPerPoint,
                                       const tile::ChipSpec &chip) {
  return vectorBytesProblem(bytesPerPoint * double(llvm::product_of(sizes)), chip);
}

std::string tessera::vectorBytesProblem(double bytes, const tile::ChipSpec &chip) {
  VectorRoom room(chip);
  // Where the unit reads global memory, a block beyond its own memory is slow, not wrong.
  if (room.readsGlobal || bytes <= double(room.capacity))
    return "";
  return "needs " + std::to_string(int64_t(bytes)) + " bytes of " + room.space + ", but chip " +
         chip.name + " has " + std::to_string(room.capacity);
}

SmallVector<CostedVectorTile> tessera::vectorTiles(ArrayRef<int64_t> extents, double bytesPerPoint,
                                                   const tile::ChipSpec &chip) {
  SmallVector<CostedVectorTile> tiles;
  VectorRoom room(chip);
  if (!room.unit || (bytesPerPoint > double(room.capacity) && !room.readsGlobal))
    return tiles;
  double points = 1;
  for (int64_t extent : extents)
    points *= double(std::max<int64_t>(extent, 1));
  double fits = std::max(double(room.capacity) / 2 / std::max(bytesPerPoint, 1e-9), 1.0);
  // Two blocks for every core keep all of them at work, and none of them for long at the end.
  double fair = std::max(points / (2 * room.cores), 1.0);
  for (double budget : {std::min(fits, fair), fits})
    for (int power = 5; power >= -5; --power) {
      CostedVectorTile tile{tileOf(extents, std::clamp(std::ldexp(budget, power), 1.0, points)), 0};
      if (!vectorTileProblem(tile.sizes, bytesPerPoint, chip).empty() ||
          llvm::any_of(tiles, [&](const auto &other) { return other.sizes == tile.sizes; }))
        continue;
      tile.cycles = vectorCycles(extents, tile.sizes, bytesPerPoint, chip);
      tiles.push_back(std::move(tile));
    }
  // Of equal cost the larger first.
  llvm::sort(tiles, [](const auto &a, const auto &b) {
    return a.cycles != b.cycles ? a.cycles < b.cycles : b.sizes < a.sizes;
  });
  return tiles;
}
