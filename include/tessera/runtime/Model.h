// A compiled model as the runtime sees it: entry point, tensors, weights, sizes. No LLVM here.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tessera/support/Parallel.h"

namespace tessera::runtime {

/// Element types of a model's inputs and outputs. An i1 is stored as one byte, 0 or 1. Only inputs
/// and outputs are u8: what a model computes with is signed.
enum class ElementType { f32, f16, bf16, f64, i8, i32, i64, i1, u8 };

/// Bytes that one element takes in memory.
size_t elementBytes(ElementType type);

/// The type's name as MLIR spells it, such as "f32".
const char *elementTypeName(ElementType type);

/// A model's input or output: dense, row-major, every dimension known.
struct TensorInfo {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<int64_t> dims;

  /// Number of elements; 1 for a scalar.
  int64_t elementCount() const;
  /// Size of the whole tensor in bytes.
  size_t byteCount() const;
};

/// One block of a launch's grid: `args` belong to the launch, its buffers and then its context;
/// `index` numbers the block, `scratch` is the executing core's own memory, 64-byte aligned, its
/// content undefined on entry.
using CoreFn = void (*)(void **args, int64_t index, void *scratch);

/// Handed through the generated code so that it can start the blocks of a launch. `launch` returns
/// when all `count` blocks have run, in any order and on any number of threads.
struct LaunchContext {
  void (*launch)(LaunchContext *self, int32_t kernel, CoreFn fn, void **args,
                 int64_t count) = nullptr;
  /// For the one block of a launch that shares itself out, the context being the pool; null where
  /// there is one thread.
  ParallelFor parallelFor = nullptr;
  /// CompiledModel::workspaceBytes of memory; null where nothing may be used.
  void *workspace = nullptr;
};

/// The generated entry point. `buffers` holds inputs, then weights, then outputs, each dense.
using MainFn = void (*)(void **buffers, void *arena, LaunchContext *context);

/// What one launch of a kernel costs, known when the model is compiled.
struct KernelInfo {
  std::string name;
  double flops = 0;
  double bytes = 0;
};

/// Machine code with all that is needed to run it. Immutable once made, so that any number of
/// sessions may share it.
struct CompiledModel {
  MainFn main = nullptr;
  std::vector<TensorInfo> inputs, outputs;
  /// Each at a multiple of its element's size, in memory that must not be written.
  std::vector<const void *> weights;
  /// How many bytes of them lie in the file that the model was loaded from, and how many the
  /// compiler has made.
  size_t mappedWeightBytes = 0, madeWeightBytes = 0;
  /// Indexed by the kernel number that the generated code passes to `launch`.
  std::vector<KernelInfo> kernels;
  /// Memory for intermediate tensors, shared by all cores.
  size_t arenaBytes = 0;
  /// Memory private to each core while it runs a block.
  size_t scratchBytes = 0;
  /// Memory that one launch at a time uses, shared by all cores.
  size_t workspaceBytes = 0;
  /// Keeps code and weights alive.
  std::shared_ptr<void> code;
};

} // namespace tessera::runtime
