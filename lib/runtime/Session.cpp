// A session: the arena, each core's scratch memory, and the launch callback over the thread pool.
#include "tessera/runtime/Session.h"
#include "tessera/runtime/ThreadPool.h"
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tessera::runtime {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t roundUp(size_t bytes, size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, Free>;

/// Zeroed memory aligned to a cache line, or to a huge page when it fills one. Writing it here
/// takes the page faults out of the first run.
Memory allocate(size_t bytes) {
  const size_t unit = bytes >= kHugePage ? kHugePage : kCacheLine;
  const size_t size = roundUp(bytes ? bytes : 1, unit);
  Memory memory(std::aligned_alloc(unit, size));
  if (!memory)
    throw std::bad_alloc();
#if defined(__linux__)
  if (unit == kHugePage)
    madvise(memory.get(), size, MADV_HUGEPAGE);
#endif
  std::memset(memory.get(), 0, size);
  return memory;
}

} // namespace

// Generated code reads it word by word.
static_assert(offsetof(LaunchContext, parallelFor) == sizeof(void *) &&
              offsetof(LaunchContext, workspace) == 2 * sizeof(void *));

struct Session::Impl : LaunchContext {
  Impl(std::shared_ptr<const CompiledModel> compiled, int threadCount)
      : model(std::move(compiled)), pool(threadCount), times(model->kernels.size()) {
    launch = &Impl::launchBlocks;
    if (pool.threads() > 1)
      LaunchContext::parallelFor = &Impl::shareOut;
    arena = allocate(model->arenaBytes);
    // Two lines apart, so that no two cores write to one line or to a prefetched pair.
    scratchStride = roundUp(model->scratchBytes, kCacheLine) + 2 * kCacheLine;
    scratch = allocate(scratchStride * static_cast<size_t>(pool.threads()));
    if (model->workspaceBytes > 0)
      shared = allocate(model->workspaceBytes);
    workspace = shared.get();
    buffers.resize(model->inputs.size() + model->weights.size() + model->outputs.size());
  }

  struct Launch {
    CoreFn fn;
    void **args;
    std::byte *scratch;
    size_t stride;
  };

  static void runBlock(void *opaque, int64_t index, int thread) {
    const Launch &job = *static_cast<const Launch *>(opaque);
    job.fn(job.args, index, job.scratch + job.stride * static_cast<size_t>(thread));
  }

  /// A single block has the pool to itself.
  void runBlocks(Launch &job, int64_t count) {
    if (count == 1)
      runBlock(&job, 0, 0);
    else
      pool.parallelFor(count, &Impl::runBlock, &job);
  }

  struct Loop {
    ParallelBody body;
    void *args;
  };

  static void runIndex(void *opaque, int64_t index, int) {
    const Loop &loop = *static_cast<const Loop *>(opaque);
    loop.body(loop.args, index);
  }

  static void shareOut(void *context, int64_t count, ParallelBody body, void *args) {
    Loop loop{body, args};
    static_cast<Impl *>(static_cast<LaunchContext *>(context))
        ->pool.parallelFor(count, &Impl::runIndex, &loop);
  }

  static void launchBlocks(LaunchContext *self, int32_t kernel, CoreFn fn, void **args,
                           int64_t count) {
    Impl &impl = *static_cast<Impl *>(self);
    Launch job{fn, args, static_cast<std::byte *>(impl.scratch.get()), impl.scratchStride};
    if (!impl.profiling) {
      impl.runBlocks(job, count);
      return;
    }
    const auto begin = std::chrono::steady_clock::now();
    impl.runBlocks(job, count);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    if (static_cast<size_t>(kernel) >= impl.times.size())
      return;
    KernelTime &time = impl.times[static_cast<size_t>(kernel)];
    ++time.launches;
    time.totalUs += took.count();
  }

  std::shared_ptr<const CompiledModel> model;
  ThreadPool pool;
  std::vector<KernelTime> times;
  bool profiling = false;
  Memory arena, scratch, shared;
  size_t scratchStride = 0;
  std::vector<void *> buffers;
};

Session::Session(std::shared_ptr<const CompiledModel> model, int threads)
    : impl(std::make_unique<Impl>(std::move(model), threads)) {}
Session::~Session() = default;
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;

const CompiledModel &Session::model() const {
  return *impl->model;
}
int Session::threads() const {
  return impl->pool.threads();
}

bool Session::run(std::span<const void *const> inputs, std::span<void *const> outputs) {
  const CompiledModel &compiled = *impl->model;
  if (inputs.size() != compiled.inputs.size() || outputs.size() != compiled.outputs.size())
    return false;
  // The generated code takes one list of plain pointers and writes only to outputs.
  size_t next = 0;
  for (const void *input : inputs)
    impl->buffers[next++] = const_cast<void *>(input);
  for (const void *weight : compiled.weights)
    impl->buffers[next++] = const_cast<void *>(weight);
  for (void *output : outputs)
    impl->buffers[next++] = output;
  compiled.main(impl->buffers.data(), impl->arena.get(), impl.get());
  return true;
}

void Session::setProfiling(bool on) {
  impl->profiling = on;
  if (on)
    impl->times.assign(impl->times.size(), KernelTime{});
}

std::span<const KernelTime> Session::kernelTimes() const {
  return impl->times;
}

} // namespace tessera::runtime
