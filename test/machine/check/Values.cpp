// Interpreted, so that what a mistake leaves unwritten is NaN.
#include "Values.h"
#include "tessera/compiler/Difference.h"
#include "tessera/compiler/Interpret.h"
#include "tessera/compiler/RandomWeights.h"
#include <cstdlib>

namespace tessera::test {

static void need(bool holds, const char *what) {
  if (holds)
    return;
  llvm::errs() << "a program without mistakes " << what << "\n";
  std::exit(1);
}

Values::Values(mlir::ModuleOp module, const CompileOptions &options)
    : program(module.clone()), options(options) {
  mlir::OwningOpRef<mlir::ModuleOp> fast = module.clone();
  const auto model = compileModule(*fast, options);
  need(model != nullptr, "does not compile");
  infos = model->outputs;
  for (const runtime::TensorInfo &info : model->inputs) {
    need(info.type == runtime::ElementType::f32, "has inputs that are not f32");
    fillNormal(inputs.emplace_back(size_t(info.elementCount())), inputs.size() + 1, 0.0f, 1.0f);
  }
  auto made = compute(*program);
  need(made.has_value(), "cannot be interpreted");
  wanted = std::move(*made);
}

std::optional<Values::Outputs> Values::compute(mlir::ModuleOp module) const {
  mlir::OwningOpRef<mlir::ModuleOp> changed = module.clone();
  const auto interpreted = InterpretedProgram::make(*changed, options);
  if (!interpreted)
    return std::nullopt;
  Outputs outputs;
  std::vector<const void *> in;
  std::vector<void *> out;
  for (const std::vector<float> &input : inputs)
    in.push_back(input.data());
  for (const runtime::TensorInfo &info : infos)
    outputs.emplace_back(info.byteCount());
  for (std::vector<char> &output : outputs)
    out.push_back(output.data());
  if (!interpreted->run(in, out, 1))
    return std::nullopt;
  return outputs;
}

bool Values::change(const Mutant &mutant, llvm::StringRef kernel) const {
  mlir::OwningOpRef<mlir::ModuleOp> changed = program.get().clone();
  mutant.apply(changed->lookupSymbol<mlir::func::FuncOp>(kernel));
  const auto made = compute(*changed);
  if (!made)
    return true;
  for (size_t i = 0; i < infos.size(); ++i)
    if (!firstDifference(infos[i], (*made)[i].data(), wanted[i].data()).empty())
      return true;
  return false;
}

} // namespace tessera::test
