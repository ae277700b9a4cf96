// Applies GELU to a few numbers with the best kernel this machine has.
#include "tessera/kernels/Registry.h"
#include <cstdio>

int main() {
  std::string error;
  const std::optional<tessera::Isa> isa = tessera::chooseIsaFromEnvironment(error);
  const auto *row = isa ? tessera::kernels::findKernel("gelu", "f32", *isa) : nullptr;
  if (!row) {
    std::fprintf(stderr, "no kernel: %s\n", error.c_str());
    return 1;
  }
  const float x[] = {-2.0f, -1.0f, 0.0f, 1.0f, 2.0f};
  float y[5];
  row->function.unary(x, y, 5, nullptr);
  std::printf("%.*s:", static_cast<int>(row->name.size()), row->name.data());
  for (float value : y)
    std::printf(" %.6f", static_cast<double>(value));
  std::printf("\n");
}
