// The data of the HTML page, put into its template.
#include "tessera/machine/Report.h"
#include "llvm/Support/JSON.h"

namespace tessera::machine {

/// The page around the data (PageTemplate.cpp); "@TITLE@" and "@DATA@" stand for themselves.
extern const char *const kPageTemplate;

namespace {

constexpr size_t kShownKernels = 8, kShownSpans = 1500;

std::string escaped(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

/// Of the matrix units in the types that the program uses, or in any when it uses none.
double peakFlops(const tile::ChipSpec &chip, const EnergyEstimate &counts) {
  double peak = 0;
  for (const tile::Mma &unit : chip.mma)
    if (!counts.macs.empty() && !counts.macs.contains(unit.types.a))
      continue;
    else if (const tile::Core *core = chip.core(unit.core.empty() ? chip.matrixCore() : unit.core))
      peak = std::max(peak, 2e6 * double(core->count) * core->clockMHz *
                                double(unit.m * unit.n * unit.k) / unit.cycles);
  return peak;
}

void writeTimeline(llvm::json::OStream &json, const KernelTime &kernel) {
  const size_t count = std::min(kernel.spans.size(), kShownSpans);
  double end = 0;
  for (size_t i = 0; i < count; ++i)
    end = std::max(end, kernel.spans[i].start + kernel.spans[i].cycles);
  json.attributeArray("pipes", [&] {
    for (const std::string &pipe : kernel.spanPipes)
      json.value(pipe);
  });
  json.attribute("shown_cycles", end);
  json.attribute("all_shown", kernel.spans.size() <= kShownSpans);
  json.attributeArray("spans", [&] {
    for (size_t i = 0; i < count; ++i)
      json.array([&] {
        const Span &span = kernel.spans[i];
        json.value(int64_t(span.pipe));
        json.value(span.what);
        json.value(int64_t(span.start));
        json.value(int64_t(span.cycles + 0.5));
        json.value(span.bytes);
      });
  });
  json.attributeArray("buffers", [&] {
    for (const BufferUse &use : kernel.buffers)
      if (use.from < end)
        json.array([&] {
          json.value(use.memory);
          json.value(use.begin);
          json.value(use.end);
          json.value(int64_t(use.from));
          json.value(int64_t(std::min(use.to, end)));
        });
  });
}

void writeKernel(llvm::json::OStream &json, const KernelTime &kernel, bool timeline) {
  json.object([&] {
    json.attribute("name", kernel.name);
    json.attribute("launches", kernel.launches);
    json.attribute("us", kernel.us);
    json.attribute("total_us", kernel.totalUs);
    json.attribute("blocks", kernel.blocks);
    json.attribute("cores", kernel.coresUsed);
    json.attribute("kind", kernel.cores);
    json.attribute("bound", kernel.bound);
    json.attribute("flops", 2 * kernel.macs + kernel.vectorOps);
    double bytes = 0;
    for (const LevelUse &level : kernel.levels)
      bytes = std::max(bytes, level.bytes);
    json.attribute("bytes", bytes);
    json.attributeArray("busy", [&] {
      for (const PipeUse &pipe : kernel.pipes)
        json.array([&] {
          json.value(pipe.name);
          json.value(pipe.share);
        });
    });
    json.attributeArray("paths", [&] {
      for (const PathUse &path : kernel.paths)
        json.array([&] {
          json.value(path.from + " to " + path.to);
          json.value(path.bytes);
        });
    });
    json.attributeArray("savings", [&] {
      for (const Saving &saving : kernel.savings)
        json.value(saving.text);
    });
    if (timeline)
      writeTimeline(json, kernel);
  });
}

void writeData(llvm::json::OStream &json, const ProgramTime &time, const EnergyEstimate &energy,
               const tile::ChipSpec &chip, llvm::StringRef title) {
  std::vector<const KernelTime *> order;
  for (const KernelTime &kernel : time.kernels)
    order.push_back(&kernel);
  llvm::sort(order, [](const KernelTime *a, const KernelTime *b) {
    return std::tie(b->totalUs, a->name) < std::tie(a->totalUs, b->name);
  });
  const tile::Core *core = chip.core(chip.matrixCore());
  json.attribute("title", title);
  json.attribute("chip", chip.name);
  json.attribute("us", time.us);
  json.attribute("launches", time.launches);
  json.attribute("fixed_us",
                 (time.launchUs + time.rampUs + time.firstLoadUs) * double(time.launches));
  json.attribute("clock_MHz", core ? double(core->clockMHz) : 1.0);
  json.attributeObject("energy", [&] {
    json.attribute("has_static", energy.hasStatic);
    json.attribute("has_dynamic", energy.hasDynamic);
    json.attribute("low", energy.staticLow + energy.dynamicLow);
    json.attribute("high", energy.staticHigh + energy.dynamicHigh);
  });
  json.attribute("peak_flops", peakFlops(chip, energy));
  json.attributeArray("levels", [&] {
    for (const tile::SharedLevel &level : chip.shared)
      json.object([&] {
        const double cores = core ? double(core->count) : 1;
        json.attribute("name", level.name);
        json.attribute("bytes_per_s",
                       (level.total > 0 ? double(level.total) : level.readPerCore * cores) *
                           (core ? core->clockMHz * 1e6 : 1e6));
      });
  });
  json.attributeArray("memories", [&] {
    for (const tile::Memory &memory : chip.memories)
      if (!memory.onChip())
        json.array([&] {
          json.value(memory.name);
          json.value(chip.capacity(memory.name));
        });
  });
  json.attributeArray("kernels", [&] {
    for (auto [i, kernel] : llvm::enumerate(order))
      writeKernel(json, *kernel, i < kShownKernels);
  });
}

} // namespace

void writePage(const ProgramTime &time, const EnergyEstimate &energy, const tile::ChipSpec &chip,
               llvm::StringRef title, llvm::raw_ostream &out) {
  std::string data;
  {
    llvm::raw_string_ostream stream(data);
    llvm::json::OStream json(stream);
    json.object([&] { writeData(json, time, energy, chip, title); });
  }
  // Inside a script element no text may look like its end.
  std::string safe;
  for (char c : data) {
    if (c == '<')
      safe += "\\u003c";
    else
      safe += c;
  }
  llvm::StringRef page = kPageTemplate;
  auto [head, rest] = page.split("@TITLE@");
  auto [middle, tail] = rest.split("@DATA@");
  out << head << escaped(title) << middle << safe << tail;
}

} // namespace tessera::machine
