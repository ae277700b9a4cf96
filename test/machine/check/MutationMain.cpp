// Puts one mistake at a time into the kernels of small models and asks `check` to find it. What it
// does not find must be harmless: every order in which the pipes may go on is tried, and one on
// data. Prints a table.
#include "Interleavings.h"
#include "Mutants.h"
#include "Values.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/machine/Check.h"
#include "llvm/Support/Format.h"
#include <array>

using namespace mlir;
using namespace tessera;
using namespace tessera::test;

namespace {

struct Row {
  std::array<int, kMistakes> made{}, found{};
  int values = 0, harmless = 0, missed = 0;
};

/// At most this share of the mistakes may be harmless.
constexpr double kMostHarmless = 0.1;

bool findsSomething(func::FuncOp kernel, const tile::ChipSpec &chip) {
  if (failed(verify(kernel)))
    return true;
  machine::CheckResult result;
  return failed(machine::checkKernel(kernel, chip, result)) || !result.findings.empty();
}

/// Whether a mistake is about where data is, not about when: then no order is wrong, and all may
/// be.
bool movesData(Mistake mistake) {
  return mistake == Mistake::Shrink || mistake == Mistake::SwapSlot ||
         mistake == Mistake::LessDepth;
}

Row mutate(func::FuncOp kernel, const tile::ChipSpec &chip, const Values &values) {
  Row row;
  for (const Mutant &mutant : mutantsOf(kernel, chip)) {
    OpBuilder b(kernel);
    auto copy = cast<func::FuncOp>(b.clone(*kernel));
    copy.setName((kernel.getName() + "_mutant").str());
    mutant.apply(copy);
    const size_t kind = size_t(mutant.mistake);
    ++row.made[kind];
    if (findsSomething(copy, chip)) {
      ++row.found[kind];
    } else {
      const Verdict verdict = tryAllOrders(copy, chip);
      const bool changes = verdict == Verdict::Safe && movesData(mutant.mistake) &&
                           values.change(mutant, kernel.getName());
      ++(changes ? row.values : verdict == Verdict::Safe ? row.harmless : row.missed);
      llvm::outs() << "  " << kernel.getName() << ": " << nameOf(mutant.mistake) << ": "
                   << (changes                     ? "other values"
                       : verdict == Verdict::Safe  ? "harmless"
                       : verdict == Verdict::Wrong ? "MISSED"
                       : verdict == Verdict::Torn  ? "MISSED, or a search is mistaken"
                                                   : "MISSED, or too much to try")
                   << ": " << mutant.what << "\n";
    }
    copy.erase();
  }
  return row;
}

void print(llvm::StringRef name, const Row &row) {
  llvm::outs() << llvm::left_justify(name, 34);
  for (size_t i = 0; i < kMistakes; ++i)
    llvm::outs() << llvm::right_justify(
        row.made[i] ? std::to_string(row.found[i]) + "/" + std::to_string(row.made[i]) : "-", 11);
  llvm::outs() << llvm::format("%8d%9d%8d\n", row.values, row.harmless, row.missed);
}

} // namespace

/// mutation-test CHIP PRECISION MODEL... [--fused MODEL...] [--tuning FILE MODEL...]
int main(int argc, char **argv) {
  const auto context = makeContext();
  CompileOptions options;
  options.chip = argv[1];
  options.precision = argv[2];
  options.fuse = false;
  llvm::outs() << options.chip << ": found / made\n" << llvm::left_justify("kernel", 34);
  for (size_t i = 0; i < kMistakes; ++i)
    llvm::outs() << llvm::right_justify(nameOf(Mistake(i)), 11);
  llvm::outs() << "  values harmless  missed\n";
  Row sum;
  int kernels = 0, made = 0;
  bool clean = true;
  for (int i = 3; i < argc; ++i) {
    if (llvm::StringRef(argv[i]) == "--fused") {
      options.fuse = true;
      continue;
    }
    if (llvm::StringRef(argv[i]) == "--tuning" && i + 1 < argc) {
      options.tuning = argv[++i];
      continue;
    }
    std::string error;
    auto module = loadModel(*context, argv[i], {}, error);
    if (!module || !lowerModule(*module, options, Level::Program)) {
      llvm::errs() << argv[i] << ": " << error << "\n";
      return 1;
    }
    const auto chip = tile::ChipSpec::of(*module);
    ScopedDiagnosticHandler quiet(context.get(), [](Diagnostic &) { return success(); });
    const Values values(*module, options);
    for (auto kernel : llvm::make_early_inc_range(module->getOps<func::FuncOp>())) {
      if (!kernel->hasAttr("tile.kernel"))
        continue;
      ++kernels;
      if (findsSomething(kernel, *chip) || tryAllOrders(kernel, *chip) != Verdict::Safe) {
        llvm::outs() << kernel.getName() << ": WRONG before any mistake\n";
        clean = false;
      }
      const Row row = mutate(kernel, *chip, values);
      print(kernel.getName(), row);
      for (size_t k = 0; k < kMistakes; ++k) {
        sum.made[k] += row.made[k];
        sum.found[k] += row.found[k];
        made += row.made[k];
      }
      sum.values += row.values;
      sum.harmless += row.harmless;
      sum.missed += row.missed;
    }
  }
  print(std::to_string(kernels) + " kernels, " + std::to_string(made) + " mistakes", sum);
  const auto all = [&](Mistake kind) { return sum.found[size_t(kind)] == sum.made[size_t(kind)]; };
  if (!all(Mistake::DropEvent) || !all(Mistake::DropOne)) {
    llvm::outs() << "an inserted event or barrier is not needed\n";
    clean = false;
  }
  return clean && sum.missed == 0 && sum.harmless <= kMostHarmless * made ? 0 : 1;
}
