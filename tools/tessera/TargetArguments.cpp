// The options of compilation, and the printing of remarks.
#include "TargetArguments.h"
#include "Diagnostics.h"
#include "ShapeArguments.h"
#include "mlir/IR/Remarks.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/support/Tuning.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"

namespace tessera::tool {
namespace {

/// Hands remarks to the context's diagnostics, which print them with their place.
class RemarkPrinter : public mlir::remark::detail::MLIRRemarkStreamerBase {
public:
  void streamOptimizationRemark(const mlir::remark::detail::Remark &remark) override {
    std::string text, reason;
    for (const auto &argument : remark.getArgs())
      (argument.key == "Reason" ? reason : argument.key == "Remark" ? text : unused) = argument.val;
    mlir::emitRemark(remark.getLocation())
        << remark.getCategoryName() << ": " << text << (reason.empty() ? "" : ": ") << reason;
  }

private:
  std::string unused; ///< Numbers that the text has too.
};

} // namespace

void TargetArguments::addTo(CommandLine &line) {
  line.text("--chip", "NAME|FILE",
            "The chip: a name that 'tessera chips' lists, or a YAML file. Without it, the chip "
            "that the program was made for, or this machine's own.",
            options.chip);
  line.list("--shape", "[NAME=]DIMS",
            "Fixes the dimensions of one input, such as x=1x3x224x224, where the model leaves them "
            "open. A dimension of '?' stays as the model has it.",
            shapes);
  line.choice(
      "--precision", {"f32", "f16", "bf16"},
      "The element type that matrix products and convolutions take their operands in; "
      "they always add up in f32. What a model has quantised is multiplied as 8-bit integers "
      "where the chip can, whatever this says.",
      options.precision);
  line.flag("--unfused",
            "Makes every operator a kernel of its own, to see what joining them gains.", unfused);
  line.text("--tuning", "FILE",
            "The record of tuning, whose tiles are taken for the kernels that it names; that of "
            "TESSERA_TUNING or of your settings unless given.",
            options.tuning);
  line.choice("--remarks", {"all", "precision", "fuse", "layout", "tile", "pipeline", "plan"},
              "Also prints what was decided and what the runner-up would have cost: by products of "
              "integers, fusion, layouts, tile sizes, pipelining, the plan of memory, or all of "
              "them.",
              remarks);
}

std::optional<int> TargetArguments::read(const CommandLine &line) {
  if (std::optional<int> code = readShapes(line, shapes, bindings))
    return code;
  std::string error;
  if (!options.chip.empty() && !tile::loadChip(options.chip, error))
    return fail(error);
  options.fuse = !unfused;
  for (const char *option : {"--precision", "--unfused", "--tuning"})
    if (line.given(option))
      early.push_back(option);
  if (!line.given("--tuning"))
    if (std::string path = tuningPath(); llvm::sys::fs::exists(path))
      options.tuning = path;
  return std::nullopt;
}

std::optional<int> TargetArguments::refuseLate(const std::string &model,
                                               mlir::ModuleOp module) const {
  const Level level = levelOf(module);
  if (level == Level::Graph)
    return std::nullopt;
  llvm::SmallVector<std::string> late(early);
  // Buffers are pipelined and planned on the way to a program; all else is decided before.
  const bool silent = level == Level::Program || (remarks != "pipeline" && remarks != "plan");
  if (!remarks.empty() && silent && (remarks != "all" || level == Level::Program))
    late.push_back("--remarks " + remarks);
  if (late.empty())
    return std::nullopt;
  return fail(model + ": has been lowered already, where " + llvm::join(late, " and ") +
              " can do nothing; give it with the model that this was compiled from");
}

std::unique_ptr<mlir::MLIRContext> TargetArguments::context(const std::string &model) const {
  auto context = contextFor(model);
  if (remarks.empty())
    return context;
  const std::string wanted =
      remarks == "all" ? "^(precision|fuse|layout|tile|pipeline|plan)$" : "^" + remarks + "$";
  mlir::remark::RemarkCategories categories;
  categories.passed = categories.missed = categories.failed = wanted;
  (void)mlir::remark::enableOptimizationRemarks(
      *context, std::make_unique<RemarkPrinter>(),
      std::make_unique<mlir::remark::RemarkEmittingPolicyAll>(), categories);
  return context;
}

} // namespace tessera::tool
