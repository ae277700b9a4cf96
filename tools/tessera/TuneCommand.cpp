// `tessera tune`: finds how much of each cache the blocks of matrix products fill best on this
// machine, and writes it where kernels read it.
#include "CommandLine.h"
#include "Commands.h"
#include "tessera/kernels/GemmArgs.h"
#include "tessera/kernels/Registry.h"
#include "tessera/support/Tuning.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <cmath>
#include <ctime>

namespace tessera::tool {
namespace {

struct Size {
  int64_t m, n, k;
};

/// What is timed for a class: the products of its budget's geometric mean.
std::vector<Size> sizesOf(ShapeClass shape) {
  switch (shape) {
  case ShapeClass::GemmThin:
    return {{128, 2048, 1024}, {2048, 128, 1024}};
  case ShapeClass::GemmDeep:
    return {{256, 256, 4096}, {512, 512, 2048}};
  case ShapeClass::GemmWide:
    return {{512, 512, 512}, {1024, 1024, 1024}, {1536, 1536, 768}};
  }
  return {};
}

double seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// One product on operands of its own.
class Product {
public:
  Product(kernels::GemmFn *kernel, Size size)
      : kernel(kernel), size(size), a(static_cast<size_t>(size.m * size.k), 0.5f),
        b(static_cast<size_t>(size.k * size.n), 0.25f), c(static_cast<size_t>(size.m * size.n)) {}

  /// Seconds of one product with blocks of this budget.
  double time(ShapeClass shape, const CacheBudget &budget) {
    setCacheBudget(shape, budget);
    const int64_t sizes[] = {size.m, size.n, size.k};
    workspace.resize(static_cast<size_t>(kernel(nullptr, sizes)));
    kernels::GemmArgs args{a.data(), b.data(), c.data(), size.m, size.n, size.k,
                           size.k,   1,        size.n,   1,      size.n};
    args.workspace = workspace.data();
    const double start = seconds();
    kernel(&args, nullptr);
    return seconds() - start;
  }

private:
  kernels::GemmFn *kernel;
  Size size;
  std::vector<float> a, b, c, workspace;
};

/// How many times as fast `other` is as `base`: the geometric mean over products of the median over
/// rounds. The two are timed in turns, since machines change their speed.
double gain(std::vector<Product> &products, ShapeClass shape, const CacheBudget &base,
            const CacheBudget &other, int rounds) {
  double logarithms = 0;
  for (Product &product : products) {
    std::vector<double> ratios;
    product.time(shape, other); // warms up, and lets the workspace grow
    for (int round = 0; round < rounds; ++round) {
      double one = product.time(shape, base);
      double two = product.time(shape, other);
      two += product.time(shape, other);
      one += product.time(shape, base);
      ratios.push_back(one / two);
    }
    llvm::sort(ratios);
    logarithms += std::log(ratios[ratios.size() / 2]);
  }
  return std::exp(logarithms / static_cast<double>(products.size()));
}

/// The best budget of a class: one cache after the other, beginning with the rule.
CacheBudget tuneClass(ShapeClass shape, kernels::GemmFn *kernel, int rounds) {
  // Less is noise, and not worth leaving the rule for.
  constexpr double kWorthwhile = 1.02;
  const CacheBudget rule = budgetByRule(caches());
  std::vector<Product> products;
  for (const Size &size : sizesOf(shape))
    products.emplace_back(kernel, size);
  CacheBudget best = rule;
  for (int64_t CacheBudget::*level : {&CacheBudget::l1, &CacheBudget::l2, &CacheBudget::l3}) {
    double most = kWorthwhile;
    CacheBudget winner = best;
    for (const double factor : {0.5, 0.75, 1.4, 2.0}) {
      CacheBudget candidate = best;
      const auto bytes = static_cast<double>(rule.*level) * factor;
      candidate.*level = std::max<int64_t>(4096, static_cast<int64_t>(bytes) / 1024 * 1024);
      const double faster = gain(products, shape, best, candidate, rounds);
      if (faster > most) {
        most = faster;
        winner = candidate;
      }
    }
    best = winner;
  }
  const double all = best == rule ? 1.0 : gain(products, shape, rule, best, 2 * rounds);
  setCacheBudget(shape, best);
  llvm::outs() << llvm::left_justify(llvm::StringRef(shapeClassName(shape)), 12)
               << llvm::format("%.3f", all) << " times as fast as by the rule"
               << (best == rule ? ", which stays\n" : "\n");
  llvm::outs().flush();
  return best;
}

int write(const std::string &path, const Tuning &tuning) {
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error) {
    file << "# Bytes of L1, L2 and L3 that blocks may fill; written by tessera tune.\n"
         << tuningText(tuning);
    file.close();
    error = file.error();
  }
  if (error) {
    file.clear_error();
    return fail("cannot write '" + path + "': " + error.message());
  }
  llvm::outs() << "written to " << path << "\n";
  return kOk;
}

} // namespace

int tuneCommand(llvm::ArrayRef<std::string> arguments) {
  std::string path = tuningPath();
  bool show = false;
  int64_t rounds = 5;
  CommandLine line("tune", "Times matrix products with blocks of several sizes and records what "
                           "was fastest on this machine; everything run later uses it.");
  line.text("--file", "FILE",
            "The record; that of TESSERA_TUNING or of your settings unless given.", path);
  line.flag("--show", "Only prints the record that is in use.", show);
  line.integer("--rounds", "N", "Times each choice so often; 5 unless given.", rounds, 1, 1000);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  Tuning tuning;
  if (show) {
    for (const ShapeClass shape : kShapeClasses)
      tuning[static_cast<size_t>(shape)] = cacheBudget(shape);
    llvm::outs() << tuningText(tuning);
    return kOk;
  }
  if (path.empty())
    return line.wrongUsage("there is no place for the record; --file names one");
  // Before the minutes that timing takes.
  const llvm::StringRef folder = llvm::sys::path::parent_path(path);
  if (std::error_code error =
          folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder))
    return fail("cannot make the folder '" + folder + "': " + error.message());
  if (!folder.empty() && !llvm::sys::fs::is_directory(folder))
    return fail("cannot make the folder '" + folder + "': a file of that name is there");
  std::string error;
  const std::optional<Isa> isa = chooseIsaFromEnvironment(error);
  if (!isa)
    return fail(error);
  const kernels::KernelRow *kernel = kernels::findKernel("gemm", "f32", *isa);
  for (const ShapeClass shape : kShapeClasses)
    tuning[static_cast<size_t>(shape)] =
        tuneClass(shape, kernel->function.gemm, static_cast<int>(rounds));
  return write(path, tuning);
}

} // namespace tessera::tool
