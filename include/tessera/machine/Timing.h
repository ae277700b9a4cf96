// How long a tile program takes on a chip description: what each operation costs, and when the
// pipes of a core let it start. docs/machine.md says what is modelled and what is not.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/machine/Interpreter.h"
#include <map>
#include <string>
#include <vector>

namespace tessera::machine {

/// Work of one pipe, summed over all blocks of a launch.
struct PipeUse {
  std::string name; ///< "MTE2"; "vector.MTE2" where several kinds of core have it.
  double busyCycles = 0;
  double share = 0; ///< Of the cycles of the cores that worked, idle time at the end included.
};

/// What went along one path, summed over all blocks of a launch.
struct PathUse {
  std::string from, to;
  int64_t operations = 0, bytes = 0;
};

/// What a shared level delivered and took, summed over all blocks of a launch.
struct LevelUse {
  std::string name;
  double bytes = 0;
  double share = 0; ///< Of what it can do in the launch's core cycles; 0 without a known limit.
};

/// One operation on a pipe of the slowest core; cycles from the end of the ramp.
struct Span {
  uint32_t pipe = 0; ///< Index into `KernelTime::spanPipes`.
  std::string what;  ///< "copy gm to l1"
  double start = 0, cycles = 0;
  int64_t block = 0; ///< Of this core, in order.
  int64_t bytes = 0;
};

/// Bytes [begin, end) of a scratchpad from their first writing to their last use.
struct BufferUse {
  std::string memory;
  int64_t begin = 0, end = 0;
  double from = 0, to = 0;
};

/// What a change would save, found by timing the launch again with it.
struct Saving {
  std::string pipe, text;
  double share = 0; ///< Of the launch's time.
};

/// One kernel's launches; figures but `totalUs` are of the first.
struct KernelTime {
  std::string name;
  std::string cores; ///< cube, vector or mix.
  int64_t launches = 0;
  int64_t blocks = 0, coresUsed = 0, waves = 0, blockClasses = 0;
  double cycles = 0;  ///< Core cycles of the slowest core, ramp included.
  double us = 0;      ///< The same as time, plus the launch.
  double totalUs = 0; ///< Of all launches, which differ by what they find in the shared cache.
  std::vector<PipeUse> pipes;
  std::vector<PathUse> paths;
  std::vector<LevelUse> levels; ///< Of the first launch; a later one may find more in the cache.
  double macs = 0;              ///< Multiply-accumulates of the matrix unit, valid extents only.
  double macShare = 0;          ///< Of what the matrix units of the whole chip could do in `us`.
  std::string bound;            ///< What the time is made of mostly, in words.
  std::map<std::string, double> macsByType; ///< By the type of the left operand.
  double vectorOps = 0;                     ///< Scalar operations of the vector unit.
  // What only `TimingOptions` ask for.
  std::vector<std::string> spanPipes;
  std::vector<Span> spans;
  std::vector<BufferUse> buffers;
  std::vector<Saving> savings; ///< The largest first.
};

/// A launch in the program's order.
struct LaunchTime {
  size_t kernel = 0; ///< Index into `ProgramTime::kernels`.
  double startUs = 0, us = 0;
};

/// A whole program.
struct ProgramTime {
  std::string chip;
  double us = 0, cycles = 0, launchUs = 0, rampUs = 0, firstLoadUs = 0;
  int64_t launches = 0;
  std::vector<KernelTime> kernels;     ///< In order of their first launch.
  std::map<std::string, double> bytes; ///< Of all launches, by shared level.
  std::vector<LaunchTime> order;
};

/// What to find out beyond the times.
struct TimingOptions {
  bool timeline = false; ///< `spans` and `buffers`.
  bool savings = false;  ///< Of the hottest kernels; times them some ten times more.
  bool warm = false;     ///< The program has just been run once before.
};

/// Joules, as far as the chip's published power allows, and what was counted.
struct EnergyEstimate {
  std::map<std::string, double> macs;  ///< By type.
  std::map<std::string, double> bytes; ///< By shared level.
  double vectorOps = 0;
  bool hasStatic = false, hasDynamic = false;
  double staticLow = 0, staticHigh = 0, dynamicLow = 0, dynamicHigh = 0;
};
EnergyEstimate estimateEnergy(const ProgramTime &time, const tile::ChipSpec &chip);

/// Times every launch of @main, in order, one after another. The module must be a tile program of
/// the chip. Returns failure, with errors on the operations, when it cannot be timed.
mlir::FailureOr<ProgramTime> timeProgram(mlir::ModuleOp module, const tile::ChipSpec &chip,
                                         TimingOptions options = {});

} // namespace tessera::machine
