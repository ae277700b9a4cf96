// What the body of a vector operation costs: one instruction of the vector unit per operation.
#include "Costs.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "llvm/ADT/StringSwitch.h"

namespace tessera::machine {
using namespace mlir;

/// The name that chip files use for a scalar operation; its own mnemonic where they agree.
static StringRef costName(Operation *op) {
  if (auto apply = dyn_cast<tile::ApplyOp>(op))
    return apply.getKernel();
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Cases({"arith.addf", "arith.addi"}, "add")
      .Cases({"arith.subf", "arith.subi", "arith.negf"}, "sub")
      .Cases({"arith.mulf", "arith.muli"}, "mul")
      .Cases({"arith.divf", "arith.divsi", "arith.divui"}, "div")
      .Cases({"arith.maximumf", "arith.maxnumf", "arith.maxsi", "arith.maxui"}, "max")
      .Cases({"arith.minimumf", "arith.minnumf", "arith.minsi", "arith.minui"}, "min")
      .Cases({"arith.cmpf", "arith.cmpi"}, "compare")
      .Cases({"arith.extf", "arith.truncf", "arith.sitofp", "arith.fptosi", "arith.uitofp"}, "cast")
      .Cases({"arith.fptoui", "arith.extsi", "arith.extui", "arith.trunci"}, "cast")
      .Default(op->getName().stripDialect());
}

/// Whether an input's elements are repeated along the innermost dimension, or permuted against the
/// output: on a unit that works on memory each takes an instruction of its own.
static StringRef rearrangement(AffineMap map, AffineMap out) {
  if (map.getNumResults() == 0 || map.getNumDims() == 0)
    return "";
  unsigned last = 0;
  bool ascending = true, first = true;
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return "row_broadcast";
    ascending &= first || dim.getPosition() > last;
    last = dim.getPosition();
    first = false;
  }
  if (out.getNumResults() == 0)
    return "";
  auto inner = dyn_cast<AffineDimExpr>(map.getResults().back());
  auto outInner = dyn_cast<AffineDimExpr>(out.getResults().back());
  // Dimensions outside the innermost are taken in any order by the strides of the instruction.
  if (!ascending && outInner && inner != outInner)
    return "transpose";
  return last + 1 < map.getNumDims() && ascending ? "row_broadcast" : "";
}

/// Elements that an input has: the extents of the dimensions it is mapped to.
static int64_t elementsOf(AffineMap map, ArrayRef<int64_t> extents) {
  int64_t elements = 1;
  for (AffineExpr expr : map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() < extents.size())
      elements *= extents[dim.getPosition()];
  return elements;
}

/// A reduction across lanes: whole registers of a row are combined first, then one instruction per
/// row combines the lanes of what is left.
static double acrossLanesCycles(const tile::VectorUnit &unit, StringRef combine,
                                ArrayRef<int64_t> extents, int64_t elementBytes) {
  int64_t rows = 1;
  for (int64_t extent : extents.drop_back())
    rows *= extent;
  const int64_t width = std::max<int64_t>(unit.bytes, 1);
  const int64_t registers = int64_t(llvm::divideCeil(extents.back() * elementBytes, width));
  const int64_t folds = std::max<int64_t>(registers - 1, 0) * rows;
  return double(folds) * unit.cyclesPerRepeatOf(combine) +
         double(rows) * unit.cyclesPerRepeatOf("row_reduce");
}

double vectorCycles(const tile::VectorUnit &unit, Operation *op, ArrayRef<int64_t> extents,
                    int64_t elementBytes, int64_t blockBytes) {
  int64_t elements = 1;
  for (int64_t extent : extents)
    elements *= extent;
  const int64_t bytes = elements * elementBytes;
  double cycles = 0, head = 0, tail = 0;
  int64_t instructions = 0;
  auto issueOn = [&](StringRef name, int64_t operandBytes) {
    ++instructions;
    const double repeats = double(llvm::divideCeil(operandBytes, std::max<int64_t>(unit.bytes, 1)));
    cycles += repeats * unit.cyclesPerRepeatOf(name);
    head = std::max(head, unit.headOf(name));
    tail = std::max(tail, unit.tailOf(name));
  };
  auto issue = [&](StringRef name) { issueOn(name, bytes); };
  Block &body = op->getRegion(0).front();
  auto maps = op->getAttrOfType<ArrayAttr>("indexing_maps");
  const unsigned inputs =
      maps.size() - (isa<tile::VectorOp>(op) ? cast<tile::VectorOp>(op).getOutputs().size()
                                             : cast<tile::RowReduceOp>(op).getOutputs().size());
  const AffineMap out = cast<AffineMapAttr>(maps[inputs]).getValue();
  if (!unit.registers)
    for (unsigned i = 0; i < inputs; ++i) {
      const AffineMap map = cast<AffineMapAttr>(maps[i]).getValue();
      const StringRef name = rearrangement(map, out);
      if (name == "transpose")
        issue(name);
      // Each value fills one block, which the operation then reads with a stride of zero.
      else if (name == "row_broadcast" && !isa<tile::RowReduceOp>(op))
        issueOn(name, elementsOf(map, extents) * std::max(blockBytes, elementBytes));
    }
  auto reduce = dyn_cast<tile::RowReduceOp>(op);
  const bool acrossLanes =
      reduce && llvm::is_contained(reduce.getReduced(), int64_t(extents.size()) - 1);
  for (Operation &scalar : body.without_terminator()) {
    if (scalar.hasTrait<OpTrait::ConstantLike>())
      continue;
    // What takes the carried state in is the reduction itself.
    const bool combines =
        acrossLanes && llvm::any_of(scalar.getOperands(), [&](Value value) {
          auto argument = dyn_cast<BlockArgument>(value);
          return argument && argument.getOwner() == &body && argument.getArgNumber() >= inputs;
        });
    if (combines) {
      // Two instructions that depend on each other across lanes: each start and end shows.
      issueOn("row_reduce", 0);
      cycles += acrossLanesCycles(unit, costName(&scalar), extents, elementBytes);
      if (extents.back() * elementBytes > unit.bytes && !unit.registers)
        cycles += unit.head + unit.tail;
    } else {
      issue(costName(&scalar));
    }
  }
  if (instructions == 0)
    issue("copy");
  // The instructions of one body follow each other over the same elements, so that only the first
  // one's start and the last one's end show.
  return cycles + head + tail;
}

} // namespace tessera::machine
