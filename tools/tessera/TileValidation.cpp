// A shape of several kernels counts with the sum of their times.
#include "TileValidation.h"
#include "CommandLine.h"
#include "CpuCases.h"
#include "Diagnostics.h"
#include "Progress.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

namespace tessera::tool {
namespace {

/// What counts as near the best.
constexpr double kNear = 1.1;

struct Row {
  std::string family, name;
  double chosenUs = 0, bestUs = 0;
  int64_t tried = 0; ///< The most of one kernel.
  std::string tiles;
  bool near() const { return chosenUs <= kNear * bestUs; }
};

std::string text(const std::vector<int64_t> &sizes) {
  std::string out;
  for (int64_t size : sizes)
    out += (out.empty() ? "" : "x") + std::to_string(size);
  return out;
}

std::optional<Row> tryCase(const CpuCase &one, const std::string &chip, const TryOptions &how) {
  const auto context = contextFor(one.name);
  CompileOptions options;
  options.chip = chip;
  auto module = mlir::parseSourceString<mlir::ModuleOp>(one.text, context.get());
  const auto tried = module ? tryTiles(*module, options, how) : std::nullopt;
  if (!tried)
    return std::nullopt;
  Row row;
  row.family = one.family;
  row.name = one.name;
  for (const TriedKernel &kernel : *tried) {
    row.chosenUs += kernel.chosenUs;
    row.bestUs += kernel.bestUs;
    row.tried = std::max(row.tried, kernel.tried);
    row.tiles += (row.tiles.empty() ? "" : ", ") + text(kernel.chosen.sizes);
    if (!(kernel.best == kernel.chosen))
      row.tiles += " (best " + text(kernel.best.sizes) + ")";
  }
  return row;
}

void print(const std::vector<Row> &rows) {
  std::string family;
  for (const Row &row : rows) {
    if (row.family != family) {
      family = row.family;
      const auto mine = [&](const Row &other) { return other.family == family; };
      const auto nearMine = [&](const Row &other) { return mine(other) && other.near(); };
      llvm::outs() << llvm::formatv("\n{0}: the chosen tile is within 10 % of the best for {1} of "
                                    "{2} shapes\n",
                                    family, llvm::count_if(rows, nearMine),
                                    llvm::count_if(rows, mine));
    }
    llvm::outs() << llvm::formatv(
        "  {0,-26} {1,9:F1} us, best {2,9:F1} ({3}{4:F0} %) of {5}: {6}\n", row.name, row.chosenUs,
        row.bestUs, row.near() ? " " : "!", 100 * (row.chosenUs / row.bestUs - 1), row.tried,
        row.tiles);
  }
  const auto near = llvm::count_if(rows, [](const Row &row) { return row.near(); });
  llvm::outs() << llvm::formatv("\n{0} of {1} shapes ({2:F0} %)\n", near, rows.size(),
                                100.0 * double(near) / double(rows.size()));
}

void printJson(const std::vector<Row> &rows) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.array([&] {
    for (const Row &row : rows)
      json.object([&] {
        json.attribute("family", row.family);
        json.attribute("shape", row.name);
        json.attribute("chosen_us", row.chosenUs);
        json.attribute("best_us", row.bestUs);
        json.attribute("tried", row.tried);
        json.attribute("tiles", row.tiles);
      });
  });
  llvm::outs() << "\n";
}

} // namespace

int validateTiles(const std::string &chip, const TryOptions &how, bool json) {
  std::vector<Row> rows;
  for (const CpuCase &one : cpuCases()) {
    Progress progress("trying tiles for " + one.family + " " + one.name);
    auto row = tryCase(one, chip, how);
    if (!row)
      return fail("cannot try tiles for " + one.family + " " + one.name);
    if (row->tried > 0)
      rows.push_back(std::move(*row));
  }
  if (json)
    printJson(rows);
  else
    print(rows);
  return kOk;
}

} // namespace tessera::tool
