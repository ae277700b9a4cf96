// The ideal loops as sides of a row: one instance on every thread.
#include "Ideal.h"

#include "Suite.h"

namespace tessera::bench {
namespace {

/// Calls f(thread) once for every thread of the setting, at the same time.
template <class F> void onEachThread(const Setting &setting, const F &f) {
  setting.parallelFor(
      setting.pool, setting.threads,
      [](void *args, std::int64_t index) { (*static_cast<const F *>(args))(index); },
      const_cast<void *>(static_cast<const void *>(&f)));
}

/// Blocks of memory, one for each thread.
std::vector<std::shared_ptr<float[]>> forThreads(const Setting &setting, std::int64_t count) {
  std::vector<std::shared_ptr<float[]>> all;
  for (int i = 0; i < setting.threads; ++i)
    all.push_back(floats(count, static_cast<std::uint32_t>(i + 1)));
  return all;
}

} // namespace

const IdealLoops &idealLoops(Isa isa) {
  return isa == Isa::sse2   ? kIdealLoops_sse2
         : isa == Isa::avx2 ? kIdealLoops_avx2
                            : kIdealLoops_avx512;
}

Repeated idealProduct(const Setting &setting, double &work) {
  const IdealLoops &loops = idealLoops(setting.isa);
  // So many blocks that handing them to the threads takes no time.
  constexpr int kBlocks = 8;
  work = loops.productFlops * kBlocks * setting.threads;
  return repeated([&loops, setting, a = forThreads(setting, loops.aCount),
                   b = forThreads(setting, loops.bCount), c = forThreads(setting, loops.cCount)] {
    onEachThread(setting, [&](std::int64_t thread) {
      const auto i = static_cast<std::size_t>(thread);
      for (int block = 0; block < kBlocks; ++block)
        loops.product(a[i].get(), b[i].get(), c[i].get());
    });
  });
}

Repeated idealCopy(const Setting &setting, double bytes, double &work) {
  const auto count = static_cast<std::int64_t>(bytes) / 8 / setting.threads;
  work = 8.0 * static_cast<double>(count) * setting.threads;
  return repeated([count, setting, copy = idealLoops(setting.isa).copy,
                   x = forThreads(setting, count), y = forThreads(setting, count)] {
    onEachThread(setting, [&](std::int64_t thread) {
      const auto i = static_cast<std::size_t>(thread);
      copy(x[i].get(), y[i].get(), count);
    });
  });
}

Repeated idealRead(const Setting &setting, double bytes, double &work) {
  const auto count = static_cast<std::int64_t>(bytes) / 4 / setting.threads;
  work = 4.0 * static_cast<double>(count) * setting.threads;
  return repeated(
      [count, setting, read = idealLoops(setting.isa).read, x = forThreads(setting, count)] {
        onEachThread(setting, [&](std::int64_t thread) {
          const float sum = read(x[static_cast<std::size_t>(thread)].get(), count);
          __asm__ volatile("" ::"m"(sum));
        });
      });
}

void addIdealProduct(Sides &sides, const Setting &setting) {
  double work = 0;
  Repeated run = idealProduct(setting, work);
  sides.ideal(std::move(run), work);
}

void addIdealCopy(Sides &sides, const Setting &setting, double bytes) {
  double work = 0;
  Repeated run = idealCopy(setting, bytes, work);
  sides.ideal(std::move(run), work);
}

void addIdealRead(Sides &sides, const Setting &setting, double bytes) {
  double work = 0;
  Repeated run = idealRead(setting, bytes, work);
  sides.ideal(std::move(run), work);
}

} // namespace tessera::bench
