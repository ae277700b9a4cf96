// The models are written as text, as a person would.
#include "CpuCases.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <cstdint>

namespace tessera::tool {
namespace {

std::string tensor(std::initializer_list<int64_t> dims) {
  std::string text = "tensor<";
  for (int64_t dim : dims)
    text += std::to_string(dim) + "x";
  return text + "f32>";
}

/// @main with such inputs, of these lines; the last value is %y of type `out`.
std::string model(llvm::ArrayRef<std::string> inputs, const std::string &body,
                  const std::string &out) {
  std::string text = "func.func @main(";
  for (auto [i, type] : llvm::enumerate(inputs))
    text += (i ? ", %" : "%") + std::string(1, char('a' + i)) + ": " + type;
  return text + ") -> " + out + " {\n" + body + "  return %y : " + out + "\n}\n";
}

void addGemm(std::vector<CpuCase> &cases) {
  const int64_t shapes[][3] = {{16, 16, 16},    {64, 64, 64},    {128, 128, 128}, {256, 256, 256},
                               {512, 512, 512}, {64, 512, 256},  {512, 64, 512},  {32, 768, 768},
                               {8, 1024, 512},  {1, 1024, 1024}, {256, 16, 256}};
  for (auto [m, n, k] : shapes) {
    const std::string a = tensor({m, k}), b = tensor({k, n}), y = tensor({m, n});
    cases.push_back(
        {"gemm", llvm::formatv("{0}x{1}x{2}", m, n, k).str(),
         model({a, b}, "  %y = npu.matmul %a, %b : " + a + ", " + b + " -> " + y + "\n", y),
         2.0 * double(m) * double(n) * double(k)});
  }
}

void addConv(std::vector<CpuCase> &cases) {
  const int64_t shapes[][4] = {{28, 32, 32, 3},   {28, 64, 64, 3}, {14, 128, 128, 3},
                               {7, 256, 256, 3},  {56, 16, 32, 3}, {28, 64, 128, 1},
                               {14, 256, 256, 1}, {112, 3, 16, 3}, {56, 8, 8, 3},
                               {4, 64, 64, 3},    {56, 24, 72, 1}};
  for (auto [h, c, f, kernel] : shapes) {
    const std::string x = tensor({1, h, h, c}), w = tensor({kernel, kernel, c, f}),
                      y = tensor({1, h, h, f});
    const std::string pad = std::to_string(kernel / 2);
    cases.push_back({"conv", llvm::formatv("{0}x{0}x{1} to {2}, {3}x{3}", h, c, f, kernel).str(),
                     model({x, w},
                           "  %y = npu.conv2d %a, %b strides = [1, 1] dilations = [1, 1] pads = [" +
                               pad + ", " + pad + ", " + pad + ", " + pad + "] groups = 1 : " + x +
                               ", " + w + " -> " + y + "\n",
                           y),
                     2.0 * double(h * h * c * f * kernel * kernel)});
  }
}

void addAttention(std::vector<CpuCase> &cases) {
  const int64_t shapes[][2] = {{64, 64},  {128, 64},  {192, 64},  {256, 64}, {384, 64},
                               {512, 64}, {128, 128}, {256, 128}, {384, 32}};
  for (auto [s, d] : shapes) {
    const std::string q = tensor({s, d}), k = tensor({d, s}), p = tensor({s, s});
    cases.push_back({"attention", llvm::formatv("{0} tokens, d {1}", s, d).str(),
                     model({q, k, q},
                           "  %s = npu.matmul %a, %b : " + q + ", " + k + " -> " + p +
                               "\n  %p = npu.softmax %s axis = 1 : " + p +
                               "\n  %y = npu.matmul %p, %c : " + p + ", " + q + " -> " + q + "\n",
                           q),
                     4.0 * double(s) * double(s) * double(d)});
  }
}

void addRows(std::vector<CpuCase> &cases) {
  const int64_t shapes[][2] = {{4, 16},    {16, 64},   {1024, 16}, {1024, 64},  {64, 256},
                               {32, 2048}, {512, 512}, {64, 8192}, {1024, 1024}};
  for (auto [rows, columns] : shapes) {
    const std::string x = tensor({rows, columns});
    cases.push_back({"row operators", llvm::formatv("softmax {0}x{1}", rows, columns).str(),
                     model({x}, "  %y = npu.softmax %a axis = 1 : " + x + "\n", x),
                     8.0 * double(rows * columns)});
  }
}

void addElementwise(std::vector<CpuCase> &cases) {
  const std::pair<const char *, int64_t> unary[] = {
      {"relu", 4096},  {"exp", 4096},    {"gelu", 16384},   {"tanh", 65536},
      {"exp", 262144}, {"gelu", 262144}, {"relu", 1048576}, {"sigmoid", 1048576}};
  for (auto [op, count] : unary) {
    const std::string x = tensor({count});
    cases.push_back({"elementwise", llvm::formatv("{0} {1}", op, count).str(),
                     model({x}, "  %y = npu." + std::string(op) + " %a : " + x + "\n", x),
                     8.0 * double(count)});
  }
  for (int64_t count : {16384, 524288, 2097152}) {
    const std::string x = tensor({count});
    cases.push_back({"elementwise", llvm::formatv("add {0}", count).str(),
                     model({x, x}, "  %y = npu.add %a, %b : " + x + "\n", x),
                     12.0 * double(count)});
  }
}

} // namespace

std::vector<CpuCase> cpuCases() {
  std::vector<CpuCase> cases;
  addGemm(cases);
  addConv(cases);
  addAttention(cases);
  addRows(cases);
  addElementwise(cases);
  return cases;
}

} // namespace tessera::tool
