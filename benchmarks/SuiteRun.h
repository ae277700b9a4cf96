// Timing the rows of suites, and what comes of it.
#pragma once

#include <map>

#include "Suite.h"

namespace tessera::bench {

/// How long to measure.
struct Effort {
  double minTime = 0.01; ///< seconds of one sample, unless a single call takes longer
  int rounds = 5;        ///< of two samples for each side, in the order A B C C B A
};

/// Rates in work per second.
struct SideResult {
  std::string who;
  Role role;
  double median, low, high; ///< of the rounds
};

struct RowResult {
  std::string name, group;
  Work counts;
  double flops, bytes, leastOfIdeal;
  std::vector<SideResult> sides;
  /// Medians of the ratios within single rounds; 0 where there is nothing to compare with.
  double toPeer = 0, toIdeal = 0;
  double ofPeak = 0; ///< rate through the peak of multiply-adds, or the copies of its cache
  std::string bestPeer;

  const SideResult *side(Role role) const;
  bool idealMissed() const { return leastOfIdeal > 0 && toIdeal > 0 && toIdeal < leastOfIdeal; }
};

/// A group of a suite against its goal.
struct GroupResult {
  Goal goal; ///< with mean and worst 0 when nothing is promised
  int rows = 0;
  double mean = 0, worst = 0;
  std::string worstRow;
  int idealMisses = 0;

  bool missed() const { return rows > 0 && (mean < goal.mean || worst < goal.worst); }
};

struct SuiteResult {
  std::string name, about;
  std::vector<RowResult> rows;
  std::vector<GroupResult> groups;
};

/// What the machine does at most, on the threads of the setting together.
struct Peaks {
  double flops = 0;
  double l1 = 0, l2 = 0, l3 = 0, memory = 0; ///< bytes read and written per second by copies

  /// Of the smallest cache that holds so many bytes.
  double bandwidth(double bytes, int threads) const;
};

Peaks measurePeaks(const Setting &setting);

/// Times one row. `peaks` of the same setting.
RowResult measureRow(const Row &row, const Setting &setting, const Effort &effort,
                     const Peaks &peaks);

/// The groups of the rows in the order of the rows, each against its goal.
std::vector<GroupResult> judge(const std::vector<Goal> &goals, const std::vector<RowResult> &rows);

} // namespace tessera::bench
