// Timings as trace events: a row for the launches and one for each pipe of the slowest core.
#include "tessera/machine/Report.h"
#include "llvm/Support/JSON.h"

namespace tessera::machine {
namespace {

class Trace {
public:
  Trace(const ProgramTime &time, double clockMHz, llvm::raw_ostream &out)
      : time(time), clockMHz(clockMHz), json(out) {}

  void write() {
    json.object([&] {
      json.attribute("displayTimeUnit", "ns");
      json.attributeArray("traceEvents", [&] {
        name("process_name", 0, time.chip);
        name("thread_name", 0, "launches");
        for (const LaunchTime &launch : time.order)
          writeLaunch(launch);
      });
    });
  }

private:
  void name(llvm::StringRef kind, int64_t row, llvm::StringRef text) {
    json.object([&] {
      json.attribute("ph", "M");
      json.attribute("name", kind);
      json.attribute("pid", 1);
      json.attribute("tid", row);
      json.attributeObject("args", [&] { json.attribute("name", text); });
    });
  }
  void event(llvm::StringRef what, int64_t row, double startUs, double us,
             llvm::function_ref<void()> arguments) {
    json.object([&] {
      json.attribute("ph", "X");
      json.attribute("name", what);
      json.attribute("pid", 1);
      json.attribute("tid", row);
      json.attribute("ts", startUs);
      json.attribute("dur", us);
      json.attributeObject("args", arguments);
    });
  }
  /// One row per pipe name, whatever kernel it was first seen in.
  int64_t rowOf(const std::string &pipe) {
    auto [entry, fresh] = rows.try_emplace(pipe, int64_t(rows.size()) + 1);
    if (fresh)
      name("thread_name", entry->second, pipe);
    return entry->second;
  }
  void writeLaunch(const LaunchTime &launch) {
    const KernelTime &kernel = time.kernels[launch.kernel];
    event(kernel.name, 0, launch.startUs, launch.us, [&] {
      json.attribute("bound", kernel.bound);
      json.attribute("blocks", kernel.blocks);
      json.attribute("cores", kernel.coresUsed);
    });
    const double start = launch.startUs + time.launchUs + time.rampUs;
    for (const Span &span : kernel.spans) {
      const int64_t row = rowOf(kernel.spanPipes[span.pipe]);
      event(span.what, row, start + span.start / clockMHz, span.cycles / clockMHz, [&] {
        json.attribute("block", span.block);
        json.attribute("bytes", span.bytes);
        json.attribute("cycles", span.cycles);
      });
    }
  }

  const ProgramTime &time;
  double clockMHz;
  llvm::json::OStream json;
  std::map<std::string, int64_t> rows;
};

} // namespace

void writeTrace(const ProgramTime &time, const tile::ChipSpec &chip, llvm::raw_ostream &out) {
  const tile::Core *core = chip.core(chip.matrixCore());
  if (!core && !chip.cores.empty())
    core = &chip.cores.front();
  Trace(time, core ? double(core->clockMHz) : 1.0, out).write();
  out << "\n";
}

} // namespace tessera::machine
