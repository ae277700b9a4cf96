// Valid extents in fractal blocks.
#include "Valid.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera::machine {
using namespace mlir;

/// The first blocks of a fractal buffer, as many as hold `first` x `second` elements.
static View blocks(View view, int64_t first, int64_t firstBlock, int64_t second,
                   int64_t secondBlock) {
  view.sizes[0] = std::min(view.sizes[0], int64_t(llvm::divideCeil(first, firstBlock)));
  view.sizes[1] = std::min(view.sizes[1], int64_t(llvm::divideCeil(second, secondBlock)));
  return view;
}

/// A buffer [columns, rows, r0, c0], or with `rowsFirst` [rows, columns, r0, c0].
static View fractal(const View &view, int64_t rows, int64_t columns, bool rowsFirst = false) {
  if (view.sizes.size() != 4)
    return view;
  const int64_t r0 = std::max<int64_t>(view.sizes[2], 1), c0 = std::max<int64_t>(view.sizes[3], 1);
  return rowsFirst ? blocks(view, rows, r0, columns, c0) : blocks(view, columns, c0, rows, r0);
}

/// The same blocks, each in the order in which it lies.
static View asStored(View view) {
  if (view.sizes.size() == 4 && view.strides[2] < view.strides[3]) {
    std::swap(view.sizes[2], view.sizes[3]);
    std::swap(view.strides[2], view.strides[3]);
  }
  return view;
}

/// Rows and columns of a matrix; its leading extents count as rows.
static std::pair<int64_t, int64_t> matrixOf(const View &view) {
  int64_t rows = 1;
  for (size_t d = 0; d + 1 < view.sizes.size(); ++d)
    rows *= view.sizes[d];
  return {rows, view.sizes.empty() ? 1 : view.sizes.back()};
}

/// The blocks of lhs are [m, k] in the operation's view of them, however they lie in memory.
static SmallVector<Valid, 4> ofMma(const Step &step) {
  const View &a = step.operands[0].view, &b = step.operands[1].view, &c = step.operands[2].view;
  const int64_t m = step.extents[0], n = step.extents[1], k = step.extents[2];
  if (a.sizes.size() != 4) // a CPU's rows and panels
    return {{a, true, false}, {b, true, false}, {c, step.accumulates, true}};
  return {{fractal(a, m, k, true), true, false},
          {asStored(fractal(b, n, k)), true, false},
          {fractal(c, m, n), step.accumulates, true}};
}

static SmallVector<Valid, 4> ofBody(const Step &step) {
  SmallVector<Valid, 4> parts;
  Block &body = step.op->getRegion(0).front();
  for (auto [i, operand] : llvm::enumerate(step.operands)) {
    const bool read = i < body.getNumArguments() && !body.getArgument(i).use_empty();
    parts.push_back({operand.view, read, operand.writes});
  }
  return parts;
}

SmallVector<Valid, 4> validParts(const Step &step) {
  auto view = [&](size_t i) -> const View & { return step.operands[i].view; };
  if (isa<tile::MmaOp>(step.op))
    return ofMma(step);
  if (isa<tile::VectorOp, tile::RowReduceOp>(step.op))
    return ofBody(step);
  if (isa<tile::FixpipeOp>(step.op)) {
    const auto [rows, columns] = matrixOf(view(1));
    return {{fractal(view(0), rows, columns), true, false}, {view(1), false, true}};
  }
  if (isa<tile::Im2colOp>(step.op)) {
    const auto extents = step.extents.take_back(2);
    return {{view(0), true, false}, {fractal(view(1), extents[0], extents[1], true), false, true}};
  }
  if (auto copy = dyn_cast<tile::CopyOp>(step.op)) {
    Valid source{view(0), true, false}, target{view(1), false, true};
    const auto [rows, columns] =
        matrixOf(copy.getLayout() == tile::CopyLayout::nd2nz ? view(0) : view(1));
    if (copy.getLayout() == tile::CopyLayout::nd2nz)
      target.view = fractal(view(1), rows, columns);
    else if (copy.getLayout() == tile::CopyLayout::nz2nd)
      source.view = fractal(view(0), rows, columns);
    return {source, target};
  }
  SmallVector<Valid, 4> parts;
  for (const Step::Operand &operand : step.operands)
    parts.push_back({operand.view, operand.reads && !operand.writes, operand.writes});
  return parts;
}

static View blockAt(View view, int64_t first, int64_t second) {
  view.offset += first * view.strides[0] + second * view.strides[1];
  view.sizes[0] = view.sizes[1] = 1;
  return view;
}

bool moved(const Step &step, llvm::function_ref<void(const View &, ArrayRef<View>)> block) {
  auto copy = dyn_cast<tile::CopyOp>(step.op);
  if (!copy)
    return false;
  const View &source = step.operands[0].view, &target = step.operands[1].view;
  using Layout = tile::CopyLayout;
  const Layout layout = copy.getLayout();
  const bool rowsFirst = layout == Layout::nz2zz || layout == Layout::nz2zzT,
             transposes = layout == Layout::nz2nzT || layout == Layout::nz2zzT;
  if (layout == Layout::nd2nd || layout == Layout::nd2nz || layout == Layout::nz2nd ||
      source.sizes.size() != 4 || target.sizes.size() != 4 || source.argument >= 0 ||
      target.argument >= 0)
    return false;
  SmallVector<View, 4> sources;
  for (int64_t i = 0; i < target.sizes[0]; ++i)
    for (int64_t j = 0; j < target.sizes[1]; ++j) {
      // Rows and columns of the matrix that the source holds.
      int64_t rows = (rowsFirst ? i : j) * target.sizes[2],
              columns = (rowsFirst ? j : i) * target.sizes[3];
      int64_t height = target.sizes[2], width = target.sizes[3];
      if (transposes) {
        std::swap(rows, columns);
        std::swap(height, width);
      }
      sources.clear();
      const int64_t r0 = std::max<int64_t>(source.sizes[2], 1),
                    c0 = std::max<int64_t>(source.sizes[3], 1);
      for (int64_t c = columns / c0; c * c0 < columns + width && c < source.sizes[0]; ++c)
        for (int64_t r = rows / r0; r * r0 < rows + height && r < source.sizes[1]; ++r)
          sources.push_back(blockAt(source, c, r));
      block(blockAt(target, i, j), sources);
    }
  return true;
}

} // namespace tessera::machine
