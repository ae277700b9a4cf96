// Matrix multiplication with a packed right operand: the matrix unit of the CPU.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/GemmTile.h"

namespace tessera::kernels {

template <class Arch> struct Mma {
  static constexpr Family kFamily = Family::Mma;
  using S = Simd<Arch>;
  using Tile = GemmTile<Arch>;
  /// The panel that fills the registers; others work, in slices of it.
  static constexpr std::int64_t kPanel = Tile::kPanel;
  /// Depth of a block: one slice of a panel then stays in L2 while all rows pass over it, and the
  /// rows of one register tile in L1. Fixed for the reasons that matmul.h gives.
  static constexpr std::int64_t kDepth = 384;
  /// Rows of a block: kRowBlock x kDepth floats are 288 KiB, a share of L2 beside one panel.
  static constexpr std::int64_t kRowBlock = 192;

  /// Floats of b that L2 holds anyway: 64 KiB.
  static constexpr std::int64_t kNear = 1 << 14;
  /// Floats of a that come as fast as they are used when each panel passes over all of them: 2 MiB
  /// were 3 to 6% faster so, 16 MiB 7% slower.
  static constexpr std::int64_t kHeld = 1 << 19;

  /// c[m, n] (+)= a[m, k] * b[k, n], row-major a and c with the given row strides in elements;
  /// b as pack_rhs leaves it, [ceil(n / panel)][k][panel], panel a multiple of the lanes. Columns
  /// from n on are not computed and c not touched there. With accumulate == 0 c is not read, and
  /// k == 0 sets it to zero. c overlaps neither a nor b. Each element is summed in order of k, and
  /// what kDepth of them make is added to c.
  static void run(const float *a, std::int64_t aRow, const float *b, float *c, std::int64_t cRow,
                  std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t panel,
                  std::int32_t accumulate) {
    // Where a is small, each panel is done with before the next, so that b is read in one stream.
    const std::int64_t step = k > kDepth && m * k <= kHeld ? panel : n > 0 ? n : 1;
    for (std::int64_t j = 0; j < n; j += step)
      columns(a, aRow, b + j * k, c + j, cRow, m, n - j < step ? n - j : step, k, panel,
              accumulate != 0, k * n > kNear, j + step < n);
  }

private:
  /// All rows of n columns; `more` follow. `far`: b does not lie in L2.
  static void columns(const float *a, std::int64_t aRow, const float *b, float *c,
                      std::int64_t cRow, std::int64_t m, std::int64_t n, std::int64_t k,
                      std::int64_t panel, bool accumulate, bool far, bool more) {
    std::int64_t done = 0;
    do {
      const std::int64_t depth = k - done < kDepth ? k - done : kDepth;
      const float *at = b + done * panel;
      const float *after =
          far && n <= panel && (done + depth < k || more) ? at + depth * panel : nullptr;
      for (std::int64_t i = 0; i < m; i += kRowBlock) {
        const std::int64_t rows = m - i < kRowBlock ? m - i : kRowBlock;
        panels(a + i * aRow + done, aRow, at, c + i * cRow, cRow, rows, n, k, depth, panel,
               accumulate || done > 0, far, after);
      }
      done += depth;
    } while (done < k);
  }

  /// `after`: what is needed behind the last panel, or null.
  static void panels(const float *a, std::int64_t aRow, const float *b, float *c, std::int64_t cRow,
                     std::int64_t m, std::int64_t n, std::int64_t k, std::int64_t depth,
                     std::int64_t panel, bool accumulate, bool far, const float *after) {
    for (std::int64_t j = 0; j < n; j += panel, b += k * panel) {
      const std::int64_t columns = n - j < panel ? n - j : panel;
      for (std::int64_t s = 0; s < columns; s += kPanel) {
        const float *slice = b + s;
        // What comes next is fetched into L2 beside these products, since weights come from memory.
        const float *next = !far                   ? nullptr
                            : s + kPanel < columns ? slice + kPanel
                            : j + panel < n        ? b + k * panel
                                                   : after;
        Tile::packedColumn(
            a, aRow, slice, panel, c + j + s, cRow, m, columns - s < kPanel ? columns - s : kPanel,
            depth, accumulate,
            {reinterpret_cast<const char *>(next), panel * 4, 0, kPanel * 4, nullptr, far});
      }
    }
  }
};

} // namespace tessera::kernels
