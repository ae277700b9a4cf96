// tessera-bench --suite: options, and the run of the suites that they name.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "SuiteOutput.h"
#include "tessera/runtime/ThreadPool.h"

namespace tessera::bench {
namespace {

constexpr const char *kHelp =
    R"(Usage: tessera-bench --suite NAME[,NAME...] [options]

Times our kernel, every peer there is and an ideal loop on each shape of the suites, interleaved.
Without --suite it lists every kernel instead (Google Benchmark; see --help of --benchmark_*).

  --list           names the suites
  --suite NAME     runs suites by name; "all" runs every one
  --filter TEXT    only rows whose name or group contains TEXT
  --threads N      threads of ours and of the peers; 1 unless given
  --min-time S     seconds of one sample; 0.01 unless given
  --rounds N       rounds of two samples for each side; 5 unless given
  --json FILE      writes all that was measured
  --from FILE      adds what an earlier run wrote with --json to the report; may be repeated, and
                   may stand without --suite
  --report FILE    writes an HTML page about this run and those of --from

TESSERA_ISA lowers the instruction set, for the peers too.
)";

struct Options {
  std::vector<std::string> suites, from;
  std::string filter, json, report;
  int threads = 1;
  Effort effort;
  bool list = false, help = false;
};

int fail(const std::string &message) {
  std::fprintf(stderr, "tessera-bench: error: %s\n", message.c_str());
  return 2;
}

std::string suiteNames() {
  std::string names;
  for (MakeSuite *make : allSuites())
    names += (names.empty() ? "" : ", ") + make().name;
  return names;
}

/// A number of the whole text within the bounds; nothing for any other text.
bool parseNumber(const std::string &text, double least, double most, double &value) {
  char *end = nullptr;
  value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == 0 && value >= least && value <= most;
}

/// The reason in `error` when the arguments make no sense.
Options parse(const std::vector<std::string> &args, std::string &error) {
  Options options;
  for (std::size_t i = 0; i < args.size() && error.empty(); ++i) {
    std::string name = args[i], value;
    const std::size_t equal = name.find('=');
    const bool joined = equal != std::string::npos;
    if (joined) {
      value = name.substr(equal + 1);
      name.resize(equal);
    }
    if (name == "--list" || name == "--help") {
      (name == "--list" ? options.list : options.help) = true;
      continue;
    }
    if (!joined && i + 1 < args.size())
      value = args[++i];
    else if (!joined)
      error = "expected a value after '" + name + "'";
    double number = 0;
    if (name == "--suite") {
      std::istringstream parts(value);
      for (std::string part; std::getline(parts, part, ',');)
        options.suites.push_back(part);
    } else if (name == "--from") {
      options.from.push_back(value);
    } else if (name == "--filter") {
      options.filter = value;
    } else if (name == "--json") {
      options.json = value;
    } else if (name == "--report") {
      options.report = value;
    } else if (name == "--threads") {
      if (!parseNumber(value, 1, 256, number))
        error = "expected 1 to 256 threads, but got '" + value + "'";
      options.threads = static_cast<int>(number);
    } else if (name == "--rounds") {
      if (!parseNumber(value, 1, 1000, number))
        error = "expected 1 to 1000 rounds, but got '" + value + "'";
      options.effort.rounds = static_cast<int>(number);
    } else if (name == "--min-time") {
      if (!parseNumber(value, 1e-5, 10, number))
        error = "expected a time of 0.00001 to 10 seconds, but got '" + value + "'";
      options.effort.minTime = number;
    } else if (error.empty()) {
      error = "unknown option '" + name + "'; --help lists them";
    }
  }
  return options;
}

/// The suites of those names; the reason in `error` when there is no such.
std::vector<Suite> chosenSuites(const Options &options, std::string &error) {
  std::vector<Suite> chosen;
  for (const std::string &name : options.suites) {
    const std::size_t before = chosen.size();
    for (MakeSuite *make : allSuites()) {
      Suite suite = make();
      if (name == "all" || suite.name == name)
        chosen.push_back(std::move(suite));
    }
    if (chosen.size() == before)
      error = "unknown suite '" + name + "'; there are " + suiteNames();
  }
  for (Suite &suite : chosen)
    std::erase_if(suite.rows, [&](const Row &row) {
      return row.name.find(options.filter) == std::string::npos &&
             row.group.find(options.filter) == std::string::npos;
    });
  std::erase_if(chosen, [](const Suite &suite) { return suite.rows.empty(); });
  if (error.empty() && chosen.empty() && !options.suites.empty())
    error = "no row of these suites contains '" + options.filter + "'";
  return chosen;
}

std::string processorName() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      return line.substr(std::min(line.size(), line.find(':') + 2));
  return "unknown processor";
}

/// The runtime's pool behind the kernels' callback.
void poolFor(void *pool, std::int64_t count, ParallelBody body, void *args) {
  struct Loop {
    ParallelBody body;
    void *args;
  } loop{body, args};
  static_cast<runtime::ThreadPool *>(pool)->parallelFor(
      count,
      [](void *context, std::int64_t index, int) {
        const auto *l = static_cast<const Loop *>(context);
        l->body(l->args, index);
      },
      &loop);
}

bool writeFile(const std::string &path, const std::string &text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return static_cast<bool>(file);
}

RunResult measure(const std::vector<Suite> &suites, const Options &options, Isa isa) {
  runtime::ThreadPool pool(options.threads);
  RunResult run{processorName(), {}, {}, options.effort, {}, {}};
  run.setting.isa = isa;
  run.setting.threads = options.threads;
  if (options.threads > 1) {
    run.setting.parallelFor = &poolFor;
    run.setting.pool = &pool;
  }
  if (const std::string said = openBlasReport(); !said.empty())
    run.libraries.push_back(said);
  run.peaks = measurePeaks(run.setting);
  std::printf("%s, %s, %d thread%s: %.1f Gflop/s of multiply-adds; copies %.0f GB/s in L1, %.0f in "
              "L2, %.0f in L3, %.1f in memory\nRates in G/s (flop or byte), medians; ratio to the "
              "best peer and shares of the ideal loop are medians of ratios within a round.\n",
              run.processor.c_str(), std::string(isaName(isa)).c_str(), options.threads,
              options.threads > 1 ? "s" : "", run.peaks.flops * 1e-9, run.peaks.l1 * 1e-9,
              run.peaks.l2 * 1e-9, run.peaks.l3 * 1e-9, run.peaks.memory * 1e-9);
  for (const Suite &suite : suites) {
    SuiteResult result{suite.name, suite.about, {}, {}};
    printHeading(result);
    for (const Row &row : suite.rows) {
      result.rows.push_back(measureRow(row, run.setting, run.effort, run.peaks));
      printRow(result.rows.back());
    }
    result.groups = judge(suite.goals, result.rows);
    printGroups(result);
    run.suites.push_back(std::move(result));
  }
  return run;
}

} // namespace

int runSuites(int argc, char **argv) {
  std::string error;
  const Options options = parse({argv + 1, argv + argc}, error);
  if (!error.empty())
    return fail(error);
  if (options.help) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (options.list) {
    for (MakeSuite *make : allSuites()) {
      const Suite suite = make();
      std::printf("%-12s %3zu rows  %s\n", suite.name.c_str(), suite.rows.size(),
                  suite.about.c_str());
    }
    return 0;
  }
  const std::vector<Suite> suites = chosenSuites(options, error);
  if (!error.empty())
    return fail(error);
  std::vector<std::string> runs;
  for (const std::string &path : options.from) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!text.starts_with("{\"tessera_bench\": 1"))
      return fail("'" + path + "' is not what --json writes");
    runs.push_back(std::move(text));
  }
  if (suites.empty() && runs.empty())
    return fail("nothing to measure; --suite names one or more of " + suiteNames());
  if (!suites.empty()) {
    const std::optional<Isa> isa = chooseIsaFromEnvironment(error);
    if (!isa)
      return fail(error);
    runs.push_back(toJson(measure(suites, options, *isa)));
    if (!options.json.empty() && !writeFile(options.json, runs.back()))
      return fail("cannot write '" + options.json + "'");
  }
  if (!options.report.empty() && !writeFile(options.report, reportPage(runs)))
    return fail("cannot write '" + options.report + "'");
  return 0;
}

} // namespace tessera::bench
