// Looks through the elements of masks.
#include "CausalMasks.h"

#include "Constants.h"

#include "tessera/dialect/npu/NpuOps.h"

using namespace mlir;

namespace tessera {
namespace {

constexpr double kHidden = -1e30, kHiddenHalf = -65504;

/// A constant seen as a matrix; one row or column stands for all.
class Grid {
public:
  static std::optional<Grid> of(Value value) {
    std::optional<ConstantView> view = ConstantView::of(value);
    if (!view)
      return std::nullopt;
    ArrayRef<int64_t> shape = view->getShape();
    if (llvm::any_of(shape.drop_back(std::min<size_t>(shape.size(), 2)),
                     [](int64_t extent) { return extent != 1; }))
      return std::nullopt;
    SmallVector<int64_t> strides = view->strides();
    auto stride = [&](size_t fromEnd) -> int64_t {
      bool there = shape.size() >= fromEnd && shape[shape.size() - fromEnd] != 1;
      return there ? strides[shape.size() - fromEnd] : 0;
    };
    return Grid(std::move(*view), stride(2), stride(1));
  }
  double at(int64_t row, int64_t column) const {
    return view.number(row * rowStride + column * columnStride);
  }

private:
  Grid(ConstantView &&view, int64_t rowStride, int64_t columnStride)
      : view(std::move(view)), rowStride(rowStride), columnStride(columnStride) {}
  ConstantView view;
  int64_t rowStride, columnStride;
};

bool holds(npu::ComparePredicate predicate, double a, double b) {
  switch (predicate) {
  case npu::ComparePredicate::eq:
    return a == b;
  case npu::ComparePredicate::ne:
    return a != b;
  case npu::ComparePredicate::lt:
    return a < b;
  case npu::ComparePredicate::le:
    return a <= b;
  case npu::ComparePredicate::gt:
    return a > b;
  case npu::ComparePredicate::ge:
    return a >= b;
  }
  return false;
}

using HiddenFn = std::function<bool(int64_t, int64_t)>;

/// Whether a condition holds at a place; null where that is not known.
HiddenFn conditionOf(Value value) {
  if (std::optional<Grid> grid = Grid::of(value))
    return [grid = std::make_shared<Grid>(std::move(*grid))](int64_t row, int64_t column) {
      return grid->at(row, column) != 0;
    };
  auto compare = value.getDefiningOp<npu::CompareOp>();
  std::optional<Grid> lhs = compare ? Grid::of(compare.getLhs()) : std::nullopt;
  std::optional<Grid> rhs = compare ? Grid::of(compare.getRhs()) : std::nullopt;
  if (!lhs || !rhs)
    return nullptr;
  return [predicate = compare.getPredicate(), lhs = std::make_shared<Grid>(std::move(*lhs)),
          rhs = std::make_shared<Grid>(std::move(*rhs))](int64_t row, int64_t column) {
    return holds(predicate, lhs->at(row, column), rhs->at(row, column));
  };
}

HiddenFn hiddenOf(Value mask) {
  auto type = cast<RankedTensorType>(mask.getType());
  const double limit = type.getElementType().isF16() ? kHiddenHalf : kHidden;
  if (std::optional<Grid> grid = Grid::of(mask))
    return [limit, grid = std::make_shared<Grid>(std::move(*grid))](int64_t row, int64_t column) {
      return grid->at(row, column) <= limit;
    };
  auto select = mask.getDefiningOp<npu::SelectOp>();
  std::optional<double> yes = select ? splatNumber(select.getOnTrue()) : std::nullopt;
  std::optional<double> no = select ? splatNumber(select.getOnFalse()) : std::nullopt;
  if (!yes || !no || (*yes <= limit) == (*no <= limit))
    return nullptr;
  HiddenFn condition = conditionOf(select.getCondition());
  if (!condition)
    return nullptr;
  return [condition, hides = *yes <= limit](int64_t row, int64_t column) {
    return condition(row, column) == hides;
  };
}

} // namespace

std::optional<int64_t> causalReach(Value mask) {
  auto type = cast<RankedTensorType>(mask.getType());
  if (!type.hasStaticShape() || type.getRank() < 2 ||
      llvm::any_of(type.getShape().drop_back(2), [](int64_t extent) { return extent != 1; }))
    return std::nullopt;
  const int64_t rows = type.getDimSize(type.getRank() - 2), columns = type.getShape().back();
  HiddenFn hidden = rows > 1 ? hiddenOf(mask) : nullptr;
  if (!hidden)
    return std::nullopt;
  int64_t reach = 0;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t last = columns - 1;
    while (last >= 0 && hidden(row, last))
      --last;
    if (last < 0) // a query that sees nothing weighs all keys alike
      return std::nullopt;
    reach = std::max(reach, last - row);
  }
  return reach < columns - 1 ? std::optional(reach) : std::nullopt;
}

} // namespace tessera
