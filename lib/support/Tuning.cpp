// The record of tuning: its text, its file, and what kernels ask of it.
#include "tessera/support/Tuning.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace tessera {
namespace {

constexpr std::string_view kNames[] = {"gemm-thin", "gemm-deep", "gemm-wide"};

std::size_t indexOf(ShapeClass shape) {
  return static_cast<std::size_t>(shape);
}

/// The next word of a line; empty at its end.
std::string_view nextWord(std::string_view &line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos)
    return line = {};
  const std::size_t end = line.find_first_of(" \t\r", begin);
  const std::string_view word = line.substr(begin, end - begin);
  line = end == std::string_view::npos ? std::string_view() : line.substr(end);
  return word;
}

std::string sizeText(std::int64_t bytes) {
  if (bytes % (1 << 20) == 0)
    return std::to_string(bytes >> 20) + "M";
  return bytes % 1024 == 0 ? std::to_string(bytes >> 10) + "K" : std::to_string(bytes);
}

/// One line of a record into `tuning`; whether it could be read.
bool readLine(std::string_view line, Tuning &tuning) {
  std::string_view rest = line;
  const std::string_view name = nextWord(rest);
  if (name.empty() || name.front() == '#')
    return true;
  for (const ShapeClass shape : kShapeClasses) {
    if (name != shapeClassName(shape))
      continue;
    CacheBudget &budget = tuning[indexOf(shape)];
    for (std::int64_t *size : {&budget.l1, &budget.l2, &budget.l3}) {
      const std::optional<std::int64_t> bytes = parseCacheSize(nextWord(rest));
      if (!bytes)
        return false;
      *size = *bytes;
    }
    return nextWord(rest).empty();
  }
  return false;
}

Tuning load() {
  const Tuning rule = tuningByRule(caches());
  const std::string path = tuningPath();
  std::ifstream file(path, std::ios::binary);
  if (path.empty() || !file)
    return rule;
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string error;
  const std::optional<Tuning> read = tuningFromText(rule, text, error);
  if (!read)
    std::fprintf(stderr, "tessera: warning: '%s' is ignored: %s\n", path.c_str(), error.c_str());
  return read.value_or(rule);
}

Tuning &current() {
  static Tuning once = load();
  return once;
}

} // namespace

std::string_view shapeClassName(ShapeClass shape) {
  return kNames[indexOf(shape)];
}

ShapeClass gemmClass(std::int64_t m, std::int64_t n, std::int64_t k) {
  if (m <= 128 || n <= 128 || k <= 128)
    return ShapeClass::GemmThin;
  return k > m && k > n ? ShapeClass::GemmDeep : ShapeClass::GemmWide;
}

CacheBudget budgetByRule(const Caches &caches) {
  return {caches.l1 / 2, caches.l2 / 3, caches.l3 / 4};
}

Tuning tuningByRule(const Caches &caches) {
  Tuning tuning;
  tuning.fill(budgetByRule(caches));
  return tuning;
}

std::string tuningText(const Tuning &tuning) {
  std::string text;
  for (const ShapeClass shape : kShapeClasses) {
    const CacheBudget &budget = tuning[indexOf(shape)];
    text += std::string(shapeClassName(shape)) + " " + sizeText(budget.l1) + " " +
            sizeText(budget.l2) + " " + sizeText(budget.l3) + "\n";
  }
  return text;
}

std::optional<Tuning> tuningFromText(const Tuning &base, std::string_view text,
                                     std::string &error) {
  Tuning tuning = base;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!readLine(line, tuning)) {
      error = "line " + std::to_string(number) +
              ": expected a class and three sizes as in \"gemm-wide 16K 340K 8M\", but got \"" +
              std::string(line) + "\"";
      return std::nullopt;
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return tuning;
}

std::string tuningPath() {
  if (const char *path = std::getenv("TESSERA_TUNING"))
    return path;
  const auto below = [](const char *folder, const char *rest) {
    return std::string(folder) + rest;
  };
  if (const char *folder = std::getenv("XDG_CONFIG_HOME"); folder && *folder)
    return below(folder, "/tessera/tuning.txt");
  if (const char *folder = std::getenv("HOME"); folder && *folder)
    return below(folder, "/.config/tessera/tuning.txt");
  return {};
}

const CacheBudget &cacheBudget(ShapeClass shape) {
  return current()[indexOf(shape)];
}

void setCacheBudget(ShapeClass shape, const CacheBudget &budget) {
  current()[indexOf(shape)] = budget;
}

} // namespace tessera
