// Operators that move about as much as they compute: elementwise functions, rows, data movement; on
// arrays in L2 and on arrays in memory.
#include <cstring>

#include "Peers.h"
#include "Suite.h"

namespace tessera::bench {
namespace {

using kernels::Family;
using kernels::KernelRow;

/// A matrix of the suite. Rates count each element of the operands and results once.
struct Extent {
  std::int64_t rows, cols;
  bool near; ///< in L2
  std::int64_t count() const { return rows * cols; }
};

constexpr Extent kNear = {64, 768, true};
constexpr Extent kFar = {8192, 4096, false};

/// body(first, count) for the parts of `count` rows or elements. These kernels have no threads of
/// their own: their callers share out rows, an equal part for each thread, as this does.
template <class Body> Repeated shared(const Setting &setting, std::int64_t count, Body body) {
  struct Work {
    const Body *body;
    std::int64_t count, threads;
  };
  return repeated([=] {
    Work work{&body, count, setting.threads};
    setting.parallelFor(
        setting.pool, setting.threads,
        [](void *args, std::int64_t part) {
          const Work &w = *static_cast<const Work *>(args);
          const std::int64_t first = w.count * part / w.threads;
          (*w.body)(first, w.count *(part + 1) / w.threads - first);
        },
        &work);
  });
}

Repeated ourUnary(const KernelRow &row, std::int64_t count, const Setting &setting) {
  static const float kParams[] = {0.2f, 0.5f};
  auto x = inputFor(std::string(row.op), count), y = floats(count);
  return shared(setting, count,
                [=, run = row.function.unary](std::int64_t first, std::int64_t part) {
                  run(x.get() + first, y.get() + first, part, kParams);
                });
}

Repeated ourBinary(const KernelRow &row, std::int64_t count, const Setting &setting) {
  auto a = inputFor(std::string(row.op), count), b = floats(count, 2), y = floats(count);
  return shared(setting, count,
                [=, run = row.function.binary](std::int64_t first, std::int64_t part) {
                  run(a.get() + first, 1, b.get() + first, 1, y.get() + first, part);
                });
}

Repeated ourRows(const KernelRow &row, const Extent &e, const Setting &setting) {
  auto x = inputFor(std::string(row.op), e.count()), y = floats(e.count());
  const auto rows = [&](auto body) { return shared(setting, e.rows, body); };
  switch (row.family) {
  case Family::RowMap:
    return rows([=, run = row.function.rowMap](std::int64_t first, std::int64_t count) {
      run(x.get() + first * e.cols, e.cols, y.get() + first * e.cols, e.cols, count, e.cols);
    });
  case Family::RowNorm:
    return rows([=, scale = floats(e.cols, 2), run = row.function.rowNorm,
                 bias = row.op == "layer_norm" ? floats(e.cols, 3) : nullptr](std::int64_t first,
                                                                              std::int64_t count) {
      run(x.get() + first * e.cols, e.cols, y.get() + first * e.cols, e.cols, count, e.cols,
          scale.get(), bias.get(), 1e-5f);
    });
  case Family::RowReduce:
    return rows([=, run = row.function.rowReduce](std::int64_t first, std::int64_t count) {
      run(x.get() + first * e.cols, count, e.cols, e.cols, y.get() + first, 0);
    });
  case Family::Copy2d:
    if (row.op == "transpose2d")
      return rows([=, run = row.function.copy2d](std::int64_t first, std::int64_t count) {
        run(x.get() + first * e.cols, e.cols, y.get() + first, e.rows, count, e.cols);
      });
    return rows([=, run = row.function.copy2d](std::int64_t first, std::int64_t count) {
      run(x.get() + first * e.cols, e.cols, y.get() + first * e.cols, e.cols, count, e.cols);
    });
  default:
    return {};
  }
}

Repeated ours(const std::string &op, const char *dtype, const Extent &e, const Setting &setting) {
  const KernelRow *row = kernels::findKernel(op, dtype, setting.isa);
  if (!row)
    return {};
  return row->family == Family::Unary    ? ourUnary(*row, e.count(), setting)
         : row->family == Family::Binary ? ourBinary(*row, e.count(), setting)
                                         : ourRows(*row, e, setting);
}

/// Shared as ours is, since Eigen has no threads for these either; but for the transpose, whose
/// results have no rows of their own.
Repeated eigen(const std::string &op, Family family, const Extent &e, const Setting &setting) {
  const IsaPeers &peers = isaPeers(setting.isa);
  auto x = inputFor(op, e.count()), y = floats(e.count());
  switch (family) {
  case Family::Unary:
    if (auto run = peers.unary(op.c_str()))
      return shared(setting, e.count(), [=](std::int64_t first, std::int64_t count) {
        run(x.get() + first, y.get() + first, count);
      });
    return {};
  case Family::Binary:
    if (auto run = peers.binary(op.c_str()))
      return shared(setting, e.count(),
                    [=, b = floats(e.count(), 2)](std::int64_t first, std::int64_t count) {
                      run(x.get() + first, b.get() + first, y.get() + first, count);
                    });
    return {};
  case Family::RowMap:
  case Family::RowNorm:
    return shared(setting, e.rows,
                  [=, run = peers.rowMap, scale = floats(e.cols, 2),
                   bias = floats(e.cols, 3)](std::int64_t first, std::int64_t count) {
                    run(op.c_str(), x.get() + first * e.cols, y.get() + first * e.cols, count,
                        e.cols, scale.get(), bias.get());
                  });
  case Family::RowReduce:
    return shared(setting, e.rows,
                  [=, run = peers.rowReduce](std::int64_t first, std::int64_t count) {
                    run(op.c_str(), x.get() + first * e.cols, y.get() + first, count, e.cols);
                  });
  case Family::Copy2d:
    if (op == "transpose2d" && setting.threads == 1)
      return repeated([=, run = peers.transpose] { run(x.get(), y.get(), e.rows, e.cols); });
    return {};
  default:
    return {};
  }
}

std::string groupOf(const std::string &op, const Extent &e) {
  if (!e.near)
    return "in memory";
  if (op == "softmax" || op == "gelu" || op == "gelu_tanh")
    return "softmax and gelu in L2";
  return op == "layer_norm" ? "layer norm in L2" : "others in L2";
}

void addRow(Suite &suite, const std::string &op, const char *dtype, Family family,
            const Extent &e) {
  const double arrays = family == Family::Binary ? 3 : family == Family::RowReduce ? 1 : 2;
  const double bytes = 4 * arrays * static_cast<double>(e.count());
  Row row{op + " " + shape({e.rows, e.cols}), groupOf(op, e), Work::Bytes, 0, bytes, {}};
  row.leastOfIdeal = e.near ? 0 : 0.9;
  row.make = [=](Sides &sides, const Setting &setting) {
    sides.ours(ours(op, dtype, e, setting));
    sides.peer("eigen", eigen(op, family, e, setting));
    sides.peer("onednn", family == Family::Unary ? oneDnnElementwise(op, e.count())
                                                 : oneDnnRows(op, e.rows, e.cols));
    if (op == "copy2d")
      sides.peer("memcpy", shared(setting, e.count(),
                                  [x = floats(e.count()),
                                   y = floats(e.count())](std::int64_t first, std::int64_t count) {
                                    std::memcpy(y.get() + first, x.get() + first,
                                                static_cast<std::size_t>(count) * 4);
                                  }));
    if (family == Family::RowReduce)
      addIdealRead(sides, setting, bytes);
    else
      addIdealCopy(sides, setting, bytes);
  };
  suite.rows.push_back(std::move(row));
}

} // namespace

Suite memorySuite() {
  Suite suite{"memory",
              "elementwise functions, rows and copies, rows x columns; bytes read and written",
              {{"softmax and gelu in L2", 2.5, 1.0}, {"layer norm in L2", 1.4, 1.0}},
              {}};
  for (const Extent &e : {kNear, kFar}) {
    for (const char *op : {"softmax", "log_softmax"})
      addRow(suite, op, "f32", Family::RowMap, e);
    for (const char *op : {"layer_norm", "rms_norm"})
      addRow(suite, op, "f32", Family::RowNorm, e);
    for (const char *op : {"row_reduce_sum", "row_reduce_max"})
      addRow(suite, op, "f32", Family::RowReduce, e);
    for (const char *op : {"copy2d", "transpose2d"})
      addRow(suite, op, "32", Family::Copy2d, e);
    for (const char *op : {"gelu", "gelu_tanh", "relu", "exp", "tanh", "sigmoid", "silu"})
      addRow(suite, op, "f32", Family::Unary, e);
    for (const char *op : {"add", "mul"})
      addRow(suite, op, "f32", Family::Binary, e);
  }
#define TESSERA_KERNEL(op, dtype, Kernel)
#define TESSERA_UNARY(op, dtype, Kernel) others.push_back({#op, Family::Unary});
#define TESSERA_BINARY(op, dtype, Kernel) others.push_back({#op, Family::Binary});
  std::vector<std::pair<std::string, Family>> others;
#include "tessera/kernels/kernels.def"
  for (const auto &[op, family] : others) {
    const std::string name = op + " " + shape({kNear.rows, kNear.cols});
    bool there = false;
    for (const Row &row : suite.rows)
      there |= row.name == name;
    if (!there)
      addRow(suite, op, "f32", family, kNear);
  }
  return suite;
}

} // namespace tessera::bench
