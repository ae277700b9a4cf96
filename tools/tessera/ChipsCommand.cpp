// `tessera chips`: the chip descriptions there are, and what one says.
#include "Calibrate.h"
#include "CommandLine.h"
#include "Commands.h"
#include "ModuleFile.h"
#include "Progress.h"
#include "tessera/dialect/tile/ChipReport.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {

namespace {

/// Measures this machine and writes its description.
int calibrate(const std::string &path) {
  std::string error;
  std::optional<std::string> text;
  {
    Progress progress("measuring this machine");
    text = calibratedChip(llvm::sys::path::stem(path).str(), /*cores=*/0, error);
  }
  if (!text)
    return fail(error);
  return writeFile(path, [&](llvm::raw_ostream &out) {
    out << *text;
    return true;
  });
}

} // namespace

int chipsCommand(llvm::ArrayRef<std::string> arguments) {
  std::string name, output;
  bool json = false, measures = false;
  CommandLine line("chips", "Lists the chip descriptions, or explains one: its memories, paths and "
                            "units, and where every number comes from.");
  line.positional("CHIP", "A name from the list, or a YAML file.", name, /*required=*/false);
  line.flag("--calibrate",
            "Measures this machine's CPU (clock, caches, copies, kernels) and writes a chip file "
            "of it to -o FILE.",
            measures);
  line.text("-o", "FILE.yaml", "Where --calibrate writes to.", output);
  line.flag("--json", "Prints JSON instead of text.", json);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
  if (measures != !output.empty())
    return line.wrongUsage(measures ? "expected -o FILE with --calibrate"
                                    : "expected --calibrate with -o");
  if (measures)
    return calibrate(output);
  if (name.empty()) {
    llvm::outs() << (json ? tile::chipTableJson() : tile::chipTable());
    return kOk;
  }
  std::string error;
  auto chip = tile::loadChip(name, error);
  if (!chip)
    return fail(error);
  llvm::outs() << (json ? tile::explainChipJson(*chip) : tile::explainChip(*chip));
  return kOk;
}

} // namespace tessera::tool
