// A fixed set of threads that share the blocks of one launch after another.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace tessera::runtime {

/// Runs loops on a fixed number of threads, the calling thread being one of them. Idle threads
/// spin for some microseconds, since the next launch of a model follows at once, and then sleep.
/// One thread at a time may call parallelFor.
class ThreadPool {
public:
  /// Called once per index; `thread` is in [0, threads()) and no two concurrent calls share it.
  using Body = void (*)(void *context, int64_t index, int thread);

  /// `threads` below 1 stands for one per processor that this process may use. There are fewer
  /// where the system does not give so many.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  int threads() const { return static_cast<int>(workers.size()) + 1; }

  /// Calls body(context, i, thread) for every i in [0, count) and returns when all have returned.
  /// Each thread begins with a share of its own, the same of each loop of as many indices, so that
  /// it finds in its caches what it left there; done with it, it helps the others. Within a share
  /// indices are handed out in order. `body` must not throw, and must not call parallelFor of the
  /// same pool.
  void parallelFor(int64_t count, Body body, void *context);

private:
  void work(int thread);
  void runIndices(int thread);
  bool tryJoin(uint32_t &lastRound);

  /// The indices of one thread that nobody has begun; `next` may run past `end`.
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  // The job. Written by the caller while no worker is inside, read by workers after they joined.
  Body body = nullptr;
  void *context = nullptr;
  std::vector<Share> shares; ///< one for each thread that was asked for
  // High half: the round, odd while workers may join. Low half: workers inside the round. One word,
  // so that a worker that wakes too late finds the round closed and is never waited for.
  alignas(64) std::atomic<uint64_t> gate{0};
  // Counts rounds for sleepers; an int because the kernel's wait takes 32 bits.
  alignas(64) std::atomic<int> wakeups{0};
  std::atomic<bool> stopping{false};
  std::vector<std::thread> workers;
};

} // namespace tessera::runtime
