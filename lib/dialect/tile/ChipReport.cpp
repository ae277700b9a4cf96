// Chip descriptions as text and JSON, for `tessera chips`.
#include "tessera/dialect/tile/ChipReport.h"

#include "ChipTree.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace tessera::tile {
namespace {

std::string bytesText(int64_t bytes) {
  for (auto [shift, unit] : {std::pair(30, " GiB"), std::pair(20, " MiB"), std::pair(10, " KiB")})
    if (bytes >= int64_t(1) << shift && bytes % (int64_t(1) << shift) == 0)
      return std::to_string(bytes >> shift) + unit;
  return std::to_string(bytes) + " B";
}

std::string numberText(double value) {
  std::string text;
  raw_string_ostream(text) << format("%g", value);
  return text;
}

std::string rateText(double opsPerSecond) {
  std::string text;
  raw_string_ostream out(text);
  if (opsPerSecond == 0)
    return "-";
  if (opsPerSecond >= 1e12)
    out << format("%.1f T", opsPerSecond / 1e12);
  else
    out << format("%.1f G", opsPerSecond / 1e9);
  return text;
}

/// Rows of cells, printed in columns as wide as their widest cell.
class Table {
public:
  void row(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }

  void print(raw_ostream &out, StringRef indent) const {
    std::vector<size_t> widths;
    for (const auto &cells : rows)
      for (auto [column, cell] : enumerate(cells)) {
        widths.resize(std::max(widths.size(), column + 1));
        widths[column] = std::max(widths[column], cell.size());
      }
    for (const auto &cells : rows) {
      std::string line = indent.str();
      for (auto [column, cell] : enumerate(cells))
        line += cell + std::string(widths[column] - cell.size() + 2, ' ');
      out << StringRef(line).rtrim() << '\n';
    }
  }

private:
  std::vector<std::vector<std::string>> rows;
};

json::Value toJson(const Tree &tree) {
  switch (tree.kind) {
  case Tree::Kind::text:
    return tree.text;
  case Tree::Kind::integer:
    return tree.integer;
  case Tree::Kind::real:
    return tree.real;
  case Tree::Kind::flag:
    return tree.flag;
  case Tree::Kind::list: {
    json::Array items;
    for (const Tree &item : tree.items)
      items.push_back(toJson(item));
    return items;
  }
  case Tree::Kind::map: {
    json::Object entries;
    for (auto [key, value] : tree.entries())
      entries[key] = toJson(value);
    return entries;
  }
  }
  return nullptr;
}

std::string jsonText(const json::Value &value) {
  std::string text;
  raw_string_ostream(text) << formatv("{0:2}", value) << '\n';
  return text;
}

/// One number of a chip: where it stands, its value and its origin.
struct NumberRow {
  std::string label, value, status, source, note;
};

std::string textOf(const Tree &tree, StringRef key) {
  const Tree *found = tree.find(key);
  return found ? found->text : "";
}

/// The name of a list's entry, for labels that a person recognises.
std::string entryName(const Tree &item, size_t index) {
  for (StringRef key : {"name", "kind"})
    if (!textOf(item, key).empty())
      return textOf(item, key);
  if (!textOf(item, "from").empty() && !textOf(item, "to").empty())
    return textOf(item, "from") + "->" + textOf(item, "to");
  if (const Tree *types = item.find("types"); types && types->kind == Tree::Kind::map)
    return textOf(*types, "a") + "x" + textOf(*types, "b");
  if (!textOf(item, "core").empty())
    return textOf(item, "core");
  return std::to_string(index);
}

std::string valueText(const Tree &number) {
  const Tree &value = *number.find("value");
  return value.kind == Tree::Kind::integer ? std::to_string(value.integer) : numberText(value.real);
}

/// Numbers of one origin in a list (a fractal, request sizes) take one row.
bool isPlainList(const Tree &tree) {
  return tree.kind == Tree::Kind::list && !tree.items.empty() &&
         all_of(tree.items, [&](const Tree &item) {
           return item.find("value") && textOf(item, "source") == textOf(tree.items[0], "source") &&
                  textOf(item, "status") == textOf(tree.items[0], "status");
         });
}

void collectNumbers(const Tree &tree, const std::string &label, std::vector<NumberRow> &rows) {
  if (tree.find("value") || isPlainList(tree)) {
    ArrayRef<Tree> numbers = tree.find("value") ? ArrayRef(tree) : ArrayRef(tree.items);
    const Tree &first = numbers.front();
    rows.push_back({label, join(map_range(numbers, valueText), ", "), textOf(first, "status"),
                    textOf(first, "source"), textOf(first, "note")});
    return;
  }
  for (auto [key, value] : tree.entries())
    collectNumbers(value, label.empty() ? key : label + "." + key, rows);
  if (tree.kind == Tree::Kind::list)
    for (auto [index, item] : enumerate(tree.items))
      collectNumbers(item, label + "[" + entryName(item, index) + "]", rows);
}

std::vector<NumberRow> numbersOf(const ChipSpec &chip) {
  std::vector<NumberRow> rows;
  collectNumbers(specToTree(chip, {.provenance = true, .keyed = false}), "", rows);
  return rows;
}

/// "12 vendor, 3 assumed"
std::string statusCounts(const ChipSpec &chip) {
  std::vector<NumberRow> rows = numbersOf(chip);
  std::vector<std::string> parts;
  for (StringRef status : {"measured", "vendor", "fitted", "assumed", ""})
    if (size_t count = count_if(rows, [&](const NumberRow &row) { return row.status == status; }))
      parts.push_back(std::to_string(count) + " " + (status.empty() ? "unsaid" : status.str()));
  return join(parts, ", ");
}

std::string coresText(const ChipSpec &chip) {
  return join(map_range(chip.cores,
                        [](const Core &core) {
                          return std::to_string(core.count.value) + " " + core.kind;
                        }),
              " + ");
}

/// The element type whose peak stands for a chip: f16 on an NPU, f32 where there is no f16.
std::string headlineType(const ChipSpec &chip) {
  if (chip.mmaFor("f16", "f16"))
    return "f16";
  return chip.mma.empty() ? "" : chip.mma.front().types.a;
}

std::string changesText(const std::vector<LayoutChange> &changes) {
  return join(map_range(changes, [](const LayoutChange &c) { return c.from + "->" + c.to; }), " ");
}

void explainCores(raw_ostream &out, const ChipSpec &chip) {
  out << "\ncores\n";
  for (const Core &core : chip.cores) {
    out << "  " << core.count << ' ' << core.kind << ' ' << (core.count == 1 ? "core" : "cores")
        << " at " << numberText(core.clockMHz) << " MHz";
    if (!core.servedBy.empty())
      out << ", each served by " << core.ratio << ' ' << core.servedBy
          << (core.ratio == 1 ? " core" : " cores");
    out << '\n';
  }
}

void explainMemories(raw_ostream &out, const ChipSpec &chip) {
  out << "\nmemories\n";
  Table table;
  table.row({"name", "owner", "usable", "reserved", "align", "granule", "layouts"});
  for (const Memory &memory : chip.memories)
    table.row({memory.name, memory.onChip() ? "chip" : "each " + memory.owner,
               bytesText(memory.capacity()), memory.reserved ? bytesText(memory.reserved) : "-",
               bytesText(memory.align), bytesText(memory.granule), join(memory.layouts, " ")});
  table.print(out, "  ");
}

void explainPaths(raw_ostream &out, const ChipSpec &chip) {
  out << "\npaths (what is not listed cannot be done)\n";
  Table table;
  table.row({"from", "to", "pipe", "core", "B/cycle", "half B", "fixed", "layouts", "atomic"});
  for (const Path &path : chip.paths)
    table.row({path.from, path.to, path.pipe, path.core, numberText(path.bytesPerCycle),
               numberText(path.halfBytes), numberText(path.fixedCycles), changesText(path.layouts),
               path.atomic.empty() ? "-" : join(path.atomic, " ")});
  table.print(out, "  ");
  if (chip.shared.empty())
    return;
  out << "\nshared by all cores, in bytes per cycle\n";
  Table levels;
  levels.row({"name", "size", "line", "read/core", "write/core", "in total"});
  for (const SharedLevel &level : chip.shared)
    levels.row({level.name + (level.multicast ? ", multicast" : ""), bytesText(level.bytes),
                bytesText(level.line), numberText(level.readPerCore),
                numberText(level.writePerCore), level.total > 0 ? numberText(level.total) : "-"});
  levels.print(out, "  ");
}

std::string operandText(const MmaOperand &operand) {
  std::string panel = operand.panel ? " " + std::to_string(operand.panel.value) : "";
  return join(operand.spaces, "|") + " " + operand.layout + panel;
}

void explainUnits(raw_ostream &out, const ChipSpec &chip) {
  if (!chip.mma.empty()) {
    out << "\nmatrix unit\n";
    Table table;
    table.row({"types", "step m x n x k", "cycles", "a", "b", "c", "bias", "peak ops/s"});
    for (const Mma &unit : chip.mma) {
      double steps = 2.0 * unit.m * unit.n * unit.k / unit.cycles;
      const Core *core = chip.core(unit.core);
      table.row(
          {unit.types.a + " x " + unit.types.b + " -> " + unit.types.acc,
           std::to_string(unit.m) + " x " + std::to_string(unit.n) + " x " + std::to_string(unit.k),
           numberText(unit.cycles), operandText(unit.a), operandText(unit.b), operandText(unit.c),
           unit.biasSpace.empty() ? "-" : unit.biasSpace,
           rateText(steps * core->count * core->clockMHz * 1e6)});
    }
    table.print(out, "  ");
  }
  for (const VectorUnit &unit : chip.vector) {
    out << "\nvector unit of a " << unit.core << " core\n  " << unit.bytes
        << " B per repeat on pipe " << unit.pipe << ", works on " << join(unit.spaces, ", ")
        << (unit.registers ? " through registers" : "") << "; types " << join(unit.types, ", ")
        << "\n  head " << numberText(unit.head) << " + " << numberText(unit.cyclesPerRepeat)
        << " per repeat + tail " << numberText(unit.tail) << " cycles\n";
    if (!unit.absent.empty())
      out << "  does not have " << join(unit.absent, ", ") << '\n';
  }
  if (chip.fixpipe)
    out << "\nfixpipe\n  " << chip.fixpipe->from << " to " << join(chip.fixpipe->to, ", ")
        << " on pipe " << chip.fixpipe->pipe << "; can " << join(chip.fixpipe->ops, ", ") << '\n';
  else if (!chip.isCpu())
    out << "\nno fixpipe\n";
}

void explainOrder(raw_ostream &out, const ChipSpec &chip) {
  out << "\npipes\n";
  Table table;
  for (const Pipe &pipe : chip.pipes)
    table.row({pipe.name, join(pipe.cores, ", "),
               pipe.selfOrdered ? "self-ordered" : "needs barriers",
               "gap " + numberText(pipe.gapCycles) + " cycles"});
  table.print(out, "  ");
  if (chip.sync) {
    out << "\norder\n  " << chip.sync->eventIds << " events per pair of pipes";
    if (chip.sync->crossIds > 0)
      out << "; " << chip.sync->crossIds << " flags between cores that count to "
          << chip.sync->maxCount << " (" << join(chip.sync->modes, ", ") << ")";
    out << '\n';
  }
  out << "\nlaunch\n  " << numberText(chip.launchUs) << " us before the first core cycle, "
      << numberText(chip.rampUs) << " us of ramp, " << numberText(chip.firstLoadUs)
      << " us more for each core's first load\n";
}

void explainNumbers(raw_ostream &out, const ChipSpec &chip) {
  out << "\nevery number (" << statusCounts(chip) << ")\n";
  Table table;
  table.row({"number", "value", "status", "source", "note"});
  for (NumberRow &row : numbersOf(chip))
    table.row({row.label, row.value, row.status.empty() ? "-" : row.status,
               row.source.empty() ? "-" : row.source, row.note});
  table.print(out, "  ");
  if (chip.sources.empty())
    return;
  out << "\nsources\n";
  Table sources;
  for (const auto &[key, text] : chip.sources)
    sources.row({key, text});
  sources.print(out, "  ");
}

} // namespace

double peakOpsPerSecond(const ChipSpec &chip, StringRef type) {
  const Mma *unit = chip.mmaFor(type, type);
  const Core *core = unit ? chip.core(unit->core) : nullptr;
  if (!core)
    return 0;
  return 2.0 * unit->m * unit->n * unit->k / unit->cycles * core->count * core->clockMHz * 1e6;
}

std::string chipTable() {
  std::string text;
  raw_string_ostream out(text);
  Table table;
  table.row({"chip", "cores", "clock", "matrix peak", "memories per core", "numbers"});
  std::string errors;
  for (const ChipFile &file : listChips()) {
    std::string error;
    std::optional<ChipSpec> chip = loadChip(file.path, error);
    if (!chip) {
      errors += error + "\n";
      continue;
    }
    std::vector<std::string> memories;
    for (const Memory &memory : chip->memories)
      if (!memory.onChip())
        memories.push_back(memory.name + " " + bytesText(memory.bytes));
    std::string type = headlineType(*chip);
    table.row({file.name, coresText(*chip), numberText(chip->cores.front().clockMHz) + " MHz",
               rateText(peakOpsPerSecond(*chip, type)) + " " + type, join(memories, ", "),
               chip->timed ? statusCounts(*chip) : "structure only"});
  }
  table.print(out, "");
  if (!errors.empty())
    out << "\nnot readable:\n" << errors;
  return text;
}

std::string chipTableJson() {
  json::Array rows;
  for (const ChipFile &file : listChips()) {
    json::Object row{{"name", file.name}, {"path", file.path}};
    std::string error;
    if (std::optional<ChipSpec> chip = loadChip(file.path, error)) {
      row["summary"] = chip->summary;
      row["timed"] = chip->timed;
      row["isa"] = chip->isa;
      std::string type = headlineType(*chip);
      row["peak"] = json::Object{{"type", type}, {"ops_per_second", peakOpsPerSecond(*chip, type)}};
    } else {
      row["error"] = error;
    }
    rows.push_back(std::move(row));
  }
  return jsonText(std::move(rows));
}

std::string explainChip(const ChipSpec &chip) {
  std::string text;
  raw_string_ostream out(text);
  out << chip.name << ": " << chip.summary << '\n';
  if (!chip.timed)
    out << "structure only: its rates are not known well enough to time with\n";
  for (const std::string &part : chip.leavesOut)
    out << "leaves out: " << part << '\n';
  explainCores(out, chip);
  explainMemories(out, chip);
  explainPaths(out, chip);
  explainUnits(out, chip);
  explainOrder(out, chip);
  explainNumbers(out, chip);
  return text;
}

std::string explainChipJson(const ChipSpec &chip) {
  return jsonText(toJson(specToTree(chip, {.provenance = true, .keyed = false})));
}

} // namespace tessera::tile
