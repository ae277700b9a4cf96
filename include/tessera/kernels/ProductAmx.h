// Products of 8-bit matrices in the tiles of AMX, with packed panels read as they are.
#pragma once

#include "tessera/kernels/MatmulInt8Args.h"
#include "tessera/kernels/TileAmx.h"
#include "tessera/support/Caches.h"

namespace tessera::kernels {

/// The rows of a product's left operand as tiles read them: a source of MatmulInt8, like
/// MatmulRowsInt8. Bytes of both signs are multiplied as they are.
template <class Arch, class T> struct MatmulRowsAmx {
  using Tile = AmxTile<Arch, T>;
  using Layout = Int8Layout<Arch>;
  using Left = T;
  static constexpr std::int64_t kGroup = SimdInt8<Arch>::kGroup;
  static constexpr std::int64_t kDepth = Tile::kDepth, kLine = 64;
  static constexpr std::int64_t kRows = 2 * Tile::kHeight;
  /// How many times faster than by vectors.
  static constexpr std::int64_t kFaster = 8;

  const MatmulInt8Args &g;

  static TESSERA_INLINE bool serves(const MatmulInt8Args &g) { return pays(g.m, g.n, g.k); }
  /// Fewer rows or depths leave tiles so empty that vectors are faster, and so they are where
  /// configuring tiles takes long beside the product: 8 x 64 x 64 had 0.8 of their rate.
  static TESSERA_INLINE bool pays(std::int64_t m, std::int64_t n, std::int64_t k) {
    return m >= 6 && k >= 16 && m * n * k > 1 << 15;
  }
  /// Whether tiles that read whole groups stay within rows of so many bytes.
  static TESSERA_INLINE bool readable(std::int64_t k) { return k >= kDepth || k % kGroup == 0; }

  static TESSERA_INLINE std::int64_t apart(std::int64_t k) { return Int8Left<Arch, T>::apart(k); }

  /// Rows are read where they lie, also by many columns: each element is read once by so many
  /// multiply-adds that a copy does not pay.
  TESSERA_INLINE const T *ready(std::int64_t &stride) const {
    if (!readable(g.k))
      return nullptr;
    stride = g.aRow;
    return static_cast<const T *>(g.a);
  }

  TESSERA_INLINE void prepare(std::int64_t i, T *dst) const {
    const T *src = static_cast<const T *>(g.a) + i * g.aRow;
    SimdInt8<Arch>::prepare(src, reinterpret_cast<std::uint8_t *>(dst), g.k, 0);
  }

  TESSERA_INLINE std::int32_t sum(std::int64_t i) const {
    const T *src = static_cast<const T *>(g.a) + i * g.aRow;
    std::int32_t total = 0; // of less than 2^24 bytes, or modulo 2^32
    for (std::int64_t p = 0; p < g.k; ++p)
      total = static_cast<std::int32_t>(static_cast<std::uint32_t>(total) +
                                        static_cast<std::uint32_t>(std::int32_t(src[p])));
    return total;
  }

  /// The columns [from, to) of `rows` rows from i on, which lie at left + r * stride; from begins a
  /// panel, and to ends one or is n. sums are read where there are zero points of b.
  void panels(std::int64_t i, std::int64_t rows, std::int64_t from, std::int64_t to, const T *left,
              std::int64_t stride, const std::int32_t *sums) const {
    typename Tile::Panel panel;
    panels(i, rows, from, to, left, stride, sums, Layout::kSumBytes, panel);
  }

  /// All of c (+)= a * b, with panels of bytes alone.
  void plain(bool accumulate) const {
    typename Tile::Panel panel;
    panel.accumulate = accumulate;
    panels(0, g.m, 0, g.n, static_cast<const T *>(g.a), g.aRow, nullptr, 0, panel);
  }

private:
  /// head: bytes of a panel before its groups.
  void panels(std::int64_t i, std::int64_t rows, std::int64_t from, std::int64_t to, const T *left,
              std::int64_t stride, const std::int32_t *sums, std::int64_t head,
              typename Tile::Panel &panel) const {
    // Tiles of one height, so that one configuration serves: the last begins within the one before.
    const std::int64_t tiles = (rows + Tile::kHeight - 1) / Tile::kHeight;
    const std::int64_t height = (rows + tiles - 1) / tiles;
    const std::int64_t rest = g.k < kDepth ? 0 : g.k % kDepth;
    alignas(64) std::int8_t tail[kDepth / kGroup * Layout::kGroupBytes];
    typename Tile::Stretch stretches[2];
    panel.stretches = stretches;
    panel.step = g.k < kDepth ? Layout::groups(g.k) * kGroup : kDepth;
    panel.count = rest > 0 ? 2 : 1;
    panel.apart = stride;
    panel.e = &g.epilogue;
    const bool far = g.n * g.k > caches().l2 / 2;
    Tile::configure(height, panel.step);
    const std::int64_t size =
        g.epilogue.output == Int8Output::I32 || g.epilogue.output == Int8Output::F32 ? 4 : 1;
    const auto at = [&](std::int64_t tile) {
      const std::int64_t r = tile * height < rows - height ? tile * height : rows - height;
      return
          typename Tile::Rows{left + r * stride, static_cast<char *>(g.c) + (i + r) * g.cRow * size,
                              sums == nullptr ? nullptr : sums + r, tile * height - r};
    };
    const std::int64_t panelBytes = head + Layout::groups(g.k) * Layout::kGroupBytes;
    const auto *b = static_cast<const std::int8_t *>(g.b) + from / Layout::kPanel * panelBytes;
    for (std::int64_t j = from; j < to; j += Layout::kPanel, b += panelBytes) {
      panel.column = j;
      panel.columns = g.n - j < Layout::kPanel ? g.n - j : Layout::kPanel;
      if (head > 0)
        Int8Finish<Arch>::first(panel.first, reinterpret_cast<const std::int32_t *>(b), j,
                                panel.columns, g.k, g.epilogue.aZero, g.epilogue);
      else
        __builtin_memset(panel.first, 0, sizeof panel.first);
      const std::int8_t *bytes = b + head;
      stretches[0] = {0, bytes, g.k < kDepth ? 1 : g.k / kDepth};
      if (rest > 0) {
        last(bytes, rest, tail);
        stretches[1] = {g.k - kDepth, tail, 1};
      }
      if (far && j + Layout::kPanel < g.n)
        Tile::fetches(panel, b + panelBytes, panelBytes, tiles);
      for (std::int64_t tile = 0; tile < tiles; tile += 2) {
        const typename Tile::Rows first = at(tile), second = at(tile + 1);
        Tile::run(panel, first, tile + 1 < tiles ? &second : nullptr, height, g.cRow);
      }
    }
    Tile::release();
  }

  /// The last kDepth depths of a panel, of which those before the last `rest` are zero: they have
  /// been multiplied already, and a left tile that begins with them need not end behind the row.
  void last(const std::int8_t *panel, std::int64_t rest, std::int8_t *to) const {
    constexpr std::int64_t kRow = Layout::kGroupBytes;
    // The panel's groups from `from` on, as many bytes later within groups as k lacks of a whole.
    const std::int8_t *from = panel + g.k / kDepth * (kDepth / kGroup) * kRow;
    const std::int64_t groups = Layout::groups(rest), zeros = kDepth / kGroup - groups;
    const auto shift = static_cast<unsigned>((kDepth - rest) % kGroup * 8);
    __builtin_memset(to, 0, static_cast<std::size_t>(zeros * kRow));
    to += zeros * kRow;
    if (shift == 0) {
      __builtin_memcpy(to, from, static_cast<std::size_t>(groups * kRow));
      return;
    }
    for (std::int64_t i = 0; i < groups; ++i, from += kRow, to += kRow)
      for (std::int64_t j = 0; j < kRow; j += kGroup) {
        std::uint32_t low = 0, high;
        if (i > 0)
          __builtin_memcpy(&low, from - kRow + j, sizeof low);
        __builtin_memcpy(&high, from + j, sizeof high);
        const std::uint32_t word = high << shift | low >> (32 - shift);
        __builtin_memcpy(to + j, &word, sizeof word);
      }
  }
};

} // namespace tessera::kernels
