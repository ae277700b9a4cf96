// Matrix multiplication of plain operands, packing the right one on the fly.
#pragma once

#include "tessera/kernels/FewRows.h"
#include "tessera/kernels/mma.h"
#include "tessera/kernels/pack_rhs.h"

namespace tessera::kernels {

/// A kernel whose register tile is Rows x (Vectors * lanes).
template <class Arch, int Rows = MatmulShape<Arch>::kRows,
          int Vectors = MatmulShape<Arch>::kVectors>
struct Matmul {
  static constexpr Family kFamily = Family::Matmul;
  using S = Simd<Arch>;
  using Column = TileColumn<Arch, Rows, Vectors>;
  using Unpacked = FewRows<Arch, Rows, Vectors>;
  static constexpr std::int64_t kPanel = Vectors * S::kLanes;
  /// Blocks of kRowBlock x kDepth, and panels of that depth on the stack. They are fixed, unlike
  /// gemm.h's: the compiler chose the operands to fit its chip's memories, and a program's sums are
  /// the same on every machine of an instruction set. 384 rows of a panel and as many elements of a
  /// tile's rows fit any L2 and L1 of the last ten years.
  static constexpr std::int64_t kDepth = 384;
  static constexpr std::int64_t kRowBlock = 192;

  /// c[m, n] (+)= a[m, k] * b[k, n] with a[i * aRow + p * aK], b[p * bK + j * bN] and
  /// c[i * cRow + j], strides in elements, so that either operand may be transposed. With
  /// accumulate == 0 c is not read, and k == 0 sets it to zero. c overlaps neither a nor b.
  /// Uses about 100 KiB of stack. Each element is summed in order of k.
  static void run(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                  std::int64_t bK, std::int64_t bN, float *c, std::int64_t cRow, std::int64_t m,
                  std::int64_t n, std::int64_t k, std::int32_t accumulate) {
    if (bN == 1 && Unpacked::suits(bK, m, k)) {
      Unpacked::run(a, aRow, aK, b, bK, c, cRow, m, n, k, accumulate != 0);
      return;
    }
    packing(a, aRow, aK, b, bK, bN, c, cRow, m, n, k, accumulate);
  }

private:
  static __attribute__((noinline)) void packing(const float *a, std::int64_t aRow, std::int64_t aK,
                                                const float *b, std::int64_t bK, std::int64_t bN,
                                                float *c, std::int64_t cRow, std::int64_t m,
                                                std::int64_t n, std::int64_t k,
                                                std::int32_t accumulate) {
    std::int64_t done = 0;
    do {
      const std::int64_t depth = k - done < kDepth ? k - done : kDepth;
      const bool add = accumulate != 0 || done > 0;
      for (std::int64_t i = 0; i < m; i += kRowBlock) {
        const std::int64_t rows = m - i < kRowBlock ? m - i : kRowBlock;
        block(a + i * aRow + done * aK, aRow, aK, b + done * bK, bK, bN, c + i * cRow, cRow, rows,
              n, depth, add);
      }
      done += depth;
    } while (done < k);
  }

  static void block(const float *a, std::int64_t aRow, std::int64_t aK, const float *b,
                    std::int64_t bK, std::int64_t bN, float *c, std::int64_t cRow, std::int64_t m,
                    std::int64_t n, std::int64_t k, bool accumulate) {
    for (std::int64_t j = 0; j < n; j += kPanel) {
      const std::int64_t columns = n - j < kPanel ? n - j : kPanel;
      packed(a, aRow, aK, b + j * bN, bK, bN, c + j, cRow, m, columns, k, accumulate);
    }
  }

  static __attribute__((noinline)) void packed(const float *a, std::int64_t aRow, std::int64_t aK,
                                               const float *b, std::int64_t bK, std::int64_t bN,
                                               float *c, std::int64_t cRow, std::int64_t m,
                                               std::int64_t columns, std::int64_t k,
                                               bool accumulate) {
    alignas(64) float panel[kDepth * kPanel];
    const std::int64_t width = (columns + S::kLanes - 1) / S::kLanes * S::kLanes;
    PackRhs<Arch>::onePanel(b, bK, bN, panel, k, columns, width);
    Column::run(a, aRow, aK, panel, width, c, cRow, m, columns, k, accumulate);
  }
};

} // namespace tessera::kernels
