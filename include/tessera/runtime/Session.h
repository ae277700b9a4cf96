// Runs a compiled model: owns its threads and its memory.
#pragma once
#include "tessera/runtime/Model.h"
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace tessera::runtime {

/// Time that the launches of one kernel took in all profiled runs.
struct KernelTime {
  int64_t launches = 0;
  double totalUs = 0;
};

/// A model made ready to run. Memory and threads are taken when it is made; run() takes none.
/// A session serves one caller at a time; sessions may share a model.
class Session {
public:
  /// `threads` below 1 stands for one per processor that this process may use.
  explicit Session(std::shared_ptr<const CompiledModel> model, int threads = 0);
  ~Session();
  Session(Session &&) noexcept;
  Session &operator=(Session &&) noexcept;

  const CompiledModel &model() const;
  int threads() const;

  /// Computes the outputs. `inputs` and `outputs` hold one pointer per tensor of the model, to
  /// memory of TensorInfo::byteCount() bytes, aligned to its element; outputs must not overlap
  /// anything else. Returns false, and does nothing, when the number of pointers is wrong.
  /// The results do not depend on the number of threads.
  [[nodiscard]] bool run(std::span<const void *const> inputs, std::span<void *const> outputs);

  /// Starts or stops measuring each launch; starting clears what was measured.
  void setProfiling(bool on);
  /// One entry per kernel of the model, in its order. All zero while nothing was profiled.
  std::span<const KernelTime> kernelTimes() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace tessera::runtime
