// The helpers of the kernel tests, and main.
#include "Harness.h"

#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

namespace tessera::test {
namespace {

int skipped = 0;

std::string caseFilter() {
  const char *text = std::getenv("TESSERA_CASE");
  return text ? text : "";
}

bool startsWith(const std::string &text, const std::string &prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

} // namespace

void forEachRow(Family family, const std::function<void(const KernelRow &)> &test) {
  const std::string filter = caseFilter();
  const std::string wanted = filter.substr(0, filter.find(','));
  for (Isa isa : kAllIsas) {
    for (const KernelRow &row : kernels::kernelRows(isa)) {
      if (row.family != family || (!wanted.empty() && row.name != wanted))
        continue;
      if (isaPresent(isa))
        test(row);
      else
        ++skipped;
    }
  }
}

int skippedRows() {
  return skipped;
}

bool selected(const KernelRow &row, const std::string &details) {
  return startsWith(std::string(row.name) + "," + details, caseFilter());
}

std::string replay(const KernelRow &row, const std::string &details) {
  return "replay: TESSERA_CASE=" + std::string(row.name) + "," + details +
         " tessera-kernels-test \"" + Catch::getResultCapture().getCurrentTestName() + "\"";
}

GuardedBuffer::GuardedBuffer(std::size_t bytes, Side side) : bytes_(bytes) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  usable_ = (bytes + page) / page * page;
  mapped_ = usable_ + 2 * page;
  void *map = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    std::abort();
  // Emulators have been seen to load whole vectors where a mask says which elements, as QEMU 7.2
  // does for AVX2; there the pages around a buffer can be read, though still not written.
  if (const char *readable = std::getenv("TESSERA_READABLE_GUARDS"); readable && *readable == '1')
    if (mprotect(map, mapped_, PROT_READ) != 0)
      std::abort();
  map_ = static_cast<unsigned char *>(map);
  open_ = map_ + page;
  if (mprotect(open_, usable_, PROT_READ | PROT_WRITE) != 0)
    std::abort();
  std::memset(open_, 0xa5, usable_);
  data_ = side == AtEnd ? open_ + usable_ - bytes : open_;
}

GuardedBuffer::~GuardedBuffer() {
  munmap(map_, mapped_);
}

bool GuardedBuffer::intact() const {
  for (const unsigned char *p = open_; p < open_ + usable_; ++p)
    if ((p < data_ || p >= data_ + bytes_) && *p != 0xa5)
      return false;
  return true;
}

double ulpsBetween(float got, double want) {
  if (std::isnan(want) || std::isnan(got))
    return std::isnan(want) && std::isnan(got) ? 0 : std::numeric_limits<double>::infinity();
  const float nearest = static_cast<float>(want);
  if (std::isinf(nearest) || std::isinf(got)) {
    if (got == nearest)
      return 0;
    // One step beyond the largest float is where infinity begins.
    const double limit = std::ldexp(1.0, 128);
    const double a = std::isinf(got) ? std::copysign(limit, got) : got;
    const double b = std::fabs(want) > limit ? std::copysign(limit, want) : want;
    return std::fabs(a - b) / std::ldexp(1.0, 104);
  }
  int exponent = 0;
  std::frexp(want, &exponent);
  const double unit = std::ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
  return std::fabs(got - want) / unit;
}

std::vector<float> randomFloats(std::size_t count, std::uint32_t seed) {
  std::vector<float> values(count);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 0x1234567u;
  for (float &value : values) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    value = static_cast<float>(static_cast<std::int32_t>(state >> 32)) * 0x1p-31f;
  }
  return values;
}

const std::vector<float> &specialFloats() {
  using Limits = std::numeric_limits<float>;
  static const std::vector<float> values = [] {
    std::vector<float> v;
    for (float x : {0.0f,
                    Limits::denorm_min(),
                    1e-40f,
                    Limits::min(),
                    1e-20f,
                    1e-8f,
                    0.25f,
                    0.5f,
                    0.75f,
                    1.0f,
                    1.5f,
                    2.0f,
                    2.5f,
                    3.0f,
                    5.0f,
                    9.5f,
                    17.0f,
                    40.0f,
                    87.5f,
                    88.5f,
                    88.8f,
                    100.0f,
                    104.5f,
                    1000.0f,
                    8192.0f,
                    8388607.5f,
                    8388608.0f,
                    16777217.0f,
                    1e10f,
                    1e20f,
                    3e38f,
                    Limits::max(),
                    Limits::infinity(),
                    Limits::quiet_NaN()}) {
      v.push_back(x);
      v.push_back(-x);
    }
    return v;
  }();
  return values;
}

void backwards(void *, std::int64_t count, ParallelBody body, void *args) {
  for (std::int64_t i = count; i-- > 0;)
    body(args, i);
}

void onThreads(void *pool, std::int64_t count, ParallelBody body, void *args) {
  std::atomic<std::int64_t> next{0};
  const auto work = [&] {
    for (std::int64_t i = next++; i < count; i = next++)
      body(args, i);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < *static_cast<const int *>(pool); ++i)
    others.emplace_back(work);
  work();
  for (std::thread &thread : others)
    thread.join();
}

} // namespace tessera::test

int main(int argc, char **argv) {
  const int result = Catch::Session().run(argc, argv);
  std::printf("rows skipped because this machine lacks their isa: %d (it has %s)\n",
              tessera::test::skippedRows(), tessera::presentIsaNames().c_str());
  return result;
}
