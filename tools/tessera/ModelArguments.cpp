// From the command line to a compiled model and the tensors it runs on.
#include "ModelArguments.h"
#include "Progress.h"
#include "ShapeArguments.h"
#include "mlir/IR/MLIRContext.h"
#include "tessera/compiler/RandomWeights.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "llvm/ADT/StringExtras.h"

namespace tessera::tool {

using import_::OnnxInput;
using llvm::StringRef;

namespace {

import_::ElementType fileType(runtime::ElementType type) {
  switch (type) {
  case runtime::ElementType::f32:
    return import_::ElementType::F32;
  case runtime::ElementType::f16:
    return import_::ElementType::F16;
  case runtime::ElementType::bf16:
    return import_::ElementType::BF16;
  case runtime::ElementType::f64:
    return import_::ElementType::F64;
  case runtime::ElementType::i8:
    return import_::ElementType::I8;
  case runtime::ElementType::i32:
    return import_::ElementType::I32;
  case runtime::ElementType::i64:
    return import_::ElementType::I64;
  case runtime::ElementType::i1:
    return import_::ElementType::Bool;
  case runtime::ElementType::u8:
    return import_::ElementType::U8;
  }
  return import_::ElementType::F32;
}

/// Whether a real number is rounded to a few bits somewhere.
bool isQuantized(mlir::ModuleOp module) {
  return module
      .walk([](npu::CastOp cast) {
        const bool rounds =
            mlir::isa<mlir::FloatType>(mlir::getElementTypeOrSelf(cast.getX().getType())) &&
            mlir::getElementTypeOrSelf(cast.getType()).isInteger(8);
        return rounds ? mlir::WalkResult::interrupt() : mlir::WalkResult::advance();
      })
      .wasInterrupted();
}

/// The element type of half precision that the model computes in: bf16, f16 or none.
std::string halfTypeOf(mlir::ModuleOp module) {
  std::string found;
  module.walk([&](mlir::Operation *op) {
    for (mlir::Type type : op->getResultTypes())
      if (mlir::Type element = mlir::getElementTypeOrSelf(type); element.isBF16())
        found = "bf16";
      else if (element.isF16() && found.empty())
        found = "f16";
  });
  return found;
}

} // namespace

void ModelArguments::addTo(CommandLine &line) {
  line.positional(
      "MODEL", "The model's file: ONNX (.onnx), MLIR text (.mlir) or bytecode (.mlirbc).", model);
  line.list(
      "--input", "[NAME=]FILE",
      "Gives the value of one input, from a NumPy file (.npy) or an ONNX tensor (.pb). "
      "Inputs without a name are taken in the model's order. It also fixes the input's shape.",
      inputFiles);
  line.flag("--random-inputs",
            "Fills every input that no file gives: reals with normal random numbers of deviation "
            "1, integers and booleans with 0 and 1.",
            randomInputs);
  line.integer("--seed", "N", "The seed of the random inputs; 1 unless given.", seed, 0, INT64_MAX);
  target.addTo(line);
  line.integer("--threads", "N",
               "How many threads run the model. Without it, one per processor that this process "
               "may use. The results do not depend on it.",
               threads, 1, 1024);
  line.flag("--json", "Prints one JSON object instead of text.", json);
}

std::optional<int> ModelArguments::readBindings(const CommandLine &line) {
  if (std::optional<int> code = target.read(line))
    return code;
  for (StringRef text : inputFiles) {
    auto [name, file] = splitName(text);
    std::string error;
    auto tensor = import_::readTensor(file.str(), error);
    if (!tensor)
      return fail(error);
    target.bindings.push_back({name.str(), {}, std::move(tensor)});
  }
  return std::nullopt;
}

std::shared_ptr<const runtime::CompiledModel> ModelArguments::compile(bool reference) {
  const auto context = target.context(model);
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string error;
  {
    Progress progress("loading " + model);
    module = loadModel(*context, model, target.bindings, error);
    loadMs = progress.elapsedMs();
  }
  if (!module) {
    fail(error);
    return nullptr;
  }
  if (target.refuseLate(model, *module))
    return nullptr;
  quantized = isQuantized(*module);
  halfType = halfTypeOf(*module);
  Progress progress("compiling " + model);
  CompileOptions options = target.options;
  options.reference = reference;
  auto compiled = compileModule(*module, options);
  compileMs = progress.elapsedMs();
  return compiled;
}

std::optional<std::vector<Tensor>>
ModelArguments::inputValues(const runtime::CompiledModel &compiled) const {
  std::vector<import_::OnnxPort> ports;
  for (const runtime::TensorInfo &info : compiled.inputs)
    ports.push_back({info.name, fileType(info.type), info.dims});
  std::string error;
  auto resolved = resolveInputs(ports, target.bindings, error);
  if (!resolved) {
    fail(error);
    return std::nullopt;
  }
  std::vector<Tensor> values;
  for (size_t i = 0; i < ports.size(); ++i) {
    auto &value = (*resolved)[i].value;
    if (!value && !randomInputs) {
      fail("no value for input '" + ports[i].name + "' (" + typeText(compiled.inputs[i]) +
           "); give --input " + ports[i].name + "=FILE, or --random-inputs");
      return std::nullopt;
    }
    // Each input has numbers of its own, so that equal shapes do not get equal values.
    if (!value)
      value = randomTensor(compiled.inputs[i], static_cast<uint64_t>(seed) + (uint64_t{i} << 32));
    if (!value) {
      fail("not enough memory for input '" + ports[i].name + "'");
      return std::nullopt;
    }
    values.push_back(std::move(*value));
  }
  return values;
}

std::optional<Tensor> randomTensor(const runtime::TensorInfo &info, uint64_t seed) {
  auto tensor = Tensor::allocate(fileType(info.type), info.dims);
  if (!tensor)
    return std::nullopt;
  const auto count = static_cast<size_t>(tensor->count);
  if (import_::isInteger(tensor->type)) {
    std::vector<int64_t> values(count);
    fillUniform(values, seed, 2);
    for (size_t i = 0; i < count; ++i)
      import_::storeInteger(*tensor, static_cast<int64_t>(i), values[i]);
    return tensor;
  }
  std::vector<float> values(count);
  fillNormal(values, seed, 0.0f, 1.0f);
  for (size_t i = 0; i < count; ++i)
    import_::storeReal(*tensor, static_cast<int64_t>(i), static_cast<double>(values[i]));
  return tensor;
}

std::optional<std::vector<Tensor>> allocateOutputs(const runtime::CompiledModel &model) {
  std::vector<Tensor> outputs;
  for (const runtime::TensorInfo &info : model.outputs) {
    auto tensor = Tensor::allocate(fileType(info.type), info.dims);
    if (!tensor) {
      fail("not enough memory for output '" + info.name + "'");
      return std::nullopt;
    }
    tensor->name = info.name;
    outputs.push_back(std::move(*tensor));
  }
  return outputs;
}

void runOnce(runtime::Session &session, const std::vector<Tensor> &inputs,
             std::vector<Tensor> &outputs) {
  std::vector<const void *> in;
  std::vector<void *> out;
  for (const Tensor &tensor : inputs)
    in.push_back(tensor.data());
  for (Tensor &tensor : outputs)
    out.push_back(tensor.data());
  const bool ran = session.run(in, out);
  assert(ran && "one tensor per input and output");
  (void)ran;
}

std::string typeText(const runtime::TensorInfo &info) {
  std::string text = runtime::elementTypeName(info.type);
  for (size_t i = 0; i < info.dims.size(); ++i)
    text += (i ? "x" : " ") + std::to_string(info.dims[i]);
  return text;
}

} // namespace tessera::tool
