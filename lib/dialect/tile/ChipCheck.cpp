// What must hold between the parts of a chip description: names that refer to others, sizes that
// fit, counts that agree. Single values are checked where they are read (ChipParse.cpp).
#include "ChipTree.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace tessera::tile {
namespace {

class Check {
public:
  explicit Check(const ChipSpec &spec) : spec(spec) {
    for (const Memory &memory : spec.memories)
      memories.push_back(memory.name);
    for (const Core &core : spec.cores)
      cores.push_back(core.kind);
  }

  std::optional<Complaint> run() {
    checkCores();
    checkMemories();
    checkPipes();
    checkPaths();
    for (auto [index, unit] : enumerate(spec.mma))
      checkMma(at("mma", index), unit);
    for (auto [index, unit] : enumerate(spec.vector))
      checkVector(at("vector", index), unit);
    checkFixpipe();
    checkRest();
    return complaint;
  }

private:
  static std::string at(StringRef list, size_t index, StringRef key = "") {
    return (list + "[" + Twine(index) + "]" + (key.empty() ? "" : ".") + key).str();
  }

  void complain(const Twine &label, const Twine &message) {
    if (!complaint)
      complaint = Complaint{label.str(), message.str()};
  }

  void oneOf(const Twine &label, StringRef what, StringRef name,
             const std::vector<std::string> &names) {
    if (!is_contained(names, name))
      complain(label, "expected a " + what + " of this chip (" + join(names, ", ") +
                          "), but got '" + name + "'");
  }

  void allOf(const Twine &label, StringRef what, const std::vector<std::string> &given,
             const std::vector<std::string> &names) {
    std::string base = label.str();
    for (auto [index, name] : enumerate(given))
      oneOf(base + "[" + Twine(index) + "]", what, name, names);
  }

  /// A memory that a core of this kind, or a core that it serves or is served by, can reach.
  void reachable(const Twine &label, StringRef name, StringRef core) {
    oneOf(label, "memory", name, memories);
    const Memory *memory = spec.memory(name);
    if (!memory || memory->onChip() || memory->owner == core)
      return;
    const Core *own = spec.core(core), *other = spec.core(memory->owner);
    if (own && other && own->servedBy != other->kind && other->servedBy != own->kind)
      complain(label, "expected a memory that a " + core + " core reaches, but '" + name +
                          "' belongs to " + memory->owner + " cores");
  }

  void onPipe(const std::string &label, StringRef pipe, StringRef core) {
    oneOf(label + ".core", "kind of core", core, cores);
    std::vector<std::string> names;
    for (const Pipe &known : spec.pipes)
      if (is_contained(known.cores, core))
        names.push_back(known.name);
    oneOf(label + ".pipe", ("pipe of a " + core + " core").str(), pipe, names);
  }

  void checkCores() {
    for (auto [index, core] : enumerate(spec.cores)) {
      std::string label = at("cores", index);
      if (core.servedBy.empty()) {
        if (core.ratio != 0)
          complain(label + ".ratio", "expected served_by beside ratio");
        continue;
      }
      oneOf(label + ".served_by", "kind of core", core.servedBy, cores);
      const Core *served = spec.core(core.servedBy);
      if (served && served->count != core.count * core.ratio)
        complain(label + ".ratio", "expected count (" + Twine(core.count.value) + ") x ratio (" +
                                       Twine(core.ratio.value) + ") to equal the number of " +
                                       core.servedBy + " cores (" + Twine(served->count.value) +
                                       ")");
    }
  }

  void checkMemories() {
    std::vector<std::string> owners = cores;
    owners.push_back("chip");
    size_t shared = 0;
    for (auto [index, memory] : enumerate(spec.memories)) {
      oneOf(at("memories", index, "owner"), "kind of core or chip", memory.owner, owners);
      shared += memory.onChip();
      if (memory.reserved >= memory.bytes)
        complain(at("memories", index, "reserved"), "expected less than bytes (" +
                                                        Twine(memory.bytes.value) + "), but got " +
                                                        Twine(memory.reserved.value));
      if (!isPowerOf2_64(memory.align))
        complain(at("memories", index, "align"),
                 "expected a power of two, but got " + Twine(memory.align.value));
    }
    if (shared != 1)
      complain("memories", "expected one memory with owner chip, but got " + Twine(shared));
  }

  void checkPipes() {
    for (auto [index, pipe] : enumerate(spec.pipes))
      allOf(at("pipes", index, "cores"), "kind of core", pipe.cores, cores);
  }

  void checkPaths() {
    for (auto [index, path] : enumerate(spec.paths)) {
      std::string label = at("paths", index);
      onPipe(label, path.pipe, path.core);
      reachable(label + ".from", path.from, path.core);
      reachable(label + ".to", path.to, path.core);
      for (const Path &other : ArrayRef(spec.paths).take_front(index))
        if (other.from == path.from && other.to == path.to && other.core == path.core)
          complain(label, "expected one path from " + path.from + " to " + path.to +
                              " on a core of kind " + path.core + ", but got a second one");
      int64_t last = 0;
      for (auto [piece, size] : enumerate(path.requestSizes)) {
        if (size <= last)
          complain(at(label + ".request_sizes", piece), "expected ascending sizes, but got " +
                                                            Twine(size.value) + " after " +
                                                            Twine(last));
        last = size;
      }
    }
  }

  void checkOperand(const std::string &label, const MmaOperand &operand, StringRef core) {
    for (auto [index, space] : enumerate(operand.spaces))
      reachable(at(label + ".spaces", index), space, core);
    if ((operand.layout == "panel") != (operand.panel > 0))
      complain(label + ".panel", "expected panel with layout panel, and only there");
  }

  void checkMma(const std::string &label, const Mma &unit) {
    onPipe(label, unit.pipe, unit.core);
    checkOperand(label + ".a", unit.a, unit.core);
    checkOperand(label + ".b", unit.b, unit.core);
    checkOperand(label + ".c", unit.c, unit.core);
    if (!unit.biasSpace.empty())
      reachable(label + ".bias_space", unit.biasSpace, unit.core);
    if (unit.scaleType.empty() != (unit.scaleBlock == 0))
      complain(label + ".scale_block", "expected scale_type and scale_block together");
  }

  void checkVector(const std::string &label, const VectorUnit &unit) {
    onPipe(label, unit.pipe, unit.core);
    for (auto [index, space] : enumerate(unit.spaces))
      reachable(at(label + ".spaces", index), space, unit.core);
  }

  void checkFixpipe() {
    if (!spec.fixpipe)
      return;
    const Fixpipe &fixpipe = *spec.fixpipe;
    onPipe("fixpipe", fixpipe.pipe, fixpipe.core);
    reachable("fixpipe.from", fixpipe.from, fixpipe.core);
    if (!fixpipe.paramSpace.empty())
      reachable("fixpipe.param_space", fixpipe.paramSpace, fixpipe.core);
    for (auto [index, to] : enumerate(fixpipe.to)) {
      oneOf(at("fixpipe.to", index), "memory", to, memories);
      if (!spec.path(fixpipe.from, to, fixpipe.core))
        complain(at("fixpipe.to", index),
                 "expected a path from " + fixpipe.from + " to " + to + " among 'paths'");
    }
  }

  void checkRest() {
    if (spec.sync && spec.sync->crossIds > 0 && spec.sync->maxCount == 0)
      complain("sync.max_count", "expected max_count beside cross_ids");
    if (!spec.energy)
      return;
    const Energy &energy = *spec.energy;
    if (energy.idleHighW < energy.idleLowW)
      complain("energy.idle_high_W", "expected at least idle_low_W");
    if (energy.fullW && *energy.fullW <= energy.idleHighW)
      complain("energy.full_W", "expected more than idle_high_W");
  }

  const ChipSpec &spec;
  std::vector<std::string> memories, cores;
  std::optional<Complaint> complaint;
};

} // namespace

std::optional<Complaint> checkSpec(const ChipSpec &spec) {
  return Check(spec).run();
}

} // namespace tessera::tile
