// Loops over vectors for regions of scalar arithmetic.
//
// Loop dims that lie contiguously in every operand become one; one dim is walked a natural vector
// at a time and its rest in one masked step. Where an operand is strided along that dim its lanes
// are moved one by one, and the rest goes element by element.
#include "LowerTile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }

/// Joins loop dims d and d + 1 wherever every operand allows it, and rewrites the operands.
class DimCollapser {
public:
  DimCollapser(OpBuilder &b, VectorWork &work) : b(b), work(work) {}
  void run() {
    bool changed = true;
    while (changed) {
      changed = false;
      unsigned dims = work.maps.front().getNumDims();
      for (unsigned d = 0; d + 1 < dims && !changed; ++d)
        if (canJoin(d)) {
          join(d);
          changed = true;
        }
    }
  }

private:
  SmallVector<Value> operands() {
    SmallVector<Value> all(work.inputs);
    llvm::append_range(all, work.outputs);
    return all;
  }

  static int64_t find(AffineMap map, unsigned d) {
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == d)
        return i;
    return -1;
  }

  bool canJoin(unsigned d) {
    if (llvm::is_contained(work.reduced, d) != llvm::is_contained(work.reduced, d + 1))
      return false;
    bool used = false;
    for (auto [v, map] : llvm::zip(operands(), work.maps)) {
      int64_t i = find(map, d), j = find(map, d + 1);
      if (i < 0 && j < 0)
        continue;
      if (i < 0 || j != i + 1 || !contiguous(typeOf(v), i))
        return false;
      used = true;
    }
    return used;
  }

  static bool contiguous(MemRefType type, int64_t i) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)))
      return false;
    int64_t inner = type.getDimSize(i + 1);
    return !ShapedType::isDynamic(inner) && !ShapedType::isDynamic(strides[i]) &&
           !ShapedType::isDynamic(strides[i + 1]) && strides[i] == strides[i + 1] * inner;
  }

  void join(unsigned d) {
    MLIRContext *context = b.getContext();
    unsigned dims = work.maps.front().getNumDims();
    SmallVector<AffineExpr> renamed; // both dims become d, later ones move down
    for (unsigned i = 0; i < dims; ++i)
      renamed.push_back(getAffineDimExpr(i <= d ? i : i - 1, context));
    SmallVector<Value> joined;
    for (auto [v, map] : llvm::zip(operands(), work.maps)) {
      int64_t at = find(map, d);
      SmallVector<AffineExpr> results(map.getResults());
      Value next = v;
      if (at >= 0) {
        SmallVector<ReassociationIndices> groups;
        for (int64_t r = 0; r < typeOf(v).getRank(); ++r)
          if (r == at + 1)
            groups.back().push_back(r);
          else
            groups.push_back({r});
        next = memref::CollapseShapeOp::create(b, work.loc, v, groups);
        results.erase(results.begin() + at + 1);
      }
      joined.push_back(next);
      map = AffineMap::get(dims, 0, results, context)
                .replaceDimsAndSymbols(renamed, {}, dims - 1, 0);
    }
    size_t inputs = work.inputs.size();
    work.inputs.assign(joined.begin(), joined.begin() + inputs);
    work.outputs.assign(joined.begin() + inputs, joined.end());
    SmallVector<int64_t> reduced;
    for (int64_t r : work.reduced)
      if (int64_t moved = r <= int64_t(d) ? r : r - 1; !llvm::is_contained(reduced, moved))
        reduced.push_back(moved);
    work.reduced = reduced;
  }

  OpBuilder &b;
  VectorWork &work;
};

/// How an operand is reached along the vector dim.
enum class Access { broadcast, contiguous, strided };

class VectorLoops {
public:
  VectorLoops(OpBuilder &b, VectorWork work, int64_t lanes, DeviceLibrary &library)
      : b(b), work(std::move(work)), lanes(lanes), library(library), loc(this->work.loc) {}

  LogicalResult run() {
    DimCollapser(b, work).run();
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
    SmallVector<unsigned> outer;
    for (unsigned d = 0; d < dims; ++d)
      if (!isReduced(d) && int(d) != vectorDim)
        outer.push_back(d);
    nest(outer, [&] { emitInner(); });
    return success();
  }

private:
  bool isReduced(unsigned d) const { return llvm::is_contained(work.reduced, d); }
  Value index(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }

  /// The extent of a loop: a constant where some operand says so.
  OpFoldResult extentOf(unsigned d) {
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

  Value value(OpFoldResult fold) {
    if (auto v = dyn_cast<Value>(fold))
      return v;
    return index(*getConstantIntValue(fold));
  }

  Access access(unsigned operand, int d) const {
    AffineMap map = work.maps[operand];
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || int(dim.getPosition()) != d)
        continue;
      SmallVector<int64_t> strides;
      int64_t offset;
      MemRefType type = typeOf(operands[operand]);
      if (i + 1 == map.getNumResults() &&
          succeeded(type.getStridesAndOffset(strides, offset)) && strides.back() == 1 &&
          !type.getElementType().isInteger(1)) // a vector of i1 is packed, memory is not
        return Access::contiguous;
      return Access::strided;
    }
    return Access::broadcast;
  }

  /// The dim most operands are contiguous along; lanes that have to be moved one by one cost more
  /// than a contiguous operand gains.
  void pickVectorDim() {
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

  //===--------------------------------------------------------------------===//
  // Loops
  //===--------------------------------------------------------------------===//

  void nest(ArrayRef<unsigned> loops, llvm::function_ref<void()> inner) {
    if (loops.empty())
      return inner();
    unsigned d = loops.front();
    if (getConstantIntValue(extents[d]) == 1) {
      indices[d] = index(0);
      return nest(loops.drop_front(), inner);
    }
    auto loop = scf::ForOp::create(b, loc, index(0), value(extents[d]), index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices[d] = loop.getInductionVar();
    nest(loops.drop_front(), inner);
  }

  void emitInner() {
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

  /// Loads inputs that do not change along the vector dim before its loop: the compiler cannot, as
  /// it must assume that the loop's stores change them.
  void hoistBroadcasts() {
    hoisted.clear();
    for (unsigned i = 0; i < work.inputs.size(); ++i)
      if (access(i, vectorDim) == Access::broadcast)
        hoisted[i] = memref::LoadOp::create(b, loc, operands[i], addressOf(i));
  }

  using Step = llvm::function_ref<SmallVector<Value>(int64_t width, Value mask, ValueRange carried)>;

  /// Walks the vector dim from `from` (whole vectors in): full vectors, then one masked vector or
  /// single elements.
  SmallVector<Value> alongVectorDim(Value from, SmallVector<Value> carried, Step body) {
    OpFoldResult extent = extents[vectorDim];
    std::optional<int64_t> known = getConstantIntValue(extent);
    Value end = value(extent), whole;
    if (known)
      whole = index(*known / lanes * lanes);
    else
      whole = arith::SubIOp::create(
          b, loc, end, arith::RemUIOp::create(b, loc, end, index(lanes)));
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

  SmallVector<Value> loopOver(Value from, Value to, int64_t width, SmallVector<Value> carried,
                              Step body) {
    auto loop = scf::ForOp::create(b, loc, from, to, index(width), carried);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices[vectorDim] = loop.getInductionVar();
    SmallVector<Value> next = body(width, Value(), loop.getRegionIterArgs());
    if (!carried.empty())
      scf::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  //===--------------------------------------------------------------------===//
  // One step
  //===--------------------------------------------------------------------===//

  /// Computes `width` lanes; reduced loops run inside, carrying the outputs.
  void step(int64_t width, Value mask, ArrayRef<unsigned> reducedLoops) {
    size_t first = work.inputs.size();
    SmallVector<Value> state;
    for (size_t i = first; i < operands.size(); ++i)
      state.push_back(readsOutput(i) ? load(i, width, mask) : Value());
    if (!reducedLoops.empty())
      state = reduceInto(reducedLoops, state, width, mask);
    else
      state = evaluate(width, mask, state);
    for (size_t i = first; i < operands.size(); ++i)
      store(i, state[i - first], width, mask);
  }

  SmallVector<Value> reduceInto(ArrayRef<unsigned> loops, SmallVector<Value> state, int64_t width,
                                Value mask) {
    if (loops.empty())
      return evaluate(width, mask, state);
    unsigned d = loops.front();
    if (getConstantIntValue(extents[d]) == 1) {
      indices[d] = index(0);
      return reduceInto(loops.drop_front(), state, width, mask);
    }
    auto loop = scf::ForOp::create(b, loc, index(0), value(extents[d]), index(1), state);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices[d] = loop.getInductionVar();
    SmallVector<Value> next = reduceInto(
        loops.drop_front(), SmallVector<Value>(loop.getRegionIterArgs()), width, mask);
    scf::YieldOp::create(b, loc, next);
    return SmallVector<Value>(loop.getResults());
  }

  /// A reduction along the vector dim: lanes fold separately and meet at the end.
  void horizontal(ArrayRef<unsigned> reducedLoops) {
    size_t first = work.inputs.size();
    SmallVector<Value> partial;
    for (Operation *combiner : combiners) {
      Type element = combiner->getResult(0).getType();
      Value neutral = arith::ConstantOp::create(
          b, loc, *arith::getNeutralElement(combiner));
      partial.push_back(vector::BroadcastOp::create(b, loc, VectorType::get({lanes}, element),
                                                    neutral));
    }
    if (reducedLoops.empty())
      hoistBroadcasts();
    auto row = [&](SmallVector<Value> carried) {
      Value from = foldFour(carried);
      return alongVectorDim(from, carried, [&](int64_t width, Value mask, ValueRange state) {
        SmallVector<Value> next = evaluate(width, mask, SmallVector<Value>(state));
        if (mask) // lanes beyond the end keep what they have
          for (auto [value, old] : llvm::zip(next, state))
            value = arith::SelectOp::create(b, loc, mask, value, old);
        return next;
      });
    };
    partial = carryThrough(reducedLoops, partial, row);
    for (size_t i = first; i < operands.size(); ++i) {
      Operation *combiner = combiners[i - first];
      Value folded = vector::ReductionOp::create(b, loc, kindOf(combiner), partial[i - first]);
      Value old = load(i, 1, Value());
      Value result = combine(combiner, folded, old);
      store(i, result, 1, Value());
    }
  }

  /// Folds four vectors a step into four states, which hides the latency of the combining
  /// operation; `state` becomes what they fold to. Returns where the rest begins.
  Value foldFour(SmallVector<Value> &state) {
    constexpr int64_t kStates = 4;
    OpFoldResult extent = extents[vectorDim];
    std::optional<int64_t> known = getConstantIntValue(extent);
    int64_t stride = kStates * lanes;
    if (known && *known < 2 * stride)
      return index(0);
    Value end = value(extent);
    Value whole = known ? index(*known / stride * stride)
                        : arith::SubIOp::create(b, loc, end,
                                                arith::RemUIOp::create(b, loc, end, index(stride)))
                              .getResult();
    SmallVector<Value> neutral;
    for (Operation *combiner : combiners)
      neutral.push_back(vector::BroadcastOp::create(
          b, loc, VectorType::get({lanes}, combiner->getResult(0).getType()),
          arith::ConstantOp::create(b, loc, *arith::getNeutralElement(combiner))));
    SmallVector<Value> states(state);
    for (int64_t i = 1; i < kStates; ++i)
      llvm::append_range(states, neutral);
    auto loop = scf::ForOp::create(b, loc, index(0), whole, index(stride), states);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      SmallVector<Value> next;
      for (int64_t i = 0; i < kStates; ++i) {
        indices[vectorDim] =
            arith::AddIOp::create(b, loc, loop.getInductionVar(), index(i * lanes));
        llvm::append_range(next, evaluate(lanes, Value(),
                                          SmallVector<Value>(loop.getRegionIterArgs().slice(
                                              i * state.size(), state.size()))));
      }
      scf::YieldOp::create(b, loc, next);
    }
    size_t count = state.size();
    for (size_t out = 0; out < count; ++out) {
      Value folded = loop.getResult(out);
      for (int64_t i = 1; i < kStates; ++i)
        folded = combine(combiners[out], folded, loop.getResult(i * count + out));
      state[out] = folded;
    }
    return whole;
  }

  Value combine(Operation *combiner, Value x, Value y) {
    OperationState state(loc, combiner->getName(), {x, y}, {x.getType()}, combiner->getAttrs());
    return b.create(state)->getResult(0);
  }

  SmallVector<Value>
  carryThrough(ArrayRef<unsigned> loops, SmallVector<Value> state,
               llvm::function_ref<SmallVector<Value>(SmallVector<Value>)> inner) {
    if (loops.empty())
      return inner(state);
    unsigned d = loops.front();
    auto loop = scf::ForOp::create(b, loc, index(0), value(extents[d]), index(1), state);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    indices[d] = loop.getInductionVar();
    scf::YieldOp::create(b, loc,
                         carryThrough(loops.drop_front(),
                                      SmallVector<Value>(loop.getRegionIterArgs()), inner));
    return SmallVector<Value>(loop.getResults());
  }

  /// The operation that folds a new element into each output, if its kind is known and the lanes
  /// are full vectors.
  bool findCombiners() {
    if (strided || !work.body)
      return false;
    Operation *yield = work.body->getTerminator();
    for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
      Operation *combiner = value.getDefiningOp();
      BlockArgument old = work.body->getArgument(work.inputs.size() + i);
      if (!combiner || combiner->getNumOperands() != 2 || !old.hasOneUse() ||
          *old.user_begin() != combiner || !arith::getNeutralElement(combiner) ||
          !knownKind(combiner))
        return false;
      combiners.push_back(combiner);
    }
    return true;
  }

  static bool knownKind(Operation *op) {
    return isa<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp, arith::MaximumFOp,
               arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::MaxSIOp,
               arith::MinSIOp, arith::AndIOp, arith::OrIOp>(op);
  }

  static vector::CombiningKind kindOf(Operation *op) {
    using Kind = vector::CombiningKind;
    if (isa<arith::AddFOp, arith::AddIOp>(op))
      return Kind::ADD;
    if (isa<arith::MulFOp, arith::MulIOp>(op))
      return Kind::MUL;
    if (isa<arith::MaximumFOp>(op))
      return Kind::MAXIMUMF;
    if (isa<arith::MinimumFOp>(op))
      return Kind::MINIMUMF;
    if (isa<arith::MaxNumFOp>(op))
      return Kind::MAXNUMF;
    if (isa<arith::MinNumFOp>(op))
      return Kind::MINNUMF;
    if (isa<arith::MaxSIOp>(op))
      return Kind::MAXSI;
    if (isa<arith::MinSIOp>(op))
      return Kind::MINSI;
    return isa<arith::AndIOp>(op) ? Kind::AND : Kind::OR;
  }

  //===--------------------------------------------------------------------===//
  // Memory
  //===--------------------------------------------------------------------===//

  bool readsOutput(size_t operand) const {
    return work.body && !work.body->getArgument(operand).use_empty();
  }

  SmallVector<Value> addressOf(unsigned operand, Value lane = {}) {
    SmallVector<Value> at;
    for (AffineExpr expr : work.maps[operand].getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim) {
        at.push_back(index(cast<AffineConstantExpr>(expr).getValue()));
        continue;
      }
      Value i = indices[dim.getPosition()];
      if (lane && int(dim.getPosition()) == vectorDim)
        i = arith::AddIOp::create(b, loc, i, lane);
      at.push_back(i);
    }
    return at;
  }

  Value load(unsigned operand, int64_t width, Value mask) {
    Value buffer = operands[operand];
    Type element = typeOf(buffer).getElementType();
    if (Value scalar = hoisted.lookup(operand))
      return wide(scalar, width);
    if (width == 1)
      return memref::LoadOp::create(b, loc, buffer, addressOf(operand));
    auto type = VectorType::get({width}, element);
    switch (access(operand, vectorDim)) {
    case Access::broadcast:
      return vector::BroadcastOp::create(
          b, loc, type, memref::LoadOp::create(b, loc, buffer, addressOf(operand)));
    case Access::contiguous: {
      if (!mask)
        return vector::LoadOp::create(b, loc, type, buffer, addressOf(operand));
      // One beyond the end, so that no lane divides by zero.
      TypedAttr one = isa<FloatType>(element) ? TypedAttr(b.getFloatAttr(element, 1.0))
                                              : TypedAttr(b.getIntegerAttr(element, 1));
      Value pass = vector::BroadcastOp::create(b, loc, type,
                                               arith::ConstantOp::create(b, loc, one));
      return vector::MaskedLoadOp::create(b, loc, type, buffer, addressOf(operand), mask, pass);
    }
    case Access::strided: {
      Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
      for (int64_t lane = 0; lane < width; ++lane) {
        Value one = memref::LoadOp::create(b, loc, buffer, addressOf(operand, index(lane)));
        result = vector::InsertOp::create(b, loc, one, result, lane);
      }
      return result;
    }
    }
    llvm_unreachable("every access is one of three");
  }

  void store(unsigned operand, Value v, int64_t width, Value mask) {
    Value buffer = operands[operand];
    if (width == 1) {
      memref::StoreOp::create(b, loc, v, buffer, addressOf(operand));
      return;
    }
    if (access(operand, vectorDim) == Access::contiguous) {
      if (mask)
        vector::MaskedStoreOp::create(b, loc, buffer, addressOf(operand), mask, v);
      else
        vector::StoreOp::create(b, loc, v, buffer, addressOf(operand));
      return;
    }
    for (int64_t lane = 0; lane < width; ++lane)
      memref::StoreOp::create(b, loc, vector::ExtractOp::create(b, loc, v, lane), buffer,
                              addressOf(operand, index(lane)));
  }

  //===--------------------------------------------------------------------===//
  // Transposition
  //===--------------------------------------------------------------------===//

  /// For a plain copy whose source is contiguous along another dim than its target: that dim.
  int transposedDim() const {
    bool copies = !work.body || (work.body->without_terminator().empty() &&
                                 work.body->getTerminator()->getOperand(0) ==
                                     work.body->getArgument(0));
    if (!copies || work.inputs.size() != 1 || work.outputs.size() != 1 || vectorDim < 0 ||
        !work.reduced.empty() || access(0, vectorDim) != Access::strided ||
        access(1, vectorDim) != Access::contiguous ||
        typeOf(work.inputs[0]).getElementTypeBitWidth() != 32)
      return -1;
    for (unsigned d = 0; d < dims; ++d)
      if (int(d) != vectorDim && access(0, d) == Access::contiguous &&
          access(1, d) == Access::strided)
        return int(d);
    return -1;
  }

  /// The part of an operand where the two transposed dims begin, and its stride along `d`.
  std::pair<Value, Value> matrixAt(unsigned operand, int d) {
    auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, operands[operand]);
    SmallVector<OpFoldResult> offsets, sizes, ones;
    Value stride;
    for (auto [i, expr] : llvm::enumerate(work.maps[operand].getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      bool whole = dim && (int(dim.getPosition()) == vectorDim || int(dim.getPosition()) == other);
      if (dim && int(dim.getPosition()) == d)
        stride = metadata.getStrides()[i];
      offsets.push_back(whole || !dim ? OpFoldResult(b.getIndexAttr(0))
                                      : OpFoldResult(indices[dim.getPosition()]));
      sizes.push_back(whole ? extents[dim.getPosition()] : OpFoldResult(b.getIndexAttr(1)));
      ones.push_back(b.getIndexAttr(1));
    }
    Value part = memref::SubViewOp::create(b, loc, operands[operand], offsets, sizes, ones);
    return {tessera::addressOf(b, loc, part), stride};
  }

  /// One call of the transposition kernel for each pair of matrices.
  LogicalResult emitTranspose(int from) {
    other = from;
    SmallVector<unsigned> outer;
    for (unsigned d = 0; d < dims; ++d)
      if (int(d) != vectorDim && int(d) != other)
        outer.push_back(d);
    nest(outer, [&] {
      auto i64 = [&](Value v) {
        return arith::IndexCastOp::create(b, loc, b.getI64Type(), v).getResult();
      };
      auto [source, sourceStride] = matrixAt(0, vectorDim);
      auto [target, targetStride] = matrixAt(1, other);
      library.call(b, loc, "tessera_transpose2d_32", TypeRange(),
                   {source, i64(sourceStride), target, i64(targetStride),
                    i64(value(extents[vectorDim])), i64(value(extents[other]))});
    });
    return success();
  }

  //===--------------------------------------------------------------------===//
  // The body on vectors
  //===--------------------------------------------------------------------===//

  SmallVector<Value> evaluate(int64_t width, Value mask, SmallVector<Value> state) {
    if (!work.body)
      return {load(0, width, mask)};
    IRMapping map;
    size_t inputs = work.inputs.size();
    for (size_t i = 0; i < inputs; ++i)
      if (!work.body->getArgument(i).use_empty())
        map.map(work.body->getArgument(i), load(i, width, mask));
    for (auto [i, value] : llvm::enumerate(state))
      if (value)
        map.map(work.body->getArgument(inputs + i), value);
    for (Operation &op : work.body->without_terminator())
      for (auto [from, to] : llvm::zip(op.getResults(), evaluateOp(&op, map, width)))
        map.map(from, to);
    SmallVector<Value> results;
    for (Value v : work.body->getTerminator()->getOperands())
      results.push_back(wide(map.lookupOrDefault(v), width));
    return results;
  }

  /// Scalars from outside the region become vectors of one value.
  Value wide(Value v, int64_t width) {
    if (width == 1 || isa<VectorType>(v.getType()))
      return v;
    return vector::BroadcastOp::create(b, loc, VectorType::get({width}, v.getType()), v);
  }

  SmallVector<Value> evaluateOp(Operation *op, IRMapping &map, int64_t width) {
    if (op->hasTrait<OpTrait::ConstantLike>()) {
      Value scalar = b.clone(*op)->getResult(0);
      return {wide(scalar, width)};
    }
    SmallVector<Value> args;
    for (Value operand : op->getOperands())
      args.push_back(wide(map.lookupOrDefault(operand), width));
    if (StringRef function = deviceFunction(op); !function.empty())
      return {callDevice(function, args, width)};
    SmallVector<Type> types;
    for (Type type : op->getResultTypes())
      types.push_back(width == 1 ? type : VectorType::get({width}, type));
    OperationState state(loc, op->getName(), args, types, op->getAttrs());
    return SmallVector<Value>(b.create(state)->getResults());
  }

  /// The hand-written function for an operation, or nothing.
  static StringRef deviceFunction(Operation *op) {
    if (auto apply = dyn_cast<tile::ApplyOp>(op))
      return apply.getKernel();
    if (!isa<math::MathDialect>(op->getDialect()) || !op->getResult(0).getType().isF32())
      return {};
    return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
        .Case("math.exp", "exp")
        .Case("math.log", "log")
        .Case("math.tanh", "tanh")
        .Case("math.erf", "erf")
        .Case("math.sin", "sin")
        .Case("math.cos", "cos")
        .Case("math.powf", "pow")
        .Case("math.rsqrt", "rsqrt")
        .Default({});
  }

  Value callDevice(StringRef function, SmallVector<Value> args, int64_t width) {
    auto type = VectorType::get({lanes}, b.getF32Type());
    for (Value &arg : args)
      if (width == 1)
        arg = vector::BroadcastOp::create(b, loc, type, arg);
    std::string name = ("tessera_" + function + "_f32").str();
    Value result = library.call(b, loc, name, type, args).front();
    return width == 1 ? vector::ExtractOp::create(b, loc, result, 0).getResult() : result;
  }

  OpBuilder &b;
  VectorWork work;
  int64_t lanes;
  DeviceLibrary &library;
  Location loc;
  SmallVector<Value> operands;
  unsigned dims = 0;
  SmallVector<OpFoldResult> extents;
  SmallVector<Value> indices;
  SmallVector<Operation *> combiners;
  llvm::SmallDenseMap<unsigned, Value> hoisted; ///< Broadcast inputs, loaded before the loop.
  int vectorDim = -1;
  int other = -1; ///< The second dim of a transposition.
  bool strided = false;
};

} // namespace

ValueRange DeviceLibrary::call(OpBuilder &b, Location loc, StringRef name, TypeRange results,
                               ValueRange args) {
  if (!module.lookupSymbol(name)) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(module.getBody());
    auto type = b.getFunctionType(TypeRange(args), results);
    func::FuncOp::create(b, loc, name, type).setPrivate();
  }
  return func::CallOp::create(b, loc, name, results, args).getResults();
}

LogicalResult tessera::lowerVectorWork(OpBuilder &b, VectorWork work, int64_t lanes,
                                       DeviceLibrary &library) {
  return VectorLoops(b, std::move(work), lanes, library).run();
}
