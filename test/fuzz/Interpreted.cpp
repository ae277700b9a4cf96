// Both ways on the same inputs.
#include "Interpreted.h"
#include "SweepRun.h"
#include "tessera/compiler/Difference.h"
#include "tessera/compiler/Interpret.h"

namespace tessera::test {

std::string interpretedDiffers(mlir::ModuleOp program, const CompileOptions &options,
                               const std::shared_ptr<const runtime::CompiledModel> &model,
                               const std::vector<import_::Tensor> &inputs, uint64_t seed,
                               Evidence &into) {
  const auto interpreted = InterpretedProgram::make(program, options);
  if (!interpreted)
    return "the program cannot be made ready for the interpreter";
  const sweep::Outputs want = sweep::runModel(model, inputs, 1);
  sweep::Outputs got;
  std::vector<const void *> in;
  std::vector<void *> out;
  for (const import_::Tensor &tensor : inputs)
    in.push_back(tensor.data());
  for (const runtime::TensorInfo &info : model->outputs) {
    got.push_back(std::make_unique<sweep::Guarded>(info.byteCount()));
    out.push_back(got.back()->data());
  }
  if (!interpreted->run(in, out, seed))
    return "the interpreter stops";
  if (interpreted->counts().doubleSets > 0)
    return "an event is set twice in order " + std::to_string(seed);
  into.interpreted += interpreted->counts().operations;
  into.overtakings += interpreted->counts().overtakings;
  for (size_t i = 0; i < got.size(); ++i) {
    const std::string wrong = firstDifference(model->outputs[i], out[i], want[i]->data());
    if (!wrong.empty() || !got[i]->intact())
      return "interpreted in order " + std::to_string(seed) + ", output " + std::to_string(i) +
             ": " + (wrong.empty() ? "wrote beyond it" : wrong);
  }
  return "";
}

} // namespace tessera::test
