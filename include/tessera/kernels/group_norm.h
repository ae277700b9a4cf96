// Normalisation of groups of channels of images, in either layout.
#pragma once

#include "tessera/kernels/rows.h"

namespace tessera::kernels {

template <class Arch> struct GroupNorm {
  static constexpr Family kFamily = Family::GroupNorm;
  using S = Simd<Arch>;
  using F = typename S::F;

  /// y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c], mean and variance over all
  /// pixels of channels / groups neighbouring channels of one image (Wu, He 2018). With as many
  /// groups as channels that is instance norm. Elements of x and y are at n batchStride + c
  /// channelStride + p pixelStride; channelStride (NHWC) or pixelStride (NCHW) is 1. groups divides
  /// channels. scale and bias have an element for each channel or are null. y is x or does not
  /// overlap it. The variance is the mean of squared deviations; partial sums are added
  /// in double.
  static void run(const float *x, float *y, std::int64_t batch, std::int64_t channels,
                  std::int64_t pixels, std::int64_t batchStride, std::int64_t channelStride,
                  std::int64_t pixelStride, std::int64_t groups, const float *scale,
                  const float *bias, float epsilon) {
    if (channels <= 0 || pixels <= 0 || groups <= 0)
      return;
    const Group all = {channels / groups, pixels, channelStride, pixelStride, epsilon};
    for (std::int64_t n = 0; n < batch; ++n) {
      const float *from = x + n * batchStride;
      float *to = y + n * batchStride;
      if (pixelStride == 1)
        for (std::int64_t g = 0; g < groups; ++g) {
          const std::int64_t c = g * all.channels, at = c * channelStride;
          planes(all, from + at, to + at, scale ? scale + c : nullptr, bias ? bias + c : nullptr);
        }
      else
        interleaved(all, from, to, channels, scale, bias);
    }
  }

private:
  /// What a group is, and how its elements lie.
  struct Group {
    std::int64_t channels, pixels, channelStride, pixelStride;
    float epsilon;

    TESSERA_INLINE double inverse() const { return 1.0 / static_cast<double>(channels * pixels); }
    /// From the sum of squared deviations.
    TESSERA_INLINE float gain(double sum) const {
      return 1.0f / __builtin_sqrtf(static_cast<float>(sum * inverse()) + epsilon);
    }
  };

  /// One group whose channels are contiguous.
  static void planes(const Group &g, const float *x, float *y, const float *scale,
                     const float *bias) {
    const float mean =
        static_cast<float>(g.inverse() * total(g, x, [](F a, F v) { return a + v; }));
    const F center(mean);
    const float gain =
        g.gain(total(g, x, [center](F a, F v) { return S::fma(v - center, v - center, a); }));
    for (std::int64_t c = 0; c < g.channels; ++c) {
      const F factor(scale ? gain * scale[c] : gain), shift(bias ? bias[c] : 0.0f);
      Rows<Arch>::map(
          x + c * g.channelStride, y + c * g.channelStride, g.pixels,
          [=](F v, std::int64_t, std::int64_t) { return S::fma(v - center, factor, shift); });
    }
  }

  template <class Add> static TESSERA_INLINE double total(const Group &g, const float *x, Add add) {
    constexpr std::int64_t kPart = 4096; // 1024 or fewer in a lane
    double sum = 0;
    for (std::int64_t c = 0; c < g.channels; ++c)
      for (std::int64_t p = 0; p < g.pixels; p += kPart)
        sum += static_cast<double>(Rows<Arch>::sum(
            x + c * g.channelStride + p, g.pixels - p < kPart ? g.pixels - p : kPart, add));
    return sum;
  }

  /// Channels that are done at a time, as numbers for each of them fit L1, and pixels, so that a
  /// block of both fits L2.
  static constexpr std::int64_t kChannels = 512;
  static constexpr std::int64_t kPixels = 64;

  /// An image whose pixels are contiguous: whole groups at a time, or one large group in parts.
  static void interleaved(const Group &g, const float *x, float *y, std::int64_t channels,
                          const float *scale, const float *bias) {
    const std::int64_t step =
        g.channels < kChannels ? kChannels / g.channels * g.channels : g.channels;
    double sums[kChannels];
    float mean[kChannels], gain[kChannels];
    for (std::int64_t c = 0; c < channels; c += step) {
      const std::int64_t width = channels - c < step ? channels - c : step;
      const std::int64_t groups = width / g.channels;
      for (std::int64_t i = 0; i < groups; ++i)
        mean[i] = 0.0f;
      totals(g, x + c, width, mean, sums, [](F a, F v, F) { return a + v; });
      for (std::int64_t i = 0; i < groups; ++i)
        mean[i] = static_cast<float>(sums[i] * g.inverse());
      totals(g, x + c, width, mean, sums, [](F a, F v, F m) { return S::fma(v - m, v - m, a); });
      for (std::int64_t i = 0; i < groups; ++i)
        gain[i] = g.gain(sums[i]);
      apply(g, x + c, y + c, width, mean, gain, scale ? scale + c : nullptr,
            bias ? bias + c : nullptr);
    }
  }

  /// sums[group] = the sum of what add(sum, x, mean[group]) adds over the group.
  template <class Add>
  static TESSERA_INLINE void totals(const Group &g, const float *x, std::int64_t width,
                                    const float *mean, double *sums, Add add) {
    alignas(64) float center[kChannels], part[kChannels];
    for (std::int64_t i = 0; i < width / g.channels; ++i)
      sums[i] = 0.0;
    for (std::int64_t c = 0; c < width; c += kChannels) {
      const std::int64_t count = width - c < kChannels ? width - c : kChannels;
      for (std::int64_t i = 0; i < count; ++i)
        center[i] = mean[(c + i) / g.channels];
      for (std::int64_t p = 0; p < g.pixels; p += kPixels) {
        const std::int64_t pixels = g.pixels - p < kPixels ? g.pixels - p : kPixels;
        for (std::int64_t i = 0; i < count; i += S::kLanes)
          column(x + p * g.pixelStride + c + i, g.pixelStride, pixels,
                 count - i < S::kLanes ? count - i : S::kLanes, center + i, part + i, add);
        for (std::int64_t i = 0; i < count; ++i)
          sums[(c + i) / g.channels] += static_cast<double>(part[i]);
      }
    }
  }

  /// The sums of a vector of channels over some pixels.
  template <class Add>
  static TESSERA_INLINE void column(const float *x, std::int64_t stride, std::int64_t pixels,
                                    std::int64_t lanes, const float *center, float *sums, Add add) {
    const F m = S::loadPart(center, lanes);
    F acc[4] = {F(0.0f), F(0.0f), F(0.0f), F(0.0f)};
    std::int64_t p = 0;
    if (lanes == S::kLanes)
      for (; p + 4 <= pixels; p += 4) {
        TESSERA_UNROLL
        for (int u = 0; u < 4; ++u)
          acc[u] = add(acc[u], S::load(x + (p + u) * stride), m);
      }
    for (; p < pixels; ++p)
      acc[0] = add(acc[0], S::loadPart(x + p * stride, lanes), m);
    S::storePart(sums, (acc[0] + acc[1]) + (acc[2] + acc[3]), lanes);
  }

  static void apply(const Group &g, const float *x, float *y, std::int64_t width, const float *mean,
                    const float *gain, const float *scale, const float *bias) {
    alignas(64) float center[kChannels], factor[kChannels], shift[kChannels];
    for (std::int64_t c = 0; c < width; c += kChannels) {
      const std::int64_t count = width - c < kChannels ? width - c : kChannels;
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t group = (c + i) / g.channels;
        center[i] = mean[group];
        factor[i] = scale ? gain[group] * scale[c + i] : gain[group];
        shift[i] = bias ? bias[c + i] : 0.0f;
      }
      for (std::int64_t p = 0; p < g.pixels; ++p)
        Rows<Arch>::map(x + p * g.pixelStride + c, y + p * g.pixelStride + c, count,
                        [&](F v, std::int64_t i, std::int64_t lanes) {
                          return S::fma(v - S::loadPart(center + i, lanes),
                                        S::loadPart(factor + i, lanes),
                                        S::loadPart(shift + i, lanes));
                        });
    }
  }
};

} // namespace tessera::kernels
