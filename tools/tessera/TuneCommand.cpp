// `tessera tune`: finds how much of each cache the blocks of matrix products fill best on this
// machine, or the best tiles of a model's kernels on a chip, and writes it where kernels and the
// compiler read it.
#include "CommandLine.h"
#include "Commands.h"
#include "Progress.h"
#include "TargetArguments.h"
#include "TuneModel.h"
#include "tessera/compiler/LoadModel.h"
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

int write(const std::string &path, const TuningRecord &record) {
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error) {
    file << "# Bytes of L1, L2 and L3 that blocks may fill, and tiles of kernels; written by "
            "tessera "
            "tune.\n"
         << tuningText(record);
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

std::string sizesText(const std::vector<int64_t> &sizes) {
  std::string text;
  for (const int64_t size : sizes)
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

/// Tries tiles for a model's kernels, and adds what was best to the record.
bool tuneTiles(const std::string &path, const TargetArguments &target, const TryOptions &how,
               TuningRecord &record) {
  const auto context = target.context(path);
  Progress progress("tuning " + path);
  std::string error;
  auto model = loadModel(*context, path, target.bindings, error);
  if (!model) {
    fail(error);
    return false;
  }
  const auto tried = tryTiles(*model, target.options, how);
  if (!tried)
    return false;
  for (const TriedKernel &kernel : *tried) {
    llvm::outs() << llvm::left_justify(kernel.name, 32)
                 << llvm::format("%10.1f us in tiles of ", kernel.chosenUs)
                 << llvm::left_justify(sizesText(kernel.chosen.sizes), 16);
    if (kernel.best == kernel.chosen)
      llvm::outs() << " by the cost function, which stay of " << kernel.tried << "\n";
    else
      llvm::outs() << llvm::format("%10.1f us in ", kernel.bestUs) << sizesText(kernel.best.sizes)
                   << ", the best of " << kernel.tried << "\n";
    record.set(kernel.best);
  }
  return true;
}

/// What the caches' budgets are found by.
bool tuneBudgets(int rounds, TuningRecord &record) {
  std::string error;
  const std::optional<Isa> isa = chooseIsaFromEnvironment(error);
  if (!isa) {
    fail(error);
    return false;
  }
  const kernels::KernelRow *kernel = kernels::findKernel("gemm", "f32", *isa);
  for (const ShapeClass shape : kShapeClasses)
    record.budgets[static_cast<size_t>(shape)] = tuneClass(shape, kernel->function.gemm, rounds);
  return true;
}

/// Makes the folder of the record, before the minutes that timing takes.
std::optional<int> makeFolder(const std::string &path) {
  const llvm::StringRef folder = llvm::sys::path::parent_path(path);
  if (std::error_code error =
          folder.empty() ? std::error_code() : llvm::sys::fs::create_directories(folder))
    return fail("cannot make the folder '" + folder + "': " + error.message());
  if (!folder.empty() && !llvm::sys::fs::is_directory(folder))
    return fail("cannot make the folder '" + folder + "': a file of that name is there");
  return std::nullopt;
}

} // namespace

int tuneCommand(llvm::ArrayRef<std::string> arguments) {
  std::string model;
  TargetArguments target;
  TryOptions how;
  bool show = false;
  int64_t rounds = 5, threads = 1;
  CommandLine line("tune",
                   "Without a model, times matrix products with blocks of several sizes on this "
                   "machine. With one, tries tiles for each of its kernels: by running them, or on "
                   "the chip's description if the chip is no CPU. What was fastest goes into the "
                   "record of tuning; everything compiled or run later uses it.");
  line.positional("MODEL",
                  "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc).", model,
                  /*required=*/false);
  target.addTo(line);
  line.flag("--show", "Only prints the record that is in use.", show);
  line.integer("--rounds", "N", "Without a model, times each choice so often; 5 unless given.",
               rounds, 1, 1000);
  line.integer("--tiles", "N", "Tries so many tiles per kernel; 12 unless given.", how.tiles, 2,
               1000);
  line.number("--seconds", "S",
              "Runs the tiles of one kernel for this long; half a second unless given.",
              how.seconds);
  line.integer("--threads", "N", "How many threads run a kernel; one unless given.", threads, 1,
               1024);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  if (std::optional<int> code = target.read(line))
    return *code;
  how.threads = static_cast<int>(threads);
  const std::string path = line.given("--tuning") ? target.options.tuning : tuningPath();
  TuningRecord record;
  for (const ShapeClass shape : kShapeClasses)
    record.budgets[static_cast<size_t>(shape)] = cacheBudget(shape);
  // What the record has of the other kind stays, if it can be read.
  if (llvm::sys::fs::exists(path)) {
    std::string error;
    if (const auto present = readTuning(path, error))
      record = *present;
  }
  if (show) {
    llvm::outs() << tuningText(record);
    return kOk;
  }
  if (path.empty())
    return line.wrongUsage("there is no place for the record; --tuning names one");
  if (std::optional<int> code = makeFolder(path))
    return *code;
  if (model.empty() ? !tuneBudgets(static_cast<int>(rounds), record)
                    : !tuneTiles(model, target, how, record))
    return kRejected;
  return write(path, record);
}

} // namespace tessera::tool
