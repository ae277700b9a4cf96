// Short loops over the kernels themselves; of several repetitions the fastest counts, since other
// programs can only slow one down.
#include "Calibrate.h"
#include "Diagnostics.h"
#include "ModelArguments.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/kernels/Registry.h"
#include "tessera/support/Caches.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

namespace tessera::tool {
namespace {

using kernels::findKernel;
using kernels::KernelRow;
using kernels::KernelSize;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of one call, the fastest of batches that together take about `seconds`.
template <class Work> double fastest(Work work, double seconds = 0.15) {
  work();
  int64_t batch = 1;
  double best = 1e30;
  for (const double begin = now(); now() - begin < seconds;) {
    const double start = now();
    for (int64_t i = 0; i < batch; ++i)
      work();
    const double each = (now() - start) / double(batch);
    best = std::min(best, each);
    // Long enough for the clock, short enough to lie between two interruptions.
    batch = std::max<int64_t>(1, std::min<int64_t>(int64_t(1e-4 / each), 1 << 20));
  }
  return best;
}

/// Dependent additions take a cycle each on every CPU here.
double clockHz() {
  constexpr int64_t kCount = 4000;
  const double seconds = fastest([] {
    uint64_t x = 1;
    for (int64_t i = 0; i < kCount; ++i) {
#if defined(__x86_64__)
      asm volatile("add $1, %0" : "+r"(x));
#elif defined(__aarch64__)
      asm volatile("add %0, %0, #1" : "+r"(x));
#else
      asm volatile("" : "+r"(x));
      ++x;
#endif
    }
  });
  return double(kCount) / seconds;
}

class Machine {
public:
  explicit Machine(Isa isa) : isa(isa), hz(clockHz()) {}

  double MHz() const { return hz / 1e6; }
  /// Bytes per cycle of reading or copying so many bytes over and over.
  double readRate(int64_t bytes) const;
  double copyRate(int64_t bytes) const;
  /// Cycles per register of `lanes` floats of a kernel over data in the nearest cache; nothing when
  /// there is no such kernel.
  std::optional<double> perRegister(const std::string &op, int64_t lanes) const;
  /// Cycles to combine the lanes of one register, once per row.
  double perRow(int64_t lanes) const;
  /// Cycles of a call of the packed matrix kernel on m x n x k.
  double mmaCycles(int64_t m, int64_t n, int64_t k, int64_t panel) const;
  /// The same of the one for 8-bit integers, by what this machine has for them.
  double mmaInt8Cycles(int64_t m, int64_t n, int64_t k, int64_t panel, int64_t group) const;

private:
  Isa isa;
  double hz;
};

double Machine::readRate(int64_t bytes) const {
  const KernelRow *sum = findKernel("row_reduce_sum", "f32", isa);
  std::vector<float> data(size_t(bytes / 4), 1.0f);
  float out = 0;
  const KernelSize count = KernelSize(data.size());
  const double seconds =
      fastest([&] { sum->function.rowReduce(data.data(), 1, count, count, &out, 0); });
  return double(bytes) / seconds / hz;
}

double Machine::copyRate(int64_t bytes) const {
  const KernelRow *copy = findKernel("copy2d", "32", isa);
  std::vector<float> from(size_t(bytes / 8), 1.0f), to(from.size());
  const KernelSize row = 1024, rows = KernelSize(from.size() / 1024);
  const double seconds =
      fastest([&] { copy->function.copy2d(from.data(), row, to.data(), row, rows, row); });
  return double(bytes / 2) / seconds / hz;
}

std::optional<double> Machine::perRegister(const std::string &op, int64_t lanes) const {
  const KernelRow *row = findKernel(op, "f32", isa);
  if (!row)
    return std::nullopt;
  constexpr KernelSize kCount = 2048;
  std::vector<float> x(kCount, 0.5f), y(kCount, 1.0f), z(kCount);
  const float params[] = {0.5f, 0.5f, 0.5f, 0.5f};
  double seconds = 0;
  if (row->family == kernels::Family::Unary)
    seconds = fastest([&] { row->function.unary(x.data(), z.data(), kCount, params); }, 0.03);
  else if (row->family == kernels::Family::Binary)
    seconds =
        fastest([&] { row->function.binary(x.data(), 1, y.data(), 1, z.data(), kCount); }, 0.03);
  else
    return std::nullopt;
  return seconds * hz * double(lanes) / double(kCount);
}

double Machine::perRow(int64_t lanes) const {
  const KernelRow *sum = findKernel("row_reduce_sum", "f32", isa);
  constexpr KernelSize kRows = 128;
  std::vector<float> x(size_t(kRows * lanes), 1.0f), out(kRows);
  const double seconds =
      fastest([&] { sum->function.rowReduce(x.data(), kRows, lanes, lanes, out.data(), 0); }, 0.03);
  return seconds * hz / double(kRows);
}

double Machine::mmaCycles(int64_t m, int64_t n, int64_t k, int64_t panel) const {
  const KernelRow *row = findKernel("mma", "f32", isa);
  const int64_t wide = (n + panel - 1) / panel * panel;
  std::vector<float> a(size_t(m * k), 0.5f), b(size_t(wide * k), 0.5f), c(size_t(m * n));
  const double seconds = fastest([&] {
    row->function.mma(a.data(), KernelSize(k), b.data(), c.data(), KernelSize(n), KernelSize(m),
                      KernelSize(n), KernelSize(k), KernelSize(panel), 0);
  });
  return seconds * hz;
}

double Machine::mmaInt8Cycles(int64_t m, int64_t n, int64_t k, int64_t panel, int64_t group) const {
  std::string error;
  const Isa host = chooseIsaFromEnvironment(error).value_or(isa);
  const KernelRow *row = findKernel("mma_int8", "s8", floatIsa(host) == isa ? host : isa);
  const int64_t wide = (n + panel - 1) / panel * panel, deep = (k + group - 1) / group * group;
  std::vector<int8_t> a(size_t(m * k), 1), b(size_t(wide * deep), 1);
  std::vector<int32_t> c(size_t(m * n));
  const double seconds = fastest([&] {
    row->function.mmaInt8(a.data(), KernelSize(k), b.data(), c.data(), KernelSize(n), KernelSize(m),
                          KernelSize(n), KernelSize(k), KernelSize(panel), KernelSize(group), 0);
  });
  return seconds * hz;
}

/// What writing alone takes of a copy, which reads too.
double writeRate(double copy, double read) {
  return copy < 0.95 * read ? copy * read / (read - copy) : 20 * copy;
}

/// Puts measured numbers into a chip file's text.
class Editor {
public:
  explicit Editor(std::string text) : text(std::move(text)) {}

  /// Replaces the number of `key` that follows `anchor`.
  void set(llvm::StringRef anchor, llvm::StringRef key, const std::string &value,
           llvm::StringRef note) {
    size_t at = text.find(anchor.str());
    at = at == std::string::npos ? at : text.find((key + ":").str(), at + anchor.size());
    if (at == std::string::npos)
      return;
    at += key.size() + 1;
    while (at < text.size() && text[at] == ' ')
      ++at;
    size_t end = at;
    if (text[at] == '{')
      end = text.find('}', at) + 1;
    else
      end = text.find_first_of(",\n}", at);
    text.replace(
        at, end - at,
        llvm::formatv("{{value: {0}, source: here, status: measured, note: \"{1}\"}", value, note)
            .str());
  }
  void set(llvm::StringRef anchor, llvm::StringRef key, double value, llvm::StringRef note) {
    set(anchor, key, llvm::formatv("{0:F3}", value).str(), note);
  }
  std::string text;
};

void setMemory(Editor &editor, const Machine &machine, const Caches &caches) {
  // Half of the nearer cache is what a core works in.
  const int64_t near = std::max<int64_t>(caches.l2 / 2, 64 << 10),
                shared = std::max<int64_t>(caches.l3 / 4, caches.l2 * 2),
                far = std::min<int64_t>(caches.l3 * 4, int64_t(512) << 20);
  const double nearCopy = machine.copyRate(near), sharedCopy = machine.copyRate(shared),
               farCopy = machine.copyRate(far);
  editor.set("- name: l1", "bytes", std::to_string(near), "half of the core's L2 cache");
  editor.set("- from: gm\n    to: l1", "B_per_cycle", sharedCopy, "copy out of the last cache");
  editor.set("- from: l1\n    to: gm", "B_per_cycle", sharedCopy, "copy into the last cache");
  editor.set("- from: l1\n    to: l1", "B_per_cycle", nearCopy, "copy within half of L2");
  // What lies beyond the caches is slowed by their levels, not by the path.
  editor.set("- from: gm\n    to: gm", "B_per_cycle", sharedCopy, "copy within the last cache");
  const double sharedRead = machine.readRate(shared), farRead = machine.readRate(far);
  // Other programs, and other guests of the same processor, have their part of the shared cache.
  int64_t held = caches.l3;
  while (held > 2 * shared && machine.copyRate(held) < std::sqrt(sharedCopy * farCopy))
    held -= caches.l3 / 8;
  editor.set("- name: l3", "bytes", std::to_string(held), "what is copied faster than in memory");
  editor.set("- name: l3", "read_B_per_cycle_per_core", sharedRead, "sum");
  editor.set("- name: l3", "write_B_per_cycle_per_core", writeRate(sharedCopy, sharedRead),
             "copy, less its reading");
  editor.set("- name: dram", "read_B_per_cycle_per_core", farRead, "sum");
  editor.set("- name: dram", "write_B_per_cycle_per_core", writeRate(farCopy, farRead),
             "copy, less its reading");
}

void setUnits(Editor &editor, const Machine &machine, const tile::ChipSpec &chip) {
  const tile::Mma &unit = chip.mma.front();
  const int64_t panel = std::max<int64_t>(unit.b.panel, unit.n);
  // What one more k costs is the step; what is left of a short product is the head.
  const int64_t rows = unit.m * 8;
  const double longer = machine.mmaCycles(rows, panel, 256, panel),
               shorter = machine.mmaCycles(rows, panel, 64, panel);
  const double steps = 8.0 * double(panel / unit.n), step = (longer - shorter) / (192.0 * steps);
  editor.set("- pipe: CORE\n    types: {a: f32", "cycles", std::max(step, 0.01),
             "the packed matrix kernel, from k = 64 to 256");
  editor.set("- pipe: CORE\n    types: {a: f32", "head", std::max(0.0, shorter - 64 * steps * step),
             "what is left of k = 64");
  if (const tile::Mma *bytes = chip.mmaFor("i8", "i8")) {
    const int64_t high = bytes->m * 8, wide = bytes->b.panel, group = bytes->k;
    const double deep = machine.mmaInt8Cycles(high, wide, 1024, wide, group),
                 flat = machine.mmaInt8Cycles(high, wide, 256, wide, group);
    const double tiles = 8.0 * double(wide) / double(bytes->n);
    const double each = (deep - flat) / (768.0 / double(group) * tiles);
    editor.set("- pipe: CORE\n    types: {a: i8", "cycles", std::max(each, 0.01),
               "the packed matrix kernel of bytes, from k = 256 to 1024");
    editor.set("- pipe: CORE\n    types: {a: i8", "head",
               std::max(0.0, flat - 256.0 / double(group) * tiles * each),
               "what is left of k = 256");
  }
  const int64_t lanes = chip.vector.front().bytes / 4;
  const size_t vector = editor.text.find("\nvector:");
  std::string head = editor.text.substr(0, vector);
  Editor rest(editor.text.substr(vector));
  // Within a body operands are in registers: what addition of two arrays takes more than negation
  // of one is a load, which stands for an instruction.
  const auto sum = machine.perRegister("add", lanes), one = machine.perRegister("neg", lanes);
  if (sum && one)
    rest.set("vector:", "cycles_per_repeat", std::max(0.25, *sum - *one),
             "addition of two arrays, less negation of one");
  rest.set("- {name: row_reduce,", "cycles_per_repeat", machine.perRow(lanes), "one row's lanes");
  for (const tile::VectorCost &op : chip.vector.front().ops)
    if (auto cycles = machine.perRegister(op.name, lanes))
      rest.set("- {name: " + op.name + ",", "cycles_per_repeat", *cycles, "in the nearest cache");
  editor.text = head + rest.text;
}

/// The core's own cache, before the shared one.
void setNearLevel(Editor &editor, const Machine &machine, const Caches &caches) {
  const int64_t size = std::max<int64_t>(caches.l2 / 2, 64 << 10);
  const double read = machine.readRate(size), write = writeRate(machine.copyRate(size), read);
  const std::string level =
      llvm::formatv("  - name: l2\n    bytes: {{value: {0}, source: here, status: measured, note: "
                    "\"of one core, as the system says\"}\n    line: {{value: 64, status: "
                    "assumed}\n    read_B_per_cycle_per_core: {{value: {1:F3}, source: here, "
                    "status: measured, note: \"sum\"}\n    write_B_per_cycle_per_core: {{value: "
                    "{2:F3}, source: here, status: measured, note: \"copy, less its reading\"}\n",
                    caches.l2, read, write)
          .str();
  if (size_t at = editor.text.find("\nshared:\n"); at != std::string::npos)
    editor.text.insert(at + 9, level);
}

/// What a launch takes besides its work: a tiny one has hardly any.
void setLaunch(Editor &editor, int threads) {
  const std::string text = "func.func @main(%a: tensor<16xf32>) -> tensor<16xf32> {\n"
                           "  %y = npu.relu %a : tensor<16xf32>\n"
                           "  return %y : tensor<16xf32>\n}\n";
  const auto us = fastestRunUs("a tiny launch", text, "", threads);
  size_t at = editor.text.find("\nlaunch_us: ");
  if (!us || at == std::string::npos)
    return;
  const size_t end = editor.text.find('\n', ++at);
  editor.text.replace(at, end - at,
                      llvm::formatv("launch_us: {{value: {0:F3}, source: here, status: measured, "
                                    "note: \"a run of 16 numbers\"}",
                                    *us)
                          .str());
}

} // namespace

std::optional<double> fastestRunUs(const std::string &name, const std::string &text,
                                   const std::string &chip, int threads) {
  const auto context = contextFor(name);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
  CompileOptions options;
  options.chip = chip;
  auto compiled = module ? compileModule(*module, options) : nullptr;
  if (!compiled)
    return std::nullopt;
  ModelArguments arguments;
  arguments.randomInputs = true;
  const auto inputs = arguments.inputValues(*compiled);
  auto outputs = allocateOutputs(*compiled);
  if (!inputs || !outputs)
    return std::nullopt;
  runtime::Session session(compiled, threads);
  return 1e6 * fastest([&] { runOnce(session, *inputs, *outputs); }, 0.2);
}

std::optional<std::string> calibratedChip(const std::string &name, int64_t cores,
                                          std::string &error) {
  const std::string host = hostChip();
  std::string text;
  for (const tile::ChipFile &file : tile::listChips())
    if (file.name == host)
      if (auto buffer = llvm::MemoryBuffer::getFile(file.path))
        text = (*buffer)->getBuffer().str();
  const auto chip = tile::loadChip(host, error);
  if (!chip)
    return std::nullopt;
  const auto isa = isaFromName(chip->isa);
  if (text.empty() || !isa || chip->mma.empty() || chip->vector.empty()) {
    error = "there is no description of a " + host + " to start from";
    return std::nullopt;
  }
  if (cores < 1)
    cores = std::max(1u, std::thread::hardware_concurrency());
  const Machine machine(*isa);
  Editor editor(std::move(text));
  editor.set("- kind: mixed", "count", std::to_string(cores), "processors");
  editor.set("- kind: mixed", "clock_MHz", machine.MHz(), "dependent integer additions");
  setMemory(editor, machine, caches());
  setNearLevel(editor, machine, caches());
  setUnits(editor, machine, *chip);
  setLaunch(editor, int(cores));
  std::string &out = editor.text;
  if (size_t at = out.find("\nname: "); at != std::string::npos) {
    const size_t end = out.find('\n', at + 1);
    out.replace(at, end - at, "\nname: " + name);
  }
  const std::string source = "  here: \"measured by tessera chips --calibrate on this machine\"\n";
  if (size_t at = out.find("\nsources:\n"); at != std::string::npos)
    out.insert(at + 10, source);
  else
    out.insert(out.find("\nleaves_out:") + 1, "sources:\n" + source);
  if (!tile::parseChip(out, name, error))
    return std::nullopt;
  return out;
}

} // namespace tessera::tool
