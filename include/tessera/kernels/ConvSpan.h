// The outputs along one axis of a convolution that use the same taps, so that the loops over them
// need not ask what lies inside the image.
#pragma once

#include <cstdint>

#include "tessera/kernels/Simd.h"

namespace tessera::kernels {

/// Outputs first + i * step for i < count. Each uses the taps tap + j * tapStep for j < taps, at
/// the input coordinate input + i * inputStep + j * tapInput, which is inside the image.
template <class Arch> struct ConvSpan {
  std::int64_t first, step, count, tap, tapStep, taps, input, inputStep, tapInput;
};

/// One axis of a convolution.
template <class Arch> struct ConvAxis {
  std::int64_t size, kernel, stride, dilation, pad;
  bool transposed;

  /// Calls each(span) for spans that together are the outputs [begin, end).
  template <class Each>
  TESSERA_INLINE void spans(std::int64_t begin, std::int64_t end, Each each) const {
    if (!transposed) {
      for (std::int64_t o = begin; o < end;) {
        const ConvSpan<Arch> span = forward(o, end);
        each(span);
        o += span.count;
      }
      return;
    }
    // Outputs of one phase see the same subset of taps.
    for (std::int64_t phase = begin; phase < end && phase < begin + stride; ++phase)
      for (std::int64_t o = phase; o < end;) {
        const ConvSpan<Arch> span = backward(o, end);
        each(span);
        o += span.count * stride;
      }
  }

private:
  static TESSERA_INLINE std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
  /// ceil(a / b) for positive b, not below 0.
  static TESSERA_INLINE std::int64_t upward(std::int64_t a, std::int64_t b) {
    return a <= 0 ? 0 : (a + b - 1) / b;
  }

  ConvSpan<Arch> forward(std::int64_t o, std::int64_t end) const {
    const std::int64_t at = o * stride - pad;
    const std::int64_t first = least(upward(-at, dilation), kernel);
    const std::int64_t last = least(upward(size - at, dilation), kernel);
    std::int64_t same = 1;
    if (first == 0 && last == kernel) // to where the last tap leaves the image
      same = (size - 1 - (kernel - 1) * dilation - at) / stride + 1;
    else if (last <= first) // to where the first tap is inside, or to the end
      same = at < 0 ? 1 : end - o;
    return {o,
            1,
            same < end - o ? same : end - o,
            first,
            1,
            last > first ? last - first : 0,
            at + first * dilation,
            stride,
            dilation};
  }

  ConvSpan<Arch> backward(std::int64_t o, std::int64_t end) const {
    // The taps t with o + pad - t * dilation = i * stride for an input i inside the image.
    ConvSpan<Arch> span{o, stride, 1, 0, 1, 0, 0, 1, 0};
    for (std::int64_t t = 0; t < kernel; ++t) {
      const std::int64_t at = o + pad - t * dilation;
      if (at < 0 || at % stride != 0 || at / stride >= size)
        continue;
      if (span.taps == 0) {
        span.tap = t;
        span.input = at / stride;
      } else if (span.taps == 1) {
        span.tapStep = t - span.tap;
        span.tapInput = at / stride - span.input;
      }
      ++span.taps;
    }
    if (span.taps == 0)
      return span;
    // The next outputs of the phase use them too while no tap enters or leaves the image.
    while (o + span.count * stride < end && sameTaps(span, o + span.count * stride))
      ++span.count;
    return span;
  }

  bool sameTaps(const ConvSpan<Arch> &span, std::int64_t o) const {
    std::int64_t taps = 0, first = 0;
    for (std::int64_t t = kernel - 1; t >= 0; --t) {
      const std::int64_t at = o + pad - t * dilation;
      if (at < 0 || at % stride != 0 || at / stride >= size)
        continue;
      ++taps;
      first = t;
    }
    return taps == span.taps && first == span.tap;
  }
};

} // namespace tessera::kernels
