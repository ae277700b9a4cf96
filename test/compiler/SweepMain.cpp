// Computes every case twice, through the chip's program and through the reference, and compares.
// Several cases share a module, since most of the time goes into making code.
#include "Sweep.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/compiler/RandomWeights.h"
#include "tessera/import/Tensors.h"
#include "tessera/runtime/Session.h"
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <set>

using namespace tessera;
using import_::Tensor;
using sweep::Case;
using sweep::Fill;

namespace {

constexpr size_t kGuard = 256; // bytes around an output that must stay as they are
constexpr char kGuardByte = 0x5a;

struct Options {
  std::string chip, precision = "f32", filter;
  uint64_t seed = 1;
  int64_t random = 60;
  size_t batch = 12;
  bool print = false;
};

/// The cases' bodies in one @main; names get the number of their case.
std::string moduleOf(const std::vector<Case> &cases) {
  std::string arguments, body, values, types;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string prefix = "%c" + std::to_string(i) + "_";
    char letter = 'a';
    for (const sweep::Input &input : cases[i].inputs)
      arguments += (arguments.empty() ? "" : ", ") + prefix + std::string(1, letter++) + ": " +
                   sweep::type(input.dims, input.element);
    body += "  ";
    for (char c : cases[i].body)
      body += c == '%' ? prefix : std::string(1, c);
    body += "\n";
    for (const auto &[name, type] : cases[i].results) {
      values += (values.empty() ? "" : ", ") + prefix + name;
      types += (types.empty() ? "" : ", ") + type;
    }
  }
  return "func.func @main(" + arguments + ") -> (" + types + ") {\n" + body + "  return " + values +
         " : " + types + "\n}\n";
}

import_::ElementType fileType(const std::string &element) {
  static const std::map<std::string, import_::ElementType> types = {
      {"f32", import_::ElementType::F32},   {"f16", import_::ElementType::F16},
      {"bf16", import_::ElementType::BF16}, {"i8", import_::ElementType::I8},
      {"i32", import_::ElementType::I32},   {"i64", import_::ElementType::I64},
      {"i1", import_::ElementType::Bool}};
  return types.at(element);
}

Tensor fill(const sweep::Input &input, uint64_t seed) {
  Tensor tensor = *Tensor::allocate(fileType(input.element), input.dims);
  const auto count = static_cast<size_t>(tensor.count);
  std::vector<float> reals(count);
  std::vector<int64_t> wholes(count);
  fillNormal(reals, seed, 0.0f, 1.0f);
  const uint64_t span = input.fill == Fill::index   ? 2 * static_cast<uint64_t>(input.bound)
                        : input.element == "i1"     ? 2
                        : input.fill == Fill::small ? 9
                                                    : 10;
  fillUniform(wholes, seed, span);
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<int64_t>(i);
    switch (input.fill) {
    case Fill::normal:
      import_::storeReal(tensor, at, reals[i]);
      break;
    case Fill::positive:
      import_::storeReal(tensor, at, 0.125 + std::fabs(reals[i]));
      break;
    case Fill::unit:
      import_::storeReal(tensor, at, std::tanh(reals[i]));
      break;
    default: {
      int64_t v = input.element == "i1" ? wholes[i] : wholes[i] - static_cast<int64_t>(span / 2);
      if (input.fill == Fill::nonzero && v >= 0)
        ++v;
      if (import_::isInteger(tensor.type))
        import_::storeInteger(tensor, at, v);
      else
        import_::storeReal(tensor, at, static_cast<double>(v));
    }
    }
  }
  return tensor;
}

/// An output between two guard zones.
struct Guarded {
  explicit Guarded(size_t bytes) : size(bytes) {
    memory = static_cast<char *>(std::aligned_alloc(64, (bytes + 2 * kGuard + 63) / 64 * 64));
    std::memset(memory, kGuardByte, bytes + 2 * kGuard);
  }
  ~Guarded() { std::free(memory); }
  Guarded(const Guarded &) = delete;
  char *data() { return memory + kGuard; }
  bool intact() const {
    for (size_t i = 0; i < kGuard; ++i)
      if (memory[i] != kGuardByte || memory[kGuard + size + i] != kGuardByte)
        return false;
    return true;
  }
  size_t size;
  char *memory;
};

using Outputs = std::vector<std::unique_ptr<Guarded>>;

Outputs runModel(const std::shared_ptr<const runtime::CompiledModel> &model,
                 const std::vector<Tensor> &inputs, int threads) {
  runtime::Session session(model, threads);
  Outputs outputs;
  std::vector<const void *> in;
  std::vector<void *> out;
  for (const Tensor &tensor : inputs)
    in.push_back(tensor.data());
  for (const runtime::TensorInfo &info : model->outputs) {
    outputs.push_back(std::make_unique<Guarded>(info.byteCount()));
    out.push_back(outputs.back()->data());
  }
  if (!session.run(in, out))
    std::cerr << "the model takes other inputs than its module says\n";
  return outputs;
}

double realAt(const runtime::TensorInfo &info, const char *data, int64_t i) {
  using runtime::ElementType;
  const auto load = [&]<typename T>(T value) {
    std::memcpy(&value, data + static_cast<size_t>(i) * sizeof(T), sizeof(T));
    return value;
  };
  switch (info.type) {
  case ElementType::f32:
    return load(float());
  case ElementType::f16:
    return import_::floatFromHalf(load(uint16_t()));
  case ElementType::bf16:
    return import_::floatFromBfloat(load(uint16_t()));
  case ElementType::f64:
    return load(double());
  case ElementType::i8:
  case ElementType::i1:
    return load(int8_t());
  case ElementType::i32:
    return load(int32_t());
  case ElementType::i64:
    return static_cast<double>(load(int64_t()));
  }
  return 0;
}

double tolerance(runtime::ElementType type, const std::string &precision) {
  switch (type) {
  case runtime::ElementType::f32:
    return precision == "f32" ? 1e-4 : precision == "f16" ? 1e-2 : 5e-2;
  case runtime::ElementType::f16:
    return 4e-3;
  case runtime::ElementType::bf16:
    return 3e-2;
  default:
    return 0;
  }
}

/// Nothing when the tensors agree, else how they differ.
std::string difference(const runtime::TensorInfo &info, const char *got, const char *want,
                       const std::string &precision) {
  double largest = 0, worst = 0;
  int64_t where = 0;
  for (int64_t i = 0; i < info.elementCount(); ++i) {
    const double a = realAt(info, got, i), b = realAt(info, want, i);
    if (std::isfinite(b))
      largest = std::max(largest, std::fabs(b));
    const bool equal = a == b || (std::isnan(a) && std::isnan(b));
    const double error = equal ? 0 : std::isfinite(a - b) ? std::fabs(a - b) : INFINITY;
    if (error > worst)
      worst = error, where = i;
  }
  if (worst <= tolerance(info.type, precision) * std::max(largest, 1e-3))
    return "";
  return "element " + std::to_string(where) + " of " + std::to_string(info.elementCount()) +
         " is " + std::to_string(realAt(info, got, where)) + ", but the reference has " +
         std::to_string(realAt(info, want, where));
}

class Sweep {
public:
  explicit Sweep(Options options) : options(std::move(options)) {}

  void runAll(const std::vector<Case> &cases) {
    for (size_t at = 0; at < cases.size(); at += options.batch)
      run({cases.begin() + static_cast<ptrdiff_t>(at),
           cases.begin() + static_cast<ptrdiff_t>(std::min(at + options.batch, cases.size()))});
  }

  int passed = 0, failed = 0;
  std::map<std::string, int> declined; ///< What the chip cannot do, by message.

private:
  std::shared_ptr<const runtime::CompiledModel> compile(const std::vector<Case> &cases,
                                                        bool reference, std::string &error) {
    auto context = makeContext();
    mlir::ScopedDiagnosticHandler handler(context.get(), [&](mlir::Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error && error.empty())
        error = diagnostic.str();
      return mlir::success();
    });
    auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleOf(cases), context.get());
    if (!module)
      return nullptr;
    CompileOptions how;
    how.chip = options.chip;
    how.precision = options.precision;
    how.reference = reference;
    return compileModule(*module, how);
  }

  void report(const Case &one, const std::string &what) {
    ++failed;
    std::cerr << "FAILED " << one.name << ": " << what << "\n"
              << "  replay: TESSERA_SWEEP_SEED=" << options.seed << " compiler-sweep --chip "
              << (options.chip.empty() ? hostChip() : options.chip) << " --precision "
              << options.precision << " --filter '" << one.name << "' --print\n";
  }

  /// A batch; when it cannot be compiled, its cases one by one.
  void run(const std::vector<Case> &cases) {
    if (options.print)
      std::cout << moduleOf(cases);
    std::string error;
    auto reference = compile(cases, true, error);
    auto model = reference ? compile(cases, false, error) : nullptr;
    if (!model) {
      if (cases.size() > 1) {
        for (const Case &one : cases)
          run({one});
      } else if (error.find("has no matrix unit for") != std::string::npos ||
                 error.find("has no CPU kernel for") != std::string::npos) {
        ++declined[error];
      } else {
        report(cases.front(), (reference ? "" : "reference: ") + error);
      }
      return;
    }
    compare(cases, model, reference);
  }

  void compare(const std::vector<Case> &cases,
               const std::shared_ptr<const runtime::CompiledModel> &model,
               const std::shared_ptr<const runtime::CompiledModel> &reference) {
    std::vector<Tensor> inputs;
    for (const Case &one : cases)
      for (const sweep::Input &input : one.inputs)
        inputs.push_back(fill(input, options.seed + 7919 * (inputs.size() + 1)));
    const Outputs want = runModel(reference, inputs, 1), got = runModel(model, inputs, 1);
    const Outputs two = runModel(model, inputs, 2);
    size_t at = 0;
    for (const Case &one : cases) {
      std::string wrong;
      for (size_t i = 0; i < one.results.size(); ++i, ++at) {
        const runtime::TensorInfo &info = model->outputs[at];
        if (wrong.empty())
          wrong = difference(info, got[at]->data(), want[at]->data(), options.precision);
        if (wrong.empty() && std::memcmp(got[at]->data(), two[at]->data(), info.byteCount()) != 0)
          wrong = "two threads give other bits than one";
        if (!got[at]->intact() || !two[at]->intact())
          wrong = "wrote beyond the output";
      }
      if (wrong.empty())
        ++passed;
      else
        report(one, wrong);
    }
  }

  Options options;
};

std::optional<Options> readOptions(int argc, char **argv) {
  Options options;
  if (const char *seed = std::getenv("TESSERA_SWEEP_SEED"))
    options.seed = std::strtoull(seed, nullptr, 10);
  if (const char *count = std::getenv("TESSERA_SWEEP_COUNT"))
    options.random = std::atoll(count);
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--print")
      options.print = true;
    else if (word == "--chip" && i + 1 < argc)
      options.chip = argv[++i];
    else if (word == "--precision" && i + 1 < argc)
      options.precision = argv[++i];
    else if (word == "--filter" && i + 1 < argc)
      options.filter = argv[++i];
    else
      return std::nullopt;
  }
  return options;
}

} // namespace

int main(int argc, char **argv) {
  const auto options = readOptions(argc, argv);
  if (!options) {
    std::cerr
        << "usage: compiler-sweep [--chip NAME] [--precision TYPE] [--filter TEXT] [--print]\n"
           "TESSERA_SWEEP_SEED and TESSERA_SWEEP_COUNT choose the random cases.\n";
    return 2;
  }
  std::vector<Case> cases = sweep::fixedCases();
  std::mt19937_64 random(options->seed);
  for (int64_t i = 0; i < options->random; ++i)
    cases.push_back(sweep::randomCase(random));
  std::erase_if(
      cases, [&](const Case &one) { return one.name.find(options->filter) == std::string::npos; });
  Sweep sweep(*options);
  sweep.runAll(cases);
  for (const auto &[message, count] : sweep.declined)
    std::cout << count << " declined: " << message << "\n";
  std::cout << sweep.passed << " cases agree with the reference, " << sweep.failed << " do not\n";
  return sweep.failed == 0 && sweep.passed > 0 ? 0 : 1;
}
