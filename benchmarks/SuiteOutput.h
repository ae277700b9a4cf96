// What suites print and write.
#pragma once

#include "SuiteRun.h"

namespace tessera::bench {

/// Everything that one process measured.
struct RunResult {
  std::string processor;
  std::vector<std::string> libraries; ///< peers, with what is known of them
  Setting setting;
  Effort effort;
  Peaks peaks;
  std::vector<SuiteResult> suites;
};

/// Columns of the table of one suite, and a line of it.
void printHeading(const SuiteResult &suite);
void printRow(const RowResult &row);
/// The groups of a suite, with their goals.
void printGroups(const SuiteResult &suite);

/// One object, as docs/performance.md describes it.
std::string toJson(const RunResult &run);

/// A page that needs nothing else; `runs` are texts as toJson makes them.
std::string reportPage(const std::vector<std::string> &runs);

} // namespace tessera::bench
