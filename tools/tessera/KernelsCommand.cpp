// `tessera kernels`: the hand-vectorised kernels, and for which instruction sets there is each.
#include "CommandLine.h"
#include "Commands.h"
#include "tessera/kernels/Registry.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <tuple>

namespace tessera::tool {
namespace {

llvm::StringRef ref(std::string_view text) {
  return {text.data(), text.size()};
}

/// The rows of every instruction set that are one kernel: same operator, type and tile.
struct Line {
  const kernels::KernelRow *first;
  std::string isas;
};

std::vector<Line> kernelLines() {
  std::vector<Line> lines;
  for (Isa isa : kAllIsas)
    for (const kernels::KernelRow &row : kernels::kernelRows(isa)) {
      auto same = llvm::find_if(lines, [&](const Line &line) {
        return line.first->op == row.op && line.first->dtype == row.dtype &&
               line.first->tile == row.tile;
      });
      if (same == lines.end())
        lines.push_back({&row, std::string(isaName(isa))});
      else
        same->isas += " " + std::string(isaName(isa));
    }
  // Tiles differ by instruction set, so that equal operators came in apart from each other.
  llvm::sort(lines, [](const Line &a, const Line &b) {
    return std::tie(a.first->op, a.first->dtype, a.first->isa, a.first->tile) <
           std::tie(b.first->op, b.first->dtype, b.first->isa, b.first->tile);
  });
  return lines;
}

void printText(Isa chosen) {
  llvm::raw_ostream &out = llvm::outs();
  out << "kernel            type  tile    instruction sets\n";
  for (const Line &line : kernelLines())
    out << llvm::left_justify(ref(line.first->op), 18)
        << llvm::left_justify(ref(line.first->dtype), 6)
        << llvm::left_justify(ref(line.first->tile), 8) << line.isas << "\n";
  out << "\nThis machine has " << presentIsaNames() << "; " << ref(isaName(chosen))
      << " is used. TESSERA_ISA=NAME chooses a lower one.\n";
}

void printJson(Isa chosen) {
  llvm::json::OStream json(llvm::outs(), 2);
  json.object([&] {
    json.attribute("isa", ref(isaName(chosen)));
    json.attributeArray("kernels", [&] {
      for (Isa isa : kAllIsas)
        for (const kernels::KernelRow &row : kernels::kernelRows(isa))
          json.object([&] {
            json.attribute("name", ref(row.name));
            json.attribute("op", ref(row.op));
            json.attribute("type", ref(row.dtype));
            if (!row.tile.empty())
              json.attribute("tile", ref(row.tile));
            json.attribute("isa", ref(isaName(isa)));
            json.attribute("present", isaPresent(isa));
          });
    });
  });
  llvm::outs() << "\n";
}

} // namespace

int kernelsCommand(llvm::ArrayRef<std::string> arguments) {
  bool json = false;
  CommandLine line("kernels",
                   "Lists the hand-vectorised kernels and the instruction sets that each "
                   "is built for.");
  line.flag("--json", "Prints one JSON object, with a row per kernel and instruction set.", json);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  std::string error;
  const std::optional<Isa> chosen = chooseIsaFromEnvironment(error);
  if (!chosen)
    return fail(error);
  if (json)
    printJson(*chosen);
  else
    printText(*chosen);
  return kOk;
}

} // namespace tessera::tool
