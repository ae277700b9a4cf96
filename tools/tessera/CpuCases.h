// Shapes of five families of operators, as models of one operator each: what the machine's idea of
// this CPU is held against.
#pragma once
#include <string>
#include <vector>

namespace tessera::tool {

struct CpuCase {
  std::string family, name;
  std::string text; ///< The model, as MLIR.
  double work = 0;  ///< Floating-point operations, or bytes moved.
};

/// All of them, family by family.
std::vector<CpuCase> cpuCases();

} // namespace tessera::tool
