// The register tile of direct convolution: some output pixels by some vectors of output channels,
// the input read where it lies.
#pragma once

#include "tessera/kernels/ConvRuns.h"
#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

/// What the tiles of a pass over a part of the sum share.
template <class Arch> struct ConvPass {
  static constexpr int kMaxVectors = 4;
  const ConvRun<Arch> *runs;
  std::int64_t count;
  std::int64_t step;      ///< between neighbouring inputs of a run
  std::int64_t ahead;     ///< from a pixel to one that will be needed soon
  const float *later;     ///< a vector for each row, of the filter's rows that come next
  const float *filter;    ///< row 0 of the panel
  std::int64_t filterRow; ///< between its rows
  std::int64_t vectorAt[kMaxVectors]; ///< from an output pixel to its vectors of channels
  std::int64_t tail;                  ///< columns of the last vector that exist
  const float *bias;                  ///< of the first column, or null
  const ConvEpilogue *epilogue;
  std::int64_t residual;       ///< from an output to the element of the residual that belongs to it
  bool adds;                   ///< whether there is a residual
  bool resumes;                ///< starts from what is in the output
  bool last;                   ///< ends the sum
  bool clips;                  ///< holds it to the bounds then
  std::int64_t length, shares; ///< of the rows that come next: how many, shares not yet asked for

  /// The next tile asks for the next share.
  TESSERA_INLINE void next() {
    if (shares > 0 && --shares > 0)
      later += length * Simd<Arch>::kLanes;
  }
};

/// Rows x Vectors accumulators.
template <class Arch, int Rows, int Vectors> struct ConvTile {
  using S = Simd<Arch>;
  using F = typename S::F;
  using Pass = ConvPass<Arch>;
  static constexpr std::int64_t kLanes = S::kLanes;

  /// out[r] and its vectors (+)= the sum over the runs for pixels[r].
  static TESSERA_INLINE void run(const Pass &pass, const float *const (&pixels)[Rows],
                                 float *const (&out)[Rows]) {
    F acc[Rows][Vectors];
    Soon soon;
    TESSERA_UNROLL
    for (int i = 0; i < kSoon; ++i) {
      soon.out[i] = out[i % Rows];
      soon.next[i] = pixels[i % Rows] + pass.ahead;
    }
    start(acc, pass, out);
    for (std::int64_t i = 0; i < pass.count; ++i)
      if (pass.step == 1)
        stretch(acc, pixels, pass, pass.runs[i], 1, soon);
      else
        stretch(acc, pixels, pass, pass.runs[i], pass.step, soon);
    if (pass.last && pass.clips)
      clip(acc, *pass.epilogue);
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        if (v + 1 < Vectors || pass.tail == kLanes)
          S::store(out[r] + pass.vectorAt[v], acc[r][v]);
        else
          S::storePart(out[r] + pass.vectorAt[v], acc[r][v], pass.tail);
    }
    if (pass.last && pass.epilogue->activation != nullptr)
      activate(pass, out);
  }

private:
  static constexpr int kSoon = 8;
  /// Rows of the filter a turn: what steps the addresses takes the ports of the multiply-adds.
  static constexpr int kTurn = 4;
  static_assert(Rows <= kSoon && Vectors <= Pass::kMaxVectors && kTurn == Pass::kMaxVectors);
  /// Where memory will be needed: the outputs of this tile, the pixels of one to come.
  struct Soon {
    const float *out[kSoon], *next[kSoon];
  };

  static TESSERA_INLINE F load(const float *from, int v, std::int64_t tail) {
    return v + 1 < Vectors || tail == kLanes ? S::load(from) : S::loadPart(from, tail);
  }

  static TESSERA_INLINE void start(F (&acc)[Rows][Vectors], const Pass &pass,
                                   float *const (&out)[Rows]) {
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const F bias = !pass.resumes && pass.bias != nullptr
                         ? load(pass.bias + v * kLanes, v, pass.tail)
                         : F(0.0f);
      TESSERA_UNROLL
      for (int r = 0; r < Rows; ++r)
        acc[r][v] = bias;
    }
    if (!pass.resumes && !pass.adds)
      return;
    const std::int64_t residual = pass.resumes ? 0 : pass.residual;
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] += load(out[r] + pass.vectorAt[v] + residual, v, pass.tail);
    }
  }

  static TESSERA_INLINE void stretch(F (&acc)[Rows][Vectors], const float *const (&pixels)[Rows],
                                     const Pass &pass, const ConvRun<Arch> &run, std::int64_t step,
                                     const Soon &soon) {
    const std::int64_t shift = run.input - run.filter * step;
    const float *x[Rows];
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r)
      x[r] = pixels[r] + shift;
    const float *b = pass.filter + run.filter * pass.filterRow;
    const std::int64_t end = run.filter + run.length;
    std::int64_t q = run.filter;
    for (; q + kTurn <= end; q += kTurn) {
      // Two or three lines a row, so that they arrive beside the sums: asked for all at once, they
      // would hold up the filter. An output comes up within eight turns, a pixel within four.
      const std::uint64_t turn = static_cast<std::uint64_t>(q) / kTurn;
      const float *const out = soon.out[turn % kSoon];
      TESSERA_UNROLL
      for (int i = 0; i < kTurn; ++i, b += pass.filterRow) {
        if (i * kLanes % 16 == 0)
          __builtin_prefetch(pass.later + (q + i) * kLanes, 0, 2);
        __builtin_prefetch(out + pass.vectorAt[i], 1);
        if (i % 2 == 0)
          __builtin_prefetch(soon.next[(2 * turn + i / 2) % kSoon] + shift + q * step);
        add(acc, x, (q + i) * step, b);
      }
    }
    for (; q < end; ++q, b += pass.filterRow)
      add(acc, x, q * step, b);
  }

  static TESSERA_INLINE void add(F (&acc)[Rows][Vectors], const float *const (&x)[Rows],
                                 std::int64_t at, const float *b) {
    F bs[Vectors];
    TESSERA_UNROLL
    for (int v = 0; v < Vectors; ++v)
      bs[v] = S::load(b + v * kLanes);
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const F a(x[r][at]);
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = S::fma(a, bs[v], acc[r][v]);
    }
  }

  static TESSERA_INLINE void clip(F (&acc)[Rows][Vectors], const ConvEpilogue &epilogue) {
    const F low(epilogue.low), high(epilogue.high);
    TESSERA_UNROLL
    for (int r = 0; r < Rows; ++r) {
      TESSERA_UNROLL
      for (int v = 0; v < Vectors; ++v)
        acc[r][v] = S::min(high, S::max(low, acc[r][v]));
    }
  }

  /// The tile has just been stored, so it is read from L1.
  static __attribute__((noinline)) void activate(const Pass &pass, float *const (&out)[Rows]) {
    for (int r = 0; r < Rows; ++r)
      for (int v = 0; v < Vectors; ++v) {
        float *at = out[r] + pass.vectorAt[v];
        pass.epilogue->activation(at, at, v + 1 < Vectors ? kLanes : pass.tail,
                                  pass.epilogue->params);
      }
  }
};

/// f32 tiles for ConvWalk.
template <class Arch> struct ConvFloats {
  using In = float;
  using Out = float;
  using Pass = ConvPass<Arch>;
  static constexpr int kVectors = MatmulShape<Arch>::kVectors;
  static constexpr int kRows = MatmulShape<Arch>::kRows;
  static constexpr int kNarrowRows = kRows + 2;

  template <int R, int V>
  static TESSERA_INLINE void tile(const Pass &pass, const float *const (&pixels)[R],
                                  float *const (&out)[R]) {
    ConvTile<Arch, R, V>::run(pass, pixels, out);
  }
};

} // namespace tessera::kernels
