// Windows over NHWC images: depthwise convolution, pooling and im2col against their definitions.
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"

using namespace tessera;
using namespace tessera::test;

namespace {

struct Geometry {
  std::int64_t h, w, c, kh, kw, sh, sw, dh, dw, top, left, outH, outW, extra;
};

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

std::string text(const Geometry &g) {
  std::string s = "geometry=";
  for (std::int64_t v :
       {g.h, g.w, g.c, g.kh, g.kw, g.sh, g.sw, g.dh, g.dw, g.top, g.left, g.outH, g.outW, g.extra})
    s += std::to_string(v) + ".";
  return s;
}

std::vector<Geometry> geometries(int lanes) {
  std::vector<Geometry> all;
  for (std::int64_t c : {1, 3, lanes - 1, lanes, lanes + 1, 2 * lanes + 3}) {
    all.push_back({9, 11, c, 3, 3, 1, 1, 1, 1, 1, 1, 9, 11, 0});
    all.push_back({8, 18, c, 3, 3, 1, 1, 1, 1, 2, 1, 9, 17, 2}); // lines in pairs, one left
    all.push_back({2, 9, c, 5, 5, 1, 1, 1, 1, 4, 2, 7, 9, 0});   // taller than the image
    all.push_back({3, 14, c, 3, 3, 1, 1, 1, 1, 1, 1, 3, 14, 0}); // sevens
    all.push_back({5, 7, c, 5, 5, 1, 1, 1, 1, 2, 2, 5, 7, 1});   // one with both edges
    all.push_back({9, 12, c, 3, 3, 2, 2, 1, 1, 0, 0, 5, 6, 5});
    all.push_back({6, 21, c, 2, 2, 2, 2, 1, 1, 0, 0, 3, 10, 3});
    all.push_back({5, 24, c, 3, 3, 2, 2, 1, 1, 1, 1, 3, 12, 0});
    all.push_back({8, 17, c, 2, 5, 1, 3, 2, 1, 1, 4, 7, 6, 0});
    all.push_back({5, 6, c, 5, 3, 1, 1, 1, 2, 2, 2, 5, 6, 2});
    all.push_back({1, 1, c, 7, 7, 1, 1, 1, 1, 3, 3, 1, 1, 0});
    all.push_back({2, 2, c, 1, 1, 1, 1, 1, 1, 1, 1, 4, 4, 1}); // windows that lie outside
    all.push_back({4, 20, c, 1, 1, 1, 1, 1, 1, 0, 0, 4, 20, 0});
  }
  return all;
}

/// Calls tap(value, ky, kx) for the taps of an output pixel's channel that lie inside.
template <class Tap>
void eachTap(const Geometry &g, const std::vector<float> &x, std::int64_t oy, std::int64_t ox,
             std::int64_t ch, Tap tap) {
  for (std::int64_t ky = 0; ky < g.kh; ++ky)
    for (std::int64_t kx = 0; kx < g.kw; ++kx) {
      const std::int64_t y = oy * g.sh - g.top + ky * g.dh, xx = ox * g.sw - g.left + kx * g.dw;
      if (y >= 0 && y < g.h && xx >= 0 && xx < g.w)
        tap(double(x[size((y * g.w + xx) * g.c + ch)]), ky, kx);
    }
}

/// The image with `extra` unused floats (NaN) behind each pixel.
std::vector<float> widened(const Geometry &g, const std::vector<float> &x) {
  std::vector<float> out(size((g.h * g.w - 1) * (g.c + g.extra) + g.c), NAN);
  for (std::int64_t p = 0; p < g.h * g.w; ++p)
    for (std::int64_t ch = 0; ch < g.c; ++ch)
      out[size(p * (g.c + g.extra) + ch)] = x[size(p * g.c + ch)];
  return out;
}

/// Runs `call` on guarded buffers and compares with `want(oy, ox, ch)`.
template <class Call, class Want>
void checkWindow(const KernelRow &row, const Geometry &g, Call call, Want want) {
  if (!selected(row, text(g)))
    return;
  INFO(replay(row, text(g)));
  const std::vector<float> x = randomFloats(size(g.h * g.w * g.c), 11);
  Guarded<float> image(widened(g, x));
  Guarded<float> out(size(g.outH * g.outW * g.c), 123.0f);
  Guarded<float> out2(size(g.outH * g.outW * g.c), 123.0f, GuardedBuffer::AtStart);
  const std::int64_t pixel = g.c + g.extra;
  call(image.data(), g.w * pixel, pixel, out.data());
  call(image.data(), g.w * pixel, pixel, out2.data());
  bool right = image.intact() && out.intact() && out2.intact();
  for (std::int64_t oy = 0; oy < g.outH; ++oy)
    for (std::int64_t ox = 0; ox < g.outW; ++ox)
      for (std::int64_t ch = 0; ch < g.c; ++ch) {
        const std::size_t at = size((oy * g.outW + ox) * g.c + ch);
        const double expected = want(x, oy, ox, ch);
        const bool same = std::isfinite(expected) ? std::fabs(out[at] - expected) < 2e-6 * 8
                                                  : ulpsBetween(out[at], expected) == 0;
        if (!same && right)
          UNSCOPED_INFO("at " << oy << "," << ox << "," << ch << " got " << out[at] << " want "
                              << expected);
        right &= same && ulpsBetween(out2[at], out[at]) == 0;
      }
  CHECK(right);
}

} // namespace

TEST_CASE("depthwise windows sum filter times image", "[window]") {
  forEachRow(Family::WindowFma, [&](const KernelRow &row) {
    for (const Geometry &g : geometries(isaFloatLanes(row.isa))) {
      const std::vector<float> f = randomFloats(size(g.kh * g.kw * g.c), 12);
      Guarded<float> filter(f);
      checkWindow(
          row, g,
          [&](const float *x, std::int64_t rowStride, std::int64_t pixel, float *out) {
            row.function.windowFma(x, g.h, g.w, g.c, rowStride, pixel, filter.data(), g.c, g.kh,
                                   g.kw, g.sh, g.sw, g.dh, g.dw, g.top, g.left, out, g.outH, g.outW,
                                   g.outW * g.c, g.c);
          },
          [&](const std::vector<float> &x, std::int64_t oy, std::int64_t ox, std::int64_t ch) {
            double sum = 0;
            eachTap(g, x, oy, ox, ch, [&](double v, std::int64_t ky, std::int64_t kx) {
              sum += v * f[size((ky * g.kw + kx) * g.c + ch)];
            });
            return sum;
          });
    }
  });
}

TEST_CASE("pooling windows fold the taps inside the image", "[window]") {
  forEachRow(Family::WindowFold, [&](const KernelRow &row) {
    for (const Geometry &g : geometries(isaFloatLanes(row.isa)))
      checkWindow(
          row, g,
          [&](const float *x, std::int64_t rowStride, std::int64_t pixel, float *out) {
            row.function.windowFold(x, g.h, g.w, g.c, rowStride, pixel, g.kh, g.kw, g.sh, g.sw,
                                    g.dh, g.dw, g.top, g.left, out, g.outH, g.outW, g.outW * g.c,
                                    g.c);
          },
          [&](const std::vector<float> &x, std::int64_t oy, std::int64_t ox, std::int64_t ch) {
            double sum = 0, high = -HUGE_VAL;
            int count = 0;
            eachTap(g, x, oy, ox, ch, [&](double v, std::int64_t, std::int64_t) {
              sum += v;
              high = v > high ? v : high;
              ++count;
            });
            return row.op == "window_max" ? high : row.op == "window_sum" ? sum : sum / count;
          });
  });
}

/// T: the type of an element; floats in x are cast to it.
template <class T> void checkIm2col(const KernelRow &row, const Geometry &g) {
  std::vector<float> x = randomFloats(size(g.h * g.w * g.c), 13);
  if (sizeof(T) == 1)
    for (float &v : x)
      v = std::round(v * 100);
  std::vector<float> wide = widened(g, x);
  for (float &v : wide)
    v = sizeof(T) == 1 && std::isnan(v) ? 99 : v;
  Guarded<T> image(std::vector<T>(wide.begin(), wide.end()));
  const std::int64_t pixels = g.outH * g.outW, first = pixels / 3, count = pixels - first;
  const std::int64_t width = g.kh * g.kw * g.c, stride = width + g.extra;
  Guarded<T> out(size((count - 1) * stride + width), T(9));
  const std::int64_t pixel = g.c + g.extra;
  row.function.im2col(image.data(), g.h, g.w, g.c, g.w * pixel, pixel, g.kh, g.kw, g.sh, g.sw, g.dh,
                      g.dw, g.top, g.left, first, count, g.outW, out.data(), stride);
  bool right = image.intact() && out.intact();
  for (std::int64_t i = 0; i < count; ++i) {
    std::vector<T> want(size(width), T(0));
    for (std::int64_t ch = 0; ch < g.c; ++ch)
      eachTap(g, x, (first + i) / g.outW, (first + i) % g.outW, ch,
              [&](double v, std::int64_t ky, std::int64_t kx) {
                want[size((ky * g.kw + kx) * g.c + ch)] = static_cast<T>(v);
              });
    for (std::int64_t j = 0; j < stride && size(i * stride + j) < out.size(); ++j)
      right &= out[size(i * stride + j)] == (j < width ? want[size(j)] : T(9));
  }
  CHECK(right);
}

TEST_CASE("im2col gathers one row per output pixel", "[im2col]") {
  forEachRow(Family::Im2col, [&](const KernelRow &row) {
    for (const Geometry &g : geometries(isaFloatLanes(row.isa))) {
      if (!selected(row, text(g)))
        continue;
      INFO(replay(row, text(g)));
      if (row.dtype == "f32")
        checkIm2col<float>(row, g);
      else
        checkIm2col<std::int8_t>(row, g);
    }
  });
}
