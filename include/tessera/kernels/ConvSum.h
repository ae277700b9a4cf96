// The sums of a block of outputs of a convolution, slab by slab of the packed filter.
#pragma once

#include "tessera/kernels/ConvPanel.h"
#include "tessera/kernels/ConvTile.h"
#include "tessera/kernels/ConvWalk.h"

namespace tessera::kernels {

template <class Arch> struct ConvSum : ConvRuns<Arch> {
  using Runs = ConvRuns<Arch>;
  using Span = ConvSpan<Arch>;
  using Kind = ConvFloats<Arch>;
  using Part = ConvPart<Kind>;
  using Runs::depth, Runs::xl, Runs::inC;
  static constexpr std::int64_t kLanes = ConvPanel<Arch>::kLanes;
  static constexpr int kRows = Kind::kRows;

  std::int64_t slab = 1; ///< rows of a panel used at a time

  using Runs::Runs;

  /// Computes the outputs of a part.
  void compute(Part &part) const {
    typename Runs::Run runs[Runs::kMost];
    part.pass.runs = runs;
    std::int64_t from = 0;
    do {
      const std::int64_t to = from + slab < depth ? from + slab : depth;
      part.pass.length = to - from;
      part.pass.resumes = from > 0;
      part.pass.last = to == depth;
      // What follows the slab will be needed next: each of the first tiles asks for a share.
      part.pass.later = part.pass.filter + to * part.pass.filterRow - from * kLanes;
      part.pass.shares = part.vectors;
      this->rowsAxis.spans(part.y0, part.y1, [&](const Span &rows) {
        this->colsAxis.spans(part.x0, part.x1, [&](const Span &cols) {
          part.pass.count = this->list(rows, cols, part.firstIn, from, to, runs);
          part.pass.ahead = ahead(cols, part.pass.length);
          ConvWalk<Arch, Kind>::run(part, xl, rows, cols);
        });
      });
      from = to;
    } while (from < depth);
  }

private:
  /// From a pixel to memory that is not in L1 yet: the next tile's; a little on in long rows, of
  /// which L1 would not hold two tiles (and whose pixels may all fall into one set of it); in NCHW
  /// the next line, as one serves some tiles.
  TESSERA_INLINE std::int64_t ahead(const Span &cols, std::int64_t length) const {
    if (xl.channel != 1)
      return kLanes;
    return length > 512 ? 64 : kRows * cols.inputStep * xl.pixel;
  }
};

} // namespace tessera::kernels
