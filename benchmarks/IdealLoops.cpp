// The ideal loops; compiled once per instruction set.
#include "Ideal.h"

#include "tessera/kernels/Simd.h"

#define TESSERA_JOIN_(a, b) a##b
#define TESSERA_JOIN(a, b) TESSERA_JOIN_(a, b)

namespace tessera::bench {
namespace {

using Arch = TESSERA_ARCH;
using S = kernels::Simd<Arch>;
using F = S::F;

// The register tiles that came closest to the peak of multiply-adds when nothing disturbed them:
// 24 accumulators of 32 registers on AVX-512, 12 of 16 on AVX2, and fewer on SSE2, where a product
// needs a register before it is added.
constexpr int kTileRows = S::kLanes == 16 ? 8 : S::kLanes == 8 ? 6 : 3;
constexpr int kTileVectors = S::kLanes == 8 ? 2 : 3;
// A panel of so many steps fits the smallest L1, 32 KiB, beside the rows.
constexpr std::int64_t kDepth = 128, kTiles = 96 / kTileRows;
constexpr std::int64_t kTileSize = kTileRows * kTileVectors * S::kLanes;

__attribute__((noinline)) void tile(const float *a, const float *b, float *c) {
  F acc[kTileRows][kTileVectors];
  TESSERA_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    TESSERA_UNROLL
    for (int v = 0; v < kTileVectors; ++v)
      acc[r][v] = S::load(c + (r * kTileVectors + v) * S::kLanes);
  }
  // Several steps a turn: what counts them takes the ports of the multiply-adds.
  constexpr std::int64_t kTurn = 4;
  for (std::int64_t p = 0; p < kDepth; p += kTurn) {
    TESSERA_UNROLL
    for (std::int64_t q = p; q < p + kTurn; ++q) {
      F bs[kTileVectors];
      TESSERA_UNROLL
      for (int v = 0; v < kTileVectors; ++v)
        bs[v] = S::load(b + (q * kTileVectors + v) * S::kLanes);
      TESSERA_UNROLL
      for (int r = 0; r < kTileRows; ++r) {
        const F x(a[q * kTileRows + r]);
        TESSERA_UNROLL
        for (int v = 0; v < kTileVectors; ++v)
          acc[r][v] = S::fma(x, bs[v], acc[r][v]);
      }
    }
  }
  TESSERA_UNROLL
  for (int r = 0; r < kTileRows; ++r) {
    TESSERA_UNROLL
    for (int v = 0; v < kTileVectors; ++v)
      S::store(c + (r * kTileVectors + v) * S::kLanes, acc[r][v]);
  }
}

void product(const float *a, const float *b, float *c) {
  for (std::int64_t i = 0; i < kTiles; ++i)
    tile(a + i * kTileRows * kDepth, b, c + i * kTileSize);
}

void copy(const float *x, float *y, std::int64_t count) {
  std::int64_t i = 0;
  for (; i + 4 * S::kLanes <= count; i += 4 * S::kLanes) {
    TESSERA_UNROLL
    for (int v = 0; v < 4; ++v)
      S::store(y + i + v * S::kLanes, S::load(x + i + v * S::kLanes));
  }
  for (; i < count; ++i)
    y[i] = x[i];
}

float read(const float *x, std::int64_t count) {
  F sums[8];
  for (F &sum : sums)
    sum = F(0.0f);
  std::int64_t i = 0;
  for (; i + 8 * S::kLanes <= count; i += 8 * S::kLanes) {
    TESSERA_UNROLL
    for (int v = 0; v < 8; ++v)
      sums[v] = sums[v] + S::load(x + i + v * S::kLanes);
  }
  float total = 0;
  for (F sum : sums)
    total += S::sum(sum);
  for (; i < count; ++i)
    total += x[i];
  return total;
}

/// Enough independent multiply-adds to fill the units, none of which the compiler can drop.
double peak(std::int64_t rounds) {
  constexpr int kChains = 12;
  F acc[kChains];
  for (int i = 0; i < kChains; ++i)
    acc[i] = F(static_cast<float>(i) * 0.01f);
  const F a(0.999f), b(0.001f);
  for (std::int64_t r = 0; r < rounds; ++r) {
    TESSERA_UNROLL
    for (int i = 0; i < kChains; ++i) {
      acc[i] = S::fma(acc[i], a, b);
      __asm__ volatile("" : "+x"(acc[i].data)); // keeps the chain as it is
    }
  }
  float total = 0;
  for (int i = 0; i < kChains; ++i)
    total += S::sum(acc[i]);
  return total == 12345.0f
             ? 0.0
             : static_cast<double>(rounds) * kChains * 2.0 * static_cast<double>(S::kLanes);
}

} // namespace

constinit const IdealLoops TESSERA_JOIN(kIdealLoops_, TESSERA_ISA) = {
    product,
    kTiles * kTileRows * kDepth,
    kTileVectors *S::kLanes *kDepth,
    kTiles *kTileSize,
    2.0 * static_cast<double>(kTiles * kTileSize * kDepth),
    copy,
    read,
    peak};

} // namespace tessera::bench
