// Reductions along the vector dim: lanes fold separately and meet at the end.
#include "VectorLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tessera;

static bool knownKind(Operation *op) {
  return isa<arith::AddFOp, arith::AddIOp, arith::MulFOp, arith::MulIOp, arith::MaximumFOp,
             arith::MinimumFOp, arith::MaxNumFOp, arith::MinNumFOp, arith::MaxSIOp, arith::MinSIOp,
             arith::AndIOp, arith::OrIOp>(op);
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

bool VectorLoops::findCombiners() {
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

/// One vector for each output that leaves what is combined with it unchanged.
SmallVector<Value> VectorLoops::neutralVectors() {
  SmallVector<Value> neutral;
  for (Operation *combiner : combiners) {
    auto type = VectorType::get({lanes}, combiner->getResult(0).getType());
    Value one = arith::ConstantOp::create(b, loc, *arith::getNeutralElement(combiner));
    neutral.push_back(vector::BroadcastOp::create(b, loc, type, one));
  }
  return neutral;
}

void VectorLoops::horizontal(ArrayRef<unsigned> reducedLoops) {
  size_t first = work.inputs.size();
  SmallVector<Value> partial = neutralVectors();
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
  partial = nest(reducedLoops, partial, row);
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
Value VectorLoops::foldFour(SmallVector<Value> &state) {
  constexpr int64_t kStates = 4;
  OpFoldResult extent = extents[vectorDim];
  std::optional<int64_t> known = getConstantIntValue(extent);
  int64_t stride = kStates * lanes;
  if (known && *known < 2 * stride)
    return index(0);
  Value end = value(extent);
  Value whole =
      known ? index(*known / stride * stride)
            : arith::SubIOp::create(b, loc, end, arith::RemUIOp::create(b, loc, end, index(stride)))
                  .getResult();
  SmallVector<Value> neutral = neutralVectors();
  SmallVector<Value> states(state);
  for (int64_t i = 1; i < kStates; ++i)
    llvm::append_range(states, neutral);
  auto loop = scf::ForOp::create(b, loc, index(0), whole, index(stride), states);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    SmallVector<Value> next;
    for (int64_t i = 0; i < kStates; ++i) {
      indices[vectorDim] = arith::AddIOp::create(b, loc, loop.getInductionVar(), index(i * lanes));
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

Value VectorLoops::combine(Operation *combiner, Value x, Value y) {
  OperationState state(loc, combiner->getName(), {x, y}, {x.getType()}, combiner->getAttrs());
  return b.create(state)->getResult(0);
}
