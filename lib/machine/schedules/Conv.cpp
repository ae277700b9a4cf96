// A convolution by output pixels: raw input lines and the filter's fractals go to L1, windows are
// gathered on the way to L0A. Input is [batch, c/16, h, w, 16], as such kernels keep it.
#include "Writer.h"

namespace tessera::machine {
namespace {

using llvm::SmallVector;
using llvm::Twine;

class Conv {
public:
  explicit Conv(const Point &point)
      : schedule(point.schedule), batch(point.extent("batch")), h(point.extent("h")),
        w(point.extent("w")), c(point.extent("c")), f(point.extent("f")),
        kernel(point.extent("kernel", 3)), pad(kernel / 2), window(kernel * kernel),
        tm(schedule.baseTile[0]), tn(schedule.baseTile[1]), tk(schedule.baseTile[2]),
        deep(tk * schedule.l1Step), channels(deep / window), k(window * c),
        columns(f / schedule.grid[1]),
        // A tile may begin in the middle of a line.
        lines(std::min(h, (tm + w - 2) / w + 1) + kernel - 1), type(point.type("a")),
        out(point.type("out")), inputType(memrefText({batch, c / 16, h, w, 16}, type)),
        filterType(memrefText({k / 16, f / 16, 16, 16}, type)),
        outType(memrefText({batch * h * w, f}, out)),
        writer({{"%x", inputType}, {"%w", filterType}, {"%y", outType}}, batch * schedule.grid[1],
               "cube") {}

  std::string write();

private:
  void load(const std::string &image, const std::string &at, const std::string &slot,
            const std::string &column);
  void multiply(const std::string &at, const std::string &inner, const std::string &slot,
                const Amount &height);

  const Schedule &schedule;
  int64_t batch, h, w, c, f, kernel, pad, window, tm, tn, tk, deep, channels, k, columns, lines;
  std::string type, out, inputType, filterType, outType;
  Writer writer;
  Buffer l1x, l1w, l0a, l0b, l0c;
  std::string firstLine, lineCount, padTop, firstPixel;
};

void Conv::load(const std::string &image, const std::string &at, const std::string &slot,
                const std::string &column) {
  const Amount count(lines, lineCount);
  const std::string channel = writer.apply(("d0 floordiv " + Twine(window * 16)).str(), {at});
  const auto strides = stridesOf({batch, c / 16, h, w, 16});
  const Buffer x = writer.part({"%x", inputType},
                               {Amount(0, image), Amount(0, channel), Amount(0, firstLine), 0, 0},
                               {1, channels / 16, count, w, 16}, strides, type, "", 1);
  const auto inL1 = stridesOf({schedule.slotsL1, channels / 16, lines, w, 16});
  writer.copy("nd2nd", x,
              writer.part(l1x, {Amount(0, slot), 0, 0, 0, 0}, {1, channels / 16, count, w, 16},
                          inL1, type, "l1", 1));
  const std::string first = writer.apply("d0 floordiv 16", {at}),
                    wide = writer.apply("d0 floordiv 16", {column});
  const Buffer filter =
      writer.part({"%w", filterType}, {Amount(0, first), Amount(0, wide), 0, 0},
                  {deep / 16, tn / 16, 16, 16}, stridesOf({k / 16, f / 16, 16, 16}), type);
  writer.copy("nd2nd", filter,
              writer.part(l1w, {Amount(0, slot), 0, 0, 0, 0}, {1, deep / 16, tn / 16, 16, 16},
                          stridesOf({schedule.slotsL1, deep / 16, tn / 16, 16, 16}), type, "l1",
                          1));
}

void Conv::multiply(const std::string &at, const std::string &inner, const std::string &slot,
                    const Amount &height) {
  const std::string small = writer.apply(
      ("((d0 + d1) floordiv " + Twine(tk) + ") mod " + Twine(schedule.slotsL0)).str(), {at, inner});
  const Buffer source = writer.part(
      l1x, {Amount(0, slot), 0, 0, 0, 0}, {1, channels / 16, Amount(lines, lineCount), w, 16},
      stridesOf({schedule.slotsL1, channels / 16, lines, w, 16}), type, "l1", 1);
  const Buffer rows =
      writer.part(l0a, {Amount(0, small), 0, 0, 0, 0}, {1, tm / 16, tk / 16, 16, 16},
                  stridesOf({schedule.slotsL0, tm / 16, tk / 16, 16, 16}), type, "l0a", 1);
  const std::string high = height.open() ? height.name : writer.constant(height.value),
                    deepness = writer.constant(tk), left = writer.constant(pad);
  writer.line("tile.im2col " + source.name + " to " + rows.name + " pads(" + padTop + ", " + left +
              ") first(" + firstPixel + ", " + inner + ") extents(" + high + ", " + deepness +
              ") {kernel = array<i64: " + Twine(kernel) + ", " + Twine(kernel) +
              ">, strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, out_width = " +
              Twine(w) + " : i64} : " + source.type + " to " + rows.type);
  const Buffer filter = writer.part(
      l1w, {Amount(0, slot), Amount(0, writer.apply("d0 floordiv 16", {inner})), 0, 0, 0},
      {1, tk / 16, tn / 16, 16, 16}, stridesOf({schedule.slotsL1, deep / 16, tn / 16, 16, 16}),
      type, "l1", 1);
  const Buffer right =
      writer.part(l0b, {Amount(0, small), 0, 0, 0, 0}, {1, tk / 16, tn / 16, 16, 16},
                  stridesOf({schedule.slotsL0, tk / 16, tn / 16, 16, 16}), type, "l0b", 1);
  writer.copy("nd2nd", filter, right);
  const std::string depth = writer.apply("d0 + d1", {at, inner}), zero = writer.constant(0),
                    more = writer.fresh("more"), wide = writer.constant(tn);
  writer.line(more + " = arith.cmpi sgt, " + depth + ", " + zero + " : index");
  writer.line("tile.mma " + rows.name + ", " + right.name + ", " + l0c.name + " extents(" + high +
              ", " + wide + ", " + deepness + ") accumulate(" + more + ") : " + rows.type + ", " +
              right.type + ", " + l0c.type);
}

std::string Conv::write() {
  const auto block = writer.grid({batch, f}, {1, columns});
  l1x = writer.alloc({schedule.slotsL1, channels / 16, lines, w, 16}, type, "l1");
  l1w = writer.alloc({schedule.slotsL1, deep / 16, tn / 16, 16, 16}, type, "l1");
  l0a = writer.alloc({schedule.slotsL0, tm / 16, tk / 16, 16, 16}, type, "l0a");
  l0b = writer.alloc({schedule.slotsL0, tk / 16, tn / 16, 16, 16}, type, "l0b");
  l0c = writer.alloc({tn / 16, tm / 16, 16, 16}, "f32", "l0c");
  const std::string p = writer.loop(0, h * w, tm);
  const Amount height = writer.left(tm, h * w, p);
  const std::string high = height.open() ? height.name : writer.constant(tm);
  // Lines from the first output pixel's window to the last one's, those that exist.
  firstLine = writer.fresh("x");
  writer.line(firstLine + " = affine.max affine_map<(d0) -> (0, d0 floordiv " + Twine(w) + " - " +
              Twine(pad) + ")>(" + p + ")");
  lineCount = writer.fresh("x");
  writer.line(lineCount + " = affine.min affine_map<(d0, d1, d2) -> (" + Twine(h) +
              " - d1, (d0 + d2 - 1) floordiv " + Twine(w) + " + " + Twine(kernel - pad) +
              " - d1)>(" + p + ", " + firstLine + ", " + high + ")");
  padTop =
      writer.apply(("d1 - d0 floordiv " + Twine(w) + " + " + Twine(pad)).str(), {p, firstLine});
  firstPixel = writer.apply(("d0 mod " + Twine(w)).str(), {p});
  const std::string q = writer.loop(0, columns, tn),
                    column = writer.apply("d0 + d1", {block[1], q});
  const std::string at = writer.loop(0, k, deep);
  const std::string slot = writer.apply(
      ("(d0 floordiv " + Twine(deep) + ") mod " + Twine(schedule.slotsL1)).str(), {at});
  load(block[0], at, slot, column);
  const std::string inner = writer.loop(0, deep, tk);
  multiply(at, inner, slot, height);
  writer.close();
  writer.close();
  const std::string row = writer.apply(("d0 * " + Twine(h * w) + " + d1").str(), {block[0], p});
  const Buffer to =
      writer.part({"%y", outType}, {Amount(0, row), Amount(0, column)}, {height, tn}, {f, 1}, out);
  writer.line("tile.fixpipe " + l0c.name + " to " + to.name + " : " + l0c.type + " to " + to.type);
  writer.close();
  writer.close();
  writer.close();
  return writer.finish();
}

} // namespace

std::optional<std::string> convProgram(const Point &point, std::string &error) {
  const Schedule &schedule = point.schedule;
  if (schedule.grid.size() != 2 || schedule.baseTile.size() != 3) {
    error = "expected a grid of two and a base tile of three";
    return std::nullopt;
  }
  const int64_t window = point.extent("kernel", 3) * point.extent("kernel", 3),
                deep = schedule.baseTile[2] * schedule.l1Step;
  if (point.extent("batch") < 1 || point.extent("h") < 1 || point.extent("w") < 1 ||
      point.extent("f") % (schedule.grid[1] * schedule.baseTile[1]) || deep % (16 * window) ||
      (window * point.extent("c")) % deep || point.extent("c") < 16 ||
      schedule.grid[0] != point.extent("batch")) {
    error = "expected one image per row of the grid, whole tiles of columns, and loads of whole "
            "windows over 16 channels";
    return std::nullopt;
  }
  return Conv(point).write();
}

} // namespace tessera::machine
