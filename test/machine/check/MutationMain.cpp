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
  int harmless = 0, missed = 0;
};

/// At most this share of the mistakes of a kind may be harmless.
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
      ++(verdict == Verdict::Safe && !changes ? row.harmless : row.missed);
      llvm::outs() << "  " << kernel.getName() << ": " << nameOf(mutant.mistake) << ": "
                   << (changes                     ? "MISSED: other values in every order"
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
  llvm::outs() << llvm::format("%9d%8d\n", row.harmless, row.missed);
}

/// Whether each kind of mistake was made, and found as it must be.
bool isEnough(const Row &sum, bool hasFlags) {
  bool enough = sum.missed == 0;
  for (size_t k = 0; k < kMistakes; ++k) {
    const auto mistake = Mistake(k);
    const int made = sum.made[k], harmless = made - sum.found[k];
    const bool drops = mistake == Mistake::DropEvent || mistake == Mistake::DropOne;
    const char *wrong = nullptr;
    if (made == 0 && (hasFlags || mistake != Mistake::SwapMode))
      wrong = "none was made";
    else if (drops && harmless > 0)
      wrong = "an inserted event or barrier is not needed";
    else if (harmless > kMostHarmless * made)
      wrong = "too many are harmless";
    if (wrong)
      llvm::outs() << nameOf(mistake) << ": " << wrong << "\n";
    enough &= !wrong;
  }
  return enough;
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
  llvm::outs() << " harmless  missed\n";
  Row sum;
  int kernels = 0, made = 0;
  bool hasFlags = false; // otherwise no mode can be swapped
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
    hasFlags = chip->matrixCore() != chip->vectorCore();
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
      sum.harmless += row.harmless;
      sum.missed += row.missed;
    }
  }
  print(std::to_string(kernels) + " kernels, " + std::to_string(made) + " mistakes", sum);
  return clean && isEnough(sum, hasFlags) ? 0 : 1;
}
