// A model's estimate of the energy: static power over the time, and what was counted, scaled so
// that a chip at its matrix peak draws its published full-load power.
#include "tessera/machine/Timing.h"
#include <cmath>

namespace tessera::machine {

/// Relative cost of one multiply-accumulate of a type; 0 when the file has none.
static double macCost(const tile::Energy &energy, llvm::StringRef type) {
  double cost = 0;
  for (const tile::EnergyCost &entry : energy.pjPerOp) {
    llvm::StringRef name = entry.name;
    if (name.consume_front("mul_") && name == type)
      cost += entry.value;
    else if (name.consume_front("add_") && name == type)
      cost += entry.value;
  }
  return cost;
}

/// Multiply-accumulates per second of all matrix units.
static double macRate(const tile::ChipSpec &chip, const tile::Mma &unit) {
  const tile::Core *core = chip.core(unit.core.empty() ? chip.matrixCore() : unit.core);
  return core ? double(core->count) * core->clockMHz * 1e6 * double(unit.m * unit.n * unit.k) /
                    unit.cycles
              : 0;
}

EnergyEstimate estimateEnergy(const ProgramTime &time, const tile::ChipSpec &chip) {
  EnergyEstimate estimate;
  estimate.bytes = time.bytes;
  for (const KernelTime &kernel : time.kernels) {
    for (const auto &[type, count] : kernel.macsByType)
      estimate.macs[type] += count * double(kernel.launches);
    estimate.vectorOps += kernel.vectorOps * double(kernel.launches);
  }
  if (!chip.energy)
    return estimate;
  const tile::Energy &energy = *chip.energy;
  const double seconds = time.us * 1e-6;
  estimate.hasStatic = true;
  estimate.staticLow = energy.idleLowW * seconds;
  estimate.staticHigh = energy.idleHighW * seconds;
  if (!energy.fullW || chip.mma.empty())
    return estimate;
  // The form that the full load is taken to be: the one that costs most at its peak.
  double peak = 0;
  for (const tile::Mma &unit : chip.mma)
    peak = std::max(peak, macRate(chip, unit) * macCost(energy, unit.types.a));
  if (peak <= 0)
    return estimate;
  double work = 0;
  for (const auto &[type, count] : estimate.macs)
    work += count * macCost(energy, type);
  for (const tile::EnergyCost &entry : energy.pjPerOp)
    if (entry.name == "add_f32")
      work += estimate.vectorOps * entry.value;
  estimate.hasDynamic = true;
  estimate.dynamicLow = std::max(0.0, double(*energy.fullW) - energy.idleHighW) / peak * work;
  estimate.dynamicHigh = std::max(0.0, double(*energy.fullW) - energy.idleLowW) / peak * work;
  return estimate;
}

} // namespace tessera::machine
