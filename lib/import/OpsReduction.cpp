// ONNX's reductions, and global pooling, which is one.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

#include <numeric>

using namespace mlir;

namespace tessera::import_ {

namespace {

/// Ascending, without repeats; all dims when the node names none. Nothing: the node reduces over
/// nothing, or an error is recorded.
std::optional<SmallVector<int64_t>> axesOf(NodeImport &n, int64_t rank) {
  std::optional<SmallVector<int64_t>> axes = n.integers(1, "axes");
  if (!n.problem.empty())
    return std::nullopt;
  if (!axes || axes->empty()) {
    if (n.integer("noop_with_empty_axes", 0))
      return std::nullopt;
    axes.emplace(rank);
    std::iota(axes->begin(), axes->end(), int64_t(0));
    return axes;
  }
  for (int64_t &axis : *axes) {
    if (axis < -rank || axis >= rank) {
      (void)n.fail("axis " + Twine(axis) + " is outside rank " + Twine(rank));
      return std::nullopt;
    }
    axis += axis < 0 ? rank : 0;
  }
  llvm::sort(*axes);
  axes->erase(llvm::unique(*axes), axes->end());
  return axes;
}

struct Reduction {
  const char *onnx;
  /// Operators before and after the reduction, or null.
  const char *before;
  const char *reduce;
  const char *after;
};

constexpr Reduction kReductions[] = {
    {"ReduceSum", nullptr, "reduce_sum", nullptr},
    {"ReduceMean", nullptr, "reduce_mean", nullptr},
    {"ReduceMax", nullptr, "reduce_max", nullptr},
    {"ReduceMin", nullptr, "reduce_min", nullptr},
    {"ReduceProd", nullptr, "reduce_prod", nullptr},
    {"ReduceL1", "abs", "reduce_sum", nullptr},
    {"ReduceL2", "square", "reduce_sum", "sqrt"},
    {"ReduceSumSquare", "square", "reduce_sum", nullptr},
    {"ReduceLogSum", nullptr, "reduce_sum", "log"},
};

Value reduce(NodeImport &n, const char *op, Value x, ArrayRef<int64_t> axes, bool keep) {
  SmallVector<NamedAttribute> attributes{n.list("axes", axes)};
  if (keep)
    attributes.push_back(n.flag("keepdims"));
  return n.emit(op, x, attributes);
}

Value apply(NodeImport &n, const char *op, Value x) {
  if (!op)
    return x;
  return StringRef(op) == "square" ? n.emit("mul", {x, x}) : n.emit(op, x);
}

LogicalResult importReduction(NodeImport &n) {
  const Reduction *row =
      llvm::find_if(kReductions, [&](const Reduction &r) { return n.node.opType == r.onnx; });
  Value x = n.input(0);
  if (!x)
    return failure();
  std::optional<SmallVector<int64_t>> axes = axesOf(n, typeOf(x).getRank());
  x = apply(n, row->before, x);
  if (axes && !axes->empty())
    x = reduce(n, row->reduce, x, *axes, n.integer("keepdims", 1) != 0);
  return n.result(apply(n, row->after, x));
}

/// log(sum(exp(x - max))) + max, so that large elements do not overflow.
LogicalResult importReduceLogSumExp(NodeImport &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  std::optional<SmallVector<int64_t>> axes = axesOf(n, typeOf(x).getRank());
  if (!axes || axes->empty())
    return n.result(x);
  bool keep = n.integer("keepdims", 1) != 0;
  Value top = reduce(n, "reduce_max", x, *axes, true);
  Value sum = reduce(n, "reduce_sum", n.emit("exp", n.emit("sub", {x, top})), *axes, keep);
  if (!keep)
    top = reduce(n, "reduce_max", x, *axes, false);
  return n.result(n.emit("add", {n.emit("log", sum), top}));
}

/// Images are reduced in NHWC, where the transposes around them cancel with their neighbours'.
LogicalResult importGlobalPool(NodeImport &n) {
  const char *op = n.node.opType == "GlobalMaxPool" ? "reduce_max" : "reduce_mean";
  Value x = n.input(0);
  if (!x)
    return failure();
  int64_t rank = typeOf(x).getRank();
  if (rank < 3)
    return n.fail("expected rank 3 or more, but got " + Twine(rank));
  SmallVector<int64_t> axes;
  if (rank == 4) {
    x = reduce(n, op, n.transpose(x, {0, 2, 3, 1}), {1, 2}, true);
    return n.result(n.transpose(x, {0, 3, 1, 2}));
  }
  for (int64_t axis = 2; axis < rank; ++axis)
    axes.push_back(axis);
  return n.result(reduce(n, op, x, axes, true));
}

} // namespace

void addReduction(ImportTable &table) {
  for (const Reduction &row : kReductions)
    table[row.onnx] = importReduction;
  table["ReduceLogSumExp"] = importReduceLogSumExp;
  table["GlobalAveragePool"] = importGlobalPool;
  table["GlobalMaxPool"] = importGlobalPool;
}

} // namespace tessera::import_
