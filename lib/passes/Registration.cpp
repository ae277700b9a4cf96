// Registers what Tessera's tools know: upstream, our dialects, models, passes and pipelines.
#include "tessera/passes/Registration.h"

#include "TilingModels.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/Pipeline.h"

using namespace mlir;

void tessera::registerAllDialects(DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<npu::NpuDialect, tile::TileDialect>();
  registerNpuTiling(registry);
  tile::registerTileBufferization(registry);
}

void tessera::registerPassesAndPipelines() {
  registerTesseraPasses();
  registerStages();
  PassPipelineRegistration<>(
      "npu-reference-to-llvm",
      "Lower npu operators to LLVM by their decompositions and upstream passes alone",
      [](OpPassManager &manager) { buildReferencePipeline(manager); });
}

void tessera::registerAllTessera(DialectRegistry &registry) {
  tessera::registerAllDialects(registry);
  mlir::registerAllPasses();
  registerPassesAndPipelines();
}
