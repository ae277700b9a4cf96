// What the kernel tests share: rows by family on the ISAs present, buffers between guard pages,
// distances in units in the last place, and the line that replays a failure.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "tessera/kernels/Registry.h"
#include "tessera/support/Parallel.h"

namespace tessera::test {

using kernels::Family;
using kernels::KernelRow;

/// Calls `test` for each row of the family whose ISA this machine has and which TESSERA_CASE (a
/// prefix of "<row name>,<details>") does not exclude. Counts the rows it skips for want of an ISA.
void forEachRow(Family family, const std::function<void(const KernelRow &)> &test);

/// How many rows forEachRow skipped so far because their ISA is absent.
int skippedRows();

/// Whether TESSERA_CASE selects this case; `details` as in "count=17,offset=1".
bool selected(const KernelRow &row, const std::string &details);

/// The command that runs one case again.
std::string replay(const KernelRow &row, const std::string &details);

/// Elements that end (or with AtStart begin) at an inaccessible page, so that any access outside
/// faults; the bytes on the other side hold a pattern that intact() checks.
class GuardedBuffer {
public:
  enum Side { AtEnd, AtStart };
  explicit GuardedBuffer(std::size_t bytes, Side side = AtEnd);
  ~GuardedBuffer();
  GuardedBuffer(const GuardedBuffer &) = delete;
  GuardedBuffer &operator=(const GuardedBuffer &) = delete;
  void *data() const { return data_; }
  /// Whether the pattern around the elements is as it was.
  bool intact() const;

private:
  unsigned char *map_, *data_, *open_;
  std::size_t bytes_, mapped_, usable_;
};

/// A guarded array of T filled by value.
template <class T> class Guarded {
public:
  explicit Guarded(const std::vector<T> &values, GuardedBuffer::Side side = GuardedBuffer::AtEnd)
      : count_(values.size()), buffer_(values.size() * sizeof(T), side) {
    if (count_ > 0)
      std::memcpy(buffer_.data(), values.data(), count_ * sizeof(T));
  }
  Guarded(std::size_t count, T value, GuardedBuffer::Side side = GuardedBuffer::AtEnd)
      : Guarded(std::vector<T>(count, value), side) {}
  T *data() { return static_cast<T *>(buffer_.data()); }
  T &operator[](std::size_t i) { return data()[i]; }
  std::size_t size() const { return count_; }
  bool intact() const { return buffer_.intact(); }

private:
  std::size_t count_;
  GuardedBuffer buffer_;
};

/// |got - want| in units in the last place of a float near want; 0 for two NaNs, equal infinities,
/// and an infinity where want rounds to it; infinite when only one side is NaN.
double ulpsBetween(float got, double want);

/// Numbers in [-1, 1), the same for the same seed everywhere.
std::vector<float> randomFloats(std::size_t count, std::uint32_t seed);

/// Zeros, ones, denormals, extremes, infinities and NaN, of both signs.
const std::vector<float> &specialFloats();

/// A parallel loop that runs backwards on the calling thread, as any order is allowed.
void backwards(void *, std::int64_t count, ParallelBody body, void *args);

/// A parallel loop on threads of its own, as many as the int at `pool` says.
void onThreads(void *pool, std::int64_t count, ParallelBody body, void *args);

} // namespace tessera::test
