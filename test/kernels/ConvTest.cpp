// Convolution against its definition in double: layouts, tails, groups, dilation, one-sided pads,
// kernels larger than the image, the transpose, epilogues, blocks and threads.
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/ConvTypes.h"

using namespace tessera;
using namespace tessera::test;
using kernels::ConvEpilogue;
using kernels::ConvLayout;
using kernels::ConvShape;

namespace {

std::size_t size(std::int64_t n) {
  return static_cast<std::size_t>(n);
}

enum class Layout { Nhwc, Nchw, Blocked, Blocked8, Wide };

ConvLayout layoutOf(Layout layout, std::int64_t h, std::int64_t w, std::int64_t c) {
  const std::int64_t some = c > 0 ? c : 1;
  const auto blocked = [&](std::int64_t b) {
    const std::int64_t blocks = (c + b - 1) / b;
    return ConvLayout{blocks * h * w * b, w * b, b, 1, b, h * w * b};
  };
  switch (layout) {
  case Layout::Nhwc:
    return {h * w * c, w * c, c, 1, some, 0};
  case Layout::Nchw:
    return {h * w * c, w, 1, h * w, some, 0};
  case Layout::Blocked:
    return blocked(16);
  case Layout::Blocked8:
    return blocked(8);
  case Layout::Wide: // gaps everywhere, and no two channels together
    return {h * (w * (2 * c + 1) + 3) + 5, w * (2 * c + 1) + 3, 2 * c + 1, 2, some, 0};
  }
  return {};
}

std::int64_t at(const ConvLayout &l, std::int64_t n, std::int64_t y, std::int64_t x,
                std::int64_t ch) {
  return n * l.image + y * l.row + x * l.pixel + ch / l.block * l.blockStride +
         ch % l.block * l.channel;
}

/// Calls each(n, y, x, ch) for all elements.
template <class Each>
void eachElement(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c, Each each) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t y = 0; y < h; ++y)
      for (std::int64_t x = 0; x < w; ++x)
        for (std::int64_t ch = 0; ch < c; ++ch)
          each(i, y, x, ch);
}

/// Floats a layout needs for the image: up to its last element.
std::size_t extent(const ConvLayout &l, std::int64_t n, std::int64_t h, std::int64_t w,
                   std::int64_t c) {
  std::int64_t last = -1;
  eachElement(n, h, w, c, [&](auto... i) { last = std::max(last, at(l, i...)); });
  return size(last + 1);
}

std::string text(const ConvShape &s) {
  std::string t = "shape=";
  for (std::int64_t v : {s.n, s.h, s.w, s.c, s.outH, s.outW, s.outC, s.groups, s.kh, s.kw,
                         s.strideH, s.strideW, s.dilationH, s.dilationW, s.top, s.left})
    t += std::to_string(v) + ".";
  return t + (s.transposed ? "t" : "f");
}

/// Sums and sums of magnitudes of y[n, y, x, j] in NHWC order; filter [groups][out][taps][in].
struct Sums {
  std::vector<double> value, magnitude;
};

Sums reference(const ConvShape &s, const std::vector<float> &x, const std::vector<float> &f) {
  const std::size_t count = size(s.n * s.outH * s.outW * s.outC);
  Sums sums{std::vector<double>(count), std::vector<double>(count)};
  const std::int64_t inC = s.c / s.groups, outC = s.outC / s.groups;
  // (y, x) runs over the side that has the strides.
  const std::int64_t rows = s.transposed ? s.h : s.outH, cols = s.transposed ? s.w : s.outW;
  eachElement(s.n, rows, cols, s.kh * s.kw, [&](auto n, auto i, auto j, auto tap) {
    const std::int64_t y = i * s.strideH - s.top + tap / s.kw * s.dilationH;
    const std::int64_t xx = j * s.strideW - s.left + tap % s.kw * s.dilationW;
    if (y < 0 || xx < 0 || y >= (s.transposed ? s.outH : s.h) ||
        xx >= (s.transposed ? s.outW : s.w))
      return;
    const std::int64_t inAt = (n * s.h + (s.transposed ? i : y)) * s.w + (s.transposed ? j : xx);
    const std::int64_t outAt =
        (n * s.outH + (s.transposed ? y : i)) * s.outW + (s.transposed ? xx : j);
    for (std::int64_t o = 0; o < s.outC; ++o)
      for (std::int64_t ch = 0; ch < inC; ++ch) {
        const double v = double(x[size(inAt * s.c + o / outC * inC + ch)]) *
                         f[size((o * s.kh * s.kw + tap) * inC + ch)];
        sums.value[size(outAt * s.outC + o)] += v;
        sums.magnitude[size(outAt * s.outC + o)] += std::fabs(v);
      }
  });
  return sums;
}

std::vector<ConvShape> shapes(int lanes) {
  std::vector<ConvShape> all;
  for (std::int64_t c : {1, 3, 16, 21})
    for (std::int64_t outC : {1, lanes - 1, lanes + 3, 3 * lanes, 4 * lanes + 1})
      all.push_back({1, 5, 7, c, 5, 7, outC, 1, 3, 3, 1, 1, 1, 1, 1, 1});
  all.push_back({2, 6, 9, 20, 6, 9, 2 * lanes, 1, 1, 1, 1, 1, 1, 1, 0, 0});
  all.push_back({2, 8, 30, 12, 8, 30, 41, 1, 1, 1, 1, 1, 1, 1, 0, 0});
  all.push_back({1, 9, 13, 24, 9, 13, 36, 3, 1, 1, 1, 1, 1, 1, 0, 0});
  all.push_back({1, 9, 11, 5, 5, 4, 6, 1, 3, 5, 2, 3, 1, 2, 1, 4});  // ragged
  all.push_back({1, 6, 6, 12, 6, 6, 18, 3, 3, 3, 1, 1, 1, 1, 1, 1}); // groups
  all.push_back({2, 4, 5, 32, 4, 5, 64, 2, 3, 3, 1, 1, 1, 1, 1, 1});
  all.push_back({1, 5, 5, 7, 5, 5, 7, 7, 3, 3, 1, 1, 1, 1, 1, 1}); // depthwise
  all.push_back({1, 2, 3, 4, 4, 5, 9, 1, 7, 7, 1, 1, 1, 1, 4, 4}); // larger than the image
  all.push_back({1, 3, 3, 2, 5, 6, 4, 1, 2, 2, 1, 1, 1, 1, 3, 3}); // some windows outside
  all.push_back({1, 12, 13, 4, 12, 13, 8, 1, 3, 3, 1, 1, 4, 3, 4, 3});
  all.push_back({1, 20, 23, 3, 10, 12, 20, 1, 7, 7, 2, 2, 1, 1, 3, 3}); // the first of a network
  all.push_back({1, 2, 90, 600, 2, 90, 9, 1, 1, 1, 1, 1, 1, 1, 0, 0});
  // More channels than NCHW is read where it is, for several panels, with a vector of 7 pixels.
  all.push_back({2, 3, 21, 2 * 200, 3, 21, 2 * 37, 2, 1, 1, 1, 1, 1, 1, 0, 0});
  // NCHW that is gathered: rows and columns that nobody reads, in parts, too long a row.
  all.push_back({2, 9, 11, 20, 5, 4, 40, 1, 1, 1, 2, 3, 1, 1, 0, 0});
  all.push_back({1, 5, 23, 600, 3, 12, 9, 1, 1, 1, 2, 2, 1, 1, 0, 0});
  all.push_back({1, 1, 12, 6200, 1, 6, 18, 1, 1, 1, 2, 2, 1, 1, 0, 0});
  for (std::int64_t zero = 0; zero < 5; ++zero) {
    ConvShape s{1, 4, 4, 6, 4, 4, 5, 1, 3, 3, 1, 1, 1, 1, 1, 1};
    (zero == 0 ? s.n : zero == 1 ? s.h : zero == 2 ? s.c : zero == 3 ? s.outC : s.outW) = 0;
    all.push_back(s);
  }
  for (std::int64_t stride : {1, 2, 3})
    for (std::int64_t kernel : {1, 2, 3, 4})
      for (std::int64_t dilation : {1, 2}) {
        const std::int64_t out = (5 - 1) * stride + (kernel - 1) * dilation + 1;
        all.push_back({1, 5, 4, 6, out - 1, out - stride, 10, 2, kernel, kernel, stride, stride,
                       dilation, dilation, 1, 0, true});
      }
  all.push_back({2, 3, 3, 5, 8, 7, lanes + 1, 1, 3, 3, 2, 2, 1, 1, 0, 0, true});
  return all;
}

struct Case {
  const KernelRow &row, &pack;
  ConvShape shape;
  Layout in, out;
  int ending; ///< 0: none, 1: bias and bounds, 2: residual and leaky relu
  std::int64_t cache;
};

void check(const Case &c) {
  const ConvShape &s = c.shape;
  const std::vector<float> x = randomFloats(size(s.n * s.h * s.w * s.c), 1);
  const std::int64_t inC = s.c / s.groups, outC = s.outC / s.groups, taps = s.kh * s.kw;
  const std::vector<float> f = randomFloats(size(s.outC * taps * inC), 2);
  const std::vector<float> bias = randomFloats(size(s.outC), 3);
  const std::vector<float> before = randomFloats(size(s.n * s.outH * s.outW * s.outC), 4);
  Sums sums = reference(s, x, f);

  Guarded<float> plain(f), biases(bias);
  auto *pack = c.pack.function.conv2dPack;
  const std::int64_t need = pack(&s, plain.data(), outC * taps * inC, taps * inC, inC, 1, nullptr);
  Guarded<float> packed(size(need), 7.0f);
  pack(&s, plain.data(), outC * taps * inC, taps * inC, inC, 1, packed.data());

  const ConvLayout xl = layoutOf(c.in, s.h, s.w, s.c), yl = layoutOf(c.out, s.outH, s.outW, s.outC);
  std::vector<float> image(extent(xl, s.n, s.h, s.w, s.c), NAN);
  std::size_t next = 0;
  eachElement(s.n, s.h, s.w, s.c, [&](auto... i) { image[size(at(xl, i...))] = x[next++]; });
  std::vector<float> start(extent(yl, s.n, s.outH, s.outW, s.outC), 99.0f);
  next = 0;
  eachElement(s.n, s.outH, s.outW, s.outC,
              [&](auto... i) { start[size(at(yl, i...))] = before[next++]; });

  Guarded<float> in(image), out(start), again(start, GuardedBuffer::AtStart);
  ConvEpilogue ending;
  const float slope = 0.25f;
  if (c.ending == 1) {
    ending.bias = biases.data();
    ending.low = -0.5f;
    ending.high = 0.75f;
  }
  if (c.ending == 2) {
    ending.residual = out.data();
    ending.activation = kernels::findKernel("leaky_relu", "f32", c.row.isa)->function.unary;
    ending.params = &slope;
  }
  auto *run = c.row.function.conv2d;
  run(&s, &xl, in.data(), packed.data(), &yl, out.data(), &ending, c.cache, serialFor, nullptr);
  if (c.ending == 2)
    ending.residual = again.data();
  run(&s, &xl, in.data(), packed.data(), &yl, again.data(), &ending, 1 << 12, backwards, nullptr);

  bool right = in.intact() && out.intact() && again.intact() && packed.intact() && plain.intact();
  std::vector<bool> written(start.size());
  next = 0;
  eachElement(s.n, s.outH, s.outW, s.outC, [&](auto n, auto y, auto xx, auto j) {
    const std::size_t where = size(at(yl, n, y, xx, j));
    double want = sums.value[next], room = sums.magnitude[next] + 1.0;
    if (c.ending == 1)
      want = std::min(std::max(want + bias[size(j)], -0.5), 0.75);
    if (c.ending == 2) {
      want += before[next];
      want = want < 0 ? want * slope : want;
    }
    const bool same =
        std::fabs(out[where] - want) <= room * std::ldexp(double(taps * inC) + 3, -24) &&
        again[where] == out[where];
    if (!same && right)
      UNSCOPED_INFO("at " << n << "," << y << "," << xx << "," << j << " got " << out[where]
                          << " and " << again[where] << " want " << want);
    right &= same;
    written[where] = true;
    ++next;
  });
  for (std::size_t i = 0; i < written.size(); ++i)
    right &= written[i] || (out[i] == 99.0f && again[i] == 99.0f);
  CHECK(right);
}

} // namespace

TEST_CASE("conv2d has the same bits on any number of threads", "[conv]") {
  forEachRow(Family::Conv2d, [&](const KernelRow &row) {
    auto *pack = kernels::findKernel("conv2d_pack", "f32", row.isa)->function.conv2dPack;
    // Few blocks of many pixels, which are cut for threads: by 3 x 3, and by 1 x 1 with strides.
    for (const ConvShape &s : {ConvShape{1, 61, 43, 5, 61, 43, 9, 1, 3, 3, 1, 1, 1, 1, 1, 1},
                               ConvShape{2, 99, 67, 3, 50, 34, 7, 1, 1, 1, 2, 2, 1, 1, 0, 0}})
      for (Layout layout : {Layout::Nhwc, Layout::Nchw}) {
        const std::int64_t taps = s.kh * s.kw;
        const ConvLayout xl = layoutOf(layout, s.h, s.w, s.c),
                         yl = layoutOf(layout, s.outH, s.outW, s.outC);
        const auto x = randomFloats(extent(xl, s.n, s.h, s.w, s.c), 1),
                   filter = randomFloats(size(s.outC * taps * s.c), 2);
        std::vector<float> packed(size(pack(&s, filter.data(), 0, taps * s.c, 1, taps, nullptr)));
        pack(&s, filter.data(), 0, taps * s.c, 1, taps, packed.data());
        const ConvEpilogue ending;
        const auto multiply = [&](std::int64_t cache, ParallelFor loop, int threads) {
          std::vector<float> y(extent(yl, s.n, s.outH, s.outW, s.outC), NAN);
          row.function.conv2d(&s, &xl, x.data(), packed.data(), &yl, y.data(), &ending, cache, loop,
                              &threads);
          return y;
        };
        const std::vector<float> alone = multiply(1 << 12, serialFor, 1);
        for (int threads = 1; threads <= 5; ++threads)
          CHECK(std::memcmp(multiply(1 << 20, onThreads, threads).data(), alone.data(),
                            alone.size() * 4) == 0);
      }
  });
}

TEST_CASE("conv2d shares out no empty blocks, however wide the image", "[conv]") {
  forEachRow(Family::Conv2d, [&](const KernelRow &row) {
    auto *pack = kernels::findKernel("conv2d_pack", "f32", row.isa)->function.conv2dPack;
    const std::int64_t outC = isaFloatLanes(row.isa);
    const ConvShape s{1, 2, 3000, 3, 2, 3000, outC, 1, 3, 3, 1, 1, 1, 1, 1, 1};
    const auto x = randomFloats(size(s.h * s.w * s.c), 1),
               filter = randomFloats(size(outC * 27), 2);
    std::vector<float> packed(size(pack(&s, filter.data(), 0, 27, 1, 9, nullptr)));
    pack(&s, filter.data(), 0, 27, 1, 9, packed.data());
    const ConvLayout xl = layoutOf(Layout::Nhwc, s.h, s.w, s.c),
                     yl = layoutOf(Layout::Nhwc, s.outH, s.outW, outC);
    std::vector<float> y(size(s.outH * s.outW * outC));
    const auto counting = [](void *pool, std::int64_t count, ParallelBody body, void *args) {
      *static_cast<std::int64_t *>(pool) = count;
      serialFor(nullptr, count, body, args);
    };
    std::int64_t blocks = 0;
    const ConvEpilogue ending;
    // The cache holds all lines at once, so that each block has whole ones.
    row.function.conv2d(&s, &xl, x.data(), packed.data(), &yl, y.data(), &ending, 1 << 24, counting,
                        &blocks);
    CHECK(blocks == s.outH);
  });
}

TEST_CASE("conv2d sums filter times image in every layout", "[conv]") {
  forEachRow(Family::Conv2d, [&](const KernelRow &row) {
    const KernelRow *pack = kernels::findKernel("conv2d_pack", "f32", row.isa);
    REQUIRE(pack);
    for (const ConvShape &s : shapes(isaFloatLanes(row.isa)))
      for (const auto &[in, out] :
           {std::pair{Layout::Nhwc, Layout::Nhwc}, std::pair{Layout::Nchw, Layout::Nchw},
            std::pair{Layout::Blocked, Layout::Blocked}, std::pair{Layout::Nhwc, Layout::Blocked8},
            std::pair{Layout::Nchw, Layout::Nhwc}, std::pair{Layout::Wide, Layout::Wide}})
        for (int ending = 0; ending < 3; ++ending) {
          const std::string details = text(s) + ",layouts=" + std::to_string(int(in)) +
                                      std::to_string(int(out)) +
                                      ",ending=" + std::to_string(ending);
          if (!selected(row, details))
            continue;
          INFO(replay(row, details));
          check({row, *pack, s, in, out, ending, 1 << 20});
        }
  });
}
