// The thread pool: joining, leaving and sleeping. What runs on it is the caller's business.
#include "tessera/runtime/ThreadPool.h"
#include <algorithm>
#include <chrono>
#include <system_error>
#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace tessera::runtime {
namespace {

constexpr uint64_t kOneRound = uint64_t{1} << 32;
constexpr uint64_t kInsideMask = kOneRound - 1;

// Launches of one model follow each other within microseconds, while waking a sleeper takes some
// tens of them. Spinning longer than that would take the processor from other processes.
constexpr auto kSpin = std::chrono::microseconds(60);

void relaxCpu() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#endif
}

int usableProcessors() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Calls `done` until it returns true or the spinning time is over; returns its last answer.
template <class Done> bool spinUntil(Done done) {
  const auto end = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (done())
        return true;
      relaxCpu();
    }
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

} // namespace

ThreadPool::ThreadPool(int threads) {
  if (threads < 1)
    threads = usableProcessors();
  shares = std::vector<Share>(static_cast<size_t>(threads));
  workers.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int thread = 1; thread < threads; ++thread)
      workers.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error &) {
    // The system gives no more threads: those that there are share the work.
  }
}

ThreadPool::~ThreadPool() {
  stopping.store(true);
  wakeups.fetch_add(1);
  wakeups.notify_all();
  for (std::thread &worker : workers)
    worker.join();
}

void ThreadPool::parallelFor(int64_t count, Body newBody, void *newContext) {
  if (workers.empty() || count <= 1) {
    for (int64_t index = 0; index < count; ++index)
      newBody(newContext, index, 0);
    return;
  }
  body = newBody;
  context = newContext;
  const int64_t parts = threads();
  const int64_t each = count / parts, more = count % parts;
  int64_t first = 0;
  for (int64_t i = 0; i < parts; ++i) {
    Share &share = shares[static_cast<size_t>(i)];
    share.next.store(first, std::memory_order_relaxed);
    share.end = first += each + (i < more ? 1 : 0);
  }
  gate.fetch_add(kOneRound, std::memory_order_release);
  wakeups.fetch_add(1);
  wakeups.notify_all();

  runIndices(0);

  gate.fetch_add(kOneRound, std::memory_order_acq_rel);
  const auto empty = [this] { return (gate.load(std::memory_order_acquire) & kInsideMask) == 0; };
  while (!spinUntil(empty))
    std::this_thread::yield();
}

void ThreadPool::runIndices(int thread) {
  const size_t own = static_cast<size_t>(thread), parts = workers.size() + 1;
  for (size_t i = 0; i < parts; ++i) {
    Share &share = shares[own + i < parts ? own + i : own + i - parts];
    // Looked at first: a share that is done costs its owner no line.
    while (share.next.load(std::memory_order_relaxed) < share.end) {
      const int64_t index = share.next.fetch_add(1, std::memory_order_relaxed);
      if (index >= share.end)
        break;
      body(context, index, thread);
    }
  }
}

bool ThreadPool::tryJoin(uint32_t &lastRound) {
  uint64_t seen = gate.load(std::memory_order_acquire);
  for (;;) {
    const auto round = static_cast<uint32_t>(seen / kOneRound);
    if (round % 2 == 0 || round == lastRound)
      return false;
    if (gate.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel,
                                   std::memory_order_acquire)) {
      lastRound = round;
      return true;
    }
  }
}

void ThreadPool::work(int thread) {
  uint32_t lastRound = 0;
  for (;;) {
    const int seen = wakeups.load();
    bool joined = false;
    const auto ready = [&] {
      joined = tryJoin(lastRound);
      return joined || stopping.load(std::memory_order_relaxed);
    };
    if (!spinUntil(ready)) {
      wakeups.wait(seen);
      continue;
    }
    if (!joined)
      return;
    runIndices(thread);
    gate.fetch_sub(1, std::memory_order_acq_rel);
  }
}

} // namespace tessera::runtime
