// The pipeline as named lists of passes.
#include "tessera/passes/Pipeline.h"

#include "tessera/passes/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void tessera::addGraphStage(OpPassManager &manager, const PipelineOptions &options) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createNpuIntegerProducts());
  functions.addPass(createNpuCanonicalizeGraph());
  NpuSetPrecisionOptions precision;
  precision.type = options.precision;
  functions.addPass(createNpuSetPrecision(precision));
  functions.addPass(createNpuAssignLayouts());
  manager.addPass(createNpuApplySchedule());
  NpuFuseOptions fuse;
  fuse.enable = options.fuse;
  OpPassManager &groups = manager.nest<func::FuncOp>();
  groups.addPass(createNpuFuse(fuse));
  groups.addPass(createNpuCutWindows());
}

void tessera::addKernelStage(OpPassManager &manager, const PipelineOptions &options) {
  manager.addPass(createNpuExternalizeConstants());
  manager.addPass(createNpuOutlineKernels());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  NpuTileOptions tile;
  tile.tuning = options.tuning;
  functions.addPass(createNpuTile(tile));
  functions.addPass(createNpuToBlocks());
}

void tessera::addBufferStage(OpPassManager &manager) {
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(options));
  manager.addPass(bufferization::createDropEquivalentBufferResultsPass());
  bufferization::BufferResultsToOutParamsPassOptions results;
  results.hoistStaticAllocs = true;
  results.modifyPublicFunctions = true;
  manager.addPass(bufferization::createBufferResultsToOutParamsPass(results));
  manager.addPass(createCSEPass());
}

void tessera::addProgramStage(OpPassManager &manager) {
  manager.addPass(createNpuToTile());
  manager.addPass(createTilePipeline());
  manager.addPass(createTilePlanMemory());
  manager.nest<func::FuncOp>().addPass(createTileInsertEvents());
}

void tessera::addCpuStage(OpPassManager &manager, const PipelineOptions &options) {
  TileToLLVMOptions lowering;
  lowering.target = options.isa;
  manager.addPass(createTileToLLVM(lowering));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createLoopInvariantCodeMotionPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertMathToFuncs()); // integer powers
  manager.addPass(createConvertVectorToLLVMPass());
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true; // no CPU of ours converts bf16 by an instruction
  manager.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

void tessera::registerStages() {
  PassPipelineRegistration<>("npu-graph", "Simplify, lay out and group npu operators",
                             [](OpPassManager &m) { addGraphStage(m, {}); });
  PassPipelineRegistration<>("npu-kernels", "Make kernel functions of groups and tile them",
                             [](OpPassManager &m) { addKernelStage(m, {}); });
  PassPipelineRegistration<>("npu-buffers", "Turn tensors into buffers",
                             [](OpPassManager &m) { addBufferStage(m); });
  PassPipelineRegistration<>("npu-tile-program", "Make tile programs with planned memory",
                             [](OpPassManager &m) { addProgramStage(m); });
  PassPipelineRegistration<>("tile-to-cpu", "Lower tile programs to LLVM for a CPU",
                             [](OpPassManager &m) { addCpuStage(m, {}); });
  PassPipelineRegistration<>("tessera", "From npu operators to LLVM for a CPU, every stage",
                             [](OpPassManager &m) {
                               addGraphStage(m, {});
                               addKernelStage(m, {});
                               addBufferStage(m);
                               addProgramStage(m);
                               addCpuStage(m, {});
                             });
}
