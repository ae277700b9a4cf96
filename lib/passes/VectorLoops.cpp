// The structure of loops over vectors: which dim the lanes run along, and the loops around a step.
//
// One dim is walked a natural vector at a time and its rest in one masked step. Where an operand
// is strided along that dim its lanes are moved one by one, and the rest goes element by element.
#include "VectorLoops.h"
#include "CollapseDims.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tessera;

static MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

LogicalResult VectorLoops::run() {
  collapseDims(b, work);
  operands.append(work.inputs.begin(), work.inputs.end());
  operands.append(work.outputs.begin(), work.outputs.end());
  dims = work.maps.front().getNumDims();
  for (unsigned d = 0; d < dims; ++d)
    extents.push_back(extentOf(d));
  pickVectorDim();
  indices.assign(dims, Value());
  if (!work.reduced.empty() && vectorDim >= 0 && isReduced(vectorDim) && !findCombiners())
    vectorDim = -1;
  if (int from = transposedDim(); from >= 0)
    return emitTranspose(from);
  nest(outerLoops(), {}, [&](SmallVector<Value>) {
    emitInner();
    return SmallVector<Value>();
  });
  return success();
}

Value VectorLoops::index(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

/// The extent of a loop: a constant where some operand says so.
OpFoldResult VectorLoops::extentOf(unsigned d) {
  OpFoldResult extent;
  for (auto [v, map] : llvm::zip(operands, work.maps))
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == d) {
        if (!typeOf(v).isDynamicDim(i))
          return b.getIndexAttr(typeOf(v).getDimSize(i));
        if (!extent)
          extent = memref::DimOp::create(b, loc, v, i).getResult();
      }
  return extent ? extent : OpFoldResult(b.getIndexAttr(1));
}

Value VectorLoops::value(OpFoldResult fold) {
  if (auto v = dyn_cast<Value>(fold))
    return v;
  return index(*getConstantIntValue(fold));
}

VectorLoops::Access VectorLoops::access(unsigned operand, int d) const {
  AffineMap map = work.maps[operand];
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim || int(dim.getPosition()) != d)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    MemRefType type = typeOf(operands[operand]);
    if (i + 1 == map.getNumResults() && succeeded(type.getStridesAndOffset(strides, offset)) &&
        strides.back() == 1 &&
        !type.getElementType().isInteger(1)) // a vector of i1 is packed, memory is not
      return Access::contiguous;
    return Access::strided;
  }
  return Access::broadcast;
}

/// The dim most operands are contiguous along; lanes that have to be moved one by one cost more
/// than a contiguous operand gains.
void VectorLoops::pickVectorDim() {
  int best = std::numeric_limits<int>::min();
  for (unsigned d = 0; d < dims; ++d) {
    if (getConstantIntValue(extents[d]) == 1)
      continue;
    int score = 0;
    for (unsigned i = 0; i < operands.size(); ++i) {
      bool input = i < work.inputs.size();
      Access how = access(i, d);
      if (how == Access::contiguous)
        score += input ? 2 : 5;
      else if (how == Access::strided)
        score -= input ? 6 : 12;
    }
    if (score >= best) {
      best = score;
      vectorDim = int(d);
    }
  }
  if (vectorDim < 0)
    return;
  for (unsigned i = 0; i < operands.size(); ++i)
    strided |= access(i, vectorDim) == Access::strided;
}

SmallVector<unsigned> VectorLoops::outerLoops() const {
  SmallVector<unsigned> outer;
  for (unsigned d = 0; d < dims; ++d)
    if (!isReduced(d) && int(d) != vectorDim && int(d) != other)
      outer.push_back(d);
  return outer;
}

SmallVector<Value>
VectorLoops::nest(ArrayRef<unsigned> loops, SmallVector<Value> carried,
                  llvm::function_ref<SmallVector<Value>(SmallVector<Value>)> inner) {
  if (loops.empty())
    return inner(carried);
  unsigned d = loops.front();
  if (getConstantIntValue(extents[d]) == 1) {
    indices[d] = index(0);
    return nest(loops.drop_front(), carried, inner);
  }
  auto loop = scf::ForOp::create(b, loc, index(0), value(extents[d]), index(1), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  indices[d] = loop.getInductionVar();
  SmallVector<Value> next =
      nest(loops.drop_front(), SmallVector<Value>(loop.getRegionIterArgs()), inner);
  if (!carried.empty()) // without results the loop has its yield already
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// What lies inside the outer loops: the vector dim and the reduced dims.
void VectorLoops::emitInner() {
  SmallVector<unsigned> reducedLoops;
  for (int64_t d : work.reduced)
    if (int(d) != vectorDim)
      reducedLoops.push_back(d);
  llvm::sort(reducedLoops);
  if (vectorDim >= 0 && isReduced(vectorDim))
    return horizontal(reducedLoops);
  if (vectorDim < 0)
    return step(1, Value(), reducedLoops);
  if (reducedLoops.empty())
    hoistBroadcasts();
  alongVectorDim(index(0), {}, [&](int64_t width, Value mask, ValueRange) {
    step(width, mask, reducedLoops);
    return SmallVector<Value>();
  });
}

void VectorLoops::hoistBroadcasts() {
  hoisted.clear();
  for (unsigned i = 0; i < work.inputs.size(); ++i)
    if (access(i, vectorDim) == Access::broadcast)
      hoisted[i] = memref::LoadOp::create(b, loc, operands[i], addressOf(i));
}

SmallVector<Value> VectorLoops::alongVectorDim(Value from, SmallVector<Value> carried, Step body) {
  OpFoldResult extent = extents[vectorDim];
  std::optional<int64_t> known = getConstantIntValue(extent);
  Value end = value(extent), whole;
  if (known)
    whole = index(*known / lanes * lanes);
  else
    whole = arith::SubIOp::create(b, loc, end, arith::RemUIOp::create(b, loc, end, index(lanes)));
  if (!known || *known >= lanes)
    carried = loopOver(from, whole, lanes, carried, body);
  if (known && *known % lanes == 0)
    return carried;
  if (strided)
    return loopOver(whole, end, 1, carried, body);
  // One masked step, taken only if something is left.
  Value left = arith::SubIOp::create(b, loc, end, whole);
  auto maskType = VectorType::get({lanes}, b.getI1Type());
  auto masked = [&]() {
    indices[vectorDim] = whole;
    Value mask = vector::CreateMaskOp::create(b, loc, maskType, left);
    return body(lanes, mask, carried);
  };
  if (known)
    return masked();
  Value any = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, left, index(0));
  auto branch = scf::IfOp::create(b, loc, TypeRange(ValueRange(carried)), any,
                                  /*withElseRegion=*/!carried.empty());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&branch.getThenRegion().front());
  SmallVector<Value> results = masked();
  if (carried.empty())
    return {};
  scf::YieldOp::create(b, loc, results);
  b.setInsertionPointToStart(&branch.getElseRegion().front());
  scf::YieldOp::create(b, loc, carried);
  return SmallVector<Value>(branch.getResults());
}

SmallVector<Value> VectorLoops::loopOver(Value from, Value to, int64_t width,
                                         SmallVector<Value> carried, Step body) {
  auto loop = scf::ForOp::create(b, loc, from, to, index(width), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  indices[vectorDim] = loop.getInductionVar();
  SmallVector<Value> next = body(width, Value(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loop.getResults());
}

/// Computes `width` lanes; reduced loops run inside, carrying the outputs.
void VectorLoops::step(int64_t width, Value mask, ArrayRef<unsigned> reducedLoops) {
  size_t first = work.inputs.size();
  SmallVector<Value> state;
  for (size_t i = first; i < operands.size(); ++i)
    state.push_back(readsOutput(i) ? load(i, width, mask) : Value());
  state = nest(reducedLoops, state,
               [&](SmallVector<Value> carried) { return evaluate(width, mask, carried); });
  for (size_t i = first; i < operands.size(); ++i)
    store(i, state[i - first], width, mask);
}

LogicalResult tessera::lowerVectorWork(OpBuilder &b, VectorWork work, int64_t lanes,
                                       DeviceLibrary &library) {
  return VectorLoops(b, std::move(work), lanes, library).run();
}
