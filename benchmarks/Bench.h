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

/// Peers' rows for one product under the name `op`; those of peers that are not there add nothing.
void addEigenProduct(const std::string &op, const Product &product, Isa isa);
void addOpenBlasProduct(const std::string &op, const Product &product);
void addOneDnnProduct(const std::string &op, const Product &product);

void addElementwise();
void addMatmul();
void addMovement();
void addRows();
void addWindow();
void addOpenBlas();
/// Says which of its kernels OpenBLAS runs.
void reportOpenBlas();
void addOneDnn();
/// With the compiler only.
void addPrograms(Isa ceiling);

} // namespace tessera::bench
