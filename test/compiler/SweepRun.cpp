// Inputs by the way they are filled, runs, and comparisons element by element.
#include "SweepRun.h"
#include "tessera/compiler/Difference.h"
#include "tessera/compiler/RandomWeights.h"
#include "tessera/runtime/Session.h"
#include <cmath>
#include <cstring>
#include <iostream>
#include <map>

namespace tessera::sweep {

using import_::Tensor;

static constexpr size_t kGuard = 256; // bytes around an output that must stay as they are
static constexpr char kGuardByte = 0x5a;

Guarded::Guarded(size_t bytes) : size(bytes) {
  memory = static_cast<char *>(std::aligned_alloc(64, (bytes + 2 * kGuard + 63) / 64 * 64));
  std::memset(memory, kGuardByte, bytes + 2 * kGuard);
}

char *Guarded::data() {
  return memory + kGuard;
}

bool Guarded::intact() const {
  for (size_t i = 0; i < kGuard; ++i)
    if (memory[i] != kGuardByte || memory[kGuard + size + i] != kGuardByte)
      return false;
  return true;
}

std::string moduleOf(const std::vector<Case> &cases) {
  std::string arguments, body, values, types;
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::string prefix = "%c" + std::to_string(i) + "_";
    for (size_t k = 0; k < cases[i].inputs.size(); ++k)
      arguments += (arguments.empty() ? "" : ", ") + prefix + inputName(k) + ": " +
                   type(cases[i].inputs[k].dims, cases[i].inputs[k].element);
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

static import_::ElementType fileType(const std::string &element) {
  static const std::map<std::string, import_::ElementType> types = {
      {"f32", import_::ElementType::F32},   {"f16", import_::ElementType::F16},
      {"bf16", import_::ElementType::BF16}, {"i8", import_::ElementType::I8},
      {"i32", import_::ElementType::I32},   {"i64", import_::ElementType::I64},
      {"i1", import_::ElementType::Bool}};
  return types.at(element);
}

Tensor fill(const Input &input, uint64_t seed) {
  Tensor tensor = *Tensor::allocate(fileType(input.element), input.dims);
  const auto count = static_cast<size_t>(tensor.count);
  std::vector<float> reals(count);
  std::vector<int64_t> wholes(count);
  fillNormal(reals, seed, 0.0f, 1.0f);
  const uint64_t span = input.fill == Fill::index   ? 2 * static_cast<uint64_t>(input.bound)
                        : input.fill == Fill::byte  ? 256
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
    case Fill::weight:
      import_::storeReal(tensor, at, reals[i] / std::sqrt(double(input.bound)));
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

static double realAt(const runtime::TensorInfo &info, const char *data, int64_t i) {
  return numberAt(info.type, data + static_cast<size_t>(i) * runtime::elementBytes(info.type));
}

static double tolerance(runtime::ElementType type, const std::string &precision) {
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

std::string difference(const runtime::TensorInfo &info, const char *got, const char *want,
                       const std::string &precision, double least, double allowed) {
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
  if (worst <= std::max(tolerance(info.type, precision) * std::max(largest, least), allowed))
    return "";
  return "element " + std::to_string(where) + " of " + std::to_string(info.elementCount()) +
         " is " + std::to_string(realAt(info, got, where)) + ", but the reference has " +
         std::to_string(realAt(info, want, where));
}

double greatestDifference(const runtime::TensorInfo &info, const char *a, const char *b) {
  double greatest = 0;
  for (int64_t i = 0; i < info.elementCount(); ++i)
    if (const double d = std::fabs(realAt(info, a, i) - realAt(info, b, i)); std::isfinite(d))
      greatest = std::max(greatest, d);
  return greatest;
}

std::vector<Tensor> roundedToF16(const std::vector<Tensor> &inputs) {
  std::vector<Tensor> rounded;
  for (const Tensor &tensor : inputs) {
    rounded.push_back(tensor);
    if (tensor.type != import_::ElementType::F32)
      continue;
    rounded.back() = *Tensor::allocateUnset(tensor.type, tensor.shape);
    for (int64_t i = 0; i < tensor.count; ++i)
      rounded.back().as<float>()[i] =
          import_::floatFromHalf(import_::halfFromFloat(tensor.as<float>()[i]));
  }
  return rounded;
}

} // namespace tessera::sweep
