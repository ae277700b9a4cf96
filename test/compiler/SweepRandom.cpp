// Cases of random family and shape.
#include "SweepMakers.h"
#include <algorithm>
#include <numeric>

namespace tessera::sweep {

namespace {

class Maker {
public:
  explicit Maker(std::mt19937_64 &random) : random(random) {}

  Case make() {
    switch (below(12)) {
    case 0:
      return unary(pick({"relu", "gelu", "exp", "tanh", "silu", "sigmoid", "mish"}), dims(5));
    case 1:
    case 2:
      return broadcastBinary();
    case 3:
      return reduction();
    case 4: {
      const Dims d = dims(4);
      return alongAxis(pick({"softmax", "log_softmax"}), d, below(d.size()));
    }
    case 5: {
      const Dims d = dims(4);
      return norm(pick({"layer_norm", "rms_norm"}), d, below(d.size()), below(2), false);
    }
    case 6:
    case 7:
      return product();
    case 8:
      return convolution();
    case 9:
      return windows();
    case 10:
      return shuffled();
    default:
      return cut();
    }
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

  Case broadcastBinary() {
    Dims a = dims(5), b = a;
    for (size_t d = 0; d < a.size(); ++d)
      if (int64_t way = below(4); way < 2)
        (way ? a : b)[d] = 1;
    b.erase(b.begin(), b.begin() + below(b.size() + 1));
    if (below(2))
      std::swap(a, b);
    const std::string element = pick({"f32", "f32", "f32", "f16", "i32", "i64", "i8"});
    return binary(pick({"add", "sub", "mul", "div", "max", "min"}), a, b, element,
                  element[0] == 'i' ? Fill::nonzero : Fill::positive);
  }

  Case reduction() {
    const Dims d = dims(5);
    Dims axes;
    for (size_t i = 0; i < d.size(); ++i)
      if (below(2))
        axes.push_back(int64_t(i));
    if (axes.empty())
      axes.push_back(below(d.size()));
    return reduce(pick({"sum", "mean", "max", "min"}), d, axes, below(2));
  }

  Case product() {
    Dims a, b;
    for (int64_t i = below(3); i > 0; --i) {
      const int64_t extent = 1 + below(3);
      a.push_back(below(3) ? extent : 1);
      b.push_back(below(3) ? extent : 1);
    }
    if (!b.empty() && below(3) == 0)
      b.erase(b.begin());
    return matmul(a, b, dim(), dim(), dim(), below(3) == 0, below(3) == 0);
  }

  Window window() {
    Window w;
    w.batch = 1 + below(2), w.channels = dim();
    for (int d = 0; d < 2; ++d) {
      w.kernel[d] = 1 + below(4), w.strides[d] = 1 + below(3), w.dilations[d] = 1 + below(2);
      const int64_t reach = (w.kernel[d] - 1) * w.dilations[d] + 1;
      w.pads[d] = below(reach), w.pads[d + 2] = below(reach);
      (d ? w.width : w.height) = reach + below(12);
    }
    return w;
  }

  Case convolution() {
    Window w = window();
    const int64_t groups = below(4) ? 1 : 2;
    w.channels = std::min<int64_t>(w.channels, 33) * groups;
    return conv(w, dim() * groups, groups);
  }

  Case windows() {
    const int64_t way = below(4);
    if (way == 0)
      return depthwise(window());
    return pool(way == 1 ? "max_pool2d" : "avg_pool2d", window(), way == 2);
  }

  Case shuffled() {
    const Dims d = dims(5);
    Dims perm(d.size());
    std::iota(perm.begin(), perm.end(), 0);
    std::shuffle(perm.begin(), perm.end(), random);
    return transpose(d, perm, pick({"f32", "f32", "f16", "i8", "i64"}));
  }

  Case cut() {
    const Dims d = dims(4);
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

} // namespace tessera::sweep
