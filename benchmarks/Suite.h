// Suites: tables of shapes on which our kernel, every peer and an ideal loop are timed together.
// docs/performance.md says how to add a row or a suite.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "Bench.h"
#include "tessera/support/Parallel.h"

namespace tessera::bench {

/// What the sides of a row run on.
struct Setting {
  Isa isa;                              ///< the best here up to TESSERA_ISA
  int threads = 1;                      ///< --threads; peers are held to it by their environment
  ParallelFor parallelFor = &serialFor; ///< runs on `threads` threads
  void *pool = nullptr;
};

enum class Role { Ours, Peer, Ideal };

/// One of those compared in a row.
struct Side {
  std::string who;
  Role role;
  Repeated run;
  double work; ///< of one call, as the row counts it
};

/// What a row compares; filled by its `make`.
class Sides {
public:
  explicit Sides(double work) : work_(work) {}

  void ours(Repeated run, std::string who = "tessera") {
    add({std::move(who), Role::Ours, std::move(run), work_});
  }
  /// Does nothing when `run` is empty: the peer is not there, or cannot do this.
  void peer(std::string who, Repeated run) {
    add({std::move(who), Role::Peer, std::move(run), work_});
  }
  /// A loop without anything that is not needed; `work` is what one call of it does.
  void ideal(Repeated run, double work) { add({"ideal", Role::Ideal, std::move(run), work}); }

  std::vector<Side> &all() { return sides_; }

private:
  void add(Side side) {
    if (side.run)
      sides_.push_back(std::move(side));
  }
  double work_;
  std::vector<Side> sides_;
};

/// One shape.
struct Row {
  std::string name;  ///< "512x512x512"
  std::string group; ///< rows of one group share a goal
  Work counts;       ///< what its rates count: `flops`, or for Work::Bytes `bytes`
  double flops;      ///< of one call
  double bytes;      ///< that have to move at least: every operand and result once
  /// Allocates, packs weights that are packed beforehand, and adds the sides.
  std::function<void(Sides &, const Setting &)> make;
  double leastOfIdeal = 0; ///< the share of the ideal loop that is promised; 0 for none

  double work() const { return counts == Work::Flops ? flops : bytes; }
};

/// What is promised of a group: ratios of rates, ours to the best peer of each shape.
struct Goal {
  std::string group;
  double mean;  ///< of the geometric mean
  double worst; ///< of each shape
};

struct Suite {
  std::string name, about;
  std::vector<Goal> goals;
  std::vector<Row> rows;
};

/// The suites there are; each is a function in a file of its own.
using MakeSuite = Suite();
MakeSuite attentionSuite, gemmSuite, gemmLlmSuite, gemmInt8Suite, weightOnlySuite, convInt8Suite,
    convSuite, memorySuite;
/// With the compiler only.
Suite pipelineSuite();

/// All of them, in the order of --list.
const std::vector<MakeSuite *> &allSuites();

/// Ideal loops on every thread of the setting. Each returns what one call does through `work`.
Repeated idealProduct(const Setting &setting, double &work);
/// Copies from one half of `bytes` to the other; counts bytes read and written.
Repeated idealCopy(const Setting &setting, double bytes, double &work);
/// Reads `bytes`.
Repeated idealRead(const Setting &setting, double bytes, double &work);

/// Adds the ideal loops above as sides.
void addIdealProduct(Sides &sides, const Setting &setting);
void addIdealCopy(Sides &sides, const Setting &setting, double bytes);
void addIdealRead(Sides &sides, const Setting &setting, double bytes);

/// The shapes of the suite gemm, and our kernel on one of them.
std::vector<Product> gemmShapes();
Repeated gemmProduct(const Product &product, const Setting &setting);

/// tessera-bench --suite ...; the exit code.
int runSuites(int argc, char **argv);

} // namespace tessera::bench
