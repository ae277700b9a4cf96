// Operators of random family and shape.
#include "SweepMakers.h"
#include <algorithm>
#include <numeric>

namespace tessera::sweep {

namespace {

/// Multiplications that a product or convolution has at most.
constexpr int64_t kMostWork = 4'000'000;

class Maker {
public:
  explicit Maker(std::mt19937_64 &random) : random(random) {}

  /// Anything, on inputs of any shape.
  Case make() {
    switch (below(14)) {
    case 6:
    case 7:
      return product(matrix());
    case 8:
      return convolution(image());
    case 9:
      return windows(image());
    case 10:
      return product(matrix(), "i8");
    case 11:
      return convolution(image(), "i8");
    default:
      return any(dims(5), false);
    }
  }

  /// Something that takes `first`, and keeps reals of moderate size so.
  Case on(const Dims &first) {
    const int64_t way = below(first.size() == 4 ? 14 : 10);
    if (way < 3 && first.size() >= 2)
      return product(first);
    if (way >= 10)
      return way < 12 ? convolution(first) : windows(first);
    return any(first, true);
  }

private:
  int64_t below(uint64_t bound) { return int64_t(random() % bound); }
  std::string pick(std::vector<std::string> names) { return names[below(names.size())]; }
  /// Mostly small, often 1, around a vector's width, sometimes a large prime.
  int64_t dim() {
    static constexpr int64_t kDims[] = {1, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 47, 61, 127};
    return kDims[below(std::size(kDims))];
  }
  Dims dims(int64_t most) {
    Dims out(1 + below(most));
    int64_t count = 1;
    for (int64_t &d : out) {
      d = dim();
      if (count * d > 20000)
        d = 2;
      count *= d;
    }
    return out;
  }
  Dims matrix() {
    Dims out;
    for (int64_t i = below(3); i > 0; --i)
      out.push_back(below(3) ? 1 + below(3) : 1);
    out.insert(out.end(), {dim(), dim()});
    return out;
  }
  Dims image() { return {1 + below(2), 1 + below(18), 1 + below(18), dim()}; }

  Case any(const Dims &d, bool moderate) {
    // A scalar has no axis to choose.
    switch (below(d.empty() ? 4 : 9)) {
    case 0:
    case 1:
      return unary(pick({"relu", "gelu", "tanh", "silu", "sigmoid", "mish", "erf", "hard_swish",
                         "softplus", moderate ? "abs" : "exp"}),
                   d);
    case 2:
    case 3:
      return broadcastBinary(d, moderate);
    case 4:
      return reduction(d);
    case 5:
      return alongAxis(pick({"softmax", "log_softmax"}), d, below(d.size()));
    case 6:
      return norm(pick({"layer_norm", "rms_norm"}), d, below(d.size()), below(2), false);
    case 7:
      return shuffled(d, moderate);
    default:
      return cut(d);
    }
  }

  Case broadcastBinary(Dims a, bool moderate) {
    Dims b = a;
    for (size_t d = 0; d < a.size(); ++d)
      if (int64_t way = below(4); way < 2)
        (way && !moderate ? a : b)[d] = 1;
    b.erase(b.begin(), b.begin() + below(b.size() + 1));
    if (moderate)
      return binary(pick({"add", "sub", "mul", "max", "min", "add"}), a, b);
    if (below(2))
      std::swap(a, b);
    const std::string element = pick({"f32", "f32", "f32", "f16", "i32", "i64", "i8"});
    return binary(pick({"add", "sub", "mul", "div", "max", "min"}), a, b, element,
                  element[0] == 'i' ? Fill::nonzero : Fill::positive);
  }

  Case reduction(const Dims &d) {
    Dims axes;
    for (size_t i = 0; i < d.size(); ++i)
      if (below(2))
        axes.push_back(int64_t(i));
    if (axes.empty())
      axes.push_back(below(d.size()));
    return reduce(pick({"sum", "mean", "max", "min"}), d, axes, below(2));
  }

  /// On the left `a`, or its transpose.
  Case product(const Dims &a, const std::string &element = "f32") {
    Dims batch(a.begin(), a.end() - 2), other;
    const bool turn = below(3) == 0;
    const int64_t m = a[a.size() - (turn ? 1 : 2)], k = a[a.size() - (turn ? 2 : 1)];
    int64_t count = 1;
    for (int64_t extent : batch) {
      count *= extent;
      other.push_back(below(3) ? extent : 1);
      if (extent == 1 && below(3) == 0)
        count *= other.back() = 1 + below(3);
    }
    if (!other.empty() && below(3) == 0)
      other.clear();
    if (batch.empty() && below(6) == 0)
      count *= other.emplace_back(1 + below(3));
    const int64_t n =
        std::clamp<int64_t>(dim(), 1, std::max<int64_t>(kMostWork / count / m / k, 1));
    Case made = matmul(batch, other, m, n, k, turn, below(3) == 0, element);
    if (element == "i8")
      return made;
    made.inputs[1].fill = Fill::weight, made.inputs[1].bound = k;
    return made;
  }

  Window window(const Dims &x) {
    Window w;
    w.batch = x[0], w.height = x[1], w.width = x[2], w.channels = x[3];
    for (int d = 0; d < 2; ++d) {
      w.kernel[d] = 1 + below(std::min<int64_t>(x[d + 1], 4));
      w.dilations[d] = (w.kernel[d] - 1) * 2 < x[d + 1] ? 1 + below(2) : 1;
      w.strides[d] = 1 + below(3);
      const int64_t reach = (w.kernel[d] - 1) * w.dilations[d] + 1;
      w.pads[d] = below(reach), w.pads[d + 2] = below(reach);
    }
    return w;
  }

  Case convolution(const Dims &x, const std::string &element = "f32") {
    const Window w = window(x);
    const int64_t groups = x[3] % 2 || below(4) ? 1 : 2;
    const int64_t each = x[0] * x[1] * x[2] * x[3] * w.kernel[0] * w.kernel[1];
    const int64_t features = std::min(dim(), std::max<int64_t>(kMostWork / each, 1));
    Case made = conv(w, features * groups, groups, element);
    if (element == "i8")
      return made;
    made.inputs[1].fill = Fill::weight;
    made.inputs[1].bound = w.kernel[0] * w.kernel[1] * x[3] / groups;
    return made;
  }

  Case windows(const Dims &x) {
    const int64_t way = below(4);
    if (way == 0)
      return depthwise(window(x));
    return pool(way == 1 ? "max_pool2d" : "avg_pool2d", window(x), way == 2);
  }

  Case shuffled(const Dims &d, bool moderate) {
    Dims perm(d.size());
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), random);
    return transpose(d, perm, moderate ? "f32" : pick({"f32", "f32", "f16", "i8", "i64"}));
  }

  Case cut(const Dims &d) {
    Dims offsets, sizes, strides, low, high;
    for (int64_t extent : d) {
      offsets.push_back(below(extent));
      strides.push_back(1 + below(3));
      const int64_t most = (extent - offsets.back() + strides.back() - 1) / strides.back();
      sizes.push_back(1 + below(most));
      low.push_back(below(3)), high.push_back(below(3));
    }
    if (below(2))
      return slice(d, offsets, sizes, strides);
    if (below(2))
      return pad(d, low, high, 0.5);
    Dims other = d;
    const int64_t axis = below(d.size());
    other[axis] = dim();
    return concat({d, other}, axis);
  }

  std::mt19937_64 &random;
};

} // namespace

Case randomCase(std::mt19937_64 &random) {
  return Maker(random).make();
}

Case randomOn(std::mt19937_64 &random, const Dims &first) {
  return Maker(random).on(first);
}

} // namespace tessera::sweep
