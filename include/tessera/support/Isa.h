// The instruction sets that kernels are built for: names, detection, and the choice of one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tessera {

/// Instruction sets. Those of one kind of processor are in rising order; each runs the code of
/// those before it.
enum class Isa : std::uint8_t { scalar, sse2, avx2, avx512, avx512vnni, amx, neon };

/// Those of the processors that this code is built for, in rising order.
#if defined(TESSERA_SCALAR) || !(defined(__x86_64__) || defined(__aarch64__))
inline constexpr std::array<Isa, 1> kAllIsas = {Isa::scalar};
#elif defined(__aarch64__)
inline constexpr std::array<Isa, 1> kAllIsas = {Isa::neon};
#else
inline constexpr std::array<Isa, 5> kAllIsas = {Isa::sse2, Isa::avx2, Isa::avx512, Isa::avx512vnni,
                                                Isa::amx};
#endif

/// What a code generator must be told to emit code for one instruction set.
struct IsaInfo {
  std::string_view name;           ///< as in kernel names and TESSERA_ISA
  std::string_view targetCpu;      ///< LLVM's target-cpu
  std::string_view targetFeatures; ///< LLVM's target-features: what targetCpu does not imply
  int vectorBytes;                 ///< width of the natural vector, prefer-vector-width / 8
};

/// The row of the instruction set table.
const IsaInfo &isaInfo(Isa isa);

/// "sse2", "avx2" (with FMA and F16C), "avx512" (F, BW, CD, DQ and VL), "avx512vnni" (and VNNI),
/// "amx" (and AMX tiles of 8-bit integers) or "neon" (of 64-bit Arm); "scalar" on any other
/// processor, or where it is asked for when building.
std::string_view isaName(Isa isa);

/// The inverse of isaName; empty for any other text.
std::optional<Isa> isaFromName(std::string_view name);

/// Floats in the natural vector: 4, 8 or 16.
int isaFloatLanes(Isa isa);

/// The instruction set whose code serves `isa` where that has none of its own: avx512 for
/// avx512vnni, which adds only products of 8-bit integers, and avx512vnni for amx, which adds only
/// the large ones; else `isa` itself.
Isa lesserIsa(Isa isa);

/// The instruction set whose code for floats serves `isa`: the last of the lesser ones. Chips and
/// generated code know only these.
Isa floatIsa(Isa isa);

/// Whether this machine (CPU and operating system) executes the instruction set. Linux gives the
/// tiles of AMX to processes that ask for them: the first call for amx asks, for all threads. From
/// then on it refuses alternate signal stacks (sigaltstack) of less than 12 KiB.
bool isaPresent(Isa isa);

/// The names of the instruction sets present, as in "sse2, avx2".
std::string presentIsaNames();

/// The best instruction set present that does not exceed `ceiling` (a name; empty for none).
/// An unknown or absent name gives no value, and `error` says which names there are.
std::optional<Isa> chooseIsa(std::string_view ceiling, std::string &error);

/// chooseIsa with the environment variable TESSERA_ISA as the ceiling.
std::optional<Isa> chooseIsaFromEnvironment(std::string &error);

} // namespace tessera
