// A matrix product of operands that lie in blocks row by row, on a unit that reads L1: each core
// walks the tiles of its part of the result, loads several steps of k at a time, and drains through
// L1.
#include "Writer.h"

namespace tessera::machine {
namespace {

using llvm::SmallVector;

constexpr int64_t kSide = 16; // of a block
constexpr int64_t kTile = 32; // rows and columns that the matrix unit takes whole

class TileGemm {
public:
  explicit TileGemm(const Point &point)
      : schedule(point.schedule), m(point.extent("m")), n(point.extent("n")), k(point.extent("k")),
        tm(schedule.baseTile[0]), tn(schedule.baseTile[1]),
        deep(schedule.baseTile[2] * schedule.l1Step), rows(m / schedule.grid[0]),
        columns(n / schedule.grid[1]), type(point.type("a")), out(point.type("out", "f32")),
        a{"%a", memrefText({m / kSide, k / kSide, kSide, kSide}, type)},
        b{"%b", memrefText({k / kSide, n / kSide, kSide, kSide}, type)},
        c{"%c", memrefText({m, n}, out)},
        writer({a, b, c}, schedule.grid[0] * schedule.grid[1], "cube") {}

  std::string write();

private:
  /// The buffer with dimensions `d` and the next exchanged, as its strides see it.
  Buffer exchanged(const Buffer &of, SmallVector<int64_t> &sizes, SmallVector<int64_t> &strides,
                   size_t d, llvm::StringRef elements, llvm::StringRef space);
  void step(const std::string &row, const std::string &column, const Amount &high,
            const Amount &wide, const Buffer &accumulator, const std::string &extents);

  const Schedule &schedule;
  int64_t m, n, k, tm, tn, deep, rows, columns;
  std::string type, out;
  Buffer a, b, c;
  Writer writer;
  SmallVector<int64_t> sizeA, sizeB, sizeSeen, strideSeen;
  Buffer l1a, l1b, l1bSeen;
};

Buffer TileGemm::exchanged(const Buffer &of, SmallVector<int64_t> &sizes,
                           SmallVector<int64_t> &strides, size_t d, llvm::StringRef elements,
                           llvm::StringRef space) {
  strides = stridesOf(sizes);
  std::swap(sizes[d], sizes[d + 1]);
  std::swap(strides[d], strides[d + 1]);
  auto list = [](llvm::ArrayRef<int64_t> values, const char *between) {
    return llvm::join(llvm::map_range(values, [](int64_t v) { return std::to_string(v); }),
                      between);
  };
  Buffer seen{writer.fresh("v"), ("memref<" + list(sizes, "x") + "x" + elements + ", strided<[" +
                                  list(strides, ", ") + "]>, #tile.space<\"" + space + "\">>")
                                     .str()};
  writer.line("" + seen.name + " = memref.reinterpret_cast " + of.name +
              " to offset: [0], sizes: [" + list(sizes, ", ") + "], strides: [" +
              list(strides, ", ") + "] : " + of.type + " to " + seen.type);
  return seen;
}

/// One load of both operands, and the product of it.
void TileGemm::step(const std::string &row, const std::string &column, const Amount &high,
                    const Amount &wide, const Buffer &accumulator, const std::string &extents) {
  const std::string at = writer.loop(0, k, deep);
  const Amount slot(
      0, writer.apply(
             ("(d0 floordiv " + llvm::Twine(deep) + ") mod " + llvm::Twine(schedule.slotsL1)).str(),
             {at}));
  auto block = [&](const std::string &index) {
    return Amount(0, writer.apply("d0 floordiv " + std::to_string(kSide), {index}));
  };
  const Amount from = block(at), depth(deep / kSide), side(kSide), none(0), one(1);
  const Buffer fromA = writer.part(a, {block(row), from, none, none}, {high, depth, side, side},
                                   stridesOf({m / kSide, k / kSide, kSide, kSide}), type);
  const Buffer toA = writer.part(l1a, {slot, none, none, none, none},
                                 {one, high, depth, side, side}, stridesOf(sizeA), type, "l1", 1);
  writer.copy("nz2nz", fromA, toA);
  const Buffer fromB = writer.part(b, {from, block(column), none, none}, {depth, wide, side, side},
                                   stridesOf({k / kSide, n / kSide, kSide, kSide}), type);
  const Buffer toB = writer.part(l1b, {slot, none, none, none, none},
                                 {one, depth, wide, side, side}, stridesOf(sizeB), type, "l1", 1);
  writer.copy("nz2nz", fromB, toB);
  const Buffer seenB = writer.part(l1bSeen, {slot, none, none, none, none},
                                   {one, depth, wide, side, side}, strideSeen, type, "l1", 1);
  const std::string zero = writer.constant(0), more = writer.fresh("more"),
                    all = writer.constant(deep);
  writer.line(more + " = arith.cmpi sgt, " + at + ", " + zero + " : index");
  writer.line("tile.mma " + toA.name + ", " + seenB.name + ", " + accumulator.name + " extents(" +
              extents + ", " + all + ") accumulate(" + more + ") : " + toA.type + ", " +
              seenB.type + ", " + accumulator.type);
  writer.close();
}

std::string TileGemm::write() {
  const auto block = writer.grid({m, n}, {rows, columns});
  sizeA = {schedule.slotsL1, tm / kSide, deep / kSide, kSide, kSide};
  sizeB = {schedule.slotsL1, deep / kSide, tn / kSide, kSide, kSide};
  l1a = writer.alloc(sizeA, type, "l1");
  l1b = writer.alloc(sizeB, type, "l1");
  const Buffer stage = writer.alloc({tm, tn}, out, "l1");
  sizeSeen = sizeB;
  l1bSeen = exchanged(l1b, sizeSeen, strideSeen, 3, type, "l1");
  SmallVector<int64_t> sizeC{tm / kSide, tn / kSide, kSide, kSide}, strideC;
  const Buffer dst = writer.alloc(sizeC, "f32", "dst");
  const Buffer seenC = exchanged(dst, sizeC, strideC, 0, "f32", "dst");
  const std::string p = writer.loop(0, rows, tm), q = writer.loop(0, columns, tn);
  const std::string row = writer.apply("d0 + d1", {block[0], p}),
                    column = writer.apply("d0 + d1", {block[1], q});
  const Amount height = writer.left(tm, rows, p), width = writer.left(tn, columns, q);
  const Amount high = writer.blocksOf(height, kSide), wide = writer.blocksOf(width, kSide);
  auto value = [&](const Amount &amount) {
    return amount.open() ? amount.name : writer.constant(amount.value);
  };
  const Buffer accumulator =
      writer.part(seenC, {Amount(0), Amount(0), Amount(0), Amount(0)},
                  {wide, high, Amount(kSide), Amount(kSide)}, strideC, "f32", "dst");
  const std::string extents = value(height) + ", " + value(width);
  step(row, column, high, wide, accumulator, extents);
  const Buffer drained =
      writer.part(stage, {Amount(0), Amount(0)}, {height, width}, {tn, 1}, out, "l1");
  writer.line("tile.fixpipe " + accumulator.name + " to " + drained.name + " : " +
              accumulator.type + " to " + drained.type);
  writer.copy("nd2nd", drained,
              writer.part(c, {Amount(0, row), Amount(0, column)}, {height, width}, {n, 1}, out));
  for (int i = 0; i < 3; ++i)
    writer.close();
  return writer.finish();
}

} // namespace

std::optional<std::string> tileGemmProgram(const Point &point, std::string &error) {
  const Schedule &schedule = point.schedule;
  const int64_t step = schedule.baseTile[2] * schedule.l1Step;
  if (point.extent("m") % (schedule.grid[0] * kTile) ||
      point.extent("n") % (schedule.grid[1] * kTile) || point.extent("k") % step ||
      schedule.baseTile[0] % kTile || schedule.baseTile[1] % kTile ||
      schedule.baseTile[2] % kTile || bytesOf(point.type("a")) != 2) {
    error = "expected operands of 16 bits in layout zZ that the grid and the steps cut into whole "
            "tiles of 32 x 32";
    return std::nullopt;
  }
  return TileGemm(point).write();
}

} // namespace tessera::machine
