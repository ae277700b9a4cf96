// What of a kernel the choice of its tile depends on: extents, dims that are not cut, and what the
// cost functions of TileSizes.h want to know.
#include "TileChoice.h"

#include "Attention.h"
#include "LoopNests.h"

#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tessera;

static RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// The contraction a kernel holds, if any; fuse puts at most one into a kernel.
static Operation *contractionOf(func::FuncOp kernel) {
  Operation *found = nullptr;
  kernel.walk([&](npu::NpuOpInterface op) {
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
static double bytesPerPointOf(func::FuncOp kernel, ArrayRef<int64_t> extents) {
  double points = 1, bytes = 0;
  for (int64_t extent : extents)
    points *= double(std::max<int64_t>(extent, 1));
  auto add = [&](Value v) {
    if (auto type = dyn_cast<RankedTensorType>(v.getType()))
      if (type.hasStaticShape())
        bytes += double(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
  };
  for (BlockArgument arg : kernel.getArguments())
    if (!arg.use_empty())
      add(arg);
  for (Operation &op : kernel.getBody().front())
    for (Value result : op.getResults())
      add(result);
  return bytes / points;
}

TileChoice::TileChoice(func::FuncOp kernel, TilingInterface root, const tile::ChipSpec &chip)
    : kernel(kernel), root(root), chip(chip), extents(typeOf(root->getResult(0)).getShape()) {
  for (int64_t &extent : extents)
    extent = std::max<int64_t>(extent, 1);
  single.assign(extents.size(), false);
  for (int loop : loopNest(root).result)
    whole.push_back(loop == kWhole);
}

FailureOr<TileChoice> TileChoice::of(func::FuncOp kernel, TilingInterface root,
                                     const tile::ChipSpec &chip) {
  TileChoice choice(kernel, root, chip);
  choice.contraction = contractionOf(kernel);
  if (failed(choice.contraction ? choice.describeContraction() : choice.describeVector()))
    return failure();
  return choice;
}

/// Whether operands can get to a unit that does not read global memory: they go through l1.
LogicalResult TileChoice::checkFeed(const tile::Mma &unit) const {
  const std::string &global = chip.global().name;
  if (unit.a.allowsSpace(global))
    return success();
  auto missing = [&](StringRef from, StringRef to) {
    return contraction->emitOpError("needs a path from ")
           << from << " to " << to << ", but chip " << chip.name << " lists none; ";
  };
  const tile::Path *path = chip.path(global, "l1");
  if (!path)
    return missing(global, "l1")
           << "l1 must be the name of the memory that operands of the matrix unit are loaded into";
  for (const std::string &space : {unit.a.spaces.front(), unit.b.spaces.front()})
    if (space != "l1" && !chip.path("l1", space))
      return missing("l1", space) << "the matrix unit reads " << space;
  if (!path->layouts.empty() && !path->allowsLayout("row", "zN") &&
      !path->allowsLayout("row", unit.a.layout))
    return contraction->emitOpError("needs rows in ")
           << path->from << " cut into the matrix unit's blocks on their way to l1, which no path "
           << "of chip " << chip.name << " from " << path->from
           << " to l1 does; choose a chip whose file lists row->zN there";
  return success();
}

LogicalResult TileChoice::describeContraction() {
  shape = describe(contraction, contraction != root.getOperation());
  const tile::Mma *unit = chip.mmaFor(shape.lhsType, shape.rhsType);
  if (!unit)
    return contraction->emitOpError("has no matrix unit for ")
           << shape.lhsType << " x " << shape.rhsType << " on chip " << chip.name;
  if (auto conv = dyn_cast<npu::Conv2DOp>(contraction); conv && conv.getGroups() != 1)
    return conv.emitOpError("has ")
           << conv.getGroups() << " groups, which the matrix unit of no chip takes together and "
           << "npu-canonicalize-graph has not taken apart";
  if (failed(checkFeed(*unit)))
    return failure();
  bool conv = isa<npu::Conv2DOp>(contraction);
  for (size_t d = 0; d + (conv ? 3 : 2) < extents.size(); ++d)
    single[d] = true;
  if (conv)
    whole[2] = true;
  return success();
}

LogicalResult TileChoice::describeVector() {
  if (!chip.vectorFor())
    return kernel.emitError("kernel '")
           << kernel.getName() << "' needs a vector unit, but the file of chip " << chip.name
           << " describes none; 'tessera chips " << chip.name << "' says what it leaves out";
  // A softmax or layer norm takes all of its rows. Operators that are broadcast do not set tiles,
  // so ranks are equal. A window takes whole rows of one image, whatever consumes them.
  bool pack = false;
  kernel.walk([&](npu::NpuOpInterface op) {
    npu::OpFamily family = op.getFamily();
    window |= family == npu::OpFamily::Window;
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
  bytesPerPoint = bytesPerPointOf(kernel, extents);
  for (auto [extent, isWhole] : llvm::zip(extents, whole))
    if (isWhole)
      bytesPerPoint *= double(extent);
  return success();
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
    add(std::move(sizes), each.cycles);
  }
  return all;
}

std::optional<TileCandidate> TileChoice::rowInParts() const {
  if (!rows || window)
    return std::nullopt;
  SmallVector<int64_t> sizes;
  for (auto [extent, isWhole] : llvm::zip(extents, whole))
    sizes.push_back(isWhole ? extent : 1);
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
  return contraction ? matrixTileProblem(shape, matrixTile(sizes), chip)
                     : vectorTileProblem(cuttable(sizes), bytesPerPoint, chip);
}

void TileChoice::emitNoneFits() const {
  if (contraction)
    contraction->emitOpError("has no block that fits the memories of chip ")
        << chip.name << ": the smallest " << smallestMatrixTileProblem(shape, chip);
  else
    kernel->emitError("no tile of kernel '")
        << func::FuncOp(kernel).getName() << "' fits: its smallest needs " << int64_t(bytesPerPoint)
        << " bytes of the vector unit's memory on chip " << chip.name;
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

SmallVector<TileCandidate> tessera::tileCandidates(func::FuncOp kernel,
                                                   const tile::ChipSpec &chip) {
  auto ret = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  if (ret->getNumOperands() != 1)
    return {};
  auto root = ret.getOperand(0).getDefiningOp<TilingInterface>();
  if (!root || root.getLoopIteratorTypes().empty())
    return {};
  if (std::optional<Attention> attention = matchAttention(root))
    if (std::optional<AttentionChoice> choice = AttentionChoice::of(typesOf(*attention), chip))
      return choice->candidates();
  FailureOr<TileChoice> choice = TileChoice::of(kernel, root, chip);
  return failed(choice) ? SmallVector<TileCandidate>() : choice->candidates();
}

std::string tessera::tuningKey(func::FuncOp kernel) {
  std::string key;
  llvm::raw_string_ostream out(key);
  for (Operation &op : kernel.getBody().front())
    if (isa<npu::NpuOpInterface>(op) && !op.hasTrait<OpTrait::ConstantLike>())
      out << (key.empty() ? "" : "+") << op.getName().stripDialect();
  for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    out << (i ? "," : ":");
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      for (int64_t extent : tensor.getShape())
        out << extent << "x";
      out << tensor.getElementType();
    } else {
      out << type;
    }
  }
  return key;
}
