// Compiles the program twice, as it runs fast and operation by operation, and compares.
#include "CheckRun.h"
#include "ModelArguments.h"
#include "Progress.h"
#include "mlir/IR/OwningOpRef.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/Difference.h"

namespace tessera::tool {

std::optional<RunResult> runInOrders(mlir::ModuleOp program, const CompileOptions &options,
                                     int64_t orders, int64_t seed) {
  mlir::OwningOpRef<mlir::ModuleOp> fast = program.clone(), slow = program.clone();
  const auto model = compileModule(*fast, options);
  const auto interpreted = model ? InterpretedProgram::make(*slow, options) : nullptr;
  if (!interpreted)
    return std::nullopt;
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < model->inputs.size(); ++i) {
    auto value = randomTensor(model->inputs[i], uint64_t{i} << 32 | 1);
    if (!value) {
      fail("not enough memory for input '" + model->inputs[i].name + "'");
      return std::nullopt;
    }
    inputs.push_back(std::move(*value));
  }
  auto want = allocateOutputs(*model), got = allocateOutputs(*model);
  if (!want || !got)
    return std::nullopt;
  runtime::Session session(model);
  runOnce(session, inputs, *want);
  std::vector<const void *> in;
  std::vector<void *> out;
  for (const Tensor &tensor : inputs)
    in.push_back(tensor.data());
  for (Tensor &tensor : *got)
    out.push_back(tensor.data());
  RunResult result;
  result.outputs = int64_t(model->outputs.size());
  std::vector<bool> differs(model->outputs.size());
  Progress progress("running it in " + std::to_string(orders) + " orders");
  for (; result.orders < orders; ++result.orders) {
    const int64_t order = seed + result.orders;
    if (!interpreted->run(in, out, uint64_t(order)))
      return std::nullopt;
    for (size_t i = 0; i < out.size(); ++i) {
      const std::string wrong = firstDifference(model->outputs[i], out[i], (*want)[i].data());
      if (wrong.empty() || differs[i])
        continue;
      differs[i] = true;
      result.differences.push_back("output '" + model->outputs[i].name + "' in order " +
                                   std::to_string(order) + ": " + wrong);
    }
  }
  result.counts = interpreted->counts();
  if (result.counts.doubleSets > 0)
    result.differences.push_back("an event was set again before it was waited for, " +
                                 std::to_string(result.counts.doubleSets) + " times");
  return result;
}

} // namespace tessera::tool
