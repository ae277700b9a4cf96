// Files of points: YAML into structs, unknown keys refused.
#include "tessera/machine/Validation.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"

using tessera::machine::Point;
using tessera::machine::Schedule;

LLVM_YAML_IS_STRING_MAP(int64_t)
LLVM_YAML_IS_STRING_MAP(double)
LLVM_YAML_IS_STRING_MAP(std::string)
LLVM_YAML_IS_SEQUENCE_VECTOR(Point)

namespace llvm::yaml {

template <> struct MappingTraits<Schedule> {
  static void mapping(IO &io, Schedule &s) {
    io.mapOptional("builder", s.builder);
    io.mapOptional("program", s.program);
    io.mapOptional("grid", s.grid);
    io.mapOptional("loop_order", s.loopOrder);
    io.mapOptional("base_tile", s.baseTile);
    io.mapOptional("l1_step", s.l1Step);
    io.mapOptional("slots_l1", s.slotsL1);
    io.mapOptional("slots_l0", s.slotsL0);
    io.mapOptional("slots_l0c", s.slotsL0c);
    io.mapOptional("preload", s.preload);
    io.mapOptional("ring_depth", s.ringDepth);
    io.mapOptional("split", s.split);
    io.mapOptional("published", s.published);
    io.mapOptional("note", s.note);
  }
};

template <> struct MappingTraits<Point> {
  static void mapping(IO &io, Point &p) {
    io.mapRequired("id", p.id);
    io.mapRequired("family", p.family);
    io.mapRequired("source", p.source);
    io.mapRequired("chip", p.chip);
    io.mapRequired("operator", p.op);
    io.mapRequired("shape", p.shape);
    io.mapRequired("types", p.types);
    io.mapOptional("layouts", p.layouts);
    io.mapRequired("schedule", p.schedule);
    io.mapRequired("time_us", p.timeUs);
    io.mapRequired("clock", p.clock);
    io.mapRequired("cache", p.cache);
    io.mapOptional("busy", p.busy);
    io.mapOptional("fits", p.fits);
    io.mapOptional("note", p.note);
  }
};

} // namespace llvm::yaml

namespace tessera::machine {

int64_t Point::extent(llvm::StringRef name, int64_t otherwise) const {
  auto found = shape.find(name.str());
  return found == shape.end() ? otherwise : found->second;
}

std::string Point::type(llvm::StringRef name, llvm::StringRef otherwise) const {
  auto found = types.find(name.str());
  return found == types.end() ? otherwise.str() : found->second;
}

/// What is wrong with a point, or nothing. Extents are bounded so that programs stay small.
static std::string wrongWith(const Point &point) {
  constexpr int64_t kMost = int64_t(1) << 20;
  auto bounded = [](int64_t value) { return value >= 1 && value <= kMost; };
  for (const auto &[name, value] : point.shape)
    if (!bounded(value))
      return "expected extent " + name + " from 1 to 1048576, but got " + std::to_string(value);
  const Schedule &s = point.schedule;
  for (int64_t value : s.grid)
    if (!bounded(value))
      return "expected a grid of positive numbers";
  for (int64_t value : s.baseTile)
    if (!bounded(value))
      return "expected a base tile of positive numbers";
  for (int64_t value : {s.l1Step, s.slotsL1, s.slotsL0, s.slotsL0c, s.ringDepth, s.split})
    if (value < 1 || value > 4096)
      return "expected slots, steps, depths and splits from 1 to 4096, but got " +
             std::to_string(value);
  if (s.preload < 0 || s.preload > 4096)
    return "expected a preload from 0 to 4096, but got " + std::to_string(s.preload);
  if (!s.builder.empty() && !s.program.empty())
    return "expected a builder or a program, but got both";
  if (point.clock != "task" && point.clock != "core" && point.clock != "host" &&
      point.clock != "step")
    return "expected clock task, core, host or step, but got '" + point.clock + "'";
  if (!(point.timeUs > 0))
    return "expected a positive time_us";
  return "";
}

std::optional<std::vector<Point>> readPoints(llvm::StringRef text, llvm::StringRef fileName,
                                             std::string &error) {
  auto keep = [](const llvm::SMDiagnostic &diagnostic, void *context) {
    std::string &first = *static_cast<std::string *>(context);
    if (first.empty())
      first = (diagnostic.getFilename() + ":" + llvm::Twine(diagnostic.getLineNo()) + ":" +
               llvm::Twine(diagnostic.getColumnNo() + 1) + ": error: " + diagnostic.getMessage())
                  .str();
  };
  error.clear();
  std::vector<Point> points;
  llvm::yaml::Input input(llvm::MemoryBufferRef(text, fileName), nullptr, keep, &error);
  input >> points;
  if (input.error() || !error.empty()) {
    if (error.empty())
      error = (fileName + ": error: expected a list of points").str();
    return std::nullopt;
  }
  for (const Point &point : points)
    if (std::string wrong = wrongWith(point); !wrong.empty()) {
      error = (fileName + ": error: point '" + point.id + "': " + wrong).str();
      return std::nullopt;
    }
  return points;
}

} // namespace tessera::machine
