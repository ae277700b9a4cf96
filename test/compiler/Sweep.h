// Small models by operator family, each to be computed two ways: what a case is, and how to make
// one. Nothing here runs them.
#pragma once
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tessera::sweep {

using Dims = std::vector<int64_t>;

/// What an input is filled with.
enum class Fill {
  normal,   ///< Reals around zero.
  positive, ///< Reals above 0.1.
  unit,     ///< Reals in (-1, 1).
  small,    ///< Whole numbers from -4 to 4.
  nonzero,  ///< Whole numbers from 1 to 5, of either sign.
  weight,   ///< Reals whose square sums up to 1 over `bound` of them.
  byte,     ///< Whole numbers from -128 to 127.
  index,    ///< Whole numbers from -bound to bound - 1.
};

struct Input {
  Dims dims;
  std::string element = "f32";
  Fill fill = Fill::normal;
  int64_t bound = 1;
};

/// The name of an input without the %: a to z, then a1 to z1, a2 ...
std::string inputName(size_t index);

/// A piece of @main: `body` reads the inputs by their names and defines what `results` name.
struct Case {
  std::string name;
  std::vector<Input> inputs;
  std::string body;
  /// Names without the %, and their types.
  std::vector<std::pair<std::string, std::string>> results;
};

/// "tensor<2x3xf32>"
std::string type(const Dims &dims, const std::string &element = "f32");

/// The cases that always run.
std::vector<Case> fixedCases();
/// One case of random family and shape.
Case randomCase(std::mt19937_64 &random);
/// Up to `steps` such operators and a few groups of them, each on what the others give. Fewer steps
/// of the same random numbers make a program that this one begins with.
Case randomProgram(std::mt19937_64 &random, int64_t steps);

} // namespace tessera::sweep
