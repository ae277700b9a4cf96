// The words of findings, and their print.
#include "Findings.h"
#include "llvm/Support/JSON.h"

namespace tessera::machine {
using namespace mlir;

/// The first line of a file that a location goes back to, and the names on the way.
static std::string whereOf(Location location) {
  std::string where, name;
  location->walk([&](Location part) {
    if (auto file = dyn_cast<FileLineColLoc>(part); file && where.empty())
      where = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
               Twine(file.getColumn()))
                  .str();
    if (auto named = dyn_cast<NameLoc>(part); named && name.empty())
      name = named.getName().str();
    return WalkResult::advance();
  });
  if (where.empty())
    return name.empty() ? "an unknown place" : "'" + name + "'";
  return name.empty() ? where : where + " '" + name + "'";
}

static std::string bytesText(int64_t from, int64_t to, StringRef space) {
  return "bytes " + std::to_string(from) + " to " + std::to_string(to) + " of " + space.str();
}

FindingPlace Findings::place(Operation *op, const std::string &does) const {
  std::string text = op->getName().getStringRef().str();
  if (auto pipe = tile::pipeOf(op, chip))
    text += " on " + tile::nameOf(*pipe, chip);
  return {text + (does.empty() ? "" : " " + does), whereOf(op->getLoc())};
}

void Findings::add(Finding finding, Operation *a, Operation *b) {
  auto [entry, fresh] = known.try_emplace({finding.kind, a, b}, result.findings.size());
  if (!fresh) {
    ++result.findings[entry->second].times;
    return;
  }
  finding.kernel = kernel.getName().str();
  result.findings.push_back(std::move(finding));
}

void Findings::race(const Touched::Record &earlier, tile::PipeId first, const View &view,
                    bool writes, tile::PipeId second, Operation *op) {
  const std::string bytes = bytesText(std::max(earlier.view.begin(), view.begin()),
                                      std::min(earlier.view.end(), view.end()), view.space);
  const std::string from = tile::nameOf(first, chip), to = tile::nameOf(second, chip);
  std::string missing = "an event from " + from + " to " + to;
  if (first == second)
    missing = "a barrier of " + from;
  else if (first.core != second.core)
    missing = "a flag from " + from + " of the " + first.core.str() + " core to " + to +
              " of the " + second.core.str() + " core";
  Finding finding{"race",
                  "",
                  "nothing orders two accesses to " + bytes + "; missing is " + missing,
                  {place(earlier.op, (earlier.writes ? "writes " : "reads ") + bytes),
                   place(op, (writes ? "writes " : "reads ") + bytes)}};
  add(std::move(finding), earlier.op, op);
}

void Findings::fault(const Order::Fault &fault, Operation *op) {
  Finding finding{fault.kind, "", fault.message, {}};
  if (fault.other && fault.other != op)
    finding.places.push_back(place(fault.other, ""));
  finding.places.push_back(place(op, ""));
  add(std::move(finding), fault.other, op);
}

void Findings::bounds(const View &view, int64_t bytes, const char *what, Operation *op) {
  add({"bounds",
       "",
       "touches " + bytesText(view.begin() - view.base, view.end() - view.base, view.space) +
           ", beyond " + what + " " + std::to_string(bytes) + " bytes",
       {place(op, "")}},
      nullptr, op);
}

void Findings::contents(const View &view, int64_t from, int64_t to, Operation *writer,
                        Operation *op) {
  const std::string bytes = bytesText(from, to, view.space);
  Finding finding{writer ? "reuse" : "uninitialised",
                  "",
                  writer ? "reads " + bytes + ", which another buffer's value has replaced"
                         : "reads " + bytes + ", which nothing has written",
                  {}};
  if (writer)
    finding.places.push_back(place(writer, "writes there"));
  finding.places.push_back(place(op, "reads " + bytes));
  add(std::move(finding), writer, op);
}

void Findings::overlap(const View &read, const View &written, Operation *op) {
  const std::string bytes = bytesText(std::max(read.begin(), written.begin()),
                                      std::min(read.end(), written.end()), written.space);
  add({"overlap",
       "",
       "reads and writes " + bytes + " through operands that do not lie element on element",
       {place(op, "")}},
      nullptr, op);
}

void Findings::lost(const Access &written, Operation *replaced) {
  const std::string bytes = bytesText(written.begin, written.end, written.space);
  Finding finding{
      "lost",
      "",
      "nothing reads " + bytes +
          (replaced ? " before they are written again; missing is an operation between the two"
                    : " once they are written"),
      {place(written.op, "writes " + bytes)}};
  if (replaced)
    finding.places.push_back(place(replaced, "writes there again"));
  add(std::move(finding), written.op, replaced);
}

static constexpr const char *kTurns =
    "; slots are read in the order in which they are written, and none is left out";

void Findings::late(const Access &written, const Access &later, const Access &read) {
  const std::string bytes = bytesText(read.begin, read.end, read.space),
                    others = bytesText(later.begin, later.end, later.space);
  add({"stale",
       "",
       "reads " + bytes + " after " + others + ", which were written later" + kTurns,
       {place(written.op, "writes what is read late"), place(later.op, "writes " + others),
        place(read.op, "reads " + bytes)}},
      later.op, read.op);
}

void Findings::passedOver(const Access &later, const Access &read) {
  const std::string bytes = bytesText(read.begin, read.end, read.space),
                    others = bytesText(later.begin, later.end, later.space);
  add({"stale",
       "",
       "reads " + bytes + " again, and never " + others + ", which were written later" + kTurns,
       {place(later.op, "writes " + others), place(read.op, "reads " + bytes)}},
      later.op, read.op);
}

void Findings::blocks(const View &view, Operation *writer, Operation *op, bool writes) {
  const std::string bytes = bytesText(view.begin(), view.end(), view.space);
  add({"blocks",
       "",
       "two blocks of the grid touch argument " + std::to_string(view.argument) +
           " at the same place, and blocks are not ordered",
       {place(writer, "writes there"), place(op, (writes ? "writes " : "reads ") + bytes)}},
      writer, op);
}

void printCheck(const CheckResult &result, llvm::raw_ostream &out) {
  for (const Finding &finding : result.findings) {
    out << finding.kernel << ": " << finding.kind << ": " << finding.message;
    if (finding.times > 1)
      out << " (met " << finding.times << " times)";
    out << "\n";
    for (const FindingPlace &place : finding.places)
      out << "  " << place.where << ": " << place.operation << "\n";
  }
  out << result.kernels << " kernels, " << result.walked << " blocks walked for " << result.blocks
      << ", " << result.operations << " operations, " << result.syncs << " events and barriers: "
      << (result.findings.empty() ? std::string("nothing found")
                                  : std::to_string(result.findings.size()) + " findings")
      << "\n";
  for (const std::string &kernel : result.notCompared)
    out << kernel << ": its blocks are too many to be held against each other\n";
}

void printCheckJson(const CheckResult &result, llvm::raw_ostream &out,
                    llvm::function_ref<void(llvm::json::OStream &)> more) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    json.attributeArray("findings", [&] {
      for (const Finding &finding : result.findings)
        json.object([&] {
          json.attribute("kind", finding.kind);
          json.attribute("kernel", finding.kernel);
          json.attribute("message", finding.message);
          json.attribute("times", finding.times);
          json.attributeArray("places", [&] {
            for (const FindingPlace &place : finding.places)
              json.object([&] {
                json.attribute("operation", place.operation);
                json.attribute("where", place.where);
              });
          });
        });
    });
    json.attribute("kernels", result.kernels);
    json.attribute("blocks", result.blocks);
    json.attribute("blocks_walked", result.walked);
    json.attribute("operations", result.operations);
    json.attribute("syncs", result.syncs);
    json.attributeArray("not_compared", [&] {
      for (const std::string &kernel : result.notCompared)
        json.value(kernel);
    });
    if (more)
      more(json);
  });
  out << "\n";
}

} // namespace tessera::machine
