// The evaluation of shape arithmetic while a model is imported.
#include "../../lib/import/Evaluator.h"

#include <catch2/catch.hpp>

using namespace tessera::import_;

namespace {

HostArray vector(std::vector<int64_t> values) {
  HostArray array;
  array.shape = {static_cast<int64_t>(values.size())};
  array.integers = std::move(values);
  return array;
}

HostArray scalar(int64_t value) {
  HostArray array = vector({value});
  array.shape = {};
  return array;
}

Node node(const char *op) {
  Node result;
  result.opType = op;
  return result;
}

void set(Node &node, const char *name, std::vector<int64_t> values) {
  node.attributes[name].kind = Attribute::Kind::Ints;
  node.attributes[name].integers = std::move(values);
}

void set(Node &node, const char *name, int64_t value) {
  node.attributes[name].kind = Attribute::Kind::Int;
  node.attributes[name].integer = value;
}

/// Nothing when the node is not evaluated.
std::optional<HostArray> run(const Node &node, std::vector<HostArray> inputs) {
  std::vector<const HostArray *> pointers;
  for (const HostArray &input : inputs)
    pointers.push_back(&input);
  std::vector<HostArray> outputs;
  if (!evaluate(node, 13, pointers, outputs))
    return std::nullopt;
  return outputs.at(0);
}

using Integers = std::vector<int64_t>;

} // namespace

TEST_CASE("arithmetic broadcasts, wraps and divides safely") {
  CHECK(run(node("Mul"), {vector({1, 2, 3}), scalar(2)})->integers == Integers{2, 4, 6});
  CHECK(run(node("Add"), {scalar(INT64_MAX), scalar(1)})->integers == Integers{INT64_MIN});
  CHECK(run(node("Div"), {vector({7, -7}), scalar(2)})->integers == Integers{3, -3});
  CHECK(run(node("Div"), {vector({7, INT64_MIN}), vector({0, -1})})->integers ==
        Integers{0, INT64_MIN});
  CHECK(run(node("Mod"), {vector({7, -7}), scalar(3)})->integers == Integers{1, 2});
  CHECK(run(node("Max"), {vector({1, 5}), scalar(2), vector({9, 0})})->integers == Integers{9, 5});
  CHECK(run(node("ReduceProd"), {vector({2, 3, 4})})->integers == Integers{24});
  CHECK(!run(node("Add"), {vector({1, 2}), vector({1, 2, 3})}));
}

TEST_CASE("comparisons give booleans that choose") {
  HostArray condition = *run(node("Equal"), {vector({-1, 2}), scalar(-1)});
  CHECK(condition.type == ElementType::Bool);
  CHECK(run(node("Where"), {condition, vector({7, 7}), vector({1, 2})})->integers ==
        Integers{7, 2});
}

TEST_CASE("shapes are taken apart and put together") {
  HostArray shape = vector({1, 3, 48, 192});
  CHECK(run(node("Gather"), {shape, scalar(-1)})->integers == Integers{192});
  CHECK(run(node("Gather"), {shape, scalar(-1)})->shape.empty());
  CHECK(!run(node("Gather"), {shape, scalar(4)}));
  CHECK(run(node("Slice"), {shape, vector({1}), vector({INT64_MAX})})->integers ==
        Integers{3, 48, 192});
  CHECK(run(node("Slice"), {shape, vector({-1}), vector({INT64_MIN}), vector({0}), vector({-2})})
            ->integers == Integers{192, 3});
  CHECK(run(node("Concat"), {vector({1}), vector({2, 3})})->integers == Integers{1, 2, 3});
  CHECK(!run(node("Concat"), {vector({1}), scalar(2)}));
  Node unsqueeze = node("Unsqueeze");
  set(unsqueeze, "axes", Integers{0});
  CHECK(run(unsqueeze, {scalar(5)})->shape == Integers{1});
  set(unsqueeze, "axes", Integers{0, 0});
  CHECK(!run(unsqueeze, {scalar(5)}));
  CHECK(run(node("Reshape"), {shape, vector({2, -1})})->shape == Integers{2, 2});
  CHECK(!run(node("Reshape"), {shape, vector({3, -1})}));
  CHECK(!run(node("Reshape"), {shape, vector({0, 0, -1})}));
  CHECK(run(node("Transpose"), {*run(node("Reshape"), {shape, vector({2, 2})})})->integers ==
        Integers{1, 48, 3, 192});
  CHECK(run(node("Expand"), {scalar(4), vector({3})})->integers == Integers{4, 4, 4});
  CHECK(run(node("Tile"), {vector({1, 2}), vector({2})})->integers == Integers{1, 2, 1, 2});
  CHECK(run(node("Range"), {scalar(2), scalar(9), scalar(3)})->integers == Integers{2, 5, 8});
  CHECK(run(node("Range"), {scalar(2), scalar(0), scalar(1)})->integers.empty());
  CHECK(run(node("NonZero"), {vector({0, 4, 5})})->integers == Integers{1, 2});
}

TEST_CASE("what is not known stays not known") {
  HostArray shape = vector({HostArray::kUnknown, 3});
  shape.partial = true;
  HostArray batch = *run(node("Gather"), {shape, scalar(0)});
  CHECK(!batch.allKnown());
  CHECK(!run(node("Mul"), {batch, scalar(2)})->allKnown());
  CHECK(run(node("Gather"), {shape, scalar(1)})->allKnown());
  CHECK(!toTensor(batch));
  Node cast = node("Cast");
  set(cast, "to", 1);
  CHECK(!run(cast, {batch}));
}

TEST_CASE("text from a file cannot control a terminal") {
  CHECK(printable("conv/w:0 \xc3\xa9 \xe4\xb8\xad") == "conv/w:0 \xc3\xa9 \xe4\xb8\xad");
  CHECK(printable("a\x1b[2J\nb\x7f") == "a\\x1b[2J\\x0ab\\x7f");
  CHECK(printable("\xff\xc3") == "\\xff\\xc3");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");
}

TEST_CASE("large results are left to the program") {
  CHECK(!run(node("ConstantOfShape"), {vector({1 << 10, 1 << 10})}));
  CHECK(!run(node("ConstantOfShape"), {vector({-1})}));
  CHECK(!run(node("Expand"), {scalar(1), vector({1 << 20})}));
  CHECK(!run(node("Range"), {scalar(0), scalar(INT64_MAX), scalar(1)}));
  CHECK(!run(node("Tile"), {vector({1, 2}), vector({INT64_MAX})}));
}
