// The runtime with hand-written "generated" code: pool, session, profile.
#define CATCH_CONFIG_MAIN
#include "tessera/runtime/Session.h"
#include "tessera/runtime/ThreadPool.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <numeric>
#include <optional>
#if defined(__linux__)
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

using namespace tessera::runtime;

namespace {

// Blocks of 100 elements: out = in * weight, through the arena and the core's scratch.
constexpr int64_t kBlock = 100, kBlocks = 37, kCount = kBlock * kBlocks;

void scaleIntoArena(void **args, int64_t index, void *scratch) {
  const auto *in = static_cast<const float *>(args[0]);
  const float weight = *static_cast<const float *>(args[1]);
  auto *out = static_cast<float *>(args[2]);
  auto *local = static_cast<float *>(scratch);
  for (int64_t i = 0; i < kBlock; ++i)
    local[i] = in[index * kBlock + i] * weight;
  for (int64_t i = 0; i < kBlock; ++i)
    out[index * kBlock + i] = local[i];
}

void copyFromArena(void **args, int64_t index, void *) {
  const auto *in = static_cast<const float *>(args[0]);
  auto *out = static_cast<float *>(args[1]);
  for (int64_t i = 0; i < kBlock; ++i)
    out[index * kBlock + i] = in[index * kBlock + i];
}

void fakeMain(void **buffers, void *arena, LaunchContext *context) {
  std::array<void *, 3> first{buffers[0], buffers[1], arena};
  context->launch(context, 0, scaleIntoArena, first.data(), kBlocks);
  std::array<void *, 2> second{arena, buffers[2]};
  context->launch(context, 1, copyFromArena, second.data(), kBlocks);
}

std::shared_ptr<const CompiledModel> fakeModel() {
  static const float weight = 3.0f;
  auto model = std::make_shared<CompiledModel>();
  model->main = fakeMain;
  model->inputs = {{"x", ElementType::f32, {kBlocks, kBlock}}};
  model->outputs = {{"y", ElementType::f32, {kBlocks, kBlock}}};
  model->weights = {&weight};
  model->kernels = {{"scale", kCount, 8.0 * kCount}, {"copy", 0, 8.0 * kCount}};
  model->arenaBytes = model->outputs[0].byteCount();
  model->scratchBytes = kBlock * sizeof(float);
  return model;
}

} // namespace

TEST_CASE("a tensor knows its size") {
  CHECK(TensorInfo{"s", ElementType::f64, {}}.byteCount() == 8);
  CHECK(TensorInfo{"v", ElementType::i1, {3, 5}}.byteCount() == 15);
  CHECK(TensorInfo{"e", ElementType::bf16, {4, 0}}.byteCount() == 0);
  CHECK(TensorInfo{"u", ElementType::u8, {7}}.byteCount() == 7);
  CHECK(std::string(elementTypeName(ElementType::bf16)) == "bf16");
  CHECK(std::string(elementTypeName(ElementType::u8)) == "u8");
}

TEST_CASE("a parallel loop visits each index once, on one thread at a time") {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    REQUIRE(pool.threads() == threads);
    struct Seen {
      std::vector<std::atomic<int>> visits = std::vector<std::atomic<int>>(1000);
      std::vector<std::atomic<int>> busy = std::vector<std::atomic<int>>(5);
      std::atomic<bool> clash{false};
    } seen;
    const auto body = [](void *context, int64_t index, int thread) {
      Seen &s = *static_cast<Seen *>(context);
      if (s.busy[static_cast<size_t>(thread)].exchange(1))
        s.clash = true;
      ++s.visits[static_cast<size_t>(index)];
      s.busy[static_cast<size_t>(thread)] = 0;
    };
    // Many short rounds: a worker that wakes late must never enter a later round's work twice.
    for (int64_t count : {0, 1, 2, 7, 1000})
      for (int round = 0; round < 200; ++round) {
        for (auto &visit : seen.visits)
          visit = 0;
        pool.parallelFor(count, body, &seen);
        int64_t wrong = 0;
        for (int64_t i = 0; i < 1000; ++i)
          wrong += seen.visits[static_cast<size_t>(i)] != (i < count);
        REQUIRE(wrong == 0);
      }
    CHECK_FALSE(seen.clash);
  }
}

TEST_CASE("the one block of a launch may share itself out") {
  constexpr int64_t kIndices = 500;
  auto model = std::make_shared<CompiledModel>();
  model->outputs = {{"y", ElementType::f32, {kIndices}}};
  model->workspaceBytes = kIndices * sizeof(float);
  model->kernels = {{"shared", 0, 0}};
  model->main = [](void **buffers, void *, LaunchContext *context) {
    const auto core = [](void **args, int64_t, void *) {
      auto *launch = static_cast<LaunchContext *>(args[1]);
      const auto body = [](void *opaque, int64_t index) {
        void **words = static_cast<void **>(opaque);
        auto *between = static_cast<float *>(static_cast<LaunchContext *>(words[1])->workspace);
        between[index] = static_cast<float>(index);
        static_cast<float *>(words[0])[index] = between[index];
      };
      if (launch->parallelFor)
        launch->parallelFor(launch, kIndices, body, args);
      else
        tessera::serialFor(nullptr, kIndices, body, args);
    };
    std::array<void *, 2> args{buffers[0], context};
    context->launch(context, 0, core, args.data(), 1);
  };
  for (int threads : {1, 4}) {
    Session session(model, threads);
    for (bool profiling : {false, true}) {
      session.setProfiling(profiling);
      std::vector<float> y(kIndices, -1.0f);
      void *const out = y.data();
      REQUIRE(session.run({}, std::span(&out, 1)));
      for (int64_t i = 0; i < kIndices; ++i)
        REQUIRE(y[static_cast<size_t>(i)] == static_cast<float>(i));
    }
  }
}

TEST_CASE("each thread of a parallel loop begins with the same share of it every time") {
  for (int threads : {2, 3, 5}) {
    ThreadPool pool(threads);
    struct Firsts {
      std::vector<std::atomic<int64_t>> first = std::vector<std::atomic<int64_t>>(5);
      std::atomic<int> begun{0};
      int threads = 0;
    } firsts;
    firsts.threads = threads;
    // Nobody goes on before all have begun, so that nobody helps another to its first index.
    const auto body = [](void *context, int64_t index, int thread) {
      Firsts &f = *static_cast<Firsts *>(context);
      int64_t none = -1;
      if (f.first[static_cast<size_t>(thread)].compare_exchange_strong(none, index)) {
        ++f.begun;
        while (f.begun < f.threads)
          std::this_thread::yield();
      }
    };
    for (int64_t count : {5, 17, 1000})
      for (int round = 0; round < 3; ++round) {
        for (auto &first : firsts.first)
          first = -1;
        firsts.begun = 0;
        pool.parallelFor(count, body, &firsts);
        int64_t begin = 0;
        for (int thread = 0; thread < threads; ++thread) {
          CHECK(firsts.first[static_cast<size_t>(thread)] == begin);
          begin += count / threads + (thread < count % threads ? 1 : 0);
        }
      }
  }
}

// The address sanitizer has memory of its own to map for each thread, and ends where it cannot.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TESSERA_TEST_HAS_ASAN
#endif
#endif
#if defined(__linux__) && !defined(TESSERA_TEST_HAS_ASAN)
TEST_CASE("a pool does with the threads that the system gives") {
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit few = before; // room for the stacks of some threads
  few.rlim_cur = static_cast<rlim_t>(pages * sysconf(_SC_PAGESIZE) + (24 << 20));
  REQUIRE(setrlimit(RLIMIT_AS, &few) == 0);
  // An emulator may take the limit and not keep to it, as QEMU's of single programs does.
  const auto beyond = static_cast<size_t>(few.rlim_cur);
  void *mapped = mmap(nullptr, beyond, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool holds = mapped == MAP_FAILED;
  if (!holds)
    munmap(mapped, beyond);
  std::optional<ThreadPool> pool;
  pool.emplace(200);
  REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
  if (holds)
    CHECK(pool->threads() < 200);
  else
    WARN("the limit on memory does not hold here: not tested with too few threads");
  std::vector<std::atomic<int>> visits(1000);
  const auto body = [](void *context, int64_t index, int) {
    ++(*static_cast<std::vector<std::atomic<int>> *>(context))[static_cast<size_t>(index)];
  };
  pool->parallelFor(1000, body, &visits);
  CHECK(std::all_of(visits.begin(), visits.end(), [](const auto &visit) { return visit == 1; }));
}
#endif

TEST_CASE("a pool wakes from sleep") {
  ThreadPool pool(3);
  std::atomic<int> calls{0};
  const auto body = [](void *context, int64_t, int) {
    ++*static_cast<std::atomic<int> *>(context);
  };
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    pool.parallelFor(10, body, &calls);
  }
  CHECK(calls == 50);
}

TEST_CASE("a session computes the same on any number of threads") {
  std::vector<float> input(kCount), expected(kCount);
  std::iota(input.begin(), input.end(), 0.5f);
  for (size_t i = 0; i < input.size(); ++i)
    expected[i] = input[i] * 3.0f;
  for (int threads : {1, 2, 4}) {
    Session session(fakeModel(), threads);
    std::vector<float> output(kCount);
    const void *inputs[] = {input.data()};
    void *outputs[] = {output.data()};
    for (int run = 0; run < 20; ++run) {
      std::fill(output.begin(), output.end(), -1.0f);
      REQUIRE(session.run(inputs, outputs));
      REQUIRE(output == expected);
    }
  }
}

TEST_CASE("a session refuses the wrong number of tensors") {
  Session session(fakeModel(), 1);
  std::vector<float> output(kCount);
  void *outputs[] = {output.data()};
  CHECK_FALSE(session.run({}, outputs));
}

TEST_CASE("profiling counts launches, and only while it is on") {
  Session session(fakeModel(), 2);
  std::vector<float> input(kCount, 1.0f), output(kCount);
  const void *inputs[] = {input.data()};
  void *outputs[] = {output.data()};
  REQUIRE(session.run(inputs, outputs));
  CHECK(session.kernelTimes()[0].launches == 0);
  session.setProfiling(true);
  for (int run = 0; run < 3; ++run)
    REQUIRE(session.run(inputs, outputs));
  session.setProfiling(false);
  REQUIRE(session.run(inputs, outputs));
  REQUIRE(session.kernelTimes().size() == 2);
  CHECK(session.kernelTimes()[0].launches == 3);
  CHECK(session.kernelTimes()[1].launches == 3);
  CHECK(session.kernelTimes()[1].totalUs > 0);
  session.setProfiling(true);
  CHECK(session.kernelTimes()[0].launches == 0);
}
