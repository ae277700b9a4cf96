// Attention of one head, row block by row block: scores on the cube core, softmax on its two vector
// cores, the second product on the cube core, and the running result on the vector cores again,
// with rings in global memory between them. The scores run `preload` steps ahead of the second
// product.
#include "Writer.h"

namespace tessera::machine {
namespace {

using llvm::SmallVector;
using llvm::StringRef;
using llvm::Twine;

class Attention {
public:
  explicit Attention(const Point &point)
      : schedule(point.schedule), queries(point.extent("queries")), keys(point.extent("keys")),
        d(point.extent("d")), rows(schedule.baseTile[0]), step(schedule.baseTile[1]),
        part(schedule.baseTile[2]), parts(step / part), slice(rows / 2 / parts),
        own(keys / schedule.split), steps(own / step), ring(schedule.ringDepth),
        io(memrefText({queries, d}, "f16")), kv(memrefText({keys, d}, "f16")),
        result(memrefText({schedule.split * queries, d}, "f32")),
        writer({{"%q", io}, {"%k", kv}, {"%v", kv}, {"%o", result}},
               queries / rows * schedule.split, "mix") {}

  std::string write();

private:
  /// The buffers of one of the two vector cores.
  struct Vector {
    Buffer scores, values, weights, running, localMax, localSum, max, sum, scaling;
  };
  void allocate();
  Buffer sized(const Buffer &of, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<Amount> at,
               llvm::ArrayRef<Amount> extents, StringRef type, StringRef space);
  void product(const Buffer &left, StringRef layoutA, const Buffer &right, StringRef layoutB,
               int64_t accumulator, bool more);
  void scores(int64_t at, int64_t sub);
  void softmax(int64_t at, int64_t sub, int64_t core);
  void weigh(int64_t at, int64_t sub);
  void update(int64_t at, int64_t core);
  /// out = body of the inputs; an input of lower rank is repeated along the columns.
  void vector(llvm::ArrayRef<Buffer> inputs, llvm::ArrayRef<bool> narrow, const Buffer &out,
              unsigned rank, StringRef outType, const Twine &body);
  void reduce(const Buffer &input, const Buffer &out, StringRef op);

  const Schedule &schedule;
  int64_t queries, keys, d, rows, step, part, parts, slice, own, steps, ring;
  std::string io, kv, result;
  Writer writer;
  std::string row, firstKey, outRow;
  int64_t loads = 0, products = 0, slices = 0;
  Buffer q, k, p, v, l0a, l0b, l0c, ringS, ringP, ringO;
  Vector cores[2];
};

void Attention::allocate() {
  q = writer.alloc({d / 16, rows / 16, 16, 16}, "f16", "l1");
  k = writer.alloc({2, d / 16, part / 16, 16, 16}, "f16", "l1");
  p = writer.alloc({2, part / 16, rows / 16, 16, 16}, "f16", "l1");
  v = writer.alloc({2, d / 16, part / 16, 16, 16}, "f16", "l1");
  const int64_t deepest = std::max(d, part);
  l0a = writer.alloc({2, rows / 16, deepest / 16, 16, 16}, "f16", "l0a");
  l0b = writer.alloc({2, deepest / 16, deepest / 16, 16, 16}, "f16", "l0b");
  l0c = writer.alloc({2, deepest / 16, rows / 16, 16, 16}, "f32", "l0c");
  auto workspace = [&](llvm::ArrayRef<int64_t> sizes, StringRef type) {
    Buffer buffer{writer.fresh("ring"), memrefText(sizes, type)};
    writer.line(buffer.name + " = tile.workspace depth 1 : " + buffer.type);
    return buffer;
  };
  ringS = workspace({ring, rows, step}, "f32");
  ringP = workspace({ring, rows, step}, "f16");
  ringO = workspace({ring, rows, d}, "f32");
  for (int64_t core = 0; core < 2; ++core) {
    Vector &buffers = cores[core];
    buffers.scores = writer.alloc({2, slice, step}, "f32", "ub", core);
    buffers.values = writer.alloc({2, rows / 2, d}, "f32", "ub", core);
    buffers.weights = writer.alloc({2, slice, step}, "f16", "ub", core);
    buffers.running = writer.alloc({rows / 2, d}, "f32", "ub", core);
    buffers.localMax = writer.alloc({slice}, "f32", "ub", core);
    buffers.localSum = writer.alloc({slice}, "f32", "ub", core);
    buffers.max = writer.alloc({rows / 2}, "f32", "ub", core);
    buffers.sum = writer.alloc({rows / 2}, "f32", "ub", core);
    buffers.scaling = writer.alloc({ring, rows / 2}, "f32", "ub", core);
  }
}

/// A part of one slot: the first dimension is dropped.
Buffer Attention::sized(const Buffer &of, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<Amount> at,
                        llvm::ArrayRef<Amount> extents, StringRef type, StringRef space) {
  return writer.part(of, at, extents, stridesOf(sizes), type, space, 1);
}

void Attention::product(const Buffer &left, StringRef layoutA, const Buffer &right,
                        StringRef layoutB, int64_t accumulator, bool more) {
  const bool first = layoutB == "nd2nd";
  const int64_t deep = first ? d : part, wide = first ? part : d, most = std::max(d, part);
  const Amount slot(products++ % 2);
  const Buffer a = sized(l0a, {2, rows / 16, most / 16, 16, 16}, {slot, 0, 0, 0, 0},
                         {1, rows / 16, deep / 16, 16, 16}, "f16", "l0a");
  const Buffer b = sized(l0b, {2, most / 16, most / 16, 16, 16}, {slot, 0, 0, 0, 0},
                         {1, deep / 16, wide / 16, 16, 16}, "f16", "l0b");
  writer.copy(layoutA, left, a);
  writer.copy(layoutB, right, b);
  const Buffer c = sized(l0c, {2, most / 16, rows / 16, 16, 16}, {Amount(accumulator), 0, 0, 0, 0},
                         {1, wide / 16, rows / 16, 16, 16}, "f32", "l0c");
  const std::string em = writer.constant(rows), en = writer.constant(wide),
                    ek = writer.constant(deep), again = writer.fresh("more");
  writer.line(again + " = arith.constant " + (more ? "true" : "false"));
  writer.line("tile.mma " + a.name + ", " + b.name + ", " + c.name + " extents(" + em + ", " + en +
              ", " + ek + ") accumulate(" + again + ") : " + a.type + ", " + b.type + ", " +
              c.type);
}

void Attention::scores(int64_t at, int64_t sub) {
  const Amount slot(loads++ % 2);
  const std::string key = writer.apply(("d0 + " + Twine(at * step + sub * part)).str(), {firstKey});
  const Buffer inL1 = sized(k, {2, d / 16, part / 16, 16, 16}, {slot, 0, 0, 0, 0},
                            {1, d / 16, part / 16, 16, 16}, "f16", "l1");
  writer.copy("nd2nz", writer.part({"%k", kv}, {Amount(0, key), 0}, {part, d}, {d, 1}, "f16"),
              inL1);
  product(q, "nz2zz", inL1, "nd2nd", 0, false);
  const int64_t most = std::max(d, part);
  const Buffer c = sized(l0c, {2, most / 16, rows / 16, 16, 16}, {0, 0, 0, 0, 0},
                         {1, part / 16, rows / 16, 16, 16}, "f32", "l0c");
  const Buffer to =
      sized(ringS, {ring, rows, step}, {at % ring, 0, sub * part}, {1, rows, part}, "f32", "");
  writer.line("tile.fixpipe " + c.name + " to " + to.name + " : " + c.type + " to " + to.type);
}

void Attention::vector(llvm::ArrayRef<Buffer> inputs, llvm::ArrayRef<bool> narrow,
                       const Buffer &out, unsigned rank, StringRef outType, const Twine &body) {
  const std::string wide = rank == 2 ? "affine_map<(i, j) -> (i, j)>" : "affine_map<(i) -> (i)>";
  std::string names, types, maps, arguments;
  const char *letters[] = {"%a", "%b"};
  for (auto [i, input] : llvm::enumerate(inputs)) {
    const char *comma = i ? ", " : "";
    names += comma + input.name;
    types += comma + input.type;
    maps += (narrow[i] ? std::string("affine_map<(i, j) -> (i)>") : wide) + ", ";
    arguments += std::string(letters[i]) + ": f32, ";
  }
  writer.line("tile.vector ins(" + names + " : " + types + ") outs(" + out.name + " : " + out.type +
              ") maps [" + maps + wide + "] {");
  writer.line("^bb0(" + arguments + "%old: " + outType + "):");
  writer.line(body);
  writer.line("tile.yield %r : " + outType);
  writer.line("}");
}

void Attention::reduce(const Buffer &input, const Buffer &out, StringRef op) {
  writer.line("tile.row_reduce ins(" + input.name + " : " + input.type + ") outs(" + out.name +
              " : " + out.type +
              ") reduced [1] maps [affine_map<(i, j) -> (i, j)>, "
              "affine_map<(i, j) -> (i)>] {");
  writer.line("^bb0(%a: f32, %old: f32):");
  writer.line("%r = " + op + " %a, %old : f32");
  writer.line("tile.yield %r : f32");
  writer.line("}");
}

void Attention::softmax(int64_t at, int64_t sub, int64_t core) {
  const Vector &buffers = cores[core];
  const Amount slot(slices % 2), line(core * (rows / 2) + sub * slice), here(sub * slice);
  auto piece = [&](const Buffer &of, int64_t of0, int64_t of1, const Amount &first,
                   const Amount &second, StringRef type, StringRef space) {
    return writer.part(of, {first, second}, {1, slice}, stridesOf({of0, of1}), type, space, 1);
  };
  const Buffer x =
      sized(buffers.scores, {2, slice, step}, {slot, 0, 0}, {1, slice, step}, "f32", "ub");
  const Buffer weights =
      sized(buffers.weights, {2, slice, step}, {slot, 0, 0}, {1, slice, step}, "f16", "ub");
  const Buffer max = writer.part(buffers.max, {here}, {slice}, {1}, "f32", "ub"),
               sum = writer.part(buffers.sum, {here}, {slice}, {1}, "f32", "ub"),
               scaling = piece(buffers.scaling, ring, rows / 2, at % ring, here, "f32", "ub");
  writer.copy("nd2nd",
              sized(ringS, {ring, rows, step}, {at % ring, line, 0}, {1, slice, step}, "f32", ""),
              x);
  const char *scale = "%s = arith.constant 0.0883883461 : f32\n";
  reduce(x, buffers.localMax, "arith.maximumf");
  vector({buffers.localMax, max}, {false, false}, buffers.localMax, 1, "f32",
         "%r = arith.maximumf %a, %b : f32");
  vector({max, buffers.localMax}, {false, false}, scaling, 1, "f32",
         "%r = arith.subf %a, %b : f32");
  vector({buffers.localMax}, {false}, max, 1, "f32", Twine(scale) + "%r = arith.mulf %a, %s : f32");
  vector({x, buffers.localMax}, {false, true}, x, 2, "f32",
         Twine(scale) + "%t = arith.subf %a, %b : f32\n%u = arith.mulf %t, %s : f32\n"
                        "%r = math.exp %u : f32");
  vector({scaling}, {false}, scaling, 1, "f32",
         Twine(scale) + "%t = arith.mulf %a, %s : f32\n%r = math.exp %t : f32");
  vector({x}, {false}, weights, 2, "f16", "%r = arith.truncf %a : f32 to f16");
  vector({scaling, sum}, {false, false}, sum, 1, "f32", "%r = arith.mulf %a, %b : f32");
  reduce(x, buffers.localSum, "arith.addf");
  vector({sum, buffers.localSum}, {false, false}, sum, 1, "f32", "%r = arith.addf %a, %b : f32");
  writer.copy("nd2nd", weights,
              sized(ringP, {ring, rows, step}, {at % ring, line, 0}, {1, slice, step}, "f16", ""));
}

void Attention::weigh(int64_t at, int64_t sub) {
  const Amount slot(sub % 2);
  const std::string key = writer.apply(("d0 + " + Twine(at * step + sub * part)).str(), {firstKey});
  const Buffer values = sized(v, {2, d / 16, part / 16, 16, 16}, {slot, 0, 0, 0, 0},
                              {1, d / 16, part / 16, 16, 16}, "f16", "l1");
  writer.copy("nd2nz", writer.part({"%v", kv}, {Amount(0, key), 0}, {part, d}, {d, 1}, "f16"),
              values);
  const Buffer weights = sized(p, {2, part / 16, rows / 16, 16, 16}, {slot, 0, 0, 0, 0},
                               {1, part / 16, rows / 16, 16, 16}, "f16", "l1");
  writer.copy(
      "nd2nz",
      sized(ringP, {ring, rows, step}, {at % ring, 0, sub * part}, {1, rows, part}, "f16", ""),
      weights);
  product(weights, "nz2zz", values, "nz2nzT", 1, sub > 0);
  if (sub + 1 < parts)
    return;
  const int64_t most = std::max(d, part);
  const Buffer c = sized(l0c, {2, most / 16, rows / 16, 16, 16}, {1, 0, 0, 0, 0},
                         {1, d / 16, rows / 16, 16, 16}, "f32", "l0c");
  const Buffer to = sized(ringO, {ring, rows, d}, {at % ring, 0, 0}, {1, rows, d}, "f32", "");
  writer.line("tile.fixpipe " + c.name + " to " + to.name + " : " + c.type + " to " + to.type);
}

void Attention::update(int64_t at, int64_t core) {
  const Vector &buffers = cores[core];
  const Buffer from =
      sized(ringO, {ring, rows, d}, {at % ring, core * (rows / 2), 0}, {1, rows / 2, d}, "f32", "");
  if (at == 0) {
    writer.copy("nd2nd", from, buffers.running);
    return;
  }
  const Buffer values =
      sized(buffers.values, {2, rows / 2, d}, {at % 2, 0, 0}, {1, rows / 2, d}, "f32", "ub");
  writer.copy("nd2nd", from, values);
  const Buffer scaling = writer.part(buffers.scaling, {at % ring, 0}, {1, rows / 2},
                                     stridesOf({ring, rows / 2}), "f32", "ub", 1);
  vector({buffers.running, scaling}, {false, true}, buffers.running, 2, "f32",
         "%r = arith.mulf %a, %b : f32");
  vector({buffers.running, values}, {false, false}, buffers.running, 2, "f32",
         "%r = arith.addf %a, %b : f32");
}

std::string Attention::write() {
  const auto block = writer.grid({queries, keys}, {rows, own});
  row = block[0];
  firstKey = block[1];
  outRow = writer.apply(("d0 + (d1 floordiv " + Twine(own) + ") * " + Twine(queries)).str(),
                        {row, firstKey});
  allocate();
  writer.copy("nd2nz", writer.part({"%q", io}, {Amount(0, row), 0}, {rows, d}, {d, 1}, "f16"), q);
  for (int64_t at = 0; at < steps + schedule.preload; ++at) {
    const int64_t late = at - schedule.preload;
    for (int64_t sub = 0; sub < parts; ++sub) {
      if (at < steps) {
        scores(at, sub);
        // All of a step's scores are there before its first slice of rows is taken.
        if (sub + 1 == parts)
          for (int64_t piece = 0; piece < parts; ++piece, ++slices)
            for (int64_t core = 0; core < 2; ++core)
              softmax(at, piece, core);
      }
      if (late >= 0)
        weigh(late, sub);
    }
    if (late >= 0)
      for (int64_t core = 0; core < 2; ++core)
        update(late, core);
  }
  for (int64_t core = 0; core < 2; ++core) {
    const Vector &buffers = cores[core];
    vector({buffers.running, buffers.sum}, {false, true}, buffers.running, 2, "f32",
           "%r = arith.divf %a, %b : f32");
    const std::string to = writer.apply(("d0 + " + Twine(core * (rows / 2))).str(), {outRow});
    writer.copy("nd2nd", buffers.running,
                writer.part({"%o", result}, {Amount(0, to), 0}, {rows / 2, d}, {d, 1}, "f32"));
  }
  writer.close();
  return writer.finish();
}

} // namespace

std::optional<std::string> attentionProgram(const Point &point, std::string &error) {
  const Schedule &schedule = point.schedule;
  if (schedule.baseTile.size() != 3 || schedule.split < 1 || schedule.ringDepth < 1) {
    error = "expected a base tile of three: rows, keys per step, keys per product";
    return std::nullopt;
  }
  const int64_t rows = schedule.baseTile[0], step = schedule.baseTile[1],
                part = schedule.baseTile[2], d = point.extent("d");
  if (rows < 32 || part < 16 || d < 16 || d % 16 || part % 16 || step % part ||
      rows % (32 * (step / part)) || point.extent("queries") < 1 ||
      point.extent("queries") % rows || point.extent("keys") < step ||
      point.extent("keys") % (step * schedule.split) || schedule.ringDepth <= schedule.preload) {
    error = "expected whole tiles of queries and keys, and a ring deeper than the preload";
    return std::nullopt;
  }
  return Attention(point).write();
}

} // namespace tessera::machine
