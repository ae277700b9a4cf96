// The cases that always run: every operator, the element types, and the shapes that break loops.
#include "SweepMakers.h"

namespace tessera::sweep {

namespace {

using Cases = std::vector<Case>;

void elementwise(Cases &cases) {
  const std::vector<std::string> reals = {"abs",      "neg",        "sign",  "relu", "exp",
                                          "tanh",     "sigmoid",    "erf",   "gelu", "gelu_tanh",
                                          "silu",     "hard_swish", "floor", "ceil", "round",
                                          "softplus", "mish",       "sin",   "cos"};
  int turn = 0;
  const std::vector<Dims> shapes = {{7},    {1},        {},   {2, 3, 5},
                                    {1021}, {3, 1, 17}, {16}, {2, 1, 3, 1, 5}};
  for (const std::string &op : reals) {
    cases.push_back(unary(op, shapes[turn++ % shapes.size()]));
    cases.push_back(unary(op, {33}));
  }
  for (const char *op : {"log", "sqrt", "rsqrt", "reciprocal"})
    cases.push_back(unary(op, shapes[turn++ % shapes.size()], "f32", Fill::positive));
  cases.push_back(unary("leaky_relu", {5, 7}, "f32", Fill::normal, "{alpha = 0.125 : f32}"));
  cases.push_back(unary("elu", {5, 7}, "f32", Fill::normal, "{alpha = 2.0 : f32}"));
  cases.push_back(
      unary("hard_sigmoid", {35}, "f32", Fill::normal, "{alpha = 0.25 : f32, beta = 0.75 : f32}"));
  cases.push_back(unary("clip", {35}, "f32", Fill::normal, "{max = 0.5 : f32, min = -0.5 : f32}"));
  cases.push_back(unary("clip", {35}, "f32", Fill::normal, "{max = 0.5 : f32}"));
  for (const char *element : {"f16", "bf16"})
    for (const char *op : {"gelu", "abs", "exp", "round"})
      cases.push_back(unary(op, {5, 7}, element));
  for (const char *element : {"i8", "i32", "i64"})
    for (const char *op : {"abs", "neg", "sign", "relu", "not"})
      cases.push_back(unary(op, {3, 19}, element, Fill::small));
  cases.push_back(unary("not", {21}, "i1", Fill::small));

  const std::vector<std::pair<Dims, Dims>> pairs = {
      {{4, 5}, {5}},          {{4, 5}, {4, 1}},   {{1, 5}, {4, 1}},
      {{3, 1, 7}, {2, 7}},    {{}, {17}},         {{17}, {}},
      {{2, 3, 5}, {2, 3, 5}}, {{1}, {1}},         {{2, 1, 3, 1, 5}, {4, 1, 6, 1}},
      {{1009}, {1}},          {{13, 1}, {13, 29}}};
  for (const auto &[a, b] : pairs)
    cases.push_back(binary(turn++ % 2 ? "add" : "mul", a, b));
  for (const char *op : {"add", "sub", "mul", "div", "max", "min"}) {
    cases.push_back(binary(op, {3, 11}, {11}, "f32", Fill::positive));
    cases.push_back(binary(op, {3, 11}, {3, 1}, "f16", Fill::positive));
    cases.push_back(binary(op, {3, 11}, {11}, "i32", Fill::nonzero));
    cases.push_back(binary(op, {3, 11}, {1}, "i64", Fill::nonzero));
    cases.push_back(binary(op, {3, 11}, {3, 11}, "i8", Fill::nonzero));
  }
  cases.push_back(binary("pow", {5, 7}, {7}, "f32", Fill::positive));
  cases.push_back(binary("pow", {5, 7}, {5, 7}, "f16", Fill::positive));
  cases.push_back(binary("mod", {5, 7}, {7}, "f32", Fill::nonzero));
  cases.push_back(binary("mod", {5, 7}, {7}, "f32", Fill::nonzero, "{fmod}"));
  cases.push_back(binary("mod", {5, 7}, {7}, "i64", Fill::nonzero));
  cases.push_back(binary("mod", {5, 7}, {7}, "i32", Fill::nonzero, "{fmod}"));
  for (const char *op : {"and", "or", "xor"}) {
    cases.push_back(binary(op, {5, 7}, {7}, "i1", Fill::small));
    cases.push_back(binary(op, {5, 7}, {5, 1}, "i32", Fill::small));
  }
  for (const char *predicate : {"eq", "ne", "lt", "le", "gt", "ge"}) {
    cases.push_back(compare(predicate, {5, 7}, {7}));
    cases.push_back(compare(predicate, {37}, {}, "i64"));
  }
  cases.push_back(select({5, 1}, {5, 7}, {}));
  cases.push_back(select({7}, {5, 7}, {5, 1}));
  cases.push_back(select({3, 17}, {3, 17}, {3, 17}, "i64"));
  cases.push_back(select({3, 17}, {3, 17}, {3, 17}, "i1"));
  const std::vector<std::string> types = {"f32", "f16", "bf16", "i8", "i32", "i64", "i1"};
  for (const std::string &from : types)
    for (const std::string &to : types)
      if (from != to)
        cases.push_back(cast({3, 19}, from, to));
}

void rows(Cases &cases) {
  for (const char *kind : {"sum", "mean", "max", "min", "prod"}) {
    cases.push_back(reduce(kind, {5, 19}, {1}, true));
    cases.push_back(reduce(kind, {5, 19}, {0}, false));
    cases.push_back(reduce(kind, {3, 5, 7}, {1}, false));
    cases.push_back(reduce(kind, {3, 5, 7}, {0, 2}, true));
    cases.push_back(reduce(kind, {23}, {0}, false));
    cases.push_back(reduce(kind, {2, 3, 4, 5}, {1, 2}, true));
    cases.push_back(reduce(kind, {1, 1}, {0, 1}, false));
    cases.push_back(reduce(kind, {5, 9}, {1}, false, "f16"));
    if (std::string(kind) != "mean") {
      cases.push_back(reduce(kind, {5, 9}, {1}, false, "i32"));
      cases.push_back(reduce(kind, {5, 9}, {0}, true, "i64"));
    }
  }
  cases.push_back(reduce("sum", {2, 0}, {1}, false));
  cases.push_back(reduce("sum", {40, 2003}, {1}, false));
  cases.push_back(reduce("max", {2003, 3}, {0}, false));
  for (const char *op : {"softmax", "log_softmax"}) {
    cases.push_back(alongAxis(op, {3, 17}, 1));
    cases.push_back(alongAxis(op, {3, 17}, 0));
    cases.push_back(alongAxis(op, {2, 5, 7}, 1));
    cases.push_back(alongAxis(op, {1}, 0));
    cases.push_back(alongAxis(op, {7, 1009}, 1));
    cases.push_back(alongAxis(op, {2, 3, 1, 4}, 2));
  }
  // Rows beyond the memory of any vector unit.
  cases.push_back(norm("layer_norm", {2, 70001}, 1, true, true));
  cases.push_back(norm("layer_norm", {3, 17}, 1, true, true));
  cases.push_back(norm("layer_norm", {2, 3, 17}, 1, true, true));
  cases.push_back(norm("layer_norm", {2, 3, 5}, 2, false, false));
  cases.push_back(norm("layer_norm", {2, 3, 5}, 0, false, true));
  cases.push_back(norm("layer_norm", {5, 1}, 1, true, false));
  cases.push_back(norm("rms_norm", {3, 19}, 1, true, false));
  cases.push_back(norm("rms_norm", {2, 3, 19}, 0, false, false));
}

/// Products and convolutions of bytes, whose sums are exact.
void bytes(Cases &cases) {
  auto product = [&](int64_t m, int64_t n, int64_t k, bool a = false, bool b = false) {
    cases.push_back(matmul({}, {}, m, n, k, a, b, "i8"));
  };
  for (int64_t m : {1, 2, 17, 67})
    for (int64_t n : {1, 16, 17, 97})
      product(m, n, m * 3 + n % 5);
  product(33, 70, 64);
  product(1, 1, 1);
  product(3, 4, 0);
  product(0, 4, 3);
  product(3, 0, 4);
  product(131, 257, 1031);
  product(5, 33, 4099);
  for (bool a : {false, true})
    for (bool b : {false, true})
      product(45, 50, 39, a, b);
  cases.push_back(matmul({2}, {}, 5, 6, 7, false, false, "i8"));
  cases.push_back(matmul({2, 1}, {1, 3}, 5, 36, 33, false, false, "i8"));
  cases.push_back(matmul({2}, {2}, 35, 6, 70, true, true, "i8"));
  cases.push_back(scaled(matmul({}, {}, 37, 41, 70, false, false, "i8"), 41, false));
  cases.push_back(scaled(matmul({}, {}, 1, 130, 33, false, true, "i8"), 130, true));
  cases.push_back(conv({1, 5, 5, 3, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, 4, 1, "i8"));
  cases.push_back(conv({2, 7, 9, 3, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, 17, 1, "i8"));
  cases.push_back(conv({1, 7, 9, 4, {3, 2}, {1, 2}, {2, 1}, {2, 0, 1, 1}}, 5, 1, "i8"));
  cases.push_back(conv({1, 5, 5, 8, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, 16, 1, "i8"));
  cases.push_back(conv({1, 5, 5, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 4, 2, "i8"));
  cases.push_back(conv({1, 3, 3, 2, {3, 3}, {1, 1}, {1, 1}, {3, 3, 3, 3}}, 2, 1, "i8"));
  cases.push_back(conv({2, 2, 18, 2, {1, 3}, {3, 2}, {2, 2}, {0, 0, 0, 3}}, 66, 2, "i8"));
  cases.push_back(conv({1, 7, 9, 19, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, 19, 19, "i8"));
  cases.push_back(conv({1, 31, 29, 40, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 40, 1, "i8"));
  cases.push_back(
      scaled(conv({1, 9, 8, 5, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 18, 1, "i8"), 18, true));
}

void contractions(Cases &cases) {
  for (int64_t m : {1, 2, 7, 17, 67})
    for (int64_t n : {1, 3, 16, 17, 97})
      cases.push_back(matmul({}, {}, m, n, m * 3 + n % 5));
  cases.push_back(matmul({}, {}, 5, 7, 1));
  cases.push_back(matmul({}, {}, 1, 1, 1));
  cases.push_back(matmul({}, {}, 3, 4, 0));
  cases.push_back(matmul({}, {}, 0, 4, 3));
  cases.push_back(matmul({}, {}, 3, 0, 4));
  cases.push_back(matmul({}, {}, 131, 257, 1031));
  for (bool a : {false, true})
    for (bool b : {false, true})
      cases.push_back(matmul({}, {}, 13, 21, 9, a, b));
  for (const char *element : {"f16", "bf16", "i8"})
    cases.push_back(matmul({}, {}, 13, 21, 19, false, true, element));
  bytes(cases);
  cases.push_back(matmul({2}, {2}, 5, 6, 7));
  cases.push_back(matmul({2}, {}, 5, 6, 7));
  cases.push_back(matmul({}, {3}, 5, 6, 7));
  cases.push_back(matmul({2, 1}, {1, 3}, 5, 6, 7));
  cases.push_back(matmul({2, 3}, {3}, 5, 18, 7, false, true));
  cases.push_back(matmul({2}, {2}, 5, 6, 7, true, true));
  cases.push_back(matmul({4}, {4}, 1, 33, 17, false, true));

  Window w;
  cases.push_back(conv(w, 4));
  cases.push_back(conv({2, 7, 9, 3, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, 17));
  cases.push_back(conv({1, 7, 9, 4, {3, 2}, {1, 2}, {2, 1}, {2, 0, 1, 1}}, 5));
  cases.push_back(conv({1, 5, 5, 8, {1, 1}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, 16));
  cases.push_back(conv({1, 6, 6, 8, {1, 1}, {2, 2}, {1, 1}, {0, 0, 0, 0}}, 3));
  cases.push_back(conv({1, 5, 5, 6, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 4, 2));
  cases.push_back(conv({3, 4, 4, 1, {4, 4}, {1, 1}, {1, 1}, {0, 0, 0, 0}}, 1));
  cases.push_back(conv({1, 1, 11, 2, {1, 5}, {1, 3}, {1, 2}, {0, 4, 0, 4}}, 7));
  cases.push_back(conv({1, 3, 3, 2, {3, 3}, {1, 1}, {1, 1}, {3, 3, 3, 3}}, 2));
  cases.push_back(conv({1, 31, 29, 16, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 40));
  cases.push_back(depthwise({1, 5, 5, 3, {3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}));
  cases.push_back(depthwise({2, 7, 9, 19, {3, 3}, {2, 2}, {1, 1}, {1, 0, 1, 1}}));
  cases.push_back(depthwise({1, 11, 9, 16, {5, 3}, {1, 2}, {2, 1}, {4, 1, 4, 1}}));
  cases.push_back(depthwise({1, 3, 3, 1, {3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}}));
  for (const char *op : {"max_pool2d", "avg_pool2d"}) {
    cases.push_back(pool(op, {1, 6, 6, 5, {2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}}));
    cases.push_back(pool(op, {2, 7, 9, 17, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}));
    cases.push_back(pool(op, {1, 7, 7, 3, {3, 2}, {1, 2}, {2, 1}, {1, 0, 2, 1}}));
    cases.push_back(pool(op, {1, 4, 4, 1, {4, 4}, {1, 1}, {1, 1}, {0, 0, 0, 0}}));
  }
  cases.push_back(pool("avg_pool2d", {2, 7, 9, 17, {3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}}, true));
}

void movement(Cases &cases) {
  cases.push_back(transpose({5, 7}, {1, 0}));
  cases.push_back(transpose({}, {}));
  cases.push_back(transpose({67, 131}, {1, 0}));
  cases.push_back(transpose({2, 3, 5}, {2, 0, 1}));
  cases.push_back(transpose({2, 3, 5, 7}, {0, 2, 1, 3}));
  cases.push_back(transpose({2, 3, 5, 7}, {3, 1, 0, 2}, "i64"));
  cases.push_back(transpose({4, 5, 6}, {0, 2, 1}, "f16"));
  cases.push_back(transpose({4, 5}, {1, 0}, "i1"));
  cases.push_back(transpose({1, 5, 1}, {2, 1, 0}, "i8"));
  cases.push_back(concat({{2, 3}, {2, 5}}, 1));
  cases.push_back(concat({{2, 3}, {1, 3}, {4, 3}}, 0));
  cases.push_back(concat({{2, 3, 4}, {2, 1, 4}}, 1, "i64"));
  cases.push_back(concat({{5}, {0}, {3}}, 0));
  cases.push_back(concat({{2, 0}, {2, 0}}, 1));
  cases.push_back(slice({7, 9}, {1, 2}, {3, 4}, {2, 1}));
  cases.push_back(slice({7, 9}, {0, 1}, {7, 3}, {1, 3}));
  cases.push_back(slice({7}, {6}, {1}, {1}));
  cases.push_back(slice({3, 4, 5}, {0, 0, 0}, {3, 0, 5}, {1, 1, 1}));
  cases.push_back(pad({3, 4}, {1, 0}, {0, 2}, 1.5));
  cases.push_back(pad({2, 3, 4}, {0, 0, 3}, {0, 0, 1}, 0));
  cases.push_back(pad({5}, {3}, {4}, -1));
  cases.push_back(pad({1, 5, 5, 3}, {0, 1, 1, 0}, {0, 2, 2, 0}, 0));
  cases.push_back(expand({5, 1}, {5, 7}));
  cases.push_back(expand({1}, {3, 4}));
  cases.push_back(expand({}, {17}));
  cases.push_back(expand({1, 3, 1, 5}, {2, 3, 4, 5}));
  cases.push_back(gather({7, 5}, {3}, 0));
  cases.push_back(gather({7, 5}, {2, 3}, 1));
  cases.push_back(gather({7, 5}, {}, 0));
  cases.push_back(gather({4, 3, 5}, {2}, 1, "i64", "i32"));
  cases.push_back(gather({101}, {57}, 0, "f16"));
}

/// Groups of operators: what fusion makes of them, and what @main gives back.
void groups(Cases &cases) {
  const std::string t = type({9, 20}), v = type({20}), s = type({});
  cases.push_back({"group/linear-gelu-residual",
                   {{{9, 33}}, {{33, 20}}, {{20}}, {{9, 20}}},
                   "%m = npu.matmul %a, %b : " + type({9, 33}) + ", " + type({33, 20}) + " -> " +
                       t + "\n%p = npu.add %m, %c : " + t + ", " + v + " -> " + t +
                       "\n%g = npu.gelu %p : " + t + "\n%r = npu.add %g, %d : " + t + ", " + t +
                       " -> " + t,
                   {{"r", t}}});
  cases.push_back({"group/matmul-used-twice",
                   {{{9, 33}}, {{33, 20}}},
                   "%m = npu.matmul %a, %b : " + type({9, 33}) + ", " + type({33, 20}) + " -> " +
                       t + "\n%g = npu.tanh %m : " + t + "\n%r = npu.mul %g, %m : " + t + ", " + t +
                       " -> " + t,
                   {{"r", t}, {"m", t}}});
  cases.push_back({"group/diamond",
                   {{{9, 20}}, {{20}}},
                   "%p = npu.exp %a : " + t + "\n%q = npu.add %p, %b : " + t + ", " + v + " -> " +
                       t + "\n%u = npu.sub %p, %b : " + t + ", " + v + " -> " + t +
                       "\n%r = npu.mul %q, %u : " + t + ", " + t + " -> " + t,
                   {{"r", t}, {"p", t}}});
  cases.push_back({"group/norm-residual",
                   {{{9, 20}}, {{9, 20}}, {{20}}},
                   "%p = npu.add %a, %b : " + t + ", " + t + " -> " + t +
                       "\n%n = npu.layer_norm %p scale(%c : " + v +
                       ") axis = 1 epsilon = 1.0e-5 : " + t + "\n%r = npu.relu %n : " + t,
                   {{"r", t}, {"p", t}}});
  cases.push_back({"group/softmax-scaled",
                   {{{9, 20}}, {{}}},
                   "%p = npu.mul %a, %b : " + t + ", " + s + " -> " + t +
                       "\n%r = npu.softmax %p axis = 1 : " + t,
                   {{"r", t}}});
  const std::string x = type({1, 6, 6, 8}), y = type({1, 6, 6, 12}), f = type({3, 3, 8, 12});
  cases.push_back({"group/conv-bias-relu",
                   {{{1, 6, 6, 8}}, {{3, 3, 8, 12}}, {{12}}},
                   "%m = npu.conv2d %a, %b strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] "
                   "groups = 1 : " +
                       x + ", " + f + " -> " + y + "\n%p = npu.add %m, %c : " + y + ", " +
                       type({12}) + " -> " + y + "\n%r = npu.relu %p : " + y,
                   {{"r", y}}});
  cases.push_back({"group/conv-bias-gelu-residual",
                   {{{1, 6, 6, 8}}, {{3, 3, 8, 12}}, {{12}}, {{1, 6, 6, 12}}},
                   "%m = npu.conv2d %a, %b strides = [1, 1] dilations = [1, 1] pads = [1, 1, 1, 1] "
                   "groups = 1 : " +
                       x + ", " + f + " -> " + y + "\n%p = npu.add %m, %c : " + y + ", " +
                       type({12}) + " -> " + y + "\n%g = npu.gelu %p : " + y +
                       "\n%r = npu.add %g, %d : " + y + ", " + y + " -> " + y,
                   {{"r", y}}});
  cases.push_back({"group/column-broadcast-after-row",
                   {{{9, 20}}, {{9, 1}}},
                   "%m = npu.reduce_mean %a axes = [1] keepdims : " + t + " -> " + type({9, 1}) +
                       "\n%d = npu.sub %a, %m : " + t + ", " + type({9, 1}) + " -> " + t +
                       "\n%r = npu.mul %d, %b : " + t + ", " + type({9, 1}) + " -> " + t,
                   {{"r", t}}});
  cases.push_back(
      {"group/input-given-back", {{{9, 20}}}, "%r = npu.relu %a : " + t, {{"a", t}, {"r", t}}});
  cases.push_back(
      {"group/output-twice", {{{9, 20}}}, "%r = npu.relu %a : " + t, {{"r", t}, {"r", t}}});
  cases.push_back({"group/view-of-input",
                   {{{9, 20}}},
                   "%r = npu.reshape %a : " + t + " to " + type({180}),
                   {{"r", type({180})}}});
  cases.push_back({"group/output-used-again",
                   {{{9, 20}}},
                   "%r = npu.relu %a : " + t + "\n%q = npu.reshape %r : " + t + " to " +
                       type({20, 9}) + "\n%s = npu.softmax %q axis = 1 : " + type({20, 9}),
                   {{"r", t}, {"q", type({20, 9})}, {"s", type({20, 9})}}});
  cases.push_back({"group/constant-output",
                   {{{1}}},
                   "%r = npu.constant dense<[1.5, -2.0, 3.0]> : tensor<3xf32>",
                   {{"r", "tensor<3xf32>"}}});
  cases.push_back({"group/mask",
                   {{{9, 20}}, {{9, 20}}},
                   "%k = npu.compare gt, %a, %b : " + t + ", " + t + " -> " + type({9, 20}, "i1") +
                       "\n%n = npu.not %k : " + type({9, 20}, "i1") +
                       "\n%r = npu.select %n, %a, %b"
                       " : " +
                       type({9, 20}, "i1") + ", " + t + ", " + t + " -> " + t,
                   {{"r", t}, {"k", type({9, 20}, "i1")}}});
  cases.push_back({"group/attention",
                   {{{2, 9, 16}}, {{2, 11, 16}}, {{2, 11, 5}}},
                   "%m = npu.matmul %a, %b {transpose_rhs} : " + type({2, 9, 16}) + ", " +
                       type({2, 11, 16}) + " -> " + type({2, 9, 11}) +
                       "\n%p = npu.softmax %m axis = 2 : " + type({2, 9, 11}) +
                       "\n%r = npu.matmul %p, %c : " + type({2, 9, 11}) + ", " + type({2, 11, 5}) +
                       " -> " + type({2, 9, 5}),
                   {{"r", type({2, 9, 5})}}});
  cases.push_back({"group/constant-weight",
                   {{{9, 3}}},
                   "%w = npu.constant dense<[[1.0, -2.0], [0.5, 3.0], [4.0, 1.0]]> : "
                   "tensor<3x2xf32>\n%r = npu.matmul %a, %w : " +
                       type({9, 3}) + ", tensor<3x2xf32> -> " + type({9, 2}),
                   {{"r", type({9, 2})}}});
}

} // namespace

std::vector<Case> fixedCases() {
  Cases cases;
  elementwise(cases);
  rows(cases);
  contractions(cases);
  movement(cases);
  groups(cases);
  return cases;
}

} // namespace tessera::sweep
