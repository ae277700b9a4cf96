// Tables for people, objects for machines.
#include "tessera/machine/Report.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

namespace tessera::machine {

/// "12.5 MB"; powers of ten, as rates are given in.
static std::string bytesText(double bytes) {
  const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  size_t unit = 0;
  for (; bytes >= 1000 && unit + 1 < std::size(units); ++unit)
    bytes /= 1000;
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format(unit ? "%.1f " : "%.0f ", bytes) << units[unit];
  return text;
}

static std::string timeText(double us) {
  std::string text;
  llvm::raw_string_ostream out(text);
  if (us < 1000)
    out << llvm::format("%.2f us", us);
  else if (us < 1e6)
    out << llvm::format("%.2f ms", us / 1e3);
  else
    out << llvm::format("%.2f s", us / 1e6);
  return text;
}

static std::string jouleText(double low, double high) {
  const double scale = high < 1e-3 ? 1e6 : high < 1 ? 1e3 : 1;
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.3g to %.3g ", low * scale, high * scale)
                                 << (scale == 1e6   ? "uJ"
                                     : scale == 1e3 ? "mJ"
                                                    : "J");
  return text;
}

static void printEnergy(const EnergyEstimate &energy, llvm::raw_ostream &out) {
  out << "energy, a model's estimate: ";
  if (energy.hasDynamic)
    out << jouleText(energy.staticLow + energy.dynamicLow, energy.staticHigh + energy.dynamicHigh)
        << ", of it " << jouleText(energy.staticLow, energy.staticHigh) << " static\n";
  else if (energy.hasStatic)
    out << jouleText(energy.staticLow, energy.staticHigh)
        << " static; no full-load power is public, so the rest is counts\n";
  else
    out << "no power of this chip is public, so only counts\n";
  out << "counted:";
  const char *between = " ";
  for (const auto &[type, count] : energy.macs) {
    out << between << llvm::format("%.4g ", count) << type << " multiply-adds";
    between = ", ";
  }
  out << between << llvm::format("%.4g vector operations", energy.vectorOps);
  for (const auto &[level, bytes] : energy.bytes)
    out << ", " << bytesText(bytes) << " at " << level;
  out << "\n";
}

static void printKernel(const KernelTime &kernel, double whole, llvm::raw_ostream &out) {
  out << "\n" << kernel.name << ": " << timeText(kernel.totalUs);
  if (kernel.launches > 1)
    out << " in " << kernel.launches << " launches";
  out << llvm::format(", %.1f %% of the whole", whole > 0 ? 100 * kernel.totalUs / whole : 0.0)
      << "\n  " << kernel.blocks << (kernel.blocks == 1 ? " block" : " blocks") << " on "
      << kernel.coresUsed << " " << kernel.cores << (kernel.coresUsed == 1 ? " core" : " cores");
  if (kernel.waves > 1)
    out << " in " << kernel.waves << " waves";
  out << llvm::format("; %.0f core cycles", kernel.cycles);
  if (kernel.macs > 0)
    out << llvm::format("; %.1f %% of the chip's matrix peak", 100 * kernel.macShare);
  out << "\n  bound by " << kernel.bound << "\n  busy:";
  for (const PipeUse &pipe : kernel.pipes)
    out << " " << pipe.name << llvm::format(" %.1f %%", 100 * pipe.share);
  for (const LevelUse &level : kernel.levels)
    if (level.share > 0)
      out << "; " << level.name << llvm::format(" %.1f %%", 100 * level.share);
  out << "\n";
  if (!kernel.savings.empty())
    out << "  most would help: " << kernel.savings.front().text << "\n";
  for (size_t i = 1; i < std::min<size_t>(kernel.savings.size(), 3); ++i)
    out << "                   " << kernel.savings[i].text << "\n";
  if (kernel.paths.empty())
    return;
  out << "  moved:";
  const char *between = " ";
  for (const PathUse &path : kernel.paths) {
    out << between << path.from << "->" << path.to << " " << bytesText(double(path.bytes));
    between = ", ";
  }
  out << "\n";
}

void printTiming(const ProgramTime &time, const EnergyEstimate &energy, llvm::raw_ostream &out) {
  out << timeText(time.us) << " on " << time.chip
      << llvm::format(" (%.0f core cycles), ", time.cycles) << time.launches
      << (time.launches == 1 ? " launch" : " launches") << "\n";
  const double fixed = (time.launchUs + time.rampUs + time.firstLoadUs) * double(time.launches);
  if (fixed > 0 && time.us > 0)
    out << "launch and ramp: " << timeText(fixed)
        << llvm::format(", %.1f %% of it\n", 100 * fixed / time.us);
  out << "a model's estimate from the chip description; docs/machine.md says what it leaves out\n";
  printEnergy(energy, out);
  std::vector<const KernelTime *> order;
  for (const KernelTime &kernel : time.kernels)
    order.push_back(&kernel);
  llvm::sort(order, [](const KernelTime *a, const KernelTime *b) {
    return std::tie(b->totalUs, a->name) < std::tie(a->totalUs, b->name);
  });
  for (const KernelTime *kernel : order)
    printKernel(*kernel, time.us, out);
}

static void writeKernel(llvm::json::OStream &json, const KernelTime &kernel) {
  json.object([&] {
    json.attribute("name", kernel.name);
    json.attribute("cores", kernel.cores);
    json.attribute("launches", kernel.launches);
    json.attribute("blocks", kernel.blocks);
    json.attribute("block_classes", kernel.blockClasses);
    json.attribute("cores_used", kernel.coresUsed);
    json.attribute("waves", kernel.waves);
    json.attribute("cycles", kernel.cycles);
    json.attribute("us", kernel.us);
    json.attribute("total_us", kernel.totalUs);
    json.attribute("macs", kernel.macs);
    json.attribute("matrix_share_of_peak", kernel.macShare);
    json.attribute("bound", kernel.bound);
    json.attribute("vector_operations", kernel.vectorOps);
    json.attributeArray("savings", [&] {
      for (const Saving &saving : kernel.savings)
        json.object([&] {
          json.attribute("text", saving.text);
          json.attribute("share", saving.share);
        });
    });
    json.attributeObject("busy", [&] {
      for (const PipeUse &pipe : kernel.pipes)
        json.attribute(pipe.name, pipe.share);
    });
    json.attributeArray("paths", [&] {
      for (const PathUse &path : kernel.paths)
        json.object([&] {
          json.attribute("from", path.from);
          json.attribute("to", path.to);
          json.attribute("operations", path.operations);
          json.attribute("bytes", path.bytes);
        });
    });
    json.attributeArray("levels", [&] {
      for (const LevelUse &level : kernel.levels)
        json.object([&] {
          json.attribute("name", level.name);
          json.attribute("bytes", level.bytes);
          json.attribute("share", level.share);
        });
    });
  });
}

static void writeEnergy(llvm::json::OStream &json, const EnergyEstimate &energy) {
  json.attributeObject("energy_estimate", [&] {
    if (energy.hasStatic)
      json.attributeArray("static_J", [&] {
        json.value(energy.staticLow);
        json.value(energy.staticHigh);
      });
    if (energy.hasDynamic)
      json.attributeArray("dynamic_J", [&] {
        json.value(energy.dynamicLow);
        json.value(energy.dynamicHigh);
      });
    json.attributeObject("multiply_adds", [&] {
      for (const auto &[type, count] : energy.macs)
        json.attribute(type, count);
    });
    json.attribute("vector_operations", energy.vectorOps);
    json.attributeObject("bytes", [&] {
      for (const auto &[level, bytes] : energy.bytes)
        json.attribute(level, bytes);
    });
  });
}

void printTimingJson(const ProgramTime &time, const EnergyEstimate &energy,
                     llvm::raw_ostream &out) {
  llvm::json::OStream json(out, 2);
  json.object([&] {
    json.attribute("chip", time.chip);
    json.attribute("us", time.us);
    json.attribute("cycles", time.cycles);
    json.attribute("launches", time.launches);
    json.attribute("launch_us", time.launchUs);
    json.attribute("ramp_us", time.rampUs);
    json.attribute("first_load_us", time.firstLoadUs);
    writeEnergy(json, energy);
    json.attributeArray("order", [&] {
      for (const LaunchTime &launch : time.order)
        json.object([&] {
          json.attribute("kernel", time.kernels[launch.kernel].name);
          json.attribute("start_us", launch.startUs);
          json.attribute("us", launch.us);
        });
    });
    json.attributeArray("kernels", [&] {
      for (const KernelTime &kernel : time.kernels)
        writeKernel(json, kernel);
    });
  });
  out << "\n";
}

} // namespace tessera::machine
