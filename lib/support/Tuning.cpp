// The record of tuning: its text, its file, and what kernels ask of it.
#include "tessera/support/Tuning.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

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

/// "64x256".
bool readSizes(std::string_view text, std::vector<std::int64_t> &sizes) {
  while (true) {
    std::int64_t size = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (status != std::errc() || size < 1)
      return false;
    sizes.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty())
      return true;
    if (text.front() != 'x')
      return false;
    text.remove_prefix(1);
  }
}

/// One line of a record into `record`; whether it could be read.
bool readLine(std::string_view line, TuningRecord &record) {
  std::string_view rest = line;
  const std::string_view name = nextWord(rest);
  if (name.empty() || name.front() == '#')
    return true;
  if (name == "tile") {
    TunedTile tile;
    tile.chip = nextWord(rest);
    tile.kernel = nextWord(rest);
    if (!readSizes(nextWord(rest), tile.sizes) || !nextWord(rest).empty())
      return false;
    record.set(std::move(tile));
    return true;
  }
  for (const ShapeClass shape : kShapeClasses) {
    if (name != shapeClassName(shape))
      continue;
    CacheBudget &budget = record.budgets[indexOf(shape)];
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
  const std::string path = tuningPath();
  std::error_code unknown;
  if (path.empty() ||
      std::filesystem::status(path, unknown).type() == std::filesystem::file_type::not_found)
    return tuningByRule(caches());
  std::string error;
  const std::optional<TuningRecord> read = readTuning(path, error);
  if (!read)
    std::fprintf(stderr, "tessera: warning: the record of tuning is ignored: %s\n", error.c_str());
  return read ? read->budgets : tuningByRule(caches());
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

const TunedTile *TuningRecord::find(std::string_view chip, std::string_view kernel) const {
  for (const TunedTile &tile : tiles)
    if (tile.chip == chip && tile.kernel == kernel)
      return &tile;
  return nullptr;
}

void TuningRecord::set(TunedTile tile) {
  for (TunedTile &other : tiles)
    if (other.chip == tile.chip && other.kernel == tile.kernel) {
      other = std::move(tile);
      return;
    }
  tiles.push_back(std::move(tile));
}

std::string tuningText(const TuningRecord &record) {
  std::string text;
  for (const ShapeClass shape : kShapeClasses) {
    const CacheBudget &budget = record.budgets[indexOf(shape)];
    text += std::string(shapeClassName(shape)) + " " + sizeText(budget.l1) + " " +
            sizeText(budget.l2) + " " + sizeText(budget.l3) + "\n";
  }
  for (const TunedTile &tile : record.tiles) {
    text += "tile " + tile.chip + " " + tile.kernel + " ";
    for (std::size_t i = 0; i < tile.sizes.size(); ++i)
      text += (i ? "x" : "") + std::to_string(tile.sizes[i]);
    text += "\n";
  }
  return text;
}

std::optional<TuningRecord> tuningFromText(TuningRecord base, std::string_view text,
                                           std::string &error) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!readLine(line, base)) {
      error = "line " + std::to_string(number) +
              ": expected a class and three sizes as in \"gemm-wide 16K 340K 8M\", or a chip, a "
              "kernel and its tile as in \"tile cpu-avx2 exp:64x64xf32,64x64xf32 16x64\", but got "
              "\"" +
              std::string(line) + "\"";
      return std::nullopt;
    }
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return base;
}

std::optional<TuningRecord> readTuning(const std::string &path, std::string &error) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  for (char piece[4096]; file.read(piece, sizeof piece), file.gcount() > 0;)
    text.append(piece, static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) { // bad: a folder
    error = "cannot read the record of tuning '" + path + "'";
    return std::nullopt;
  }
  auto record = tuningFromText({tuningByRule(caches()), {}}, text, error);
  if (!record)
    error = path + ": " + error;
  return record;
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
