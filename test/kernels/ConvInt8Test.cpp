// Convolution of 8-bit images against its definition in whole numbers, and against the results of
// other layouts.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/ConvTypes.h"

using namespace tessera;
using namespace tessera::test;
using kernels::ConvLayout;
using kernels::ConvShape;
using kernels::Int8Epilogue;
using kernels::Int8Output;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

template <class T> std::vector<T> randomBytes(std::size_t count, std::uint32_t seed) {
  std::vector<T> bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525u + 1013904223u;
    bytes[i] = static_cast<T>(seed >> 24);
  }
  return bytes;
}

std::vector<ConvShape> shapes(int lanes) {
  return {
      {1, 5, 7, 3, 5, 7, lanes + 1, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {2, 6, 5, 16, 6, 5, 4 * lanes, 1, 1, 1, 1, 1, 1, 1, 0, 0},
      {1, 9, 11, 5, 5, 4, 6, 1, 3, 5, 2, 3, 1, 2, 1, 4},
      {1, 6, 6, 12, 6, 6, 18, 3, 3, 3, 1, 1, 1, 1, 1, 1}, // groups
      {1, 2, 3, 70, 4, 5, 9, 1, 7, 7, 1, 1, 1, 1, 4, 4},  // larger than the image
      {1, 20, 23, 3, 10, 12, 20, 1, 7, 7, 2, 2, 1, 1, 3, 3},
      {1, 2, 2, 6000, 2, 2, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1}, // windows too long to prepare whole
      {1, 30, 11, 8, 30, 11, 5, 1, 1, 1, 1, 1, 1, 1, 0, 0},
      {1, 9, 8, 8, 9, 8, 4 * lanes + 6, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {2, 10, 7, 8, 5, 4, 20, 2, 3, 5, 2, 2, 2, 1, 2, 2},
      {1, 3, 5, 4, 4, 5, 7, 1, 7, 7, 1, 1, 1, 1, 4, 3},         // taps outside on both sides
      {1, 1, 1500, 22, 1, 1500, 3, 1, 3, 3, 1, 1, 1, 1, 1, 1},  // lines too long to prepare whole
      {1, 25, 26, 2, 25, 26, 3, 1, 23, 24, 1, 1, 1, 1, 11, 12}, // many taps
      {1, 7, 14, 8, 4, 10, lanes + 1, 1, 3, 3, 1, 1, 1, 1, -2, -3}, // cropped
      {1, 5, 30, 3, 2, 4, 6, 1, 3, 3, 2, 2, 1, 1, -1, -20},
      {1, 5, 4, 8, 10, 8, 10, 2, 4, 4, 2, 2, 1, 1, 1, 1, true},
      {2, 3, 4, 3, 8, 12, 5, 1, 3, 2, 2, 3, 2, 1, 1, 0, true},
      {1, 3, 3, 4, 3, 3, lanes + 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, true},
      // Windows and lines that fill tiles of AMX and that nearly do.
      {1, 6, 17, 64, 6, 17, 33, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 2, 17, 192, 2, 17, 66, 1, 3, 3, 1, 1, 1, 1, 1, 1}, // long sums
      {2, 5, 9, 68, 5, 9, 70, 1, 1, 1, 1, 1, 1, 1, 0, 0},    // points
      {1, 4, 5, 52, 4, 5, 48, 1, 1, 1, 1, 1, 1, 1, 0, 0},
      {1, 5, 31, 128, 3, 16, 20, 1, 1, 1, 2, 2, 1, 1, 0, 0},
      {1, 7, 15, 40, 4, 8, 48, 1, 3, 3, 2, 2, 1, 1, 1, 1},
      {1, 6, 14, 54, 4, 14, 17, 1, 3, 3, 1, 1, 1, 2, 0, 2}, // pieces of 54
      {1, 5, 14, 148, 5, 14, 64, 2, 3, 1, 1, 1, 1, 1, 1, 0},
      {1, 3, 30, 50, 3, 30, 66, 1, 2, 3, 1, 1, 1, 1, 0, 1}, // of 150, laid out anew
      {1, 4, 4, 0, 4, 4, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {0, 4, 4, 6, 4, 4, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 4, 4, 6, 4, 0, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1},
      {1, 4, 4, 6, 4, 4, 0, 1, 3, 3, 1, 1, 1, 1, 1, 1},
  };
}

/// 0: NHWC; 1: NCHW; 2: blocks of four channels; 3: NHWC with gaps.
ConvLayout layoutOf(int kind, std::int64_t h, std::int64_t w, std::int64_t c) {
  const std::int64_t some = std::max<std::int64_t>(c, 1);
  if (kind == 1)
    return {h * w * c, w, 1, h * w, some, 0};
  if (kind == 2)
    return {(c + 3) / 4 * h * w * 4, w * 4, 4, 1, 4, h * w * 4};
  const std::int64_t gap = kind == 3 ? 3 : 0;
  return {h * (w * (c + gap) + gap), w * (c + gap) + gap, c + gap, 1, some, 0};
}

std::int64_t at(const ConvLayout &l, std::int64_t n, std::int64_t y, std::int64_t x,
                std::int64_t ch) {
  return n * l.image + y * l.row + x * l.pixel + ch / l.block * l.blockStride +
         ch % l.block * l.channel;
}

std::int64_t extent(const ConvLayout &l, std::int64_t n, std::int64_t h, std::int64_t w,
                    std::int64_t c) {
  std::int64_t last = -1;
  for (std::int64_t ch = 0; ch < c && n * h * w > 0; ++ch)
    last = std::max(last, at(l, n - 1, h - 1, w - 1, ch));
  return last + 1;
}

template <class T> struct Problem {
  ConvShape s;
  ConvLayout xl, yl;
  std::vector<T> x;
  std::vector<std::int8_t> f; ///< [groups][taps * inC][outC]
  std::vector<std::int32_t> bZero, bias;
  std::vector<float> scale;
  Int8Epilogue e;

  double wanted(std::int64_t n, std::int64_t oy, std::int64_t ox, std::int64_t j) const {
    const std::int64_t inC = s.c / s.groups, outC = s.outC / s.groups, g = j / outC;
    std::int64_t q = e.bias ? e.bias[j] : 0;
    const std::int32_t zero = e.bZero ? e.bZero[j * e.bZeroStride] : 0;
    for (std::int64_t d = 0; d < s.kh * s.kw * inC; ++d) {
      const std::int64_t tap = d / inC;
      std::int64_t y = oy * s.strideH - s.top + tap / s.kw * s.dilationH;
      std::int64_t xx = ox * s.strideW - s.left + tap % s.kw * s.dilationW;
      if (s.transposed) {
        const std::int64_t down = oy + s.top - tap / s.kw * s.dilationH;
        const std::int64_t right = ox + s.left - tap % s.kw * s.dilationW;
        y = down % s.strideH == 0 ? down / s.strideH : -1;
        xx = right % s.strideW == 0 ? right / s.strideW : -1;
      }
      if (y < 0 || y >= s.h || xx < 0 || xx >= s.w)
        continue;
      q += std::int64_t(x[size(at(xl, n, y, xx, g * inC + d % inC))] - e.aZero) *
           (f[size((g * s.kh * s.kw * inC + d) * outC + j % outC)] - zero);
    }
    const auto sum = static_cast<std::int32_t>(q);
    if (e.output == Int8Output::I32)
      return sum;
    const float scaled = static_cast<float>(sum) * e.scale[j * e.scaleStride];
    if (e.output == Int8Output::F32)
      return scaled;
    const double low = e.output == Int8Output::U8 ? 0 : -128;
    return std::clamp(std::nearbyint(double(scaled)) + e.cZero, low, low + 255);
  }
};

template <class T> Problem<T> problem(const ConvShape &s, int layout, int mode) {
  Problem<T> p{s,
               layoutOf(layout, s.h, s.w, s.c),
               layoutOf(mode & 1 ? 3 : 0, s.outH, s.outW, s.outC),
               {},
               {},
               {},
               {},
               {},
               {}};
  p.x = randomBytes<T>(size(extent(p.xl, s.n, s.h, s.w, s.c)), 1);
  p.f = randomBytes<std::int8_t>(size(s.kh * s.kw * (s.c / s.groups) * s.outC), 2);
  for (std::int64_t j = 0; j <= s.outC; ++j) {
    p.bZero.push_back(static_cast<std::int32_t>(j * 37 % 255 - 128));
    p.bias.push_back(static_cast<std::int32_t>(j * 7919 % 20001 - 10000));
    p.scale.push_back(std::ldexp(1.0f + static_cast<float>(j % 13) / 13, -9));
  }
  p.e.aZero = T(-1) < T(0) ? -7 : 131;
  p.e.output = static_cast<Int8Output>(mode >> 1 & 3);
  p.e.cZero = p.e.output == Int8Output::U8 ? 113 : p.e.output == Int8Output::S8 ? -5 : 0;
  p.e.scaleStride = p.e.bZeroStride = mode >> 3 & 1;
  return p;
}

double numberAt(const std::vector<unsigned char> &bytes, Int8Output output, std::int64_t i) {
  std::int32_t whole = 0;
  float number = 0;
  switch (output) {
  case Int8Output::I32:
    std::memcpy(&whole, &bytes[size(i * 4)], 4);
    return whole;
  case Int8Output::F32:
    std::memcpy(&number, &bytes[size(i * 4)], 4);
    return double(number);
  case Int8Output::U8:
    return bytes[size(i)];
  case Int8Output::S8:
    return static_cast<std::int8_t>(bytes[size(i)]);
  }
  return NAN;
}

template <class T>
std::vector<std::int8_t> packedByGroup(const KernelRow &row, const Problem<T> &p) {
  auto *pack = kernels::findKernel("pack_rhs_int8", "s8", row.isa)->function.packRhsInt8;
  const std::int64_t depth = p.s.kh * p.s.kw * (p.s.c / p.s.groups), outC = p.s.outC / p.s.groups;
  const auto bytes = pack(nullptr, 0, 0, nullptr, depth, outC);
  std::vector<std::int8_t> packed(size(bytes * p.s.groups), 77);
  for (std::int64_t g = 0; g < p.s.groups; ++g)
    pack(p.f.data() + g * depth * outC, outC, 1, packed.data() + g * bytes, depth, outC);
  return packed;
}

template <class T>
std::vector<std::int8_t> packedByChannel(const KernelRow &row, const Problem<T> &p) {
  auto *pack = kernels::findKernel("depthwise_int8_pack", "s8", row.isa)->function.depthwisePack;
  const std::int64_t taps = p.s.kh * p.s.kw;
  std::vector<std::int8_t> packed(size(pack(&p.s, nullptr, 0, 0, nullptr)), 77);
  pack(&p.s, p.f.data(), 1, taps, packed.data());
  return packed;
}

template <class T> bool right(const KernelRow &row, const ConvShape &s, int layout, int mode) {
  Problem<T> p = problem<T>(s, layout, mode);
  Guarded<float> unread{std::vector<float>()}; // which I32 has no use for
  p.e.scale = p.e.output == Int8Output::I32 ? unread.data() : p.scale.data();
  p.e.bias = mode & 4 ? p.bias.data() : nullptr;
  p.e.bZero = mode & 16 ? p.bZero.data() : nullptr;
  Guarded<std::int8_t> packed(row.family == Family::DepthwiseInt8 ? packedByChannel(row, p)
                                                                  : packedByGroup(row, p));
  const std::int64_t width = p.e.output < Int8Output::U8 ? 4 : 1;
  const std::vector<unsigned char> before(size(extent(p.yl, s.n, s.outH, s.outW, s.outC) * width),
                                          0x5a);
  Guarded<T> x(p.x);
  Guarded<unsigned char> y(before, mode & 2 ? GuardedBuffer::AtStart : GuardedBuffer::AtEnd);
  row.function.conv2dInt8(&s, &p.xl, x.data(), packed.data(), &p.yl, y.data(), &p.e, serialFor,
                          nullptr);
  bool same = x.intact() && y.intact() && packed.intact();
  const std::vector<unsigned char> got(y.data(), y.data() + y.size());
  std::vector<unsigned char> shared = before;
  row.function.conv2dInt8(&s, &p.xl, x.data(), packed.data(), &p.yl, shared.data(), &p.e, backwards,
                          nullptr);
  same &= shared == got;
  std::vector<bool> written(got.size());
  for (std::int64_t n = 0; n < s.n; ++n)
    for (std::int64_t oy = 0; oy < s.outH; ++oy)
      for (std::int64_t ox = 0; ox < s.outW; ++ox)
        for (std::int64_t j = 0; j < s.outC; ++j) {
          const std::int64_t where = at(p.yl, n, oy, ox, j);
          const double number = numberAt(got, p.e.output, where), want = p.wanted(n, oy, ox, j);
          if (same && number != want)
            UNSCOPED_INFO("at " << n << "," << oy << "," << ox << "," << j << " got " << number
                                << ", not " << want);
          same &= number == want;
          for (std::int64_t b = 0; b < width; ++b)
            written[size(where * width + b)] = true;
        }
  for (std::size_t i = 0; i < got.size(); ++i)
    same &= written[i] || got[i] == 0x5a;
  return same;
}

void check(const KernelRow &row, const ConvShape &s, std::size_t index, int layout, int mode) {
  const std::string details = "shape=" + std::to_string(index) +
                              ",layout=" + std::to_string(layout) + ",mode=" + std::to_string(mode);
  if (!selected(row, details))
    return;
  INFO(replay(row, details));
  CHECK((row.dtype == "u8s8" ? right<std::uint8_t>(row, s, layout, mode)
                             : right<std::int8_t>(row, s, layout, mode)));
}

} // namespace

TEST_CASE("conv2d_int8 is exact and requantises as Int8.h says", "[conv][int8]") {
  forEachRow(Family::Conv2dInt8, [&](const KernelRow &row) {
    std::size_t index = 0;
    for (const ConvShape &s : shapes(isaFloatLanes(row.isa))) {
      ++index;
      for (int layout = 0; layout < 4; ++layout)
        for (int mode = 0; mode < 32; mode += s.kh * s.kw * s.c > 1000 || s.w > 1000 ? 7 : 1)
          check(row, s, index, layout, mode);
    }
  });
}

TEST_CASE("depthwise_int8 is exact and requantises as Int8.h says", "[conv][int8]") {
  forEachRow(Family::DepthwiseInt8, [&](const KernelRow &row) {
    // Of whose channels threads get parts, which do not divide them.
    std::vector<ConvShape> all = {
        ConvShape{1, 7, 7, 960, 7, 7, 960, 960, 3, 3, 1, 1, 1, 1, 1, 1},
        ConvShape{2, 14, 14, 333, 14, 14, 333, 333, 3, 3, 1, 1, 1, 1, 1, 1}};
    for (std::int64_t c : {1, 5, 32, 63, 64, 65, 96, 130})
      for (ConvShape s : {ConvShape{1, 7, 7, c, 7, 7, c, c, 3, 3, 1, 1, 1, 1, 1, 1},
                          ConvShape{1, 6, 9, c, 7, 10, c, c, 3, 3, 1, 1, 1, 1, 1, 1},
                          ConvShape{1, 7, 6, c, 7, 6, c, c, 3, 3, 1, 1, 2, 1, 2, 1},
                          ConvShape{1, 3, 1, c, 6, 4, c, c, 5, 3, 1, 1, 1, 1, 4, 2},
                          ConvShape{1, 5, 4, c, 5, 4, c, c, 4, 5, 1, 1, 1, 1, 1, 2},
                          ConvShape{1, 3, 3, c, 3, 3, c, c, 17, 3, 1, 1, 1, 1, 8, 1},
                          ConvShape{1, 9, 5, c, 5, 5, c, c, 5, 3, 2, 1, 1, 1, 2, 1},
                          ConvShape{1, 4, 5, c, 4, 5, c, c, 9, 5, 1, 1, 1, 1, 4, 2},
                          ConvShape{2, 9, 11, c, 5, 6, c, c, 3, 3, 2, 2, 1, 1, 1, 1},
                          ConvShape{1, 5, 6, c, 5, 6, c, c, 5, 5, 1, 1, 1, 1, 2, 2},
                          ConvShape{1, 9, 8, c, 4, 5, c, c, 5, 5, 2, 2, 1, 1, 1, 3},
                          ConvShape{1, 6, 9, c, 4, 3, c, c, 2, 4, 1, 2, 2, 2, 0, 3},
                          ConvShape{1, 2, 2, c, 4, 4, c, c, 7, 1, 1, 1, 1, 1, 4, 1},
                          // Cropped.
                          ConvShape{1, 6, 14, c, 5, 10, c, c, 3, 3, 1, 1, 1, 1, 1, -3},
                          ConvShape{1, 7, 40, c, 3, 17, c, c, 5, 5, 1, 1, 1, 1, -1, -20},
                          ConvShape{1, 5, 20, c, 3, 9, c, c, 3, 3, 2, 2, 1, 1, 1, -3}})
        all.push_back(s);
    for (std::size_t index = 0; index < all.size(); ++index)
      for (int layout : {0, 3})
        for (int mode = 0; mode < 16; ++mode)
          check(row, all[index], index, layout, mode);
  });
}
