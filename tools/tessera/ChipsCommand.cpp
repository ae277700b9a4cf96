// `tessera chips`: the chip descriptions there are, and what one says.
#include "CommandLine.h"
#include "Commands.h"
#include "tessera/dialect/tile/ChipReport.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {

int chipsCommand(llvm::ArrayRef<std::string> arguments) {
  std::string name;
  bool json = false;
  CommandLine line("chips", "Lists the chip descriptions, or explains one: its memories, paths and "
                            "units, and where every number comes from.");
  line.positional("CHIP", "A name from the list, or a YAML file.", name, /*required=*/false);
  line.flag("--json", "Prints JSON instead of text.", json);
  if (std::optional<int> code = line.parse(arguments))
    return *code;
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
