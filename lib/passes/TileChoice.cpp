// What of a kernel the choice of its tile depends on: extents, dims that are not cut, and what the
// cost functions of TileSizes.h want to know.
#include "TileChoice.h"

#include "LoopNests.h"

#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tessera;

static RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// The contraction a kernel holds, if any; fuse puts at most one into a kernel.
static Operation *contractionOf(Operation *kernel) {
  Operation *found = nullptr;
  kernel->walk([&](npu::NpuOpInterface op) {
    if (op.getFamily() == npu::OpFamily::Contraction || isa<npu::Conv2DOp>(op.getOperation()))
      found = op;
  });
  return found;
}

/// What the cost function needs to know of a contraction.
static ContractionShape describe(Operation *op, bool epilogue) {
  ContractionShape shape;
  RankedTensorType result = typeOf(op->getResult(0)), lhs = typeOf(op->getOperand(0));
  RankedTensorType rhs = typeOf(op->getOperand(1));
  shape.lhsType = lhs.getElementType();
  shape.rhsType = rhs.getElementType();
  shape.resultType = result.getElementType();
  shape.epilogue = epilogue;
  int64_t rank = result.getRank();
  shape.n = result.getDimSize(rank - 1);
  if (auto matmul = dyn_cast<npu::MatmulOp>(op)) {
    shape.m = result.getDimSize(rank - 2);
    for (int64_t d = 0; d + 2 < rank; ++d)
      shape.batch *= result.getDimSize(d);
    shape.k = lhs.getDimSize(lhs.getRank() - (matmul.getTransposeLhs() ? 2 : 1));
    shape.turnLhs = matmul.getTransposeLhs(), shape.turnRhs = matmul.getTransposeRhs();
    if (matmul.getPackedN())
      shape.panel = npu::panelOf(rhs);
  } else {
    auto conv = cast<npu::Conv2DOp>(op);
    shape.batch = result.getDimSize(0);
    shape.mStep = result.getDimSize(2);
    shape.m = result.getDimSize(1) * shape.mStep;
    std::array<int64_t, 2> window = conv.getWindow();
    shape.k = window[0] * window[1] * lhs.getDimSize(3);
    shape.lineBytes =
        lhs.getDimSize(2) * lhs.getDimSize(3) * llvm::divideCeil(lhs.getElementTypeBitWidth(), 8);
    shape.lineStride = conv.getStrides()[0];
    shape.lineReach = (window[0] - 1) * conv.getDilations()[0] + 1;
    if (conv.getPackedN())
      shape.panel = npu::panelOf(rhs);
  }
  return shape;
}

/// Bytes a block holds per point of the result: every value of the kernel counts as if it were cut
/// alike.
static double bytesPerPointOf(Block &body, ArrayRef<int64_t> extents) {
  double points = 1, bytes = 0;
  for (int64_t extent : extents)
    points *= double(std::max<int64_t>(extent, 1));
  auto add = [&](Value v) {
    if (auto type = dyn_cast<RankedTensorType>(v.getType()))
      if (type.hasStaticShape())
        bytes += double(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  };
  for (BlockArgument arg : body.getArguments())
    if (!arg.use_empty())
      add(arg);
  for (Operation &op : body)
    for (Value result : op.getResults())
      add(result);
  return bytes / points;
}

TileChoice::TileChoice(Operation *kernel, TilingInterface root, const tile::ChipSpec &chip)
    : kernel(kernel), root(root), chip(chip), extents(typeOf(root->getResult(0)).getShape()) {
  for (int64_t &extent : extents)
    extent = std::max<int64_t>(extent, 1);
  single.assign(extents.size(), false);
  for (int loop : loopNest(root).result)
    whole.push_back(loop == kWhole);
  contraction = contractionOf(kernel);
}

static std::string text(Type type) {
  std::string out;
  llvm::raw_string_ostream(out) << "'" << type << "'";
  return out;
}

static std::string text(ArrayRef<int64_t> sizes) {
  std::string out;
  for (int64_t size : sizes)
    out += (out.empty() ? "" : "x") + std::to_string(size);
  return out;
}

/// What errors call a kernel.
static std::string nameOf(Operation *kernel) {
  if (auto group = dyn_cast<npu::KernelOp>(kernel))
    return group.getName().value_or("").str();
  return cast<func::FuncOp>(kernel).getName().str();
}

FailureOr<TileChoice> TileChoice::of(Operation *kernel, TilingInterface root,
                                     const tile::ChipSpec &chip) {
  TileChoice choice(kernel, root, chip);
  std::string problem = choice.describe();
  if (problem.empty())
    return choice;
  if (choice.contraction)
    return choice.contraction->emitOpError(problem);
  return kernel->emitError("kernel '") << nameOf(kernel) << "' " << problem;
}

std::optional<TileChoice> TileChoice::ifAny(Operation *kernel, TilingInterface root,
                                            const tile::ChipSpec &chip) {
  TileChoice choice(kernel, root, chip);
  return choice.describe().empty() ? std::optional(std::move(choice)) : std::nullopt;
}

std::string TileChoice::describe() {
  return contraction ? describeContraction() : describeVector();
}

/// Whether operands can get to a unit that does not read global memory: they go through l1.
std::string TileChoice::feedProblem(const tile::Mma &unit) const {
  const std::string &global = chip.global().name;
  if (unit.a.allowsSpace(global))
    return "";
  auto missing = [&](const std::string &from, const std::string &to) {
    return "needs a path from " + from + " to " + to + ", but chip " + chip.name + " lists none; ";
  };
  const tile::Path *path = chip.path(global, "l1");
  if (!path)
    return missing(global, "l1") +
           "l1 must be the name of the memory that operands of the matrix unit are loaded into";
  for (const std::string &space : {unit.a.spaces.front(), unit.b.spaces.front()})
    if (space != "l1" && !chip.path("l1", space))
      return missing("l1", space) + "the matrix unit reads " + space;
  if (!path->layouts.empty() && !path->allowsLayout("row", "zN") &&
      !path->allowsLayout("row", unit.a.layout))
    return "needs rows in " + path->from +
           " cut into the matrix unit's blocks on their way to l1, which no path of chip " +
           chip.name + " from " + path->from +
           " to l1 does; choose a chip whose file lists row->zN there";
  return "";
}

std::string TileChoice::describeContraction() {
  shape = ::describe(contraction, contraction != root.getOperation());
  const tile::Mma *unit = chip.mmaFor(shape.lhsType, shape.rhsType);
  if (!unit) {
    SmallVector<std::string> types;
    for (const tile::Mma &each : chip.mma)
      if (!llvm::is_contained(types, each.types.a))
        types.push_back(each.types.a);
    const bool choosable = shape.lhsType.isF16() || shape.lhsType.isBF16();
    return "has no matrix unit for " + text(shape.lhsType) + " x " + text(shape.rhsType) +
           " on chip " + chip.name + ", which has " + llvm::join(types, ", ") +
           (choosable ? "; choose with --precision" : "");
  }
  if (auto conv = dyn_cast<npu::Conv2DOp>(contraction); conv && conv.getGroups() != 1)
    return "has " + std::to_string(conv.getGroups()) +
           " groups, which the matrix unit of no chip takes together and npu-canonicalize-graph "
           "has not taken apart";
  if (std::string problem = feedProblem(*unit); !problem.empty())
    return problem;
  bool conv = isa<npu::Conv2DOp>(contraction);
  for (size_t d = 0; d + (conv ? 3 : 2) < extents.size(); ++d)
    single[d] = true;
  if (conv)
    whole[2] = true;
  return "";
}

/// A block reads whole lines of the image, as many as the windows of its rows reach.
void TileChoice::describeWindow(Operation *op) {
  window = op;
  auto bytes = [](Value v) {
    RankedTensorType type = typeOf(v);
    return type.hasStaticShape() ? double(type.getNumElements()) * type.getElementTypeBitWidth() / 8
                                 : 0.0;
  };
  RankedTensorType image = typeOf(op->getOperand(0)), result = typeOf(op->getResult(0));
  double channels = double(std::max<int64_t>(result.getDimSize(3), 1));
  double made = double(std::max<int64_t>(result.getNumElements(), 1)) /
                double(std::max<int64_t>(result.getDimSize(2), 1));
  lines.rows = image.getDimSize(1);
  lines.bytes = double(image.getDimSize(2)) * image.getElementTypeBitWidth() / 8;
  llvm::TypeSwitch<Operation *>(op)
      .Case<npu::DepthwiseConv2DOp, npu::MaxPool2DOp, npu::AvgPool2DOp>([&](auto of) {
        lines.stride = of.getStrides()[0];
        lines.reach = (of.getWindow()[0] - 1) * of.getDilations()[0] + 1;
      });
  // A mean is a sum, and then what it is divided to.
  if (isa<npu::AvgPool2DOp>(op))
    lines.others += bytes(op->getResult(0)) / made;
  for (Operation &each : body())
    for (Value value : each.getResults())
      lines.others += bytes(value) / made;
  for (BlockArgument arg : body().getArguments())
    for (OpOperand &use : arg.getUses()) {
      if (use.getOwner() == op && use.getOperandNumber() > 0)
        lines.weights += bytes(arg) / channels;
      else if (isa<npu::ElementwiseOpInterface>(use.getOwner()))
        lines.others += bytes(arg) / made;
    }
}

std::string TileChoice::describeVector() {
  if (!chip.vectorFor())
    return "needs a vector unit, but the file of chip " + chip.name +
           " describes none; 'tessera chips " + chip.name + "' says what it leaves out";
  // A softmax or layer norm takes all of its rows. Operators that are broadcast do not set tiles,
  // so ranks are equal. A window takes whole rows of one image, whatever consumes them.
  bool pack = false;
  kernel->walk([&](npu::NpuOpInterface op) {
    npu::OpFamily family = op.getFamily();
    if (family == npu::OpFamily::Window)
      describeWindow(op);
    pack |= isa<npu::PackRhsOp>(op.getOperation());
    if (family != npu::OpFamily::Normalization && family != npu::OpFamily::Reduction)
      return;
    rows = true;
    const DimLoops result = loopNest(op).result;
    if (result.size() == extents.size())
      for (auto [dim, loop] : llvm::enumerate(result))
        whole[dim] = whole[dim] || loop == kWhole;
  });
  if (window && extents.size() == 4)
    whole[2] = true;
  if (window)
    single[0] = true;
  if (pack) { // one batch entry at a time, whose panels are cut
    size_t last = llvm::find(llvm::reverse(whole), false).base() - whole.begin();
    for (size_t d = 0; d + 1 < last; ++d)
      single[d] = !whole[d];
  }
  bytesPerPoint = bytesPerPointOf(body(), extents);
  for (auto [extent, isWhole] : llvm::zip(extents, whole))
    if (isWhole)
      bytesPerPoint *= double(extent);
  return "";
}

std::string TileChoice::vectorProblem(ArrayRef<int64_t> sizes) const {
  if (!window || extents.size() != 4)
    return vectorTileProblem(cuttable(sizes), bytesPerPoint, chip);
  int64_t read = std::min((sizes[1] - 1) * lines.stride + lines.reach, lines.rows);
  double perChannel = double(read) * lines.bytes + double(sizes[1]) * lines.others + lines.weights;
  return vectorBytesProblem(double(sizes[3]) * perChannel, chip);
}

SmallVector<int64_t> TileChoice::cuttable(ArrayRef<int64_t> sizes) const {
  SmallVector<int64_t> cut;
  for (auto [size, isWhole] : llvm::zip(sizes, whole))
    if (!isWhole)
      cut.push_back(size);
  return cut;
}

MatrixTile TileChoice::matrixTile(ArrayRef<int64_t> sizes) const {
  // A convolution's tile is of image, rows, whole columns, features.
  int64_t rows = isa<npu::Conv2DOp>(contraction) ? sizes[1] * shape.mStep : sizes[sizes.size() - 2];
  return {rows, sizes.back()};
}

SmallVector<int64_t> TileChoice::sizesOf(MatrixTile tile) const {
  SmallVector<int64_t> sizes(extents.size(), 1);
  if (isa<npu::Conv2DOp>(contraction)) {
    sizes[1] = std::max<int64_t>(tile.m / shape.mStep, 1);
    sizes[2] = extents[2];
  } else {
    sizes[sizes.size() - 2] = tile.m;
  }
  sizes.back() = tile.n;
  for (auto [size, extent] : llvm::zip(sizes, extents))
    size = std::min(size, extent);
  return sizes;
}

SmallVector<TileCandidate> TileChoice::candidates() const {
  SmallVector<TileCandidate> all;
  auto add = [&](SmallVector<int64_t> sizes, double cycles) {
    if (llvm::none_of(all, [&](const TileCandidate &other) { return other.sizes == sizes; }))
      all.push_back({std::move(sizes), cycles});
  };
  if (contraction) {
    for (const CostedMatrixTile &each : matrixTiles(shape, chip))
      add(sizesOf(each.tile), each.cycles);
    return all;
  }
  for (CostedVectorTile &each : vectorTiles(cuttable(extents), bytesPerPoint, chip)) {
    SmallVector<int64_t> sizes;
    size_t next = 0;
    for (size_t d = 0; d < extents.size(); ++d) {
      int64_t size = whole[d] ? extents[d] : each.sizes[next++];
      sizes.push_back(single[d] ? 1 : size);
    }
    if (!window || vectorProblem(sizes).empty())
      add(std::move(sizes), each.cycles);
  }
  if (SmallVector<int64_t> least = leastSizes();
      window && all.empty() && vectorProblem(least).empty())
    all.push_back({least, cycles(least)});
  return all;
}

SmallVector<int64_t> TileChoice::leastSizes() const {
  if (contraction)
    return sizesOf(leastMatrixTile(shape, chip));
  SmallVector<int64_t> sizes;
  for (auto [extent, isWhole] : llvm::zip(extents, whole))
    sizes.push_back(isWhole ? extent : 1);
  return sizes;
}

std::optional<TileCandidate> TileChoice::rowInParts() const {
  if (!rows || window)
    return std::nullopt;
  SmallVector<int64_t> sizes = leastSizes();
  double estimate = cycles(sizes);
  return TileCandidate{std::move(sizes), estimate};
}

double TileChoice::cycles(ArrayRef<int64_t> sizes) const {
  return contraction ? matrixCycles(shape, matrixTile(sizes), chip)
                     : vectorCycles(cuttable(extents), cuttable(sizes), bytesPerPoint, chip);
}

std::string TileChoice::problem(SmallVectorImpl<int64_t> &sizes) const {
  if (sizes.size() != extents.size())
    return "has " + std::to_string(sizes.size()) + " sizes, but the kernel's result has " +
           std::to_string(extents.size()) + " dims";
  for (size_t d = 0; d < sizes.size(); ++d) {
    sizes[d] = sizes[d] == 0 ? extents[d] : sizes[d];
    std::string dim = "dim " + std::to_string(d) + " of " + std::to_string(extents[d]);
    if (sizes[d] < 0 || sizes[d] > extents[d])
      return "has size " + std::to_string(sizes[d]) + " along " + dim;
    if (whole[d] && sizes[d] != extents[d])
      return "cuts " + dim + ", which the kernel needs whole";
    if (single[d] && !whole[d] && sizes[d] != 1)
      return "has size " + std::to_string(sizes[d]) + " along " + dim +
             ", of which a block takes one";
  }
  return contraction ? matrixTileProblem(shape, matrixTile(sizes), chip) : vectorProblem(sizes);
}

std::string TileChoice::smallestProblem() const {
  SmallVector<int64_t> least = leastSizes();
  std::string problem = contraction ? matrixTileProblem(shape, leastMatrixTile(shape, chip), chip)
                                    : vectorProblem(least);
  return "the smallest " + problem + "; it is " + text(least);
}

void TileChoice::emitNoneFits() const {
  InFlightDiagnostic error =
      contraction
          ? contraction->emitOpError("has no block that fits the memories of chip ") << chip.name
          : kernel->emitError("no tile of kernel '") << nameOf(kernel) << "' fits";
  error << ": " << smallestProblem();
  for (auto [d, extent] : llvm::enumerate(extents))
    if (whole[d] && extent > 1)
      error << "; a block takes all " << extent << " of dim " << d;
}

SmallVector<int64_t> TileChoice::sizePerLoop(ArrayRef<int64_t> sizes) const {
  SmallVector<int64_t> loops;
  TilingInterface tiled = root;
  for (auto [d, loop] : llvm::enumerate(loopNest(tiled).result))
    if (loop != kWhole)
      loops.push_back(sizes[d]);
  loops.resize(tiled.getLoopIteratorTypes().size(), 0);
  return loops;
}
