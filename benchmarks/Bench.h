// How the files of tessera-bench add their rows, and what they share.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tessera/kernels/Registry.h"

namespace tessera::bench {

/// What a row's rate counts.
enum class Work { Flops, Bytes };

/// The clock of a row: time of the calling thread, which other programs on the machine do not
/// lengthen, or for work on several threads the time on the wall.
enum class Clock { Thread, Wall };

/// Adds the row <op>/<dtype>/<who>/<shape>. `work` is the number of operations or bytes of one
/// call. Rows with equal op, dtype and shape are compared; `who` is an isa for our kernels, else
/// the name of a peer. `call` must not allocate.
void add(const std::string &op, const std::string &dtype, const std::string &who,
         const std::string &shape, Work kind, double work, std::function<void()> call,
         Clock clock = Clock::Thread);

/// The same for a call that is made only when its row is run, and not timed. Where `make` returns
/// null, the row ends as an error.
void addMade(const std::string &op, const std::string &dtype, const std::string &who,
             const std::string &shape, Work kind, double work,
             std::function<std::function<void()>()> make);

/// Memory aligned to 64 bytes, filled with numbers in [-1, 1), kept until the program ends.
std::shared_ptr<float[]> floats(std::int64_t count, std::uint32_t seed = 1);

/// The same, filled with all values a byte may have. Both sides of a ratio must multiply such: the
/// tiles of AMX were up to 1.4 times as fast on bytes that repeat every 64, and on zeros.
std::shared_ptr<std::int8_t[]> bytes(std::int64_t count, std::uint32_t seed = 1);

/// "4x1024"
std::string shape(std::initializer_list<std::int64_t> sizes);

/// Calls `each` for the rows of the operator on the ISAs of this machine up to the ceiling.
void forEachRow(std::string_view op, const std::function<void(const kernels::KernelRow &)> &each);

/// `who` of one of our rows: its isa, and its tile when it has one.
std::string whoOf(const kernels::KernelRow &row);

/// The best matrix multiplication there is at the loop level: operands packed and in cache.
inline constexpr const char *kIdealLoop = "ideal";

/// `batch` products c[m, n] = a[m, k] * b[k, n] of plain row-major operands.
struct Product {
  std::int64_t batch, m, n, k;

  double flops() const;
  /// "512x512x512", the batch before it unless it is 1.
  std::string shape() const;
};

/// Does something so many times. The loop is inside, so that calls of a few nanoseconds are timed
/// directly.
using Repeated = std::function<void(std::int64_t calls)>;

/// A Repeated from what one call does.
template <class F> Repeated repeated(F call) {
  return [call = std::move(call)](std::int64_t calls) {
    for (std::int64_t i = 0; i < calls; ++i) {
      call();
      __asm__ volatile("" ::: "memory");
    }
  };
}

/// Peers on plain operands of one product; empty where the peer is not there or cannot do it.
Repeated eigenProduct(const Product &product, Isa isa);
Repeated openBlasProduct(const Product &product);
/// c[m, n] = a[m, k] * b[k, n], or with `turned` b[n, k]; false without OpenBLAS.
bool openBlasMultiply(const float *a, const float *b, float *c, const Product &product,
                      bool turned);
Repeated libxsmmProduct(const Product &product);
/// With `packed`, the right operand is in oneDNN's favourite layout beforehand.
Repeated oneDnnProduct(const Product &product, bool packed);
/// u8 or signed 8-bit left operand by signed weights it laid out beforehand; 32-bit sums.
Repeated oneDnnInt8Product(const Product &product, bool signedLeft);

/// y[count] = op(x[count]) by oneDNN; empty when it has no such function.
Repeated oneDnnElementwise(const std::string &op, std::int64_t count);
/// softmax, log_softmax or layer_norm on the rows of a matrix.
Repeated oneDnnRows(const std::string &op, std::int64_t rows, std::int64_t cols);
/// Scores, softmax and values as three operations on all heads, [heads][rows][size].
Repeated oneDnnAttention(std::int64_t heads, std::int64_t queries, std::int64_t keys,
                         std::int64_t size);
/// Depthwise convolution of h x w pixels of c channels, kernel k, stride 1, padding k / 2, NHWC.
Repeated oneDnnDepthwise(std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t k);

/// Adds a row for what `run` does; nothing when it is empty.
void addPeer(const std::string &op, const std::string &who, const std::string &shape, Work kind,
             double work, Repeated run);

/// Rows of the peers for one product under the name `op`.
void addEigenProduct(const std::string &op, const Product &product, Isa isa);
void addLibraryProducts(const std::string &op, const Product &product);

/// Input on which the operator is worth measuring: no logarithms of negative numbers.
std::shared_ptr<float[]> inputFor(const std::string &op, std::int64_t count);

void addElementwise();
void addMatmul();
void addMovement();
void addRows();
void addTensors();
void addWindow();
/// Rows of OpenBLAS and oneDNN, where they are.
void addLibraries();
/// "openblas runs its kernels for ..."; empty without OpenBLAS.
std::string openBlasReport();
/// With the compiler only.
void addPrograms(Isa ceiling);

} // namespace tessera::bench
