// Attention against the plain formula in double: shapes, options, storage types, threads.
#include <algorithm>
#include <cmath>
#include <memory>

#include <catch2/catch.hpp>

#include "Harness.h"
#include "tessera/kernels/AttentionArgs.h"

using namespace tessera;
using namespace tessera::test;
using kernels::AttentionArgs;

namespace {

struct Shape {
  std::int64_t batch, heads, kvHeads, queries, keys, headSize, valueSize;
};

enum Option { Causal = 1, Window = 2, Mask = 4, Slopes = 8, Interleaved = 16 };

/// A value of the storage type as the kernel reads it, from a number in [-1, 1).
float rounded(std::string_view dtype, float x, std::uint16_t &bits) {
  const auto word = __builtin_bit_cast(std::uint32_t, x);
  if (dtype == "bf16") {
    bits = static_cast<std::uint16_t>(word >> 16);
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(bits) << 16);
  }
  if (std::fabs(x) < 0x1p-14f) {
    bits = static_cast<std::uint16_t>(word >> 16 & 0x8000u);
    return std::copysign(0.0f, x);
  }
  bits = static_cast<std::uint16_t>((word >> 16 & 0x8000u) |
                                    (((word & 0x7fffffffu) - (112u << 23)) >> 13));
  return __builtin_bit_cast(float, word & ~0x1fffu);
}

/// Keys or values: as the kernel gets them, and as numbers.
struct Stored {
  std::vector<float> numbers;
  Guarded<std::uint16_t> halves;
  Guarded<float> floats;

  Stored(std::string_view dtype, std::int64_t count, std::uint32_t seed)
      : numbers(randomFloats(static_cast<std::size_t>(count), seed)),
        halves(narrow(dtype, numbers)), floats(dtype == "f32" ? numbers : std::vector<float>()) {}
  const void *data(std::string_view dtype) {
    return dtype == "f32" ? static_cast<const void *>(floats.data()) : halves.data();
  }

private:
  static std::vector<std::uint16_t> narrow(std::string_view dtype, std::vector<float> &values) {
    std::vector<std::uint16_t> bits(dtype == "f32" ? 0 : values.size());
    for (std::size_t i = 0; i < bits.size(); ++i)
      values[i] = rounded(dtype, values[i], bits[i]);
    return bits;
  }
};

/// One case: its tensors, [batch][head][row][size] or with Interleaved [batch][row][head][size].
struct Case {
  Shape shape;
  std::string dtype;
  Stored k, v;
  Guarded<float> q, out, mask, slopes;
  AttentionArgs args;

  Case(std::string_view type, const Shape &s, int options)
      : shape(s), dtype(type), k(type, s.batch * s.kvHeads * s.keys * s.headSize, 31),
        v(type, s.batch * s.kvHeads * s.keys * s.valueSize, 32),
        q(randomFloats(count(s.batch * s.heads * s.queries * s.headSize), 33)),
        out(count(s.batch * s.heads * s.queries * s.valueSize), 7.0f, GuardedBuffer::AtStart),
        mask(randomFloats(count(s.heads * s.queries * s.keys), 34)),
        slopes(randomFloats(count(s.heads), 35)), args() {
    for (std::size_t i = 3; i < mask.size(); i += 7)
      mask[i] = -INFINITY;
    args.q = q.data();
    args.k = k.data(dtype);
    args.v = v.data(dtype);
    args.out = out.data();
    args.batch = s.batch;
    args.heads = s.heads;
    args.kvHeads = s.kvHeads;
    args.queries = s.queries;
    args.keys = s.keys;
    args.headSize = s.headSize;
    args.valueSize = s.valueSize;
    const bool mixed = options & Interleaved;
    const auto strides = [&](std::int64_t heads, std::int64_t rows, std::int64_t size,
                             std::int64_t &batch, std::int64_t &head, std::int64_t &row) {
      batch = heads * rows * size;
      head = mixed ? size : rows * size;
      row = mixed ? heads * size : size;
    };
    strides(s.heads, s.queries, s.headSize, args.qBatch, args.qHead, args.qRow);
    strides(s.kvHeads, s.keys, s.headSize, args.kBatch, args.kHead, args.kRow);
    strides(s.kvHeads, s.keys, s.valueSize, args.vBatch, args.vHead, args.vRow);
    strides(s.heads, s.queries, s.valueSize, args.outBatch, args.outHead, args.outRow);
    args.scale = 0.7f;
    args.firstPosition = s.keys - s.queries;
    args.causal = options & Causal;
    args.window = options & Window ? 5 : 0;
    if (options & Mask) {
      args.mask = mask.data();
      args.maskHead = s.queries * s.keys;
      args.maskRow = s.keys;
    }
    if (options & Slopes)
      args.slopes = slopes.data();
    scratch = std::make_unique<Guarded<float>>(count(args.workspaceFloats()), 0.0f);
    args.workspace = scratch->data();
  }

  bool intact() const {
    return k.halves.intact() && k.floats.intact() && v.halves.intact() && v.floats.intact() &&
           q.intact() && out.intact() && mask.intact() && scratch->intact();
  }

  /// The largest difference from the formula.
  double error() {
    double worst = 0;
    for (std::int64_t b = 0; b < shape.batch; ++b)
      for (std::int64_t h = 0; h < shape.heads; ++h)
        for (std::int64_t i = 0; i < shape.queries; ++i)
          worst = std::fmax(worst, rowError(b, h, i));
    return worst;
  }

private:
  std::unique_ptr<Guarded<float>> scratch;

  static std::size_t count(std::int64_t n) { return static_cast<std::size_t>(n); }

  double rowError(std::int64_t b, std::int64_t h, std::int64_t i) {
    const std::int64_t g = h / (shape.heads / shape.kvHeads);
    std::vector<double> want(count(shape.valueSize)), score(count(shape.keys));
    double high = -HUGE_VAL, sum = 0;
    for (std::int64_t j = 0; j < shape.keys; ++j) {
      const std::int64_t position = args.firstPosition + i;
      double x = 0;
      for (std::int64_t e = 0; e < shape.headSize; ++e)
        x += static_cast<double>(q[count(b * args.qBatch + h * args.qHead + i * args.qRow + e)]) *
             k.numbers[count(b * args.kBatch + g * args.kHead + j * args.kRow + e)];
      x *= static_cast<double>(args.scale);
      if (args.mask)
        x += mask[count(h * args.maskHead + i * args.maskRow + j)];
      if (args.slopes)
        x += slopes[count(h)] * static_cast<double>(j - position);
      if ((args.causal && j > position) || (args.window > 0 && j <= position - args.window))
        x = -HUGE_VAL;
      score[count(j)] = x;
      high = std::fmax(high, x);
    }
    for (std::int64_t j = 0; j < shape.keys; ++j) {
      const double p = high == -HUGE_VAL ? 0 : std::exp(score[count(j)] - high);
      sum += p;
      for (std::int64_t e = 0; e < shape.valueSize; ++e)
        want[count(e)] +=
            p * v.numbers[count(b * args.vBatch + g * args.vHead + j * args.vRow + e)];
    }
    double worst = 0;
    for (std::int64_t e = 0; e < shape.valueSize; ++e) {
      const float got = out[count(b * args.outBatch + h * args.outHead + i * args.outRow + e)];
      const double error = std::fabs(got - (sum > 0 ? want[count(e)] / sum : 0));
      worst = error <= worst ? worst : error; // NaN is worst
    }
    return worst;
  }
};

std::string text(const Shape &s, int options) {
  std::string all = "options=" + std::to_string(options);
  for (std::int64_t n : {s.batch, s.heads, s.kvHeads, s.queries, s.keys, s.headSize, s.valueSize})
    all += "," + std::to_string(n);
  return all;
}

const Shape kShapes[] = {
    {1, 1, 1, 1, 1, 1, 1},      {1, 2, 2, 3, 5, 7, 9},       {2, 4, 2, 17, 33, 16, 24},
    {1, 2, 1, 65, 97, 64, 64},  {1, 3, 3, 70, 70, 40, 33},   {1, 8, 2, 5, 200, 20, 20},
    {2, 6, 1, 1, 130, 80, 48},  {1, 16, 1, 1, 50, 32, 32},   {1, 1, 1, 130, 250, 10, 6},
    {1, 1, 1, 12, 30, 300, 10}, {1, 1, 1, 12, 30, 16, 300},  {1, 2, 2, 1, 30, 300, 300},
    {1, 2, 1, 2, 2500, 24, 40}, {1, 2, 2, 1, 1025, 64, 128}, {1, 2, 2, 20, 10, 8, 8},
};

} // namespace

TEST_CASE("attention agrees with its formula for every shape and option", "[attention]") {
  forEachRow(Family::Attention, [&](const KernelRow &row) {
    for (const Shape &shape : kShapes)
      for (int options = 0; options < 32; ++options) {
        if (!selected(row, text(shape, options)))
          continue;
        INFO(replay(row, text(shape, options)));
        Case test(row.dtype, shape, options);
        row.function.attention(test.args);
        const bool intact = test.intact();
        CHECK(intact);
        // Values are below 1. A slope makes scores as large as the distance, and their rounding
        // is a relative error of the probabilities.
        CHECK(test.error() <= (options & Slopes ? 4e-5 : 2e-6));
        // Every order of the parts gives the same bits.
        std::vector<float> before(test.out.data(), test.out.data() + test.out.size());
        test.args.parallelFor = backwards;
        row.function.attention(test.args);
        CHECK(std::equal(before.begin(), before.end(), test.out.data()));
      }
  });
}

TEST_CASE("attention without keys, queries or dimensions", "[attention]") {
  forEachRow(Family::Attention, [&](const KernelRow &row) {
    INFO(replay(row, ""));
    for (std::int64_t queries : {0, 1, 30})
      for (const Shape &shape :
           {Shape{1, 2, 2, queries, 0, 8, 8}, Shape{1, 2, 2, queries, 6, 0, 8},
            Shape{1, 2, 2, queries, 6, 8, 0}, Shape{0, 2, 2, queries, 6, 8, 8}}) {
        Case test(row.dtype, shape, 0);
        row.function.attention(test.args);
        CHECK(test.intact());
        CHECK(test.error() <= 1e-6);
      }
  });
}

TEST_CASE("attention hides what lies before the first key and behind -inf", "[attention]") {
  forEachRow(Family::Attention, [&](const KernelRow &row) {
    INFO(replay(row, ""));
    for (std::int64_t queries : {4, 40}) {
      Case test(row.dtype, {1, 1, 1, queries, 50, 16, 16}, Causal | Mask);
      test.args.firstPosition = -2; // the first two queries see nothing
      for (std::int64_t j = 0; j < 50; ++j)
        test.mask[static_cast<std::size_t>(3 * 50 + j)] = -INFINITY;
      row.function.attention(test.args);
      CHECK(test.error() <= 1e-6);
      for (std::size_t e : {0u, 17u, 50u})
        CHECK(test.out[e] == 0.0f);
    }
  });
}

TEST_CASE("attention makes NaN of a row with NaN, and only of that", "[attention]") {
  forEachRow(Family::Attention, [&](const KernelRow &row) {
    INFO(replay(row, ""));
    for (std::int64_t queries : {4, 40})
      for (float poison : {NAN, INFINITY}) {
        Case test(row.dtype, {1, 1, 1, queries, 50, 16, 16}, 0);
        test.q[3 * 16 + 2] = poison;
        row.function.attention(test.args);
        for (std::size_t i = 0; i < test.out.size(); ++i)
          CHECK(std::isnan(test.out[i]) == (i / 16 == 3));
      }
  });
}
