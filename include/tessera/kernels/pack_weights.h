// Packing of weights of few bits into the panels that matmul_weights.h reads.
#pragma once

#include "tessera/kernels/Family.h"
#include "tessera/kernels/WeightsArgs.h"
#include "tessera/kernels/WeightsFormat.h"

namespace tessera::kernels {

template <class Arch, class Format> struct PackWeights {
  static constexpr Family kFamily = Family::PackWeights;
  static constexpr std::int64_t kPanel = Format::kPanel;

  /// Packs w and returns the bytes that takes; with dst null it only returns them. Columns behind
  /// the last are zero.
  static std::int64_t run(const Weights *w, void *dst) {
    const std::int64_t bytes = Format::panelBytes(w->k, w->group, w->zero != nullptr);
    const std::int64_t panels = (w->n + kPanel - 1) / kPanel;
    if (!dst)
      return panels * bytes;
    auto *out = static_cast<unsigned char *>(dst);
    __builtin_memset(out, 0, static_cast<std::size_t>(panels * bytes));
    for (std::int64_t j = 0; j < w->n; ++j) {
      unsigned char *panel = out + j / kPanel * bytes;
      const auto *column = static_cast<const unsigned char *>(w->data) + j * w->columnBytes;
      if constexpr (Format::kGrouped)
        grouped(*w, column, j, panel);
      else
        for (std::int64_t p = 0; p < w->k; ++p)
          __builtin_memcpy(panel + (p * kPanel + j % kPanel) * 2, column + 2 * p, 2);
    }
    return panels * bytes;
  }

private:
  static void grouped(const Weights &w, const unsigned char *column, std::int64_t j,
                      unsigned char *panel) {
    const bool zeros = w.zero != nullptr;
    const std::int64_t groups = (w.k + w.group - 1) / w.group, lane = j % kPanel;
    for (std::int64_t g = 0; g < groups; ++g) {
      unsigned char *head = panel + g * Format::groupBytes(w.group, zeros);
      const float scale = w.scale[j * groups + g] * Format::kFactor;
      __builtin_memcpy(head + lane * 4, &scale, 4);
      if (zeros) {
        const float centre = Format::centre(w.zero[j * groups + g]);
        __builtin_memcpy(head + (kPanel + lane) * 4, &centre, 4);
      }
      unsigned char *words = head + Format::headBytes(zeros);
      for (std::int64_t p = g * w.group; p < w.k && p < (g + 1) * w.group; ++p)
        put(column, p, words + ((p - g * w.group) / Format::kPerWord * kPanel + lane) * 4,
            static_cast<int>((p - g * w.group) % Format::kPerWord));
    }
  }

  static TESSERA_INLINE void put(const unsigned char *column, std::int64_t p, unsigned char *word,
                                 int i) {
    std::uint32_t bits;
    __builtin_memcpy(&bits, word, 4);
    if constexpr (Format::kPerWord == 8)
      bits |= static_cast<std::uint32_t>(column[p / 2] >> (p % 2 * 4) & 15) << (4 * i);
    else // signed bytes, raised by 128
      bits |= static_cast<std::uint32_t>(column[p] ^ 128u) << (8 * i);
    __builtin_memcpy(word, &bits, 4);
  }
};

template <class Arch> using PackWeightsS4 = PackWeights<Arch, QuantizedWeights<Arch, 4>>;
template <class Arch> using PackWeightsS8 = PackWeights<Arch, QuantizedWeights<Arch, 8>>;
template <class Arch> using PackWeightsF16 = PackWeights<Arch, HalfWeights<Arch, false>>;
template <class Arch> using PackWeightsBf16 = PackWeights<Arch, HalfWeights<Arch, true>>;

} // namespace tessera::kernels
