// The record of tuning that `tessera tune` writes: how much of each cache the blocks of a kernel
// may fill, by rule where the record does not say; and how the compiler cuts single kernels.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/support/Caches.h"

namespace tessera {

/// Kinds of work whose blocks are tuned apart.
enum class ShapeClass : std::uint8_t {
  GemmThin, ///< matrix products with a side of at most 128
  GemmDeep, ///< others that are deeper than wide and high: k > m and k > n
  GemmWide, ///< all other matrix products
};

inline constexpr std::array<ShapeClass, 3> kShapeClasses = {
    ShapeClass::GemmThin, ShapeClass::GemmDeep, ShapeClass::GemmWide};

/// "gemm-thin", "gemm-deep" or "gemm-wide".
std::string_view shapeClassName(ShapeClass shape);

/// The class of c[m, n] = a[m, k] * b[k, n].
ShapeClass gemmClass(std::int64_t m, std::int64_t n, std::int64_t k);

/// Bytes of each cache that a block meant for it may fill.
struct CacheBudget {
  std::int64_t l1, l2, l3;

  friend bool operator==(const CacheBudget &, const CacheBudget &) = default;
};

/// The rule: half of L1, a third of L2 and a quarter of L3, where other data pass by.
CacheBudget budgetByRule(const Caches &caches);

/// The budgets of all classes, in the order of kShapeClasses.
using Tuning = std::array<CacheBudget, kShapeClasses.size()>;

Tuning tuningByRule(const Caches &caches);

/// How the compiler cuts one kernel for one chip.
struct TunedTile {
  std::string chip, kernel; ///< The kernel's operators, shapes and types, as the compiler has them.
  std::vector<std::int64_t> sizes; ///< One per dim of the kernel's result.

  friend bool operator==(const TunedTile &, const TunedTile &) = default;
};

struct TuningRecord {
  Tuning budgets;
  std::vector<TunedTile> tiles;

  /// Null where the record does not have the kernel.
  const TunedTile *find(std::string_view chip, std::string_view kernel) const;
  /// Adds a tile, or replaces that of the same chip and kernel.
  void set(TunedTile tile);
};

/// The record as text: a line "gemm-thin 16K 340K 8M" for each class, bytes of L1, L2 and L3, and a
/// line "tile CHIP KERNEL 64x256" for each tile.
std::string tuningText(const TuningRecord &record);

/// `base` with what `text` says. Empty lines and those that begin with # are skipped. No value, and
/// the reason in `error`, for other text.
std::optional<TuningRecord> tuningFromText(TuningRecord base, std::string_view text,
                                           std::string &error);

/// The record of a file, the rule where it does not say. No value, and the reason in `error`, when
/// the file cannot be read or understood.
std::optional<TuningRecord> readTuning(const std::string &path, std::string &error);

/// The file of the record: what the environment variable TESSERA_TUNING says, else
/// tessera/tuning.txt in $XDG_CONFIG_HOME or in $HOME/.config; empty when there is neither.
std::string tuningPath();

/// What kernels use, read once from tuningPath() when it is first asked for; the rule where there
/// is no such file. A file that cannot be read or understood is named on stderr and left aside.
const CacheBudget &cacheBudget(ShapeClass shape);

/// Replaces what cacheBudget gives, for `tessera tune`; not while kernels run,
/// nor before models run that have been compiled.
void setCacheBudget(ShapeClass shape, const CacheBudget &budget);

} // namespace tessera
