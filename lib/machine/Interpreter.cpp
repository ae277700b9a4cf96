// The walk: scalars, views, loops, and the classes of blocks.
#include "tessera/machine/Interpreter.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "tessera/dialect/tile/PipeNames.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "llvm/ADT/SetVector.h"
#include <map>

namespace tessera::machine {
using namespace mlir;

/// More blocks than any launch has; keeps a hostile file from filling memory.
static constexpr int64_t kMostBlocks = int64_t(1) << 24;

/// Nor does any block loop as often.
static constexpr int64_t kMostIterations = int64_t(1) << 26;

static int64_t bytesOfType(Type type) {
  return type.isIntOrFloat() ? int64_t(llvm::divideCeil(type.getIntOrFloatBitWidth(), 8)) : 8;
}

/// The view of a whole buffer; strides of a dynamic layout are those of its extents.
static View wholeView(MemRefType type) {
  View view;
  view.space = tile::spaceOf(type);
  view.type = type.getElementType();
  view.elementBytes = bytesOfType(view.type);
  view.sizes.assign(type.getShape().begin(), type.getShape().end());
  SmallVector<int64_t> strides;
  int64_t offset = 0;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::is_contained(strides, ShapedType::kDynamic)) {
    strides.assign(view.sizes.size(), 1);
    for (size_t i = strides.size(); i-- > 1;)
      strides[i - 1] = strides[i] * view.sizes[i];
  }
  view.strides.assign(strides.begin(), strides.end());
  return view;
}

Interpreter::Interpreter(func::FuncOp kernel) : kernel(kernel) {
  for (BlockArgument argument : kernel.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    View view = wholeView(type);
    view.whole = argument;
    view.wholeBytes = view.bytes();
    view.argument = argument.getArgNumber();
    view.domain = domainNamed("argument " + std::to_string(view.argument));
    views[argument] = view;
  }
  for (Operation &op : kernel.getBody().front())
    if (auto grid = dyn_cast<scf::ForallOp>(op))
      grids_.push_back(grid);
}

int64_t Interpreter::domainNamed(const std::string &name) {
  auto found = llvm::find(domains, name);
  if (found == domains.end())
    found = domains.insert(found, name);
  return found - domains.begin();
}

FailureOr<int64_t> Interpreter::number(Operation *op, OpFoldResult value) const {
  if (auto attr = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attr).getInt();
  auto found = scalars.find(cast<Value>(value));
  if (found != scalars.end())
    return found->second;
  op->emitOpError("needs a value that is not known before the program runs, so it cannot be timed");
  return failure();
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

/// Operands that decide how much an operation does.
static void addShapingOperands(Operation &op, llvm::SetVector<Value> &values) {
  auto add = [&](ValueRange range) { values.insert(range.begin(), range.end()); };
  if (auto part = dyn_cast<memref::SubViewOp>(op)) {
    add(part.getSizes());
    add(part.getStrides());
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    add({loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
  } else if (auto branch = dyn_cast<scf::IfOp>(op)) {
    values.insert(branch.getCondition());
  } else if (auto mma = dyn_cast<tile::MmaOp>(op)) {
    add({mma.getM(), mma.getN(), mma.getK()});
  } else if (auto gather = dyn_cast<tile::Im2colOp>(op)) {
    add({gather.getRows(), gather.getColumns()});
  }
}

/// The values at the top of the grid's body, and its indices, that decide what a block does. They
/// are found backwards from the operands above, and the search ends at the top of the body: a
/// clamped extent there separates the blocks at the edge without separating all others.
SmallVector<Value> Interpreter::shapingValues(scf::ForallOp grid) const {
  llvm::SetVector<Value> seen;
  grid.getBody()->walk([&](Operation *op) { addShapingOperands(*op, seen); });
  SmallVector<Value> frontier;
  for (size_t i = 0; i < seen.size(); ++i) {
    Value value = seen[i];
    if (!value.getType().isIntOrIndex() || matchPattern(value, m_Constant()))
      continue;
    if (value.getParentBlock() == grid.getBody())
      frontier.push_back(value);
    else if (Operation *op = value.getDefiningOp(); op && grid->isProperAncestor(op))
      seen.insert(op->operand_begin(), op->operand_end());
    else if (auto argument = dyn_cast<BlockArgument>(value))
      if (auto loop = dyn_cast<scf::ForOp>(argument.getOwner()->getParentOp()))
        seen.insert(loop->operand_begin(), loop->operand_end());
  }
  return frontier;
}

FailureOr<BlockList> Interpreter::blocks(scf::ForallOp grid) {
  for (Operation &op : kernel.getBody().front())
    evaluate(&op);
  SmallVector<int64_t> low, step, count;
  int64_t total = 1;
  for (auto [l, u, s] :
       llvm::zip(grid.getMixedLowerBound(), grid.getMixedUpperBound(), grid.getMixedStep())) {
    FailureOr<int64_t> from = number(grid, l), to = number(grid, u), by = number(grid, s);
    if (failed(from) || failed(to) || failed(by))
      return failure();
    if (*by <= 0)
      return grid.emitOpError("expected positive steps, but got ") << *by;
    low.push_back(*from);
    step.push_back(*by);
    int64_t extent = 0;
    if (llvm::SubOverflow(*to, *from, extent))
      return grid.emitOpError("expected at most ") << kMostBlocks << " blocks";
    count.push_back(extent > 0 ? (extent - 1) / *by + 1 : 0);
    if (count.back() > kMostBlocks || (total *= count.back()) > kMostBlocks)
      return grid.emitOpError("expected at most ") << kMostBlocks << " blocks";
  }
  const SmallVector<Value> keys = shapingValues(grid);
  SmallVector<int64_t, 4> position(count.size(), 0), indices(low.begin(), low.end());
  std::map<std::vector<int64_t>, int32_t> classes;
  BlockList list;
  for (int64_t block = 0; block < total; ++block) {
    for (auto [d, value] : llvm::enumerate(grid.getInductionVars()))
      scalars[value] = indices[d];
    if (!keys.empty())
      for (Operation &op : *grid.getBody()) {
        for (Value result : op.getResults())
          scalars.erase(result);
        // Extents that are asked back from a part (memref.dim) need the part.
        const bool part =
            isa<memref::SubViewOp>(op) &&
            llvm::all_of(op.getOperands(), [&](Value v) { return known(v) || views.contains(v); });
        if (part && failed(makeView(&op)))
          return failure();
        evaluate(&op);
      }
    std::vector<int64_t> key;
    for (Value value : keys)
      key.push_back(known(value) ? scalars[value] : block);
    auto [entry, fresh] = classes.try_emplace(key, int32_t(list.representatives.size()));
    if (fresh)
      list.representatives.push_back(indices);
    list.classOf.push_back(entry->second);
    for (size_t d = count.size(); d-- > 0;) {
      indices[d] = low[d] + ++position[d] * step[d];
      if (position[d] < count[d])
        break;
      position[d] = 0;
      indices[d] = low[d];
    }
  }
  return list;
}

//===----------------------------------------------------------------------===//
// The walk
//===----------------------------------------------------------------------===//

LogicalResult Interpreter::walkBlock(scf::ForallOp grid, ArrayRef<int64_t> indices, StepFn step) {
  auto none = [](const Step &outside) -> LogicalResult {
    if (tile::isSync(outside.op)) // once per core, not per block
      return success();
    return outside.op->emitOpError("stands outside the kernel's grid, so it cannot be timed");
  };
  if (failed(walk(kernel.getBody().front(), grid ? StepFn(none) : step)))
    return failure();
  if (!grid)
    return success();
  iterations = 0;
  for (auto [value, index] : llvm::zip_equal(grid.getInductionVars(), indices))
    scalars[value] = index;
  return walk(*grid.getBody(), step);
}

LogicalResult Interpreter::walkCore(StepFn step,
                                    llvm::function_ref<LogicalResult(scf::ForallOp)> grid) {
  for (Operation &op : kernel.getBody().front().without_terminator()) {
    LogicalResult result = success();
    if (auto inner = dyn_cast<scf::ForallOp>(op))
      result = grid(inner);
    else if (tile::isSync(&op))
      result = makeStep(&op, step);
    if (failed(result))
      return failure();
  }
  return success();
}

LogicalResult Interpreter::walk(Block &block, StepFn step) {
  for (Operation &op : block.without_terminator()) {
    LogicalResult result = success();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      result = walkLoop(loop, step);
    else if (auto branch = dyn_cast<scf::IfOp>(op))
      result = walkIf(branch, step);
    else if (auto inner = dyn_cast<scf::ForallOp>(op))
      result = inner->getParentOp() == kernel
                   ? success()
                   : inner.emitOpError("is inside another grid or loop, so it cannot be timed");
    else if (isa<tile::TileDialect>(op.getDialect()) && !isa<tile::WorkspaceOp>(op))
      result = makeStep(&op, step);
    else if (op.getNumResults() == 1 && isa<MemRefType>(op.getResult(0).getType()))
      result = makeView(&op);
    else if (op.getNumRegions() > 0)
      result = op.emitOpError("has no meaning in a tile program, so it cannot be timed");
    else
      evaluate(&op);
    if (failed(result))
      return failure();
  }
  return success();
}

LogicalResult Interpreter::walkLoop(scf::ForOp loop, StepFn step) {
  FailureOr<int64_t> low = number(loop, loop.getLowerBound()),
                     high = number(loop, loop.getUpperBound()), by = number(loop, loop.getStep());
  if (failed(low) || failed(high) || failed(by))
    return failure();
  if (*by <= 0)
    return loop.emitOpError("expected a positive step, but got ") << *by;
  auto carry = [&](ValueRange from, ValueRange to) {
    SmallVector<std::optional<int64_t>> scalar;
    SmallVector<std::optional<View>> view;
    for (Value value : from) {
      scalar.push_back(known(value) ? std::optional(scalars[value]) : std::nullopt);
      view.push_back(views.contains(value) ? std::optional(views[value]) : std::nullopt);
    }
    for (auto [i, value] : llvm::enumerate(to)) {
      scalars.erase(value);
      if (scalar[i])
        scalars[value] = *scalar[i];
      if (view[i])
        views[value] = *view[i];
    }
  };
  carry(loop.getInitArgs(), loop.getRegionIterArgs());
  for (int64_t i = *low; i < *high;) {
    if (++iterations > kMostIterations)
      return loop.emitOpError("expected at most ") << kMostIterations << " iterations in all";
    scalars[loop.getInductionVar()] = i;
    if (failed(walk(*loop.getBody(), step)))
      return failure();
    carry(loop.getYieldedValues(), loop.getRegionIterArgs());
    if (llvm::AddOverflow(i, *by, i))
      break;
  }
  carry(loop.getRegionIterArgs(), loop.getResults());
  return success();
}

LogicalResult Interpreter::walkIf(scf::IfOp branch, StepFn step) {
  FailureOr<int64_t> condition = number(branch, branch.getCondition());
  if (failed(condition))
    return failure();
  Region &taken = *condition ? branch.getThenRegion() : branch.getElseRegion();
  if (taken.empty())
    return success();
  if (failed(walk(taken.front(), step)))
    return failure();
  for (auto [from, to] :
       llvm::zip(taken.front().getTerminator()->getOperands(), branch.getResults())) {
    if (known(from))
      scalars[to] = scalars.lookup(from);
    if (views.contains(from))
      views[to] = View(views.lookup(from));
  }
  return success();
}

LogicalResult Interpreter::makeStep(Operation *op, StepFn step) {
  SmallVector<Step::Operand, 4> operands;
  SmallVector<int64_t, 8> extents;
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    if (isa<MemRefType>(value.getType())) {
      auto found = views.find(value);
      if (found == views.end())
        return op->emitOpError("has a buffer of unknown origin, so it cannot be timed");
      operands.push_back({found->second, false, false});
      if (!effects)
        continue;
      SmallVector<MemoryEffects::EffectInstance> list;
      effects.getEffects(list);
      for (const MemoryEffects::EffectInstance &effect : list)
        if (effect.getValue() == value) {
          operands.back().reads |= isa<MemoryEffects::Read>(effect.getEffect());
          operands.back().writes |= isa<MemoryEffects::Write>(effect.getEffect());
        }
    } else if (value.getType().isIndex()) {
      FailureOr<int64_t> extent = number(op, value);
      if (failed(extent))
        return failure();
      extents.push_back(*extent);
    }
  }
  Step made{op, operands, extents};
  if (auto mma = dyn_cast<tile::MmaOp>(op); mma && mma.getAccumulate())
    made.accumulates = scalars.lookup_or(mma.getAccumulate(), 1) != 0;
  else if (mma)
    made.accumulates = false;
  return step(made);
}

} // namespace tessera::machine
