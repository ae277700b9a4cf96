// A matrix product by blocks of the result: each core walks its tiles, bringing several steps of k
// into L1 at a time and from there one by one to the matrix unit. Also with block scales.
#include "Writer.h"

namespace tessera::machine {
namespace {

using llvm::SmallVector;

class Gemm {
public:
  explicit Gemm(const Point &point)
      : schedule(point.schedule), m(point.extent("m")), n(point.extent("n")), k(point.extent("k")),
        tm(schedule.baseTile[0]), tn(schedule.baseTile[1]), tk(schedule.baseTile[2]),
        deep(tk * schedule.l1Step), rows(blocked(m, schedule.grid[0], tm)),
        columns(blocked(n, schedule.grid[1], tn)), type(point.type("a")),
        acc(point.type("acc", "f32")), out(point.type("out", "f32")),
        scale(point.type("scale", "")),
        zN(point.layouts.count("l0a") && point.layouts.at("l0a") == "zN"),
        columnMajor(point.layouts.count("b") && point.layouts.at("b") == "col"),
        writer(arguments(), schedule.grid[0] * schedule.grid[1], "cube") {}

  std::string write();

private:
  /// Rows of the result per block: whole tiles, as even as the grid allows.
  static int64_t blocked(int64_t extent, int64_t parts, int64_t tile) {
    const int64_t tiles = (extent + tile - 1) / tile;
    return (tiles + parts - 1) / parts * tile;
  }
  SmallVector<Buffer> arguments() const {
    SmallVector<Buffer> list = {
        {"%a", memrefText({m, k}, type)},
        {"%b", columnMajor ? memrefText({n, k}, type) : memrefText({k, n}, type)},
        {"%c", memrefText({m, n}, out)}};
    if (!scale.empty()) {
      list.push_back({"%sa", memrefText({m, k / 32}, "i8")});
      list.push_back({"%sb", memrefText({n, k / 32}, "i8")});
    }
    return list;
  }
  void allocate();
  void tile(const std::string &row, const std::string &column, const Amount &height,
            const Amount &width);
  void load(const std::string &row, const std::string &column, const std::string &at,
            const Amount &height, const Amount &width, const Amount &length,
            const std::string &slot);
  void loadScales(const std::string &row, const std::string &column, const std::string &at);
  void multiply(const std::string &at, const std::string &inner, const Amount &height,
                const Amount &width, const Amount &length, const std::string &slot);

  const Schedule &schedule;
  int64_t m, n, k, tm, tn, tk, deep, rows, columns;
  std::string type, acc, out, scale;
  bool zN, columnMajor;
  Writer writer;
  Buffer l1a, l1b, l0a, l0b, l0c, scaleA, scaleB;
  SmallVector<int64_t> sizeL1a, sizeL1b, sizeL0a, sizeL0b, sizeL0c;
};

void Gemm::allocate() {
  const int64_t lane = laneOf(type);
  sizeL1a = {schedule.slotsL1, deep / lane, tm / 16, 16, lane};
  // A right operand by columns lies in L1 as its transpose.
  sizeL1b = columnMajor ? SmallVector<int64_t>{schedule.slotsL1, deep / lane, tn / 16, 16, lane}
                        : SmallVector<int64_t>{schedule.slotsL1, tn / lane, deep / 16, 16, lane};
  sizeL0a = zN ? SmallVector<int64_t>{schedule.slotsL0, tk / lane, tm / 16, 16, lane}
               : SmallVector<int64_t>{schedule.slotsL0, tm / 16, tk / lane, 16, lane};
  sizeL0b = {schedule.slotsL0, tk / lane, tn / 16, 16, lane};
  sizeL0c = {schedule.slotsL0c, tn / 16, tm / 16, 16, 16};
  l1a = writer.alloc(sizeL1a, type, "l1");
  l1b = writer.alloc(sizeL1b, type, "l1");
  l0a = writer.alloc(sizeL0a, type, "l0a");
  l0b = writer.alloc(sizeL0b, type, "l0b");
  l0c = writer.alloc(sizeL0c, acc, "l0c");
  if (!scale.empty()) {
    // Eight loads' worth of scales at a time, in two slots.
    scaleA = writer.alloc({2, tm, deep / 32 * 8}, "i8", "l1");
    scaleB = writer.alloc({2, tn, deep / 32 * 8}, "i8", "l1");
  }
}

/// `count` blocks from `first` on of dimension `dim`, of one slot.
static Buffer slotPart(Writer &writer, const Buffer &of, llvm::ArrayRef<int64_t> sizes,
                       const std::string &slot, unsigned dim, const Amount &first,
                       const Amount &count, unsigned other, const Amount &otherCount,
                       llvm::StringRef type, llvm::StringRef space) {
  SmallVector<Amount> at, extents;
  for (unsigned i = 0; i < sizes.size(); ++i) {
    at.push_back(i == 0 ? Amount(0, slot) : i == dim ? first : Amount(0));
    extents.push_back(i == 0       ? Amount(1)
                      : i == dim   ? count
                      : i == other ? otherCount
                                   : Amount(sizes[i]));
  }
  return writer.part(of, at, extents, stridesOf(sizes), type, space, 1);
}

void Gemm::load(const std::string &row, const std::string &column, const std::string &at,
                const Amount &height, const Amount &width, const Amount &length,
                const std::string &slot) {
  const int64_t lane = laneOf(type);
  const Amount from(0, at), deepBlocks = writer.blocksOf(length, lane);
  const Buffer a = writer.part({"%a", memrefText({m, k}, type)}, {Amount(0, row), from},
                               {height, length}, {k, 1}, type);
  writer.copy("nd2nz", a,
              slotPart(writer, l1a, sizeL1a, slot, 1, Amount(0), deepBlocks, 2,
                       writer.blocksOf(height, 16), type, "l1"));
  Buffer b;
  if (columnMajor)
    b = writer.part({"%b", memrefText({n, k}, type)}, {Amount(0, column), from}, {width, length},
                    {k, 1}, type);
  else
    b = writer.part({"%b", memrefText({k, n}, type)}, {from, Amount(0, column)}, {length, width},
                    {n, 1}, type);
  writer.copy("nd2nz", b,
              columnMajor
                  ? slotPart(writer, l1b, sizeL1b, slot, 1, Amount(0), deepBlocks, 2,
                             writer.blocksOf(width, 16), type, "l1")
                  : slotPart(writer, l1b, sizeL1b, slot, 1, Amount(0), writer.blocksOf(width, lane),
                             2, writer.blocksOf(length, 16), type, "l1"));
}

void Gemm::loadScales(const std::string &row, const std::string &column, const std::string &at) {
  const int64_t many = deep * 8;
  const std::string is = writer.fresh("if"), zero = writer.constant(0),
                    rest = writer.apply("d0 mod " + std::to_string(many), {at});
  writer.line(is + " = arith.cmpi eq, " + rest + ", " + zero + " : index");
  writer.open("scf.if " + is + " {");
  const std::string slot =
      writer.apply(("(d0 floordiv " + llvm::Twine(many) + ") mod 2").str(), {at});
  const Amount first(0, writer.apply("d0 floordiv 32", {at}));
  const Amount count = writer.left(many / 32, k / 32, first.name);
  for (auto [whole, part, tile, of] :
       {std::tuple{&row, &scaleA, tm, "%sa"}, std::tuple{&column, &scaleB, tn, "%sb"}}) {
    const int64_t extent = part == &scaleA ? m : n;
    const Buffer from =
        writer.part({of, memrefText({extent, k / 32}, "i8")}, {Amount(0, *whole), first},
                    {Amount(tile), count}, {k / 32, 1}, "i8");
    const Buffer to = writer.part(*part, {Amount(0, slot), Amount(0), Amount(0)},
                                  {Amount(1), Amount(tile), count}, stridesOf({2, tile, many / 32}),
                                  "i8", "l1", 1);
    writer.copy("nd2nd", from, to);
  }
  writer.close();
}

void Gemm::multiply(const std::string &at, const std::string &inner, const Amount &height,
                    const Amount &width, const Amount &length, const std::string &slot) {
  const int64_t lane = laneOf(type);
  const std::string small = writer.apply(
      ("((d0 + d1) floordiv " + llvm::Twine(tk) + ") mod " + llvm::Twine(schedule.slotsL0)).str(),
      {at, inner});
  const Amount firstLane(0, writer.apply("d0 floordiv " + std::to_string(lane), {inner})),
      lanes = writer.blocksOf(length, lane), high = writer.blocksOf(height, 16),
      wide = writer.blocksOf(width, 16);
  const Buffer fromA =
      slotPart(writer, l1a, sizeL1a, slot, 1, firstLane, lanes, 2, high, type, "l1");
  const Buffer toA =
      zN ? slotPart(writer, l0a, sizeL0a, small, 1, Amount(0), lanes, 2, high, type, "l0a")
         : slotPart(writer, l0a, sizeL0a, small, 2, Amount(0), lanes, 1, high, type, "l0a");
  writer.copy(zN ? "nd2nd" : "nz2zz", fromA, toA);
  Buffer fromB;
  if (columnMajor)
    fromB = slotPart(writer, l1b, sizeL1b, slot, 1, firstLane, lanes, 2, wide, type, "l1");
  else
    fromB =
        slotPart(writer, l1b, sizeL1b, slot, 2, Amount(0, writer.apply("d0 floordiv 16", {inner})),
                 writer.blocksOf(length, 16), 1, writer.blocksOf(width, lane), type, "l1");
  const Buffer toB =
      slotPart(writer, l0b, sizeL0b, small, 1, Amount(0), lanes, 2, wide, type, "l0b");
  writer.copy(columnMajor ? "nd2nd" : "nz2nzT", fromB, toB);
  const std::string depth = writer.apply("d0 + d1", {at, inner}), zero = writer.constant(0),
                    more = writer.fresh("more");
  writer.line(more + " = arith.cmpi sgt, " + depth + ", " + zero + " : index");
  auto value = [&](const Amount &amount) {
    return amount.open() ? amount.name : writer.constant(amount.value);
  };
  const std::string em = value(height), en = value(width), ek = value(length);
  const Buffer c =
      slotPart(writer, l0c, sizeL0c, "%cslot", 1, Amount(0), wide, 2, high, acc, "l0c");
  writer.line("tile.mma " + toA.name + ", " + toB.name + ", " + c.name + " extents(" + em + ", " +
              en + ", " + ek + ") accumulate(" + more + ") : " + toA.type + ", " + toB.type + ", " +
              c.type);
}

void Gemm::tile(const std::string &row, const std::string &column, const Amount &height,
                const Amount &width) {
  const std::string at = writer.loop(0, k, deep);
  const std::string slot = writer.apply(
      ("(d0 floordiv " + llvm::Twine(deep) + ") mod " + llvm::Twine(schedule.slotsL1)).str(), {at});
  const Amount length = writer.left(deep, k, at);
  if (!scale.empty())
    loadScales(row, column, at);
  load(row, column, at, height, width, length, slot);
  if (length.open())
    writer.open([&] {
      const std::string low = writer.constant(0), by = writer.constant(tk);
      return "scf.for %inner = " + low + " to " + length.name + " step " + by + " {";
    }());
  else
    writer.open([&] {
      const std::string low = writer.constant(0), high = writer.constant(deep),
                        by = writer.constant(tk);
      return "scf.for %inner = " + low + " to " + high + " step " + by + " {";
    }());
  Amount part(tk);
  if (length.open()) {
    const std::string name = writer.fresh("n");
    writer.line(name + " = affine.min affine_map<(d0, d1) -> (" + llvm::Twine(tk) +
                ", d1 - d0)>(%inner, " + length.name + ")");
    part = Amount(tk, name);
  }
  multiply(at, "%inner", height, width, part, slot);
  writer.close();
  writer.close();
  const Buffer from =
      slotPart(writer, l0c, sizeL0c, "%cslot", 1, Amount(0), writer.blocksOf(width, 16), 2,
               writer.blocksOf(height, 16), acc, "l0c");
  const Buffer to = writer.part({"%c", memrefText({m, n}, out)},
                                {Amount(0, row), Amount(0, column)}, {height, width}, {n, 1}, out);
  writer.line("tile.fixpipe " + from.name + " to " + to.name + " : " + from.type + " to " +
              to.type);
}

std::string Gemm::write() {
  const auto block = writer.grid({m, n}, {rows, columns});
  allocate();
  const std::string p = writer.loop(0, rows, tm), q = writer.loop(0, columns, tn);
  const std::string row = writer.apply("d0 + d1", {block[0], p}),
                    column = writer.apply("d0 + d1", {block[1], q});
  writer.line("%cslot = affine.apply affine_map<(d0, d1) -> ((d0 floordiv " + llvm::Twine(tm) +
              " + d1 floordiv " + llvm::Twine(tn) + ") mod " + llvm::Twine(schedule.slotsL0c) +
              ")>(" + p + ", " + q + ")");
  const bool edge = m % rows || n % columns;
  // Blocks at the edge have tiles that lie outside and are left out.
  if (edge) {
    const std::string inside = writer.fresh("in"), below = writer.fresh("in"),
                      both = writer.fresh("in"), high = writer.constant(m),
                      wide = writer.constant(n);
    writer.line(inside + " = arith.cmpi slt, " + row + ", " + high + " : index");
    writer.line(below + " = arith.cmpi slt, " + column + ", " + wide + " : index");
    writer.line(both + " = arith.andi " + inside + ", " + below + " : i1");
    writer.open("scf.if " + both + " {");
  }
  tile(row, column, writer.left(tm, m, row), writer.left(tn, n, column));
  if (edge)
    writer.close();
  writer.close();
  writer.close();
  writer.close();
  return writer.finish();
}

} // namespace

std::optional<std::string> gemmProgram(const Point &point, std::string &error) {
  const Schedule &schedule = point.schedule;
  const int64_t lane = laneOf(point.type("a"));
  if (schedule.grid.size() != 2 || schedule.baseTile.size() != 3 || point.extent("m") < 1 ||
      point.extent("n") < 1 || point.extent("k") < 1) {
    error = "expected extents m, n, k, a grid of two and a base tile of three";
    return std::nullopt;
  }
  if (schedule.baseTile[0] % 16 || schedule.baseTile[1] % lane || schedule.baseTile[2] % lane) {
    error = "expected a base tile of whole fractals";
    return std::nullopt;
  }
  if (point.layouts.count("a") && point.layouts.at("a") == "zZ")
    return tileGemmProgram(point, error);
  return Gemm(point).write();
}

} // namespace tessera::machine
