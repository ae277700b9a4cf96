// A program's launches one after another, and what each finds in the shared cache.
#include "tessera/machine/Timing.h"
#include "Launch.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tessera/dialect/tile/TileDialect.h"
#include <list>
#include <map>

namespace tessera::machine {
using namespace mlir;
namespace {

/// Which buffers of the program are in the shared cache: the last ones used that fit into it.
class Residency {
public:
  explicit Residency(const tile::ChipSpec &chip)
      : capacity(chip.sharedCache() ? int64_t(chip.sharedCache()->bytes) : 0) {}

  bool holds(Value buffer) const {
    const Key key = keyOf(buffer);
    int64_t used = 0;
    for (const Entry &entry : recent) {
      used += entry.bytes;
      if (used > capacity)
        return false;
      if (entry.key == key)
        return true;
    }
    return false;
  }
  void use(Value buffer) {
    const Key key = keyOf(buffer);
    recent.remove_if([&](const Entry &entry) { return entry.key == key; });
    auto type = cast<MemRefType>(buffer.getType());
    const int64_t bytes =
        type.hasStaticShape()
            ? type.getNumElements() * int64_t(llvm::divideCeil(type.getElementTypeBitWidth(), 8))
            : 0;
    recent.push_front({key, bytes});
  }

private:
  /// A whole buffer, or the place in the arena where one begins.
  using Key = std::pair<void *, int64_t>;
  struct Entry {
    Key key;
    int64_t bytes;
  };
  static Key keyOf(Value buffer) {
    int64_t offset = 0;
    while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>()) {
      if (auto part = dyn_cast<memref::ViewOp>(view.getOperation())) {
        APInt shift;
        if (matchPattern(part.getByteShift(), m_ConstantInt(&shift)))
          offset += shift.getSExtValue();
      }
      buffer = view.getViewSource();
    }
    return {buffer.getAsOpaquePointer(), offset};
  }

  int64_t capacity;
  std::list<Entry> recent;
};

} // namespace

/// How a kernel's first launch found the cache.
struct FirstLaunch {
  func::FuncOp kernel;
  StringRef cores;
  SmallVector<bool> cold;
};

/// Finds what would help the hottest kernels; for all it would take ten times the time.
static LogicalResult findSavings(ProgramTime &program, ArrayRef<FirstLaunch> firsts,
                                 const tile::ChipSpec &chip) {
  constexpr size_t kHottest = 8;
  SmallVector<size_t> order = llvm::to_vector(llvm::seq<size_t>(program.kernels.size()));
  llvm::sort(order, [&](size_t a, size_t b) {
    const KernelTime &x = program.kernels[a], &y = program.kernels[b];
    return std::tie(y.totalUs, a) < std::tie(x.totalUs, b);
  });
  for (size_t i : ArrayRef(order).take_front(kHottest)) {
    FailureOr<KernelTime> time =
        timeLaunch(firsts[i].kernel, chip, firsts[i].cores, firsts[i].cold, {.savings = true});
    if (failed(time))
      return failure();
    program.kernels[i].savings = std::move(time->savings);
  }
  return success();
}

FailureOr<ProgramTime> timeProgram(ModuleOp module, const tile::ChipSpec &chip,
                                   TimingOptions options) {
  auto main = module.lookupSymbol<func::FuncOp>("main");
  if (!main || main.isExternal())
    return module.emitError("expected a function @main with a body");
  ProgramTime program;
  program.chip = chip.name;
  program.launchUs = chip.launchUs;
  program.rampUs = chip.rampUs;
  program.firstLoadUs = chip.firstLoadUs;
  Residency cache(chip);
  std::map<std::pair<Operation *, std::vector<bool>>, KernelTime> timed;
  std::map<std::string, size_t> rows;
  std::vector<FirstLaunch> firsts;
  SmallVector<tile::LaunchOp> launches;
  main.walk([&](tile::LaunchOp launch) { launches.push_back(launch); });
  if (options.warm)
    for (tile::LaunchOp launch : launches)
      for (Value buffer : launch.getBuffers())
        cache.use(buffer);
  for (tile::LaunchOp launch : launches) {
    if (launch->getParentOp() != main.getOperation())
      return launch.emitOpError("is inside a loop or branch, so it cannot be timed");
    auto kernel =
        SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(launch, launch.getKernelAttr());
    if (!kernel || kernel.isExternal())
      return launch.emitOpError("expected kernel '") << launch.getKernel() << "' to have a body";
    std::vector<bool> cold;
    SmallVector<bool> flags;
    for (Value buffer : launch.getBuffers()) {
      cold.push_back(!cache.holds(buffer));
      flags.push_back(cold.back());
    }
    for (Value buffer : launch.getBuffers())
      cache.use(buffer);
    auto found = timed.find({kernel, cold});
    if (found == timed.end()) {
      FailureOr<KernelTime> time =
          timeLaunch(kernel, chip, tile::stringifyCoreKind(launch.getCores()), flags,
                     {.timeline = options.timeline});
      if (failed(time))
        return failure();
      found = timed.try_emplace({kernel, cold}, *time).first;
    }
    const KernelTime &time = found->second;
    auto [row, fresh] = rows.try_emplace(time.name, program.kernels.size());
    if (fresh) {
      program.kernels.push_back(time);
      firsts.push_back({kernel, tile::stringifyCoreKind(launch.getCores()), flags});
    } else {
      KernelTime &sum = program.kernels[row->second];
      ++sum.launches;
      sum.totalUs += time.us;
    }
    program.order.push_back({row->second, program.us, time.us});
    for (const LevelUse &level : time.levels)
      program.bytes[level.name] += level.bytes;
    ++program.launches;
    program.us += time.us;
    program.cycles += time.cycles;
  }
  if (options.savings && failed(findSavings(program, firsts, chip)))
    return failure();
  return program;
}

} // namespace tessera::machine
