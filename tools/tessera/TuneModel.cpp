// Each kernel becomes a model of its own, which is compiled once per tile.
#include "TuneModel.h"
#include "ModelArguments.h"
#include "mlir/Pass/PassManager.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/machine/Timing.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"
#include "llvm/ADT/StringSet.h"
#include <chrono>

namespace tessera::tool {
namespace {

using Module = mlir::OwningOpRef<mlir::ModuleOp>;

/// A module whose @main is one kernel on tensors of its own.
Module moduleOf(npu::KernelOp kernel, mlir::ModuleOp model) {
  mlir::OpBuilder builder(kernel->getContext());
  const mlir::Location loc = kernel.getLoc();
  Module module = mlir::ModuleOp::create(loc);
  (*module)->setAttr(tile::ChipSpec::kAttrName, model->getAttr(tile::ChipSpec::kAttrName));
  builder.setInsertionPointToEnd(module->getBody());
  auto main = mlir::func::FuncOp::create(
      builder, loc, kEntryName,
      builder.getFunctionType(kernel->getOperandTypes(), kernel->getResultTypes()));
  mlir::Block *block = main.addEntryBlock();
  builder.setInsertionPointToStart(block);
  mlir::IRMapping map;
  map.map(kernel->getOperands(), block->getArguments());
  mlir::Operation *clone = builder.clone(*kernel, map);
  mlir::func::ReturnOp::create(builder, loc, clone->getResults());
  return module;
}

/// The kernel's function as npu-tile will see it.
mlir::func::FuncOp outlined(mlir::ModuleOp module) {
  mlir::PassManager manager(module.getContext());
  manager.addPass(createNpuOutlineKernels());
  if (failed(manager.run(module)))
    return {};
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr("tile.kernel"))
      return function;
  return {};
}

/// Half of them the best by the cost function, the others from all over the rest.
std::vector<TileCandidate> pick(llvm::ArrayRef<TileCandidate> all, size_t count) {
  if (all.size() <= count)
    return all.vec();
  std::vector<TileCandidate> some(all.begin(), all.begin() + (count + 1) / 2);
  const size_t first = some.size(), rest = count - first;
  for (size_t i = 0; i < rest; ++i)
    some.push_back(all[first + (i + 1) * (all.size() - first) / rest - 1]);
  return some;
}

/// The kernel's module with a tile put on its last operator, as a schedule does.
Module withTile(mlir::ModuleOp module, llvm::ArrayRef<int64_t> sizes) {
  Module copy = module.clone();
  copy->walk([&](npu::KernelOp kernel) {
    mlir::Operation *last = kernel.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
    last->setAttr(kTileAttr, mlir::DenseI64ArrayAttr::get(copy->getContext(), sizes));
  });
  return copy;
}

using Times = std::optional<std::vector<double>>;

/// Microseconds of each module on the chip's description.
Times simulated(std::vector<Module> &modules, const tile::ChipSpec &chip,
                const CompileOptions &options) {
  std::vector<double> times;
  for (Module &module : modules) {
    if (!lowerModule(*module, options, Level::Program))
      return std::nullopt;
    const auto time = machine::timeProgram(*module, chip);
    if (failed(time))
      return std::nullopt;
    times.push_back(time->us);
  }
  return times;
}

/// Microseconds of each module here: the fastest of many runs, taken in turns, since machines
/// change their speed.
Times measured(std::vector<Module> &modules, const CompileOptions &options, const TryOptions &how) {
  std::vector<std::unique_ptr<runtime::Session>> sessions;
  std::optional<std::vector<Tensor>> inputs, outputs;
  for (Module &module : modules) {
    auto compiled = compileModule(*module, options);
    if (!compiled)
      return std::nullopt;
    if (!inputs) {
      ModelArguments arguments;
      arguments.randomInputs = true;
      inputs = arguments.inputValues(*compiled);
      outputs = allocateOutputs(*compiled);
    }
    if (!inputs || !outputs)
      return std::nullopt;
    sessions.push_back(std::make_unique<runtime::Session>(compiled, how.threads));
  }
  using Clock = std::chrono::steady_clock;
  std::vector<double> times(sessions.size(), HUGE_VAL);
  constexpr int kFewestRounds = 5;
  const auto end = Clock::now() + std::chrono::duration<double>(how.seconds);
  for (int round = 0; round < kFewestRounds || Clock::now() < end; ++round)
    for (auto [session, time] : llvm::zip_equal(sessions, times)) {
      runOnce(*session, *inputs, *outputs); // what another tile has left in the caches is gone
      const auto before = Clock::now();
      runOnce(*session, *inputs, *outputs);
      const std::chrono::duration<double, std::micro> took = Clock::now() - before;
      time = std::min(time, took.count());
    }
  return times;
}

std::vector<int64_t> toVector(llvm::ArrayRef<int64_t> sizes) {
  return {sizes.begin(), sizes.end()};
}

} // namespace

std::optional<std::vector<TriedKernel>> tryTiles(mlir::ModuleOp model, const CompileOptions &given,
                                                 TryOptions how) {
  // Less is noise, and not worth leaving the cost function for.
  constexpr double kWorthwhile = 1.02;
  if (!lowerModule(model, given, Level::Graph))
    return std::nullopt;
  const auto chip = tile::ChipSpec::of(model);
  if (!chip)
    return std::nullopt;
  // The modules have their chip, and no record is to choose for them.
  CompileOptions options = given;
  options.chip = options.tuning = "";
  std::vector<npu::KernelOp> kernels;
  model.walk([&](npu::KernelOp kernel) { kernels.push_back(kernel); });
  std::vector<TriedKernel> tried;
  llvm::StringSet<> seen;
  for (npu::KernelOp kernel : kernels) {
    Module alone = moduleOf(kernel, model), copy = alone->clone();
    const mlir::func::FuncOp function = outlined(*copy);
    const std::string key = function ? tuningKey(function) : "";
    if (!function || !seen.insert(key).second)
      continue;
    const auto tiles = pick(tileCandidates(function, *chip), size_t(how.tiles));
    if (tiles.size() < 2)
      continue;
    std::vector<Module> modules;
    for (const TileCandidate &tile : tiles)
      modules.push_back(withTile(*alone, tile.sizes));
    const Times times =
        chip->isCpu() ? measured(modules, options, how) : simulated(modules, *chip, options);
    if (!times)
      return std::nullopt;
    const size_t best = size_t(llvm::min_element(*times) - times->begin());
    const bool leave = times->front() > kWorthwhile * (*times)[best];
    tried.push_back({kernel.getName().value_or("kernel").str(),
                     {chip->name, key, toVector(tiles.front().sizes)},
                     {chip->name, key, toVector(tiles[leave ? best : 0].sizes)},
                     times->front(),
                     (*times)[best],
                     int64_t(tiles.size())});
  }
  return tried;
}

} // namespace tessera::tool
