// Window kernels made again: each operator of a kernel once more, on what its new result reads.
#include "WindowKernels.h"
#include "Constants.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace tessera {

std::optional<Window> Window::of(Operation *op) {
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

namespace {

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

} // namespace

npu::KernelOp makeStrip(npu::KernelOp kernel, const Window &window, Columns strip,
                        SmallVectorImpl<Operation *> &made) {
  std::optional<Reach> reach = reachOf(window, strip);
  return reach ? Strip(kernel, window, strip, *reach).build(made) : npu::KernelOp();
}

npu::KernelOp makeTurned(npu::KernelOp kernel, const Window &window,
                         SmallVectorImpl<Operation *> &made) {
  return Turn(kernel, window).build(made);
}

} // namespace tessera
