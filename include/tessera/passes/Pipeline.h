// The pipeline from npu operators to the LLVM dialect, stage by stage. Each stage leaves a module
// that can be printed, edited, and entered again: passes skip what has been done.
#ifndef TESSERA_PASSES_PIPELINE_H
#define TESSERA_PASSES_PIPELINE_H

#include "mlir/Pass/PassManager.h"

#include <string>

namespace tessera {

/// What can be chosen about the way down.
struct PipelineOptions {
  std::string precision = "f32"; ///< What the matrix unit is fed: f32, f16 or bf16.
  bool fuse = true; ///< Join operators into kernels; else each is a kernel of its own.
  std::string tuning; ///< File of the record of tuning; none when empty.
  std::string isa;  ///< Instruction set of the CPU that runs the program; the chip's when empty.
};

/// Simplified, laid out and grouped: npu.kernel on tensors ("npu-graph").
void addGraphStage(mlir::OpPassManager &manager, const PipelineOptions &options);
/// One function a kernel, tiled, operators on tiles as scalar regions ("npu-kernels").
void addKernelStage(mlir::OpPassManager &manager, const PipelineOptions &options);
/// Buffers instead of tensors ("npu-buffers").
void addBufferStage(mlir::OpPassManager &manager);
/// Tile programs with planned memory ("npu-tile-program").
void addProgramStage(mlir::OpPassManager &manager);
/// LLVM dialect for a CPU ("tile-to-cpu").
void addCpuStage(mlir::OpPassManager &manager, const PipelineOptions &options);

/// Registers the stages, and "tessera" for all of them, as named pipelines.
void registerStages();

} // namespace tessera

#endif // TESSERA_PASSES_PIPELINE_H
