// Random programs: operators and common groups of them, each on what the others have given.
#include "SweepMakers.h"
#include <algorithm>
#include <map>
#include <optional>

namespace tessera::sweep {

namespace {

/// Elements that a value of a program has at most; a larger result is not given on.
constexpr int64_t kMostElements = 60'000;
/// Reals further from zero than this, at a guess, are brought back before anything else is done.
constexpr double kFar = 12;

struct Value {
  std::string name;
  Dims dims;
  double size = 3;                  ///< A guess at the largest element.
  bool used = false, given = false; ///< By an operator; to the program.
};

/// The reference adds one number after the other, which loses digits of a longer sum.
constexpr int64_t kMostAdded = 2048;

int64_t countOf(const Dims &dims) {
  int64_t count = 1;
  for (int64_t dim : dims)
    count *= dim;
  return count;
}

class Program {
public:
  explicit Program(std::mt19937_64 &random) : random(random), wide(below(3) == 0) {}

  Case make(int64_t steps) {
    static const std::vector<Dims> kFirst = {{17, 33},     {64, 48},       {2, 9, 32}, {130, 70},
                                             {4, 33, 16},  {1, 14, 14, 8}, {31},       {2, 8, 9, 3},
                                             {2, 3, 5, 7}, {1, 7, 16, 33}, {257, 40},  {96, 96}};
    addInput({kFirst[below(kFirst.size())]});
    if (below(3) == 0)
      addInput({kFirst[below(kFirst.size())]});
    for (int64_t i = 0; i < steps && made.inputs.size() < 40; ++i)
      step();
    for (const Value &value : values)
      if (value.given ? below(20) == 0 : !value.used || below(8) == 0)
        made.results.push_back({value.name, type(value.dims)});
    if (made.results.empty())
      made.results.push_back({values.back().name, type(values.back().dims)});
    return std::move(made);
  }

private:
  int64_t below(uint64_t bound) { return int64_t(random() % bound); }

  size_t addInput(Input input) {
    values.push_back({inputName(made.inputs.size()), input.dims, 3, false, true});
    made.inputs.push_back(std::move(input));
    return values.size() - 1;
  }

  /// Deep programs go on from the newest value, wide ones from any.
  size_t source() {
    if (!wide && below(4))
      return values.size() - 1;
    return size_t(below(values.size()));
  }

  /// A value of these dims beside `not`, or none.
  std::optional<size_t> other(const Dims &dims, size_t not_) {
    std::vector<size_t> found;
    for (size_t i = 0; i < values.size(); ++i)
      if (i != not_ && values[i].dims == dims)
        found.push_back(i);
    return found.empty() ? std::nullopt : std::optional(found[below(found.size())]);
  }

  /// Puts a case into the program: its first inputs are values, the others new inputs.
  size_t append(const Case &part, std::vector<size_t> from, double size, const Dims &dims) {
    std::map<std::string, std::string> names;
    for (size_t i = 0; i < part.inputs.size(); ++i) {
      if (i >= from.size())
        from.push_back(addInput(part.inputs[i]));
      values[from[i]].used = true;
      names[inputName(i)] = values[from[i]].name;
    }
    const std::string own = "s" + std::to_string(++parts) + "_";
    const std::string &text = part.body;
    for (size_t at = 0; at < text.size();) {
      made.body += text[at++];
      if (text[at - 1] != '%')
        continue;
      const size_t end = std::min(
          text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at), text.size());
      const std::string name = text.substr(at, end - at);
      const auto known = names.find(name);
      made.body += known == names.end() ? own + name : known->second;
      at = end;
    }
    made.body += "\n";
    if (!made.name.empty())
      made.name += " ";
    made.name += part.name;
    if (countOf(dims) > kMostElements) {
      made.results.push_back({own + part.results[0].first, type(dims)});
      return from[0];
    }
    values.push_back({own + part.results[0].first, dims, size, false});
    return values.size() - 1;
  }

  void step() {
    const size_t at = source();
    const Value value = values[at];
    if (value.size > kFar) {
      append(unary(below(2) ? "tanh" : "sigmoid", value.dims), {at}, 1, value.dims);
      return;
    }
    switch (value.dims.empty() ? 8 : below(9)) {
    case 0:
      return residual(at);
    case 1:
      return centred(at);
    case 2:
      return attention(at);
    case 3:
      return reshaped(at);
    case 4:
      return linear(at);
    default:
      operation(at);
    }
  }

  size_t operation(size_t at) {
    Case part = randomOn(random, values[at].dims);
    if ((part.name.starts_with("reduce_sum") || part.name.starts_with("reduce_mean")) &&
        countOf(values[at].dims) > kMostAdded * countOf(dimsOf(part)))
      return at;
    std::vector<size_t> from{at};
    if (part.inputs.size() == 2 && below(3))
      if (const auto second = other(part.inputs[1].dims, at);
          second && part.inputs[1].fill == Fill::normal)
        from.push_back(*second);
    // Rows that hardly differ would lose all their digits to a smaller epsilon.
    if (const size_t epsilon = part.body.find("1.0e-5"); epsilon != std::string::npos)
      part.body.replace(epsilon, 6, "1.0e-2");
    return append(part, from, sizeOf(part, from), dimsOf(part));
  }

  double sizeOf(const Case &part, const std::vector<size_t> &from) {
    const double a = values[from[0]].size, b = from.size() > 1 ? values[from[1]].size : 3;
    const std::string op = part.name.substr(0, part.name.find('/'));
    if (op == "mul")
      return a * b;
    if (op == "add" || op == "sub")
      return a + b;
    if (op == "layer_norm" || op == "rms_norm")
      return 6;
    if (op == "softmax" || op == "tanh" || op == "sigmoid" || op == "erf")
      return 1;
    if (op == "reduce_sum" || op == "depthwise_conv2d")
      return a * 20;
    if (op == "log_softmax")
      return 2 * a + 6;
    return op == "matmul" || op == "conv2d" ? a * 1.5 : std::max(a, b);
  }

  static Dims dimsOf(const Case &part) {
    Dims dims;
    const std::string &text = part.results[0].second;
    for (size_t at = text.find('<') + 1; isdigit(text[at]); at = text.find('x', at) + 1)
      dims.push_back(std::stoll(text.substr(at)));
    return dims;
  }

  /// x + f(x), where f keeps the shape.
  void residual(size_t at) {
    const Dims dims = values[at].dims;
    const size_t one = append(unary(below(2) ? "gelu" : "silu", dims), {at}, values[at].size, dims);
    append(binary("add", dims, dims), {one, at}, 2 * values[at].size, dims);
  }

  /// x - mean(x)
  void centred(size_t at) {
    const Dims dims = values[at].dims;
    Dims kept = dims;
    const int64_t axis = below(dims.size());
    kept[axis] = 1;
    const bool mean = below(2) == 1 && dims[axis] <= kMostAdded;
    const size_t centre =
        append(reduce(mean ? "mean" : "max", dims, {axis}, true), {at}, values[at].size, kept);
    append(binary("sub", dims, kept), {at, centre}, 2 * values[at].size, dims);
  }

  /// Attention of the value to itself, or to new keys.
  void attention(size_t at) {
    const Dims q = values[at].dims;
    if (q.size() < 2 || q.back() == 1) {
      operation(at);
      return;
    }
    const Dims batch(q.begin(), q.end() - 2);
    const int64_t m = q[q.size() - 2], d = q.back(), s = below(2) ? m : 1 + below(150);
    Case scores = matmul(batch, batch, m, s, d, false, true);
    scores.inputs[1].fill = Fill::weight, scores.inputs[1].bound = d;
    Dims logits = batch;
    logits.insert(logits.end(), {m, s});
    if (countOf(logits) > kMostElements)
      return;
    std::vector<size_t> from{at};
    if (s == m && values[at].size <= 3 && below(2)) {
      // The value itself as its keys, made small enough first.
      const size_t small =
          append(norm("rms_norm", q, int64_t(q.size()) - 1, false, false), {at}, 3, q);
      from.push_back(append(unary("tanh", q), {small}, 1, q));
    }
    const size_t product = append(scores, from, values[at].size * 3, logits);
    const size_t weights =
        append(alongAxis("softmax", logits, int64_t(q.size()) - 1), {product}, 1, logits);
    const int64_t e = below(2) ? d : 1 + below(40);
    Dims out = batch;
    out.insert(out.end(), {m, e});
    append(matmul(batch, batch, m, e, s), {weights}, 3, out);
  }

  /// Two neighbouring dimensions as one, or one as two.
  void reshaped(size_t at) {
    const Dims from = values[at].dims;
    Dims to = from;
    const size_t d = size_t(below(from.size()));
    if (d + 1 < from.size() && below(2)) {
      to[d] *= to[d + 1];
      to.erase(to.begin() + std::ptrdiff_t(d) + 1);
    } else if (from.size() < 5) {
      for (int64_t factor : {8, 7, 5, 4, 3, 2, 1})
        if (from[d] % factor == 0) {
          to[d] = from[d] / factor;
          to.insert(to.begin() + std::ptrdiff_t(d) + 1, factor);
          break;
        }
    }
    append({"reshape",
            {{from}},
            "%r = npu.reshape %a : " + type(from) + " to " + type(to),
            {{"r", type(to)}}},
           {at}, values[at].size, to);
  }

  /// A product with its bias, an activation, and what came before where it fits.
  void linear(size_t at) {
    const Dims dims = values[at].dims;
    if (dims.size() < 2) {
      operation(at);
      return;
    }
    const int64_t k = dims.back();
    static constexpr int64_t kWidths[] = {1, 16, 24, 33, 48, 64, 100};
    const int64_t n = below(3) ? kWidths[below(std::size(kWidths))] : k;
    Case part = matmul(Dims(dims.begin(), dims.end() - 2), {}, dims[dims.size() - 2], n, k);
    part.inputs[1].fill = Fill::weight, part.inputs[1].bound = k;
    Dims out = dims;
    out.back() = n;
    const double size = 1.5 * values[at].size;
    size_t last = append(part, {at}, size, out);
    if (values[last].dims != out)
      return;
    if (below(3))
      last = append(binary("add", out, {n}), {last}, size + 3, out);
    if (below(2))
      last = append(unary(below(2) ? "relu" : "gelu", out), {last}, size + 3, out);
    if (n == k && below(2))
      append(binary("add", out, out), {last, at}, 2 * size + 3, out);
  }

  std::mt19937_64 &random;
  Case made;
  std::vector<Value> values;
  int parts = 0;
  const bool wide;
};

} // namespace

Case randomProgram(std::mt19937_64 &random, int64_t steps) {
  return Program(random).make(steps);
}

} // namespace tessera::sweep
