// The walk of a kernel with few turns of each loop.
#include "EventTrace.h"
#include "EventViews.h"

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <map>

namespace tessera::events {
using namespace mlir;
namespace {

/// Turns of a loop: enough for a slot to come round again.
constexpr int64_t kTurns = 3;
/// Blocks of a grid: where long and short ones take turns (TileAttention.cpp), one of whole extents
/// with the most turns comes fourth.
constexpr int64_t kBlocks = 4;
constexpr size_t kMostMoments = 20000;
/// Of the count that flags reach: so many sets may be ahead of their waits, and several orders
/// share a flag.
constexpr int64_t kCountShare = 2;
constexpr int64_t kMany = INT32_MAX; // turns

class Tracer {
public:
  Tracer(func::FuncOp kernel, const tile::ChipSpec &chip, Traces &out)
      : kernel(kernel), chip(chip), out(out) {}

  /// One trace, of the first or the last blocks and the first or the last turns of loops. `flipped`
  /// is the loop that does not turn or the branch that goes the other way.
  bool run(bool lastBlocks, bool lastTurns, Operation *flipped) {
    this->lastBlocks = lastBlocks;
    this->lastTurns = lastTurns;
    this->flipped = flipped;
    block = 0;
    turnsAround = 1;
    env.clear();
    views.clear();
    trace.clear();
    for (BlockArgument argument : kernel.getArguments())
      if (auto type = dyn_cast<MemRefType>(argument.getType())) {
        View view = wholeView(type, domainOf(("argument " + Twine(argument.getArgNumber())).str()));
        view.argument = true;
        view.whole = argument;
        views[argument] = view;
      }
    if (!walk(kernel.getBody().front()))
      return false;
    out.traces.push_back(std::move(trace));
    return true;
  }

  /// Loops of unknown turns and branches of unknown conditions that a trace has met.
  llvm::SetVector<Operation *> unknown;

private:
  bool walk(Block &body);
  bool walkNode(Operation &op);
  bool walkLoop(scf::ForOp loop);
  bool walkGrid(scf::ForallOp grid);
  bool walkBranch(scf::IfOp branch);
  bool addOp(Operation &op);
  void addView(Operation &op);
  void evaluate(Operation &op);
  std::optional<int64_t> number(OpFoldResult value) const;
  void mark(Moment::Kind kind, Operation *node);
  void bind(Value to, Value from);
  Access accessOf(Value buffer, bool writes);
  int64_t domainOf(const std::string &name) {
    return domains.try_emplace(name, int64_t(domains.size())).first->second;
  }
  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  Traces &out;
  bool lastBlocks = false, lastTurns = false;
  Operation *flipped = nullptr;
  int64_t block = 0;
  int64_t turnsAround = 1; ///< Of all loops around; many where it is not known.
  llvm::DenseMap<Value, int64_t> env;
  llvm::DenseMap<Value, View> views;
  std::map<std::string, int64_t> domains;
  Trace trace;
};

std::optional<int64_t> Tracer::number(OpFoldResult value) const {
  if (auto attr = dyn_cast<Attribute>(value))
    return cast<IntegerAttr>(attr).getInt();
  auto found = env.find(cast<Value>(value));
  return found == env.end() ? std::nullopt : std::optional(found->second);
}

/// What the operation's own folder makes of constants.
void Tracer::evaluate(Operation &op) {
  if (op.getNumResults() != 1 || !op.getResult(0).getType().isIntOrIndex() || op.getNumRegions())
    return;
  Value result = op.getResult(0);
  env.erase(result);
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    auto view = views.find(dim.getSource());
    auto index = number(dim.getIndex());
    if (view != views.end() && index && *index >= 0 &&
        *index < int64_t(view->second.sizes.size()) &&
        !ShapedType::isDynamic(view->second.sizes[*index]))
      env[result] = view->second.sizes[*index];
    return;
  }
  SmallVector<Attribute> operands;
  for (Value operand : op.getOperands()) {
    auto value = number(operand);
    if (!value)
      return;
    operands.push_back(IntegerAttr::get(operand.getType(), *value));
  }
  SmallVector<OpFoldResult> folded;
  if (failed(op.fold(operands, folded)) || folded.size() != 1)
    return;
  if (auto attr = dyn_cast<Attribute>(folded.front())) {
    if (auto integer = dyn_cast<IntegerAttr>(attr))
      env[result] = integer.getValue().getBitWidth() == 1 ? integer.getValue().getZExtValue()
                                                          : integer.getValue().getSExtValue();
  } else if (auto value = number(cast<Value>(folded.front()))) {
    env[result] = *value;
  }
}

void Tracer::bind(Value to, Value from) {
  auto value = number(from);
  env.erase(to);
  if (value)
    env[to] = *value;
  auto view = views.find(from);
  if (view != views.end()) {
    View copy = view->second;
    views[to] = copy;
  }
}

void Tracer::mark(Moment::Kind kind, Operation *node) {
  Moment moment{kind, node, 0, {}, {}};
  for (Value slot : out.slotValues)
    moment.slots.push_back(number(slot).value_or(-1));
  trace.push_back(std::move(moment));
}

bool Tracer::walk(Block &body) {
  for (Operation &op : body.without_terminator())
    if (!walkNode(op) || trace.size() > kMostMoments)
      return false;
  return true;
}

bool Tracer::walkNode(Operation &op) {
  const bool branches = isa<scf::ForOp, scf::ForallOp, scf::IfOp>(op);
  const bool works = isa<tile::TileDialect>(op.getDialect()) && !isa<tile::WorkspaceOp>(op);
  if (!branches && !works) {
    if (op.getNumRegions())
      return false;
    if (op.getNumResults() == 1 && isa<MemRefType>(op.getResult(0).getType()))
      addView(op);
    else
      evaluate(op);
    return true;
  }
  mark(Moment::Before, &op);
  bool done = false;
  if (auto loop = dyn_cast<scf::ForOp>(op))
    done = walkLoop(loop);
  else if (auto grid = dyn_cast<scf::ForallOp>(op))
    done = walkGrid(grid);
  else if (auto branch = dyn_cast<scf::IfOp>(op))
    done = walkBranch(branch);
  else
    done = addOp(op);
  mark(Moment::After, &op);
  return done;
}

/// The first turns, or the last: slots must come in turn, as they do.
bool Tracer::walkLoop(scf::ForOp loop) {
  const auto low = number(loop.getLowerBound()), high = number(loop.getUpperBound()),
             step = number(loop.getStep());
  int64_t trips = kTurns;
  const bool known = low && high && step && *step > 0;
  if (known)
    trips = *high > *low ? (*high - *low - 1) / *step + 1 : 0;
  else
    unknown.insert(loop);
  if (flipped == loop)
    trips = 0;
  for (auto [argument, init] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getInitArgs()))
    bind(argument, init);
  const int64_t turns = std::min(trips, kTurns), outside = turnsAround;
  turnsAround = known ? std::min<int64_t>(outside * std::min(trips, kMany), kMany) : kMany;
  for (int64_t turn = 0; turn < turns; ++turn) {
    env.erase(loop.getInductionVar());
    const int64_t at = lastTurns ? trips - turns + turn : turn;
    if (low && step)
      env[loop.getInductionVar()] = *low + at * *step;
    if (!walk(*loop.getBody()))
      return false;
    for (auto [argument, next] : llvm::zip_equal(loop.getRegionIterArgs(), loop.getYieldedValues()))
      bind(argument, next);
  }
  turnsAround = outside;
  for (auto [result, argument] : llvm::zip_equal(loop.getResults(), loop.getRegionIterArgs()))
    bind(result, argument);
  return true;
}

/// A core runs some blocks one after another; which, the number of cores says, so that any may
/// follow any. A part of an argument belongs to one block.
bool Tracer::walkGrid(scf::ForallOp grid) {
  SmallVector<int64_t> low, step, count;
  int64_t total = 1;
  for (auto [l, u, s] :
       llvm::zip(grid.getMixedLowerBound(), grid.getMixedUpperBound(), grid.getMixedStep())) {
    const auto from = number(l), to = number(u), by = number(s);
    if (!from || !to || !by || *by <= 0)
      return false;
    low.push_back(*from);
    step.push_back(*by);
    count.push_back(*to > *from ? (*to - *from - 1) / *by + 1 : 0);
    total *= count.back();
  }
  for (int64_t turn = 0; turn < kBlocks && total > 0; ++turn) {
    int64_t left = lastBlocks ? total - 1 - turn % total : turn % total;
    ++block;
    for (size_t d = count.size(); d-- > 0;) {
      env[grid.getInductionVars()[d]] = low[d] + (left % count[d]) * step[d];
      left /= count[d];
    }
    if (!walk(*grid.getBody()))
      return false;
  }
  ++block;
  return true;
}

bool Tracer::walkBranch(scf::IfOp branch) {
  const auto condition = number(branch.getCondition());
  if (!condition)
    unknown.insert(branch);
  const bool holds = condition ? *condition != 0 : flipped != branch;
  Region &taken = holds ? branch.getThenRegion() : branch.getElseRegion();
  if (taken.empty())
    return true;
  if (!walk(taken.front()))
    return false;
  for (auto [result, value] :
       llvm::zip_equal(branch.getResults(), taken.front().getTerminator()->getOperands()))
    bind(result, value);
  return true;
}

void Tracer::addView(Operation &op) {
  Value result = op.getResult(0);
  auto type = cast<MemRefType>(result.getType());
  const auto offset = op.getAttrOfType<IntegerAttr>("tile.offset");
  if (isa<memref::AllocOp, memref::AllocaOp, tile::WorkspaceOp>(op)) {
    const bool ring = isa<tile::WorkspaceOp>(op);
    // Of several cores of a kind in a group, `tile.core` says in whose memory a buffer lies.
    const auto core = op.getAttrOfType<IntegerAttr>("tile.core");
    View view = wholeView(type, domainOf(ring ? "workspace"
                                              : "memory " + tile::spaceOf(type).str() + " " +
                                                    std::to_string(core ? core.getInt() : 0)));
    // Without an address it may be anywhere in its memory.
    view.base = offset ? offset.getInt() : 0;
    view.whole = result;
    view.ring = ring;
    if (!offset)
      view.bytes = int64_t(1) << 40;
    views[result] = view;
    return;
  }
  auto source = op.getNumOperands() ? views.find(op.getOperand(0)) : views.end();
  if (source == views.end()) {
    views[result] = wholeView(type, domainOf("elsewhere"));
    return;
  }
  View view = source->second;
  if (auto part = dyn_cast<memref::SubViewOp>(op)) {
    narrow(view, part, [&](OpFoldResult value) { return number(value); });
    if (view.slot && !llvm::is_contained(out.slotValues, view.slot))
      out.slotValues.push_back(view.slot);
  } else if (!isa<memref::CastOp>(op)) {
    relabel(view, &op, type);
  }
  views[result] = view;
}

Access Tracer::accessOf(Value buffer, bool writes) {
  auto found = views.find(buffer);
  const View view = found == views.end()
                        ? wholeView(cast<MemRefType>(buffer.getType()), domainOf("elsewhere"))
                        : found->second;
  Access access;
  access.domain = view.domain;
  access.buffer = view.whole;
  access.writes = writes;
  access.begin = view.base;
  access.end = view.base + view.bytes;
  if (view.slot && view.slotValue >= 0 && view.slotValue < view.slots) {
    access.slot = view.slot;
    access.slots = view.slots;
    const int64_t bytes = view.bytes / view.slots;
    access.begin = view.base + view.slotValue * bytes;
    access.end = access.begin + bytes;
  }
  access.argument = view.argument;
  access.block = block;
  access.exact = view.offset && !ShapedType::isDynamicShape(view.sizes) &&
                 !llvm::is_contained(view.strides, ShapedType::kDynamic);
  // Between cores a flag counts. Where loops turn more often than it may, one must not run ahead,
  // and orders that the parts of a workspace alone do not need keep it back.
  access.held = view.ring && chip.sync && turnsAround > chip.sync->maxCount / kCountShare;
  access.offset = view.offset.value_or(0);
  access.sizes = view.sizes;
  access.strides = view.strides;
  return access;
}

bool Tracer::addOp(Operation &op) {
  if (tile::isSync(&op))
    return true;
  const std::optional<tile::PipeId> pipe = tile::pipeOf(&op, chip);
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!pipe || !effects)
    return false;
  auto found = llvm::find(out.pipes, *pipe);
  if (found == out.pipes.end())
    found = out.pipes.insert(found, *pipe);
  Moment moment{Moment::Op, &op, unsigned(found - out.pipes.begin()), {}, {}};
  SmallVector<MemoryEffects::EffectInstance> list;
  effects.getEffects(list);
  for (Value operand : op.getOperands()) {
    if (!isa<MemRefType>(operand.getType()))
      continue;
    const bool writes = llvm::any_of(list, [&](const MemoryEffects::EffectInstance &effect) {
      return effect.getValue() == operand && isa<MemoryEffects::Write>(effect.getEffect());
    });
    moment.accesses.push_back(accessOf(operand, writes));
    if (pipe->core == chip.vectorCore())
      moment.accesses.back().core = pipe->instance;
  }
  trace.push_back(std::move(moment));
  return true;
}

} // namespace

std::optional<Traces> traceKernel(func::FuncOp kernel, const tile::ChipSpec &chip) {
  Traces traces;
  Tracer tracer(kernel, chip, traces);
  // Once to meet the slots, whose values every moment carries.
  if (!tracer.run(false, false, nullptr))
    return std::nullopt;
  traces.traces.clear();
  const SmallVector<Operation *> unknown = tracer.unknown.takeVector();
  // A long block may come among the first, and its last turn be unlike all others.
  for (auto [lastBlocks, lastTurns] : {std::pair(false, false), {true, true}, {false, true}})
    if (!tracer.run(lastBlocks, lastTurns, nullptr))
      return std::nullopt;
  for (Operation *flipped : unknown)
    if (!tracer.run(false, false, flipped))
      return std::nullopt;
  return traces;
}

} // namespace tessera::events
