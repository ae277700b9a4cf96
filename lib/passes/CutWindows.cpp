// npu-cut-windows: kernels of windows over lines that no tile can hold are computed in strips.
#include "CanonicalizeGraph.h"
#include "TileChoice.h"
#include "WindowKernels.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "tessera/passes/Passes.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUCUTWINDOWS
#include "tessera/passes/Passes.h.inc"

namespace {

/// The choice of a kernel's tile, where the chip has the units for it.
std::optional<TileChoice> choiceOf(npu::KernelOp kernel, const tile::ChipSpec &chip) {
  auto root = kernel.getBlock()->getTerminator()->getOperand(0).getDefiningOp<TilingInterface>();
  return root ? TileChoice::ifAny(kernel, root, chip) : std::nullopt;
}

/// The window operator of a kernel of it and elementwise work, of static shapes and without a
/// schedule's tile.
std::optional<Window> windowOf(npu::KernelOp kernel) {
  std::optional<Window> window;
  if (kernel->getNumResults() != 1 || typeOf(kernel->getResult(0)).getRank() != 4)
    return std::nullopt;
  for (Operation &op : kernel.getBlock()->without_terminator()) {
    if (op.hasAttr(kTileAttr) || op.getNumResults() != 1)
      return std::nullopt;
    for (Type type : llvm::concat<const Type>(op.getOperandTypes(), op.getResultTypes()))
      if (auto tensor = dyn_cast<RankedTensorType>(type); !tensor || !tensor.hasStaticShape())
        return std::nullopt;
    auto family = cast<npu::NpuOpInterface>(op).getFamily();
    if (family == npu::OpFamily::Window) {
      if (window || !(window = Window::of(&op)))
        return std::nullopt;
    } else if (!isa<npu::ElementwiseOpInterface, npu::ConstantOp>(op)) {
      return std::nullopt;
    }
  }
  return window && isa<BlockArgument>(window->op->getOperand(0)) ? window : std::nullopt;
}

class Cutter {
public:
  Cutter(npu::KernelOp kernel, const Window &window, const tile::ChipSpec &chip)
      : kernel(kernel), window(window), chip(chip), width(window.result().getDimSize(kColumnDim)) {}

  LogicalResult run() {
    if (window.isOneLine() && turn())
      return success();
    std::optional<int64_t> most = widestStrip();
    if (!most)
      return success(); // npu-tile says why
    if (*most == 0)
      return failure();
    cut(*most);
    return success();
  }

private:
  bool turn() {
    SmallVector<Operation *> made;
    npu::KernelOp turned = makeTurned(kernel, window, made);
    if (!turned || !fits(turned)) {
      erase(made);
      return false;
    }
    OpBuilder b(kernel);
    explain("as one column of {0} rows, since no tile of a whole line fits", width, 1);
    kernel->getResult(0).replaceAllUsesWith(
        reshapeTo(b, kernel.getLoc(), turned->getResult(0), shapeOf(kernel->getResult(0))));
    kernel.erase();
    return true;
  }

  bool fits(npu::KernelOp of) const {
    std::optional<TileChoice> choice = choiceOf(of, chip);
    return choice && !choice->candidates().empty();
  }

  /// The first strip away from the pads where there is one: its windows read the most.
  Columns typical(int64_t count) const {
    int64_t from = llvm::divideCeil(window.pads[1], window.strides[1]);
    return {std::min(from, width - count), count};
  }

  bool stripFits(int64_t count) const {
    SmallVector<Operation *> made;
    npu::KernelOp one = makeStrip(kernel, window, typical(count), made);
    bool good = one && fits(one);
    erase(made);
    return good;
  }

  /// Columns of the widest strip that fits; 0, with an error, where one column does not, and
  /// nothing where there are no strips.
  std::optional<int64_t> widestStrip() const {
    int64_t good = 0, bad = width;
    while (good + 1 < bad) {
      int64_t middle = good + (bad - good) / 2;
      (stripFits(middle) ? good : bad) = middle;
    }
    if (good > 0)
      return good;
    SmallVector<Operation *> made;
    npu::KernelOp one = makeStrip(kernel, window, typical(1), made);
    std::optional<TileChoice> choice = one ? choiceOf(one, chip) : std::nullopt;
    std::optional<int64_t> none;
    if (choice) {
      none = 0;
      bool matrix = isa<npu::Conv2DOp>(window.op);
      InFlightDiagnostic error = window.op->emitOpError("has no block that fits the memories of "
                                                        "chip ")
                                 << chip.name
                                 << ", even of one column: " << choice->smallestProblem() << "; ";
      error << "a window of " << window.kernel[0] << "x" << window.kernel[1];
      if (window.dilations[0] != 1 || window.dilations[1] != 1)
        error << ", dilated by " << window.dilations[0] << "x" << window.dilations[1] << ",";
      if (matrix)
        error << " over all " << window.image().getDimSize(3) << " channels (dim 3 of the image)";
      error << " is too much";
    }
    erase(made);
    return none;
  }

  void cut(int64_t most) {
    int64_t strips = llvm::divideCeil(width, most), each = llvm::divideCeil(width, strips);
    strips = llvm::divideCeil(width, each);
    SmallVector<Operation *> made;
    SmallVector<Value> parts;
    for (int64_t from = 0; from < width; from += each) {
      npu::KernelOp one = makeStrip(kernel, window, {from, std::min(each, width - from)}, made);
      if (!one)
        return erase(made);
      parts.push_back(one->getResult(0));
    }
    OpBuilder b(kernel);
    explain("in {1} strips of {0} columns, since no tile of whole lines fits", each, strips);
    // In several steps where they are many: each operand takes event ids, of which chips have few.
    constexpr size_t kMost = 6;
    while (parts.size() > 1) {
      SmallVector<Value> longer;
      for (ArrayRef<Value> rest = parts; !rest.empty();) {
        ArrayRef<Value> some = rest.take_front(kMost);
        rest = rest.drop_front(some.size());
        longer.push_back(some.size() == 1 ? some.front() : sideBySide(b, some));
      }
      parts = std::move(longer);
    }
    kernel->getResult(0).replaceAllUsesWith(parts.front());
    kernel.erase();
  }

  Value sideBySide(OpBuilder &b, ArrayRef<Value> parts) {
    SmallVector<int64_t> shape(shapeOf(parts.front()));
    shape[kColumnDim] = 0;
    for (Value part : parts)
      shape[kColumnDim] += shapeOf(part)[kColumnDim];
    return makeMove<npu::ConcatOp>(b, kernel.getLoc(), typeOf(parts.front()).clone(shape), parts,
                                   kColumnDim)
        .getResult(0);
  }

  void explain(const char *how, int64_t columns, int64_t strips) {
    std::string text = llvm::formatv(false, how, columns, strips).str();
    remark::passed(kernel.getLoc(), remark::RemarkOpts::name("strips").category("tile"))
        << remark::add("{0} {1}", kernel.getName().value_or("kernel"), text)
        << remark::metric("strips", strips);
  }

  static void erase(ArrayRef<Operation *> made) {
    for (Operation *op : llvm::reverse(made))
      op->erase();
  }

  npu::KernelOp kernel;
  Window window;
  const tile::ChipSpec &chip;
  int64_t width;
};

struct CutWindows : impl::NpuCutWindowsBase<CutWindows> {
  using NpuCutWindowsBase::NpuCutWindowsBase;

  void runOnOperation() override {
    SmallVector<std::pair<npu::KernelOp, Window>> kernels;
    getOperation().walk([&](npu::KernelOp kernel) {
      if (std::optional<Window> window = windowOf(kernel))
        kernels.push_back({kernel, *window});
    });
    if (kernels.empty())
      return;
    std::shared_ptr<const tile::ChipSpec> chip = tile::ChipSpec::of(getOperation());
    if (!chip)
      return signalPassFailure();
    for (auto &[kernel, window] : kernels)
      if (std::optional<TileChoice> choice = choiceOf(kernel, *chip);
          choice && choice->candidates().empty())
        if (failed(Cutter(kernel, window, *chip).run()))
          return signalPassFailure();
  }
};

} // namespace
} // namespace tessera
