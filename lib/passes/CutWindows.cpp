// npu-cut-windows: kernels of windows over lines that no tile can hold are computed in strips.
#include "CanonicalizeGraph.h"
#include "Constants.h"
#include "TileChoice.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/passes/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tessera {
#define GEN_PASS_DEF_NPUCUTWINDOWS
#include "tessera/passes/Passes.h.inc"

namespace {

constexpr int64_t kColumnDim = 2; ///< Of an NHWC image.

/// What of a window operator a cut along its columns depends on.
struct Window {
  Operation *op;
  std::array<int64_t, 2> kernel, strides, dilations;
  std::array<int64_t, 4> pads; ///< Top, left, bottom, right.

  /// Nothing for another operator, or where something is not known.
  static std::optional<Window> of(Operation *op) {
    return llvm::TypeSwitch<Operation *, std::optional<Window>>(op)
        .Case<npu::Conv2DOp, npu::DepthwiseConv2DOp, npu::MaxPool2DOp, npu::AvgPool2DOp>(
            [](auto o) -> std::optional<Window> {
              Window w{o, o.getWindow(), {}, {}, {}};
              llvm::copy(o.getStrides(), w.strides.begin());
              llvm::copy(o.getDilations(), w.dilations.begin());
              llvm::copy(o.getPads(), w.pads.begin());
              bool known = o.getDynamicPads().empty() && !ShapedType::isDynamic(w.kernel[0]) &&
                           !ShapedType::isDynamic(w.kernel[1]);
              return known ? std::optional(w) : std::nullopt;
            })
        .Default(std::nullopt);
  }

  RankedTensorType image() const { return typeOf(op->getOperand(0)); }
  RankedTensorType result() const { return typeOf(op->getResult(0)); }
  bool isOneLine() const {
    return image().getDimSize(1) == 1 && result().getDimSize(1) == 1 && kernel[0] == 1 &&
           pads[0] == 0 && pads[2] == 0;
  }
};

/// Places [from, from + count) of the columns.
struct Columns {
  int64_t from, count;
};

/// The columns that windows of a strip read, and the pads that are left of them.
struct Reach {
  Columns columns;
  int64_t left, right;
};

/// Nothing where a strip's windows lie in the pads alone.
std::optional<Reach> reachOf(const Window &w, Columns strip) {
  int64_t reach = (w.kernel[1] - 1) * w.dilations[1] + 1, width = w.image().getDimSize(kColumnDim);
  int64_t low = strip.from * w.strides[1] - w.pads[1];
  int64_t high = (strip.from + strip.count - 1) * w.strides[1] - w.pads[1] + reach;
  int64_t begin = std::max<int64_t>(low, 0), end = std::min(high, width);
  if (begin >= end)
    return std::nullopt;
  return Reach{{begin, end - begin}, begin - low, high - end};
}

/// What a value is to a window's kernel.
enum class Role {
  image,
  weights,
  aligned, ///< Dims are aligned with the result's at the right, as operands of elementwise work.
};

/// A kernel made again on operands of other types.
class Remake {
public:
  Remake(npu::KernelOp kernel, const Window &window) : kernel(kernel), window(window) {}
  virtual ~Remake() = default;

  /// The kernel, before the old one; null where a value has no other form. `made` gets everything
  /// that has been made.
  npu::KernelOp build(SmallVectorImpl<Operation *> &made) {
    OpBuilder b(kernel);
    SmallVector<Value> operands;
    llvm::DenseMap<OpOperand *, unsigned> places;
    for (Operation &op : kernel.getBlock()->without_terminator())
      for (OpOperand &use : op.getOpOperands()) {
        auto arg = dyn_cast<BlockArgument>(use.get());
        if (!arg)
          continue;
        Value value = operand(b, kernel.getInputs()[arg.getArgNumber()], roleOf(use), made);
        auto *at = llvm::find(operands, value);
        places[&use] = at - operands.begin();
        if (at == operands.end())
          operands.push_back(value);
      }
    Value last = kernel.getBlock()->getTerminator()->getOperand(0);
    auto again = npu::KernelOp::create(b, kernel.getLoc(), typeFor(typeOf(last), Role::aligned),
                                       operands, kernel.getNameAttr());
    made.push_back(again);
    b.setInsertionPointToEnd(again.getBlock());
    IRMapping mapping;
    for (Operation &op : kernel.getBlock()->without_terminator()) {
      if (isa<npu::ConstantOp>(op))
        continue; // made where it is used, which says as what
      SmallVector<Value> values;
      for (OpOperand &use : op.getOpOperands()) {
        auto place = places.find(&use);
        auto constant = use.get().getDefiningOp<npu::ConstantOp>();
        Value value = place != places.end() ? again.getBlock()->getArgument(place->second)
                      : constant            ? constantAs(b, constant, roleOf(use))
                                            : mapping.lookup(use.get());
        if (!value)
          return {};
        values.push_back(value);
      }
      Operation *copy = b.clone(op);
      copy->setOperands(values);
      copy->getResult(0).setType(typeFor(typeOf(op.getResult(0)), Role::aligned));
      if (&op == window.op)
        adjust(copy);
      mapping.map(op.getResults(), copy->getResults());
    }
    npu::YieldOp::create(b, kernel.getLoc(), mapping.lookup(last));
    return again;
  }

protected:
  virtual RankedTensorType typeFor(RankedTensorType type, Role role) const = 0;
  virtual Value operand(OpBuilder &b, Value value, Role role,
                        SmallVectorImpl<Operation *> &made) = 0;
  virtual void adjust(Operation *copy) const = 0;

  npu::KernelOp kernel;
  const Window &window;

private:
  Role roleOf(OpOperand &use) const {
    if (use.getOwner() != window.op)
      return Role::aligned;
    return use.getOperandNumber() == 0 ? Role::image : Role::weights;
  }

  Value constantAs(OpBuilder &b, npu::ConstantOp constant, Role role) const {
    ElementsAttr value = constant.getValue();
    auto from = cast<RankedTensorType>(value.getType());
    RankedTensorType to = typeFor(from, role);
    if (to != from && value.isSplat() && isa<DenseElementsAttr>(value))
      value = cast<DenseElementsAttr>(value).resizeSplat(to);
    else if (to != from && to.getNumElements() == from.getNumElements())
      value = reshapeConstant(value, to);
    else if (to != from)
      return {};
    return npu::ConstantOp::create(b, constant.getLoc(), value);
  }
};

/// A kernel of one operator that moves elements.
template <typename Op, typename... Args>
npu::KernelOp makeMove(OpBuilder &b, Location loc, RankedTensorType type, ValueRange operands,
                       Args &&...args) {
  auto kernel = npu::KernelOp::create(
      b, loc, type, operands,
      b.getStringAttr(Op::getOperationName().substr(Op::getOperationName().find('.') + 1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(kernel.getBlock());
  Value moved;
  if constexpr (std::is_same_v<Op, npu::ConcatOp>)
    moved = Op::create(b, loc, type, kernel.getBlock()->getArguments(), args...);
  else
    moved = Op::create(b, loc, type, kernel.getBlock()->getArgument(0), args...);
  npu::YieldOp::create(b, loc, moved);
  return kernel;
}

/// The kernel for a strip of its result's columns.
class Strip : public Remake {
public:
  Strip(npu::KernelOp kernel, const Window &window, Columns strip, const Reach &reach)
      : Remake(kernel, window), strip(strip), reach(reach) {}

private:
  /// The dim that runs along the columns, if it does more than being broadcast.
  std::optional<int64_t> cutDim(RankedTensorType type, Role role) const {
    if (role == Role::weights)
      return std::nullopt;
    if (role == Role::image)
      return kColumnDim;
    int64_t dim = type.getRank() - 2;
    if (dim < 0 || type.getDimSize(dim) != window.result().getDimSize(kColumnDim))
      return std::nullopt;
    return dim;
  }

  RankedTensorType typeFor(RankedTensorType type, Role role) const override {
    SmallVector<int64_t> shape(type.getShape());
    if (std::optional<int64_t> dim = cutDim(type, role))
      shape[*dim] = role == Role::image ? reach.columns.count : strip.count;
    return type.clone(shape);
  }

  Value operand(OpBuilder &b, Value value, Role role, SmallVectorImpl<Operation *> &made) override {
    RankedTensorType from = typeOf(value), to = typeFor(from, role);
    std::optional<int64_t> dim = cutDim(from, role);
    if (!dim || from == to)
      return value;
    Value &slice = slices[{value, int(role)}];
    if (!slice) {
      SmallVector<int64_t> offsets(from.getRank(), 0), strides(from.getRank(), 1);
      offsets[*dim] = role == Role::image ? reach.columns.from : strip.from;
      auto kernel =
          makeMove<npu::SliceOp>(b, value.getLoc(), to, value, offsets, to.getShape(), strides);
      made.push_back(kernel);
      slice = kernel.getResult(0);
    }
    return slice;
  }

  void adjust(Operation *copy) const override {
    copy->setAttr(
        "pads", DenseI64ArrayAttr::get(copy->getContext(),
                                       {window.pads[0], reach.left, window.pads[2], reach.right}));
  }

  Columns strip;
  Reach reach;
  llvm::DenseMap<std::pair<Value, int>, Value> slices; ///< By value and role.
};

/// The kernel with the one line of its image turned into a column.
class Turn : public Remake {
public:
  using Remake::Remake;

private:
  RankedTensorType typeFor(RankedTensorType type, Role role) const override {
    SmallVector<int64_t> shape(type.getShape());
    if (role == Role::weights) {
      if (!packed() && shape.size() > 2)
        std::swap(shape[0], shape[1]);
      return type.clone(shape);
    }
    if (shape.size() < 2 || shape[shape.size() - 2] == 1)
      return type; // broadcast along the line
    shape.insert(shape.begin(), 4 - shape.size(), 1);
    std::swap(shape[1], shape[2]);
    return type.clone(shape);
  }

  Value operand(OpBuilder &b, Value value, Role role, SmallVectorImpl<Operation *> &made) override {
    RankedTensorType to = typeFor(typeOf(value), role);
    if (to == value.getType())
      return value;
    // Not reshapeTo, which may give what was there before, and what is made may be erased again.
    auto turned = npu::ReshapeOp::create(b, value.getLoc(), to, value);
    made.push_back(turned);
    return turned;
  }

  void adjust(Operation *copy) const override {
    for (StringRef name : {"strides", "dilations", "kernel"})
      if (auto pair = copy->getAttrOfType<DenseI64ArrayAttr>(name))
        copy->setAttr(name, DenseI64ArrayAttr::get(copy->getContext(), {pair[1], pair[0]}));
    copy->setAttr(
        "pads", DenseI64ArrayAttr::get(copy->getContext(), {window.pads[1], 0, window.pads[3], 0}));
  }

  bool packed() const { return window.op->hasAttr("packed_n"); }
};

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
    npu::KernelOp turned = Turn(kernel, window).build(made);
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

  npu::KernelOp strip(Columns columns, SmallVectorImpl<Operation *> &made) const {
    std::optional<Reach> reach = reachOf(window, columns);
    return reach ? Strip(kernel, window, columns, *reach).build(made) : npu::KernelOp();
  }

  /// The first strip away from the pads where there is one: its windows read the most.
  Columns typical(int64_t count) const {
    int64_t from = llvm::divideCeil(window.pads[1], window.strides[1]);
    return {std::min(from, width - count), count};
  }

  bool stripFits(int64_t count) const {
    SmallVector<Operation *> made;
    npu::KernelOp one = strip(typical(count), made);
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
    npu::KernelOp one = strip(typical(1), made);
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
      npu::KernelOp one = strip({from, std::min(each, width - from)}, made);
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
