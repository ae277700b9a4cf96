// Verifiers and side effects of the tile operators.
#include "tessera/dialect/tile/TileDialect.h"

#include "ChipVerify.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tessera;
using namespace tessera::tile;

#define GET_OP_CLASSES
#include "tessera/dialect/tile/TileOps.cpp.inc"

using Effects = SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>;

/// Inputs are read, outputs read and written; tensors have no effect.
static void destinationEffects(DestinationStyleOpInterface op, Effects &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

void MatmulOp::getEffects(Effects &effects) {
  destinationEffects(*this, effects);
}
void Conv2DOp::getEffects(Effects &effects) {
  destinationEffects(*this, effects);
}
void AttentionOp::getEffects(Effects &effects) {
  destinationEffects(*this, effects);
}
void WindowOp::getEffects(Effects &effects) {
  destinationEffects(*this, effects);
}

void PackOp::getEffects(Effects &effects) {
  destinationEffects(*this, effects);
}

void WorkspaceOp::getEffects(Effects &effects) {
  effects.emplace_back(MemoryEffects::Allocate::get(), getOperation()->getResult(0));
}

/// Either all shaped operands are tensors and each output has a result of its type, or all are
/// memrefs and there is no result.
static LogicalResult verifyDestination(DestinationStyleOpInterface op) {
  bool tensors = false, memrefs = false;
  for (Value operand : op->getOperands()) {
    tensors |= isa<RankedTensorType>(operand.getType());
    memrefs |= isa<MemRefType>(operand.getType());
  }
  if (tensors && memrefs)
    return op->emitOpError("expected all operands to be tensors or all to be memrefs");
  size_t expected = tensors ? 1 : 0;
  if (op->getNumResults() != expected)
    return op->emitOpError("expected ") << expected << " results, but got " << op->getNumResults();
  if (tensors && op->getResult(0).getType() != op.getDpsInits()[0].getType())
    return op->emitOpError("expected the result to have the type of out");
  return success();
}

static ShapedType shaped(Value v) {
  return cast<ShapedType>(v.getType());
}

static bool mayEqual(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

LogicalResult MatmulOp::verify() {
  if (failed(verifyDestination(*this)))
    return failure();
  ShapedType lhs = shaped(getLhs()), rhs = shaped(getRhs()), out = shaped(getOut());
  if (lhs.getRank() < 2 || out.getRank() < 2 || rhs.getRank() < 2)
    return emitOpError("expected operands of rank 2 or more");
  int64_t lhsK = lhs.getDimSize(lhs.getRank() - (getTransposeLhs() ? 2 : 1));
  int64_t rhsK = rhs.getDimSize(rhs.getRank() - (getPanel() || !getTransposeRhs() ? 2 : 1));
  // Panels of 8-bit integers have groups of k.
  bool grouped = getPanel() && rhs.getElementType().isInteger(8);
  if (!grouped && !mayEqual(lhsK, rhsK))
    return emitOpError("expected the inner dimensions to agree, but got ")
           << lhsK << " and " << rhsK;
  if (IntegerAttr panel = getPanelAttr(); panel && panel.getInt() <= 0)
    return emitOpError("expected a positive panel, but got ") << panel.getInt();
  if (getWhole() && (getPanel() || getAccumulate()))
    return emitOpError("expected neither panels nor accumulate with whole");
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyDestination(*this)))
    return failure();
  SmallVector<ShapedType> types;
  for (Value operand : {getQuery(), getKey(), getValue(), getOut()}) {
    types.push_back(shaped(operand));
    if (types.back().getRank() < 2)
      return emitOpError("expected operands of rank 2 or more");
  }
  // Extents of the last two dims that are to agree: operand and dim from the end, twice.
  constexpr int kPairs[][4] = {{0, 1, 1, 1}, {1, 2, 2, 2}, {0, 2, 3, 2}, {2, 1, 3, 1}};
  constexpr StringRef kNames[] = {"query", "key", "value", "out"};
  auto extent = [&](int operand, int fromEnd) {
    return types[operand].getDimSize(types[operand].getRank() - fromEnd);
  };
  for (auto [a, da, b, db] : kPairs)
    if (!mayEqual(extent(a, da), extent(b, db)))
      return emitOpError("expected ") << kNames[a] << " and " << kNames[b] << " to agree, but got "
                                      << extent(a, da) << " and " << extent(b, db);
  if (std::optional<ArrayRef<int64_t>> tile = getTile();
      tile && (tile->size() != 3 || llvm::any_of(*tile, [](int64_t size) { return size < 1; })))
    return emitOpError("expected tile to be three positive sizes, but got ") << getTileAttr();
  if (!getMask())
    return success();
  ShapedType mask = shaped(getMask());
  if (mask.getRank() < 2)
    return emitOpError("expected operands of rank 2 or more");
  int64_t rows = mask.getDimSize(mask.getRank() - 2), columns = mask.getDimSize(mask.getRank() - 1);
  if (rows != 1 && !mayEqual(rows, extent(0, 2)))
    return emitOpError("expected mask and query to agree, but got ")
           << rows << " and " << extent(0, 2);
  if (!mayEqual(columns, extent(1, 2)))
    return emitOpError("expected mask and key to agree, but got ")
           << columns << " and " << extent(1, 2);
  return success();
}

LogicalResult PackOp::verify() {
  if (failed(verifyDestination(*this)))
    return failure();
  int64_t more = shaped(getOut()).getRank() - shaped(getInput()).getRank();
  if (more != 1 && more != 2)
    return emitOpError("expected out to have one dim more than the input, or two with groups of k");
  return success();
}

/// Windows have two kernel extents, strides and dilations, all positive.
template <typename Op> static LogicalResult verifyWindow(Op op) {
  for (auto [name, values] :
       {std::pair{"kernel", op.getKernel()}, std::pair{"strides", op.getStrides()},
        std::pair{"dilations", op.getDilations()}}) {
    if (values.size() != 2 || llvm::any_of(values, [](int64_t v) { return v <= 0; }))
      return op.emitOpError("expected ") << name << " to be two positive numbers";
  }
  return success();
}

LogicalResult Conv2DOp::verify() {
  if (failed(verifyDestination(*this)) || failed(verifyWindow(*this)))
    return failure();
  if (shaped(getInput()).getRank() != 4 || shaped(getOut()).getRank() != 4)
    return emitOpError("expected input and out of rank 4");
  return success();
}

LogicalResult WindowOp::verify() {
  if (failed(verifyDestination(*this)) || failed(verifyWindow(*this)))
    return failure();
  if ((getKind() == WindowKind::fma) != bool(getFilter()))
    return emitOpError("expected a filter with fma, and with nothing else");
  if (shaped(getInput()).getRank() != 4 || shaped(getOut()).getRank() != 4)
    return emitOpError("expected input and out of rank 4");
  return verifyVectorOnChip(*this);
}

/// The shapes that each layout joins.
static LogicalResult verifyShapes(CopyOp op) {
  auto source = cast<MemRefType>(op.getSource().getType());
  auto target = cast<MemRefType>(op.getTarget().getType());
  if (source.getElementType() != target.getElementType())
    return op.emitOpError("expected equal element types, but got ")
           << source.getElementType() << " and " << target.getElementType();
  auto rank = [&](StringRef name, MemRefType type, int64_t expected) -> LogicalResult {
    if (type.getRank() == expected)
      return success();
    return op.emitOpError("expected ")
           << name << " of rank " << expected << " with layout "
           << stringifyCopyLayout(op.getLayout()) << ", but got " << type.getRank();
  };
  switch (op.getLayout()) {
  case CopyLayout::nd2nd:
    if (source.getRank() != target.getRank())
      return op.emitOpError("expected equal ranks, but got ")
             << source.getRank() << " and " << target.getRank();
    for (auto [i, dims] : llvm::enumerate(llvm::zip(source.getShape(), target.getShape())))
      if (!mayEqual(std::get<0>(dims), std::get<1>(dims)))
        return op.emitOpError("expected source dim ")
               << i << " (" << std::get<0>(dims) << ") to equal target dim " << i << " ("
               << std::get<1>(dims) << ")";
    return success();
  case CopyLayout::nd2nz:
    return success(succeeded(rank("source", source, 2)) && succeeded(rank("target", target, 4)));
  case CopyLayout::nz2nd:
    return success(succeeded(rank("source", source, 4)) && succeeded(rank("target", target, 2)));
  default:
    return success(succeeded(rank("source", source, 4)) && succeeded(rank("target", target, 4)));
  }
}

LogicalResult CopyOp::verify() {
  return success(succeeded(verifyShapes(*this)) && succeeded(verifyOnChip(*this)));
}

LogicalResult Im2colOp::verify() {
  if (failed(verifyWindow(*this)))
    return failure();
  auto source = cast<MemRefType>(getSource().getType());
  auto target = cast<MemRefType>(getTarget().getType());
  if (source.getElementType() != target.getElementType())
    return emitOpError("expected equal element types, but got ")
           << source.getElementType() << " and " << target.getElementType();
  if (source.getRank() != 4 || (target.getRank() != 2 && target.getRank() != 4))
    return emitOpError("expected a source of rank 4 and a target of rank 2 or 4, but got ")
           << source.getRank() << " and " << target.getRank();
  if (int64_t width = getOutWidthAttr().getInt(); width <= 0)
    return emitOpError("expected a positive out_width, but got ") << width;
  return verifyOnChip(*this);
}

LogicalResult FillOp::verify() {
  Type element = cast<MemRefType>(getTarget().getType()).getElementType();
  if (getValue().getType() != element)
    return emitOpError("expected a value of the target's element type ")
           << element << ", but got " << getValue().getType();
  return verifyVectorOnChip(*this);
}

LogicalResult MmaOp::verify() {
  auto lhs = cast<MemRefType>(getLhs().getType()), rhs = cast<MemRefType>(getRhs().getType());
  auto acc = cast<MemRefType>(getAccumulator().getType());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOpError("expected lhs and rhs of one element type, but got ")
           << lhs.getElementType() << " and " << rhs.getElementType();
  bool fractal = lhs.getRank() == 4 && rhs.getRank() == 4 && acc.getRank() == 4;
  int64_t panels = rhs.getElementType().isInteger(8) ? 4 : 3; // of groups of k, or of k
  bool matrix =
      lhs.getRank() == 2 && (rhs.getRank() == 2 || rhs.getRank() == panels) && acc.getRank() == 2;
  if (!fractal && !matrix)
    return emitOpError("expected three fractal buffers of rank 4, or a matrix times a matrix or "
                       "its panels into a matrix, but got ranks ")
           << lhs.getRank() << ", " << rhs.getRank() << " and " << acc.getRank();
  return verifyOnChip(*this);
}

LogicalResult FixpipeOp::verify() {
  if (cast<MemRefType>(getSource().getType()).getRank() != 4 ||
      cast<MemRefType>(getTarget().getType()).getRank() != 2)
    return emitOpError("expected a fractal source of rank 4 and a target of rank 2");
  return verifyOnChip(*this);
}

/// One map per operand over one iteration space; a body argument per operand; a yield of one
/// value per output.
template <typename Op> static LogicalResult verifyRegion(Op op) {
  size_t operands = op.getInputs().size() + op.getOutputs().size();
  auto maps = op.getIndexingMaps().template getAsValueRange<AffineMapAttr>();
  if (op.getIndexingMaps().size() != operands)
    return op.emitOpError("expected ")
           << operands << " maps, one per operand, but got " << op.getIndexingMaps().size();
  unsigned dims = (*maps.begin()).getNumDims();
  for (auto [i, map, operand] : llvm::enumerate(maps, op->getOperands())) {
    if (map.getNumDims() != dims || map.getNumSymbols() != 0)
      return op.emitOpError("expected map ") << i << " to have " << dims << " dims and no symbol";
    if (map.getNumResults() != unsigned(cast<MemRefType>(operand.getType()).getRank()))
      return op.emitOpError("expected map ")
             << i << " to have a result for each dim of operand " << i;
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return op.emitOpError("expected map ") << i << " to be a projected permutation";
  }
  Block &body = op.getBody().front();
  if (body.getNumArguments() != operands)
    return op.emitOpError("expected ") << operands << " body arguments";
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield.getValues().size() != op.getOutputs().size())
    return op.emitOpError("expected the body to yield one value per output");
  return success();
}

LogicalResult VectorOp::verify() {
  return success(succeeded(verifyRegion(*this)) && succeeded(verifyVectorOnChip(*this)));
}

LogicalResult RowReduceOp::verify() {
  if (failed(verifyRegion(*this)))
    return failure();
  auto maps = getIndexingMaps().getAsValueRange<AffineMapAttr>();
  int64_t dims = (*maps.begin()).getNumDims();
  for (int64_t d : getReduced())
    if (d < 0 || d >= dims)
      return emitOpError("expected reduced dims below ") << dims << ", but got " << d;
  return verifyVectorOnChip(*this);
}

template <typename Op> static LogicalResult verifyEvent(Op op) {
  if (int64_t id = op.getIdAttr().getInt(); id < 0)
    return op.emitOpError("expected a non-negative id, but got ") << id;
  if (op.getFrom() == op.getTo())
    return op.emitOpError("expected two pipes, but got ")
           << op.getFrom() << " twice: use tile.pipe_barrier";
  return success(succeeded(verifyPipeOnChip(op, op.getFrom())) &&
                 succeeded(verifyPipeOnChip(op, op.getTo())) &&
                 succeeded(verifyEventOnChip(op, op.getId())));
}
LogicalResult SetEventOp::verify() {
  return verifyEvent(*this);
}
LogicalResult WaitEventOp::verify() {
  return verifyEvent(*this);
}

LogicalResult PipeBarrierOp::verify() {
  return verifyPipeOnChip(*this, getPipe());
}

template <typename Op> static LogicalResult verifyCross(Op op) {
  if (int64_t mode = op.getModeAttr().getInt(); mode < 0 || mode > 2)
    return op.emitOpError("expected mode 0, 1 or 2, but got ") << mode;
  if (int64_t id = op.getIdAttr().getInt(); id < 0)
    return op.emitOpError("expected a non-negative id, but got ") << id;
  return success(succeeded(verifyPipeOnChip(op, op.getPipe())) &&
                 succeeded(verifyFlagOnChip(op, op.getMode(), op.getId())));
}
LogicalResult CrossSetOp::verify() {
  return verifyCross(*this);
}
LogicalResult CrossWaitOp::verify() {
  return verifyCross(*this);
}

LogicalResult WorkspaceOp::verify() {
  auto type = cast<MemRefType>(getBuffer().getType());
  if (!type.hasStaticShape())
    return emitOpError("expected a static shape");
  if (int64_t depth = getDepthAttr().getInt(); depth < 1)
    return emitOpError("expected a depth of 1 or more, but got ") << depth;
  else if (depth > 1 && (type.getRank() == 0 || type.getDimSize(0) != depth))
    return emitOpError("expected dim 0 to count the ") << depth << " slots, but got " << type;
  if (spaceOf(type) != "gm")
    return emitOpError("expected a buffer in gm, but got ") << spaceOf(type);
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee = symbols.lookupNearestSymbolFrom<func::FuncOp>(*this, getKernelAttr());
  if (!callee)
    return emitOpError("expected a kernel function, but found none named @") << getKernel();
  if (callee.getFunctionType().getInputs() != getBuffers().getTypes())
    return emitOpError("expected the buffers to have the types of @") << getKernel();
  return success();
}
