// What follows a product on chips without a vector unit: as much of it as the unit does that drains
// the accumulator.
#include "Placer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace tessera;

namespace {

/// What a region does to each element of its one operand, as far as a fixpipe could.
class Drained {
public:
  explicit Drained(linalg::GenericOp op) : value(op.getBody()->getArgument(0)) {
    for (Operation &inner : op.getBody()->without_terminator())
      known &= follow(inner);
    known &= op.getBody()->getTerminator()->getOperand(0) == value;
  }
  bool known = true, relu = false;

private:
  bool follow(Operation &op) {
    if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
      below = compare.getPredicate() == arith::CmpFPredicate::OLT && compare.getLhs() == value &&
                      matchPattern(compare.getRhs(), m_AnyZeroFloat())
                  ? compare.getResult()
                  : Value();
      return below != nullptr;
    }
    if (auto select = dyn_cast<arith::SelectOp>(op)) {
      relu = true;
      bool zero = matchPattern(select.getTrueValue(), m_AnyZeroFloat());
      return take(op, zero && below && select.getCondition() == below ? select.getFalseValue()
                                                                      : Value());
    }
    if (op.getNumOperands() != 1)
      return false;
    auto apply = dyn_cast<tile::ApplyOp>(op);
    relu |= bool(apply);
    bool one = (apply && apply.getKernel() == "relu") || isa<arith::TruncFOp, arith::ExtFOp>(op);
    return one && take(op, op.getOperand(0));
  }
  /// `op` goes on from the value so far.
  bool take(Operation &op, Value from) {
    bool follows = from == value;
    value = op.getResult(0);
    return follows;
  }
  Value value, below;
};

} // namespace

/// Whether the region is relu, narrowing or both, element by element, and the fixpipe does each. A
/// result that was narrowed before stays so, since relu and rounding may change places.
static bool drains(linalg::GenericOp op, const tile::Fixpipe &fixpipe) {
  if (op.getInputs().size() != 1 || op.getOutputs().size() != 1 ||
      !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
    return false;
  Drained drained(op);
  Type from = getElementTypeOrSelf(op.getInputs()[0]),
       to = getElementTypeOrSelf(op.getOutputs()[0]);
  return drained.known && (from.isF32() || from == to) &&
         (!drained.relu || fixpipe.allows("relu")) && (to.isF32() || fixpipe.allows("cast"));
}

linalg::GenericOp Placer::drainedBy(Value buffer) const {
  auto alloc = buffer.getDefiningOp<memref::AllocOp>();
  if (!alloc || chip.vectorFor() || !chip.fixpipe)
    return nullptr;
  linalg::GenericOp found;
  for (Operation *user : alloc->getUsers()) {
    if (isa<memref::DeallocOp, tile::MatmulOp, tile::Conv2DOp>(user))
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(user);
    if (!generic || found || generic.getDpsInputs().front() != buffer ||
        !drains(generic, *chip.fixpipe))
      return nullptr;
    found = generic;
  }
  return found;
}

LogicalResult Placer::placeDrained(linalg::GenericOp op) {
  Location loc = op.getLoc();
  Value out = dropLeading(loc, placed(op.getOutputs()[0]), 2);
  return drain(op, undrained.lookup(op.getInputs()[0]), out, dim(loc, out, 0), dim(loc, out, 1),
               Drained(op).relu);
}
