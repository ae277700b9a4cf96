// Loads a model, compiles it for this machine, and runs it once on zeros.
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/compiler/Version.h"
#include "tessera/runtime/Session.h"
#include <cstdio>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: link-compiler MODEL\n");
    return 2;
  }
  const auto context = tessera::makeContext();
  std::string error;
  auto module = tessera::loadModel(*context, argv[1], {}, error);
  auto model = module ? tessera::compileModule(*module, {}) : nullptr;
  if (!model) {
    std::fprintf(stderr, "%s\n", error.c_str());
    return 1;
  }

  std::vector<std::vector<char>> memory;
  std::vector<const void *> inputs;
  std::vector<void *> outputs;
  memory.reserve(model->inputs.size() + model->outputs.size());
  for (const auto &info : model->inputs)
    inputs.push_back(memory.emplace_back(info.byteCount()).data());
  for (const auto &info : model->outputs)
    outputs.push_back(memory.emplace_back(info.byteCount()).data());
  tessera::runtime::Session session(model);
  if (!session.run(inputs, outputs))
    return 1;
  std::printf("tessera %s ran %zu kernels and filled %zu outputs\n", tessera::version(),
              model->kernels.size(), model->outputs.size());
}
