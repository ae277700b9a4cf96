// Top-k of rows on the vector cores: groups of 32 are sorted, runs merged four at a time while they
// divide the row and then two at a time, and values and indices parted. The merges are operations
// of the vector unit by the names that chip files use; how many elements each takes depends on k
// alone.
#include "Writer.h"

namespace tessera::machine {
namespace {

using llvm::StringRef;
using llvm::Twine;

class TopK {
public:
  explicit TopK(const Point &point)
      : rows(point.extent("rows")), n(point.extent("n")), top(point.extent("k")),
        each(point.schedule.baseTile[0]), cores(point.schedule.grid[0]),
        in(memrefText({rows, n}, "f32")), values(memrefText({rows, top}, "f32")),
        indices(memrefText({rows, top}, "i32")),
        writer({{"%x", in}, {"%y", values}, {"%i", indices}}, cores, "vector") {}

  std::string write();

private:
  void on(const Buffer &from, const Buffer &to, StringRef op, StringRef type = "f32");
  void sortRow(const std::string &slot, int64_t row);
  void merge(const std::string &slot, int64_t row, int64_t words, bool back);

  int64_t rows, n, top, each, cores;
  std::string in, values, indices;
  Writer writer;
  Buffer source, pairs, scratch, sorted, outValues, outIndices;
};

/// One operation over as many elements as `to` has.
void TopK::on(const Buffer &from, const Buffer &to, StringRef op, StringRef type) {
  writer.line("tile.vector ins(" + from.name + " : " + from.type + ") outs(" + to.name + " : " +
              to.type + ") maps [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>] {");
  writer.line("^bb0(%a: f32, %old: " + type + "):");
  if (op.empty()) {
    writer.line("tile.yield %a : " + type);
  } else {
    writer.line("%r = tile.apply \"" + op + "\"(%a) : (f32) -> " + type);
    writer.line("tile.yield %r : " + type);
  }
  writer.line("}");
}

/// Merges into the scratch buffer and moves the result back.
void TopK::merge(const std::string &slot, int64_t row, int64_t words, bool back) {
  auto piece = [&](const Buffer &of) {
    return writer.part(of, {Amount(0, slot), row, 0}, {1, 1, words}, stridesOf({2, each, 2 * n}),
                       "f32", "ub", 2);
  };
  const Buffer from = piece(pairs);
  const Buffer to =
      writer.part(scratch, {Amount(0, slot), 0}, {1, words}, stridesOf({2, 2 * n}), "f32", "ub", 1);
  on(from, to, "merge_sort");
  if (back)
    on(to, from, "");
}

void TopK::sortRow(const std::string &slot, int64_t row) {
  const Buffer raw = writer.part(source, {Amount(0, slot), row, 0}, {1, 1, n},
                                 stridesOf({2, each, n}), "f32", "ub", 2);
  const Buffer runs = writer.part(pairs, {Amount(0, slot), row, 0}, {1, 1, n},
                                  stridesOf({2, each, 2 * n}), "f32", "ub", 2);
  on(raw, runs, "sort");
  // Lengths in words; an element is a value and its index.
  const int64_t all = 2 * top;
  int64_t run = 64;
  for (; run * 4 <= all; run *= 4)
    merge(slot, row, all / (run * 4) * (run * 4), /*back=*/true);
  int64_t done = std::min(run, all), left = all - done;
  for (int64_t length = run; length >= 64 && run < all; length /= 4)
    for (; left >= length; left -= length) {
      done += length;
      merge(slot, row, done, /*back=*/true);
    }
  const Buffer best = writer.part(pairs, {Amount(0, slot), row, 0}, {1, 1, all},
                                  stridesOf({2, each, 2 * n}), "f32", "ub", 2);
  const Buffer kept = writer.part(sorted, {Amount(0, slot), row, 0}, {1, 1, all},
                                  stridesOf({2, each, 2 * top}), "f32", "ub", 2);
  on(best, kept, "");
  auto half = [&](const Buffer &of, StringRef type) {
    return writer.part(of, {Amount(0, slot), row, 0}, {1, 1, top}, stridesOf({2, each, top}), type,
                       "ub", 2);
  };
  // Both read all pairs; half of the words pass.
  const Buffer keptHalf = writer.part(sorted, {Amount(0, slot), row, 0}, {1, 1, top},
                                      stridesOf({2, each, 2 * top}), "f32", "ub", 2);
  on(keptHalf, half(outValues, "f32"), "gather");
  on(keptHalf, half(outIndices, "i32"), "gather", "i32");
}

std::string TopK::write() {
  const int64_t own = rows / cores;
  const auto block = writer.grid({rows}, {own});
  source = writer.alloc({2, each, n}, "f32", "ub");
  pairs = writer.alloc({2, each, 2 * n}, "f32", "ub");
  scratch = writer.alloc({2, 2 * n}, "f32", "ub");
  sorted = writer.alloc({2, each, 2 * top}, "f32", "ub");
  outValues = writer.alloc({2, each, top}, "f32", "ub");
  outIndices = writer.alloc({2, each, top}, "i32", "ub");
  const std::string i = writer.loop(0, own, each), row = writer.apply("d0 + d1", {block[0], i}),
                    slot = writer.apply(("(d0 floordiv " + Twine(each) + ") mod 2").str(), {i});
  writer.copy("nd2nd", writer.part({"%x", in}, {Amount(0, row), 0}, {each, n}, {n, 1}, "f32"),
              writer.part(source, {Amount(0, slot), 0, 0}, {1, each, n}, stridesOf({2, each, n}),
                          "f32", "ub", 1));
  for (int64_t line = 0; line < each; ++line)
    sortRow(slot, line);
  for (auto [buffer, target, text, type] : {std::tuple{&outValues, "%y", &values, "f32"},
                                            std::tuple{&outIndices, "%i", &indices, "i32"}})
    writer.copy("nd2nd",
                writer.part(*buffer, {Amount(0, slot), 0, 0}, {1, each, top},
                            stridesOf({2, each, top}), type, "ub", 1),
                writer.part({target, *text}, {Amount(0, row), 0}, {each, top}, {top, 1}, type));
  writer.close();
  writer.close();
  return writer.finish();
}

} // namespace

std::optional<std::string> topkProgram(const Point &point, std::string &error) {
  const Schedule &schedule = point.schedule;
  if (schedule.grid.size() != 1 || schedule.baseTile.size() != 1 || schedule.grid[0] < 1 ||
      schedule.baseTile[0] < 1 ||
      point.extent("rows") % (schedule.grid[0] * schedule.baseTile[0]) || point.extent("k") < 32 ||
      point.extent("k") > point.extent("n") || point.extent("rows") < 1) {
    error =
        "expected a grid of one, a base tile of one, whole steps of rows per core, and k from 32 "
        "to n";
    return std::nullopt;
  }
  return TopK(point).write();
}

} // namespace tessera::machine
