// The convolutions that are measured, and the peer that computes them.
#pragma once

#include "Bench.h"

namespace tessera::bench {

/// A square kernel on one square image of size x size x c, padded by half of the kernel.
struct Convolution {
  std::int64_t size, c, outC, k, stride;
  std::int64_t groups = 1;

  std::int64_t outSize() const { return (size + 2 * (k / 2) - k) / stride + 1; }
  /// Taps that fall outside the image count, as is the custom.
  double flops() const {
    return 2.0 * static_cast<double>(outSize() * outSize() * outC * k * k) *
           static_cast<double>(c / groups);
  }
  std::string shape() const {
    return bench::shape({size, size, c}) + " to " + std::to_string(outC) + ", " +
           bench::shape({k, k}) + (stride == 1 ? "" : " by " + std::to_string(stride));
  }
};

/// What the elements are: x and y in f32, or x and y in that 8-bit type, the filter in s8 and the
/// sums scaled.
enum class ConvType { F32, U8, S8 };

/// oneDNN's convolution with x and y in "nhwc", "nchw" or, for "any", the layout it likes best; the
/// filter always in the layout it likes best. Empty where it is not there.
Repeated oneDnnConvolution(const Convolution &conv, const std::string &layout, ConvType type);

} // namespace tessera::bench
