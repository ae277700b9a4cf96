// What the compiler makes of a matrix product, beside the kernel called by hand.
#include "Program.h"
#include "Suite.h"

namespace tessera::bench {

Suite pipelineSuite() {
  Suite suite{"pipeline",
              "f32 matrix products through the whole compiler, beside the kernel called by hand",
              {{"plain", 0.95, 0.95}},
              {}};
  for (const Product &p : gemmShapes()) {
    const double operands =
        static_cast<double>(p.batch) * static_cast<double>(p.m * p.k + p.k * p.n + p.m * p.n);
    // Of the smallest, most of the time is the call of a session, which checks and binds tensors.
    const char *group = p.m <= 32 ? "small" : "plain";
    Row row{p.shape(), group, Work::Flops, p.flops(), 4 * operands, {}};
    row.make = [p](Sides &sides, const Setting &setting) {
      if (auto call = compiledProduct(p, setting.isa, static_cast<unsigned>(setting.threads)))
        sides.ours(repeated(std::move(call)));
      sides.peer("kernel", gemmProduct(p, setting));
      addIdealProduct(sides, setting);
    };
    suite.rows.push_back(std::move(row));
  }
  return suite;
}

} // namespace tessera::bench
