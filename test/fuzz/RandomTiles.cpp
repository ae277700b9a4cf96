// The choice is drawn from a hash of what the record of tuning calls a kernel.
#include "RandomTiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/TileCandidates.h"
#include "tessera/support/Caches.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

namespace tessera::test {

TuningFile::TuningFile(const TuningRecord &record) {
  llvm::SmallString<128> path;
  int file = -1;
  if (llvm::sys::fs::createTemporaryFile("tessera-fuzz", "txt", file, path))
    return;
  llvm::raw_fd_ostream(file, /*shouldClose=*/true) << tuningText(record);
  name = path.str();
}

TuningFile::~TuningFile() {
  if (!name.empty())
    llvm::sys::fs::remove(name);
}

std::optional<TuningRecord> randomTiles(mlir::ModuleOp module, const CompileOptions &options) {
  if (!lowerModule(module, options, Level::Graph))
    return std::nullopt;
  const auto chip = tile::ChipSpec::of(module);
  mlir::OwningOpRef<mlir::ModuleOp> kernels = module.clone();
  mlir::PassManager manager(module.getContext());
  manager.addPass(createNpuExternalizeConstants());
  manager.addPass(createNpuOutlineKernels());
  if (!chip || mlir::failed(manager.run(*kernels)))
    return std::nullopt;
  TuningRecord record;
  record.budgets = tuningByRule(caches());
  for (auto kernel : kernels->getOps<mlir::func::FuncOp>()) {
    if (!kernel->hasAttr("tile.kernel") || kernel.isExternal())
      continue;
    const std::string key = tuningKey(kernel);
    const uint64_t drawn = llvm::xxh3_64bits(key);
    const auto tiles = tileCandidates(kernel, *chip);
    if (drawn % 2 == 0 || tiles.empty())
      continue;
    const auto &sizes = tiles[(drawn / 2) % tiles.size()].sizes;
    record.set({chip->name, key, {sizes.begin(), sizes.end()}});
  }
  return record;
}

} // namespace tessera::test
