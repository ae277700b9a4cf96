// The walk: each kernel's blocks one after another on a core, every access held against the order
// that events give and against what memory holds.
#include "tessera/machine/Check.h"
#include "Compare.h"
#include "Findings.h"
#include "Flow.h"
#include "Shadow.h"
#include "Valid.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "llvm/ADT/SetVector.h"

namespace tessera::machine {
using namespace mlir;
namespace {

/// Rows of one access that are followed one by one, which no memory of a core has more of. In global
/// memory more are written as one span, and what reads more is not asked whether they were.
constexpr int64_t kMostRows = 65536;
/// Operations of one kernel that are walked; keeps a hostile file from running for ever.
constexpr int64_t kMostSteps = int64_t(1) << 23;

class KernelCheck {
public:
  KernelCheck(func::FuncOp kernel, const tile::ChipSpec &chip, CheckResult &result)
      : kernel(kernel), chip(chip), result(result), findings(kernel, chip, result),
        flow(kernel, findings), interpreter(kernel), order(chip) {}

  LogicalResult run() {
    kernel.walk([&](Operation *op) {
      if (const auto pipe = tile::pipeOf(op, chip))
        order.index(*pipe);
    });
    auto onSync = [&](const Step &step) { return sync(step); };
    auto onGrid = [&](scf::ForallOp grid) { return walkGrid(grid); };
    if (interpreter.grids().empty()) {
      ++result.blocks;
      if (failed(findWritten(nullptr, {})) || failed(walkBlock(nullptr, {})))
        return failure();
    } else if (failed(interpreter.walkCore(onSync, onGrid))) {
      return failure();
    }
    for (const Order::Fault &fault : order.left())
      findings.fault(fault, fault.other);
    return success();
  }

private:
  LogicalResult walkGrid(scf::ForallOp grid);
  LogicalResult walkBlock(scf::ForallOp grid, ArrayRef<int64_t> indices);
  LogicalResult findWritten(scf::ForallOp grid, ArrayRef<int64_t> indices);
  LogicalResult step(const Step &step);
  LogicalResult sync(const Step &step);
  void checkBounds(const Step &step);
  void checkOverlap(const Step &step);
  void checkContents(const Step &step);
  void use(const View &view, Operation *op);
  bool defined(const View &view) const;
  void fill(const View &view, Operation *op, bool known);

  func::FuncOp kernel;
  const tile::ChipSpec &chip;
  CheckResult &result;
  Findings findings;
  Flow flow;
  Interpreter interpreter;
  Order order;
  llvm::DenseMap<int64_t, Touched> touched;
  llvm::DenseMap<int64_t, Contents> contents;
  llvm::SmallDenseSet<int64_t> written, arguments;
  int64_t steps = 0;
};

LogicalResult KernelCheck::findWritten(scf::ForallOp grid, ArrayRef<int64_t> indices) {
  return interpreter.walkBlock(grid, indices, [&](const Step &step) {
    for (const Step::Operand &operand : step.operands) {
      if (operand.writes)
        written.insert(operand.view.domain);
      if (operand.view.argument >= 0)
        arguments.insert(operand.view.domain);
    }
    return success();
  });
}

/// Any block may follow any on a core, for how many cores there are is not the program's business:
/// each class follows itself and its neighbours both ways.
LogicalResult KernelCheck::walkGrid(scf::ForallOp grid) {
  FailureOr<BlockList> list = interpreter.blocks(grid);
  if (failed(list))
    return failure();
  const size_t classes = list->representatives.size();
  result.blocks += int64_t(list->classOf.size());
  for (const auto &indices : list->representatives)
    if (failed(findWritten(grid, indices)))
      return failure();
  SmallVector<size_t> sequence;
  for (size_t i = 0; i < classes; ++i)
    sequence.append({i, i});
  for (size_t i = classes; i-- > 1;)
    sequence.push_back(i - 1);
  for (size_t i : sequence)
    if (failed(walkBlock(grid, list->representatives[i])))
      return failure();
  FailureOr<bool> compared = compareBlocks(grid, *list, interpreter, written, findings);
  if (failed(compared))
    return failure();
  if (!*compared)
    result.notCompared.push_back(kernel.getName().str());
  return success();
}

LogicalResult KernelCheck::walkBlock(scf::ForallOp grid, ArrayRef<int64_t> indices) {
  ++result.walked;
  // A block finds nothing of use in its core's memories, and its part of an argument is its own.
  contents.clear();
  for (int64_t domain : arguments)
    touched.erase(domain);
  const LogicalResult walked = interpreter.walkBlock(grid, indices, [&](const Step &each) {
    return tile::isSync(each.op) ? sync(each) : step(each);
  });
  flow.endBlock();
  return walked;
}

LogicalResult KernelCheck::sync(const Step &step) {
  ++result.syncs;
  if (auto fault = order.sync(step.op, step.extents.empty() ? 0 : step.extents.front()))
    findings.fault(*fault, step.op);
  return success();
}

LogicalResult KernelCheck::step(const Step &step) {
  if (++steps > kMostSteps)
    return step.op->emitOpError("expected at most ")
           << kMostSteps << " operations in the blocks that are checked";
  ++result.operations;
  checkBounds(step);
  checkOverlap(step);
  checkContents(step);
  flow.step(step);
  const auto id = tile::pipeOf(step.op, chip);
  const auto pipe = id ? order.index(*id) : std::nullopt;
  if (!pipe) {
    findings.fault({"pipe", "is done by no pipe of chip " + chip.name}, step.op);
    return success();
  }
  for (const Step::Operand &operand : step.operands)
    if (operand.view.elements() > 0 && written.contains(operand.view.domain))
      touched[operand.view.domain].unordered(
          operand.view, operand.writes, *pipe, order, [&](const Touched::Record &earlier) {
            findings.race(earlier, order.pipe(earlier.stamp.pipe), operand.view, operand.writes,
                          order.pipe(*pipe), step.op);
          });
  const Order::Stamp stamp = order.issue(*pipe);
  for (const Step::Operand &operand : step.operands)
    if (operand.view.elements() > 0 && written.contains(operand.view.domain)) {
      Touched &domain = touched[operand.view.domain];
      domain.add({operand.view, operand.writes, stamp, step.op}, order);
      result.comparisons += std::exchange(domain.comparisons, 0);
    }
  return success();
}

void KernelCheck::checkBounds(const Step &step) {
  for (const Step::Operand &operand : step.operands) {
    const View &view = operand.view;
    if (view.elements() <= 0)
      continue;
    if (view.begin() < view.base || view.end() > view.base + view.wholeBytes)
      findings.bounds(view, view.wholeBytes, "its buffer of", step.op);
    const tile::Memory *memory = chip.memory(view.space);
    if (memory && !memory->onChip() && !chip.isCpu() && view.whole && view.whole.getDefiningOp() &&
        view.whole.getDefiningOp()->hasAttr("tile.offset") &&
        view.base + view.wholeBytes > memory->capacity())
      findings.bounds(view, memory->capacity(), "a memory of", step.op);
  }
}

/// A unit reads ahead of what it writes, by how much is its own business.
void KernelCheck::checkOverlap(const Step &step) {
  for (const Step::Operand &to : step.operands)
    for (const Step::Operand &from : step.operands)
      if (&from != &to && to.writes && from.reads && to.view.domain == from.view.domain &&
          to.view.elements() > 0 && from.view.elements() > 0 && !sameElements(from.view, to.view) &&
          overlaps(from.view, to.view))
        findings.overlap(from.view, to.view, step.op);
}

bool KernelCheck::defined(const View &view) const {
  auto domain = contents.find(view.domain);
  bool all = domain != contents.end();
  if (all)
    forRows(view, kMostRows, [&](int64_t begin, int64_t end) {
      domain->second.read(begin, end, [&](int64_t, int64_t, Contents::Owner owner) {
        all &= owner.buffer == view.whole;
      });
    });
  return all;
}

void KernelCheck::use(const View &view, Operation *op) {
  if (view.argument >= 0 || !written.contains(view.domain) || view.rows().count > kMostRows)
    return;
  bool said = false;
  forRows(view, kMostRows, [&](int64_t begin, int64_t end) {
    contents[view.domain].read(begin, end, [&](int64_t from, int64_t to, Contents::Owner owner) {
      if (owner.buffer == view.whole || said)
        return;
      said = true;
      findings.contents(view, from, to, owner.buffer ? owner.writer : nullptr, op);
    });
  });
}

void KernelCheck::fill(const View &view, Operation *op, bool known) {
  if (view.argument >= 0)
    return;
  forRows(view, kMostRows, [&](int64_t begin, int64_t end) {
    contents[view.domain].write(begin, end, {known ? view.whole : Value(), op});
  });
}

void KernelCheck::checkContents(const Step &step) {
  if (step.operands.size() == 2 && isa<tile::CopyOp>(step.op) && defined(step.operands[0].view)) {
    fill(step.operands[1].view, step.op, true);
    if (isa<tile::CopyOp>(step.op) &&
        cast<tile::CopyOp>(step.op).getLayout() != tile::CopyLayout::nd2nz)
      return;
  }
  const bool passes = moved(step, [&](const View &target, ArrayRef<View> sources) {
    // Where a block straddles the edge of what is valid, its first elements are the valid ones.
    fill(target, step.op, !sources.empty() && defined(sources.front()));
  });
  if (passes)
    return;
  const auto parts = validParts(step);
  for (const Valid &part : parts)
    if (part.uses && part.view.elements() > 0)
      use(part.view, step.op);
  for (const Valid &part : parts)
    if (part.fills && part.view.elements() > 0)
      fill(part.view, step.op, true);
}

} // namespace

LogicalResult checkKernel(func::FuncOp kernel, const tile::ChipSpec &chip, CheckResult &result) {
  for (BlockArgument argument : kernel.getArguments())
    if (auto type = dyn_cast<MemRefType>(argument.getType()); type && !type.hasStaticShape())
      return kernel.emitError("kernel '")
             << kernel.getName() << "' has argument " << argument.getArgNumber() << " of type "
             << type << ", whose extents must be known to be checked";
  ++result.kernels;
  return KernelCheck(kernel, chip, result).run();
}

FailureOr<CheckResult> checkProgram(ModuleOp module, const tile::ChipSpec &chip) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return module.emitError("expected a function @main with a body");
  CheckResult result;
  llvm::SetVector<Operation *> kernels;
  bool found = true;
  main.walk([&](tile::LaunchOp launch) {
    auto kernel =
        SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
    if (kernel && !kernel.isExternal())
      kernels.insert(kernel);
    else
      found = false;
  });
  if (!found)
    return main.emitError("expected every kernel that it launches to have a body");
  for (Operation *kernel : kernels)
    if (failed(checkKernel(cast<func::FuncOp>(kernel), chip, result)))
      return failure();
  return result;
}

} // namespace tessera::machine
