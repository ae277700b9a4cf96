// What `run` and `bench` share on the command line: the model, its inputs and how to compile it.
#pragma once
#include "TargetArguments.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/runtime/Session.h"
#include <memory>
#include <optional>

namespace tessera::tool {

/// A dense tensor by the name that the model gives it.
using import_::Tensor;

class ModelArguments {
public:
  void addTo(CommandLine &line);

  /// Reads the target, and the files behind --input. Returns an exit code on failure.
  std::optional<int> readBindings(const CommandLine &line);

  /// The model compiled for the inputs read, or null with everything said.
  std::shared_ptr<const runtime::CompiledModel> compile(bool reference);

  /// One value per input of the model: from a file, or random. Nothing, with everything said, when
  /// a value is missing.
  std::optional<std::vector<Tensor>> inputValues(const runtime::CompiledModel &model) const;

  std::string model;
  TargetArguments target;
  bool randomInputs = false, json = false;
  int64_t threads = 0, seed = 1;
  double loadMs = 0, compileMs = 0;
  /// Set by compile(): the model itself rounds reals to 8 bits.
  bool quantized = false;
  /// Set by compile(): bf16 or f16 where the model has such values; else empty.
  std::string halfType;

private:
  std::vector<std::string> inputFiles;
};

/// Normal numbers for reals, whole numbers 0 and 1 for the rest, since those are masks, token
/// types and small indices more often than not. Nothing when memory is short.
std::optional<Tensor> randomTensor(const runtime::TensorInfo &info, uint64_t seed);

/// Memory for each output of the model.
std::optional<std::vector<Tensor>> allocateOutputs(const runtime::CompiledModel &model);

/// Runs the session once on these tensors.
void runOnce(runtime::Session &session, const std::vector<Tensor> &inputs,
             std::vector<Tensor> &outputs);

/// "f32 1x3x224x224"; "f32" for a scalar.
std::string typeText(const runtime::TensorInfo &info);

} // namespace tessera::tool
