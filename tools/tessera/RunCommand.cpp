// `tessera run`: a model's outputs, and how long they took.
#include "Commands.h"
#include "KernelTable.h"
#include "ModelArguments.h"
#include "Outputs.h"
#include "Progress.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

namespace tessera::tool {
namespace {

struct RunOptions {
  ModelArguments model;
  std::string outputDir, outputFormat = "pb", expect;
  bool reference = false, check = false, profile = false, toleranceGiven = false;
  int64_t repeat = 1;
  double tolerance = 0;

  void addTo(CommandLine &line);
};

void RunOptions::addTo(CommandLine &line) {
  model.addTo(line);
  line.text("--output-dir", "FOLDER",
            "Writes every output there, as output_0, output_1 and so on; the folder is made if it "
            "is missing.",
            outputDir);
  line.choice("--output-format", {"npy", "pb"},
              "The format of the files: ONNX tensors (pb, unless said otherwise) or NumPy arrays.",
              outputFormat);
  line.flag("--reference",
            "Runs the operators' decompositions, compiled by upstream passes only. Slow, and "
            "independent of everything that makes the other way fast.",
            reference);
  line.flag("--check",
            "Runs both ways on the same inputs and compares every output. The exit code is 1 when "
            "one differs by more than the tolerance.",
            check);
  line.text("--expect", "FOLDER",
            "Compares every output with the tensor of that number in the folder, output_0.pb or "
            "output_0.npy and so on, as --output-dir writes them. The exit code is 1 when one "
            "differs by more than the tolerance.",
            expect);
  line.number("--tolerance", "X",
              "The largest difference that --check and --expect accept, relative to the largest "
              "magnitude in the output they compare with. Without it, 1e-4; where a model or "
              "--precision says f16, or a model is quantised, 1e-2; for bf16 5e-2.",
              tolerance);
  line.integer("--repeat", "N", "Runs the model N times and gives the median time.", repeat, 1,
               1000000);
  line.flag("--profile", "Also prints which kernels took the time.", profile);
}

struct RunResult {
  std::vector<Tensor> outputs;
  std::vector<double> ms;
};

RunResult runModel(const RunOptions &options, runtime::Session &session,
                   const std::vector<Tensor> &inputs, std::vector<Tensor> outputs) {
  RunResult result;
  Progress progress("running " + options.model.model);
  session.setProfiling(options.profile);
  for (int64_t i = 0; i < options.repeat; ++i) {
    const double begin = progress.elapsedMs();
    runOnce(session, inputs, outputs);
    result.ms.push_back(progress.elapsedMs() - begin);
  }
  result.outputs = std::move(outputs);
  return result;
}

/// Writes the outputs and returns their paths; nothing, with the error said, when it cannot.
std::optional<std::vector<std::string>> writeOutputs(const RunOptions &options,
                                                     const std::vector<Tensor> &outputs) {
  std::vector<std::string> files(outputs.size());
  if (options.outputDir.empty())
    return files;
  if (std::error_code code = llvm::sys::fs::create_directories(options.outputDir)) {
    fail("cannot make the folder '" + options.outputDir + "': " + code.message());
    return std::nullopt;
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    files[i] = outputPath(options.outputDir, i, options.outputFormat);
    std::string error;
    if (!import_::writeTensor(files[i], outputs[i], error)) {
      fail(error);
      return std::nullopt;
    }
  }
  return files;
}

/// The outputs of the reference on these inputs; nothing, with everything said, when it fails.
std::optional<std::vector<Tensor>> referenceOutputs(ModelArguments arguments,
                                                    const std::vector<Tensor> &inputs) {
  auto model = arguments.compile(/*reference=*/true);
  if (!model)
    return std::nullopt;
  auto outputs = allocateOutputs(*model);
  if (!outputs)
    return std::nullopt;
  runtime::Session session(model, 1);
  Progress progress("running the reference of " + arguments.model);
  runOnce(session, inputs, *outputs);
  return outputs;
}

/// The tensors output_0, output_1... of a folder, in either format.
std::optional<std::vector<Tensor>> expectedOutputs(const std::string &folder, size_t count) {
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < count; ++i) {
    std::string path = outputPath(folder, i, "pb"), error;
    if (!llvm::sys::fs::exists(path))
      path = outputPath(folder, i, "npy");
    auto tensor = import_::readTensor(path, error);
    if (!tensor) {
      fail(error);
      return std::nullopt;
    }
    outputs.push_back(std::move(*tensor));
  }
  return outputs;
}

/// The relative error of each output; nothing, with everything said, when they cannot be compared.
std::optional<std::vector<double>> compare(const std::vector<Tensor> &outputs,
                                           const std::vector<Tensor> &expected) {
  std::vector<double> errors;
  for (auto [got, want] : llvm::zip(outputs, expected)) {
    if (got.shape != want.shape || got.type != want.type) {
      fail("output '" + got.name + "' is " + typeText(got) + ", but " + typeText(want) +
           " is expected");
      return std::nullopt;
    }
    errors.push_back(relativeError(got, want));
  }
  return errors;
}

/// Some ten times what rounding each operand of a deep model's products was seen to cost. Where a
/// model itself rounds to 8 bits, a difference in the last bit before is a step of these after.
double defaultTolerance(const ModelArguments &model) {
  const auto isUsed = [&](llvm::StringRef type) {
    return type == model.target.options.precision || type == model.halfType;
  };
  return isUsed("bf16") ? 5e-2 : isUsed("f16") || model.quantized ? 1e-2 : 1e-4;
}

double median(std::vector<double> values) {
  llvm::sort(values);
  return values[values.size() / 2];
}

void printText(const RunOptions &options, const runtime::Session &session, const RunResult &result,
               const std::vector<double> &errors) {
  llvm::raw_ostream &out = llvm::outs();
  out << "outputs:\n";
  for (auto [index, tensor] : llvm::enumerate(result.outputs)) {
    printOutput(out, tensor);
    if (index < errors.size())
      out << llvm::format("    differs from what is expected by %.2g of the largest value\n",
                          errors[index]);
  }
  out << llvm::format("loaded in %.1f ms, compiled in %.1f ms, ran in %.3f ms",
                      options.model.loadMs, options.model.compileMs, median(result.ms));
  if (options.repeat > 1)
    out << " (median of " << options.repeat << ")";
  out << " on " << session.threads() << (session.threads() == 1 ? " thread\n" : " threads\n");
  if (options.profile)
    printKernelTable(out, session, options.repeat, 12);
}

void printJson(const RunOptions &options, const runtime::Session &session, const RunResult &result,
               const std::vector<double> &errors, const std::vector<std::string> &files) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    json.attribute("model", options.model.model);
    json.attribute("chip", options.model.target.options.chip.empty()
                               ? hostChip()
                               : options.model.target.options.chip);
    json.attribute("precision", options.model.target.options.precision);
    json.attribute("reference", options.reference);
    json.attribute("threads", session.threads());
    json.attribute("load_ms", options.model.loadMs);
    json.attribute("compile_ms", options.model.compileMs);
    json.attribute("run_ms", median(result.ms));
    json.attributeObject("weight_bytes", [&] {
      json.attribute("mapped", static_cast<int64_t>(session.model().mappedWeightBytes));
      json.attribute("made", static_cast<int64_t>(session.model().madeWeightBytes));
    });
    json.attributeArray("outputs", [&] {
      for (auto [tensor, file] : llvm::zip(result.outputs, files))
        writeOutput(json, tensor, file);
    });
    if (!errors.empty())
      json.attributeArray("relative_errors", [&] {
        for (double error : errors)
          json.value(std::isfinite(error) ? llvm::json::Value(error) : nullptr);
      });
    if (options.profile)
      writeKernelTable(json, session, options.repeat);
  });
  llvm::outs() << "\n";
}

int runWith(RunOptions &options) {
  auto model = options.model.compile(options.reference);
  if (!model)
    return kRejected;
  if (!options.toleranceGiven)
    options.tolerance = defaultTolerance(options.model);
  auto inputs = options.model.inputValues(*model);
  if (!inputs)
    return kRejected;
  auto outputs = allocateOutputs(*model);
  if (!outputs)
    return kRejected;
  runtime::Session session(model, static_cast<int>(options.model.threads));
  RunResult result = runModel(options, session, *inputs, std::move(*outputs));
  std::vector<double> errors;
  if (options.check || !options.expect.empty()) {
    auto expected = options.check ? referenceOutputs(options.model, *inputs)
                                  : expectedOutputs(options.expect, result.outputs.size());
    auto compared = expected ? compare(result.outputs, *expected) : std::nullopt;
    if (!compared)
      return kRejected;
    errors = std::move(*compared);
  }
  auto files = writeOutputs(options, result.outputs);
  if (!files)
    return kRejected;
  if (options.model.json)
    printJson(options, session, result, errors, *files);
  else
    printText(options, session, result, errors);
  for (auto [index, error] : llvm::enumerate(errors))
    if (!(error <= options.tolerance))
      return fail(llvm::formatv("output '{0}' differs from what is expected by {1:e2} of the "
                                "largest value, more than {2:e2}",
                                result.outputs[index].name, error, options.tolerance)
                      .str());
  return kOk;
}

} // namespace

int runCommand(llvm::ArrayRef<std::string> arguments) {
  RunOptions options;
  CommandLine line("run", "Loads a model, compiles it for a chip, runs it on this machine and "
                          "reports its outputs.");
  options.addTo(line);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  if (options.check && (options.reference || !options.expect.empty()))
    return line.wrongUsage("--check compares with the reference, so it goes neither with "
                           "--reference nor with --expect");
  if (line.given("--output-format") && options.outputDir.empty())
    return line.wrongUsage("--output-format says how to write files, so it needs --output-dir");
  options.toleranceGiven = line.given("--tolerance");
  if (options.toleranceGiven && !options.check && options.expect.empty())
    return line.wrongUsage("--tolerance says how far outputs may differ from what is expected, so "
                           "it needs --check or --expect");
  if (std::optional<int> code = options.model.readBindings(line))
    return *code;
  return runWith(options);
}

} // namespace tessera::tool
