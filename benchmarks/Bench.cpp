// tessera-bench: runs the rows interleaved, prints rates, and sums up each kernel against the best
// peer of the same run and the peaks of this machine.
#include "Bench.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "Ideal.h"
#include "Peers.h"
#include "Suite.h"

namespace tessera::bench {
namespace {

struct Entry {
  std::string op, dtype, who, shape;
  Work kind;
  double work;
  Clock clock;
  std::vector<double> rates; ///< operations or bytes per second, one for each repetition
};

std::map<std::string, Entry> &entries() {
  static std::map<std::string, Entry> all;
  return all;
}

Isa ceiling = Isa::sse2;

/// Seconds of this thread.
double now() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> v) {
  if (v.empty())
    return 0;
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

/// Rates as the console shows them while running, and collected for the summary.
class Reporter : public benchmark::ConsoleReporter {
public:
  Reporter() : ConsoleReporter(OO_Tabular) {}

  void ReportRuns(const std::vector<Run> &runs) override {
    for (const Run &run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred)
        continue;
      auto entry = entries().find(run.run_name.function_name);
      if (entry == entries().end())
        continue;
      const double seconds =
          entry->second.clock == Clock::Wall ? run.real_accumulated_time : run.cpu_accumulated_time;
      if (seconds > 0)
        entry->second.rates.push_back(entry->second.work * static_cast<double>(run.iterations) /
                                      seconds);
    }
    ConsoleReporter::ReportRuns(runs);
  }
};

/// The best of several short measurements: the peak is what the machine does undisturbed.
double measuredPeak(Isa isa) {
  double best = 0;
  for (int i = 0; i < 20; ++i) {
    const double start = now();
    const double flops = idealLoops(isa).peak(300000);
    best = std::max(best, flops / (now() - start));
  }
  return best;
}

/// Bytes read and written per second by the better of our copy and memcpy, touching `bytes`.
double measuredBandwidth(std::size_t bytes) {
  const kernels::KernelRow *ours = kernels::findKernel("copy2d", "32", ceiling);
  const std::size_t half = bytes / 2;
  std::vector<char> a(half, 1), b(half, 2);
  const int calls = static_cast<int>((256u << 20) / bytes) + 1;
  double best = 0;
  for (int i = 0; i < 10; ++i) {
    const double start = now();
    for (int call = 0; call < calls; ++call) {
      if (i % 2)
        std::memcpy(b.data(), a.data(), half);
      else
        ours->function.copy2d(a.data(), 0, b.data(), 0, 1, static_cast<std::int64_t>(half / 4));
      benchmark::DoNotOptimize(b.data());
      benchmark::ClobberMemory();
    }
    best = std::max(best, static_cast<double>(bytes) * calls / (now() - start));
  }
  return best;
}

/// What the machine can do at most.
struct Machine {
  std::map<Isa, double> flops;
  double l1, l2, memory; ///< copies whose source and target together fit there

  double bandwidth(double bytes) const {
    return bytes <= 32 * 1024 ? l1 : bytes <= 1024 * 1024 ? l2 : memory;
  }
};

Machine measureMachine() {
  Machine machine{{},
                  measuredBandwidth(24u << 10),
                  measuredBandwidth(512u << 10),
                  measuredBandwidth(256u << 20)};
  for (Isa isa : kAllIsas)
    if (isa <= ceiling && isa == floatIsa(isa)) {
      machine.flops[isa] = measuredPeak(isa);
      std::printf("peak multiply-adds, %s: %.1f Gflop/s\n", std::string(isaName(isa)).c_str(),
                  machine.flops[isa] * 1e-9);
    }
  std::printf("copies: %.0f GB/s read and written in L1, %.0f in L2, %.0f in memory\n",
              machine.l1 * 1e-9, machine.l2 * 1e-9, machine.memory * 1e-9);
  return machine;
}

bool isOurs(const Entry &entry) {
  return isaFromName(std::string_view(entry.who).substr(0, entry.who.find('-'))).has_value();
}

void printSummary(const Machine &machine) {
  std::map<std::string, std::vector<const Entry *>> groups;
  for (const auto &[name, entry] : entries())
    if (!entry.rates.empty())
      groups[entry.op + "/" + entry.dtype + "//" + entry.shape].push_back(&entry);
  std::printf("\nMedian rates in G/s (flop or byte), ratio to the best peer of the same shape and "
              "run,\nand share of this machine's peak (flops: of its multiply-adds; bytes: of "
              "copies in the same cache).\n%-52s %9s %9s %7s  %-14s %6s\n",
              "kernel", "rate", "peer", "ratio", "best peer", "share");
  for (const auto &[name, group] : groups) {
    const Entry *peer = nullptr;
    for (const Entry *entry : group)
      if (!isOurs(*entry) && entry->who != kIdealLoop &&
          (!peer || median(entry->rates) > median(peer->rates)))
        peer = entry;
    for (const Entry *entry : group) {
      if (!isOurs(*entry))
        continue;
      const double rate = median(entry->rates), other = peer ? median(peer->rates) : 0;
      const Isa isa = floatIsa(*isaFromName(entry->who.substr(0, entry->who.find('-'))));
      const double limit =
          entry->kind == Work::Flops ? machine.flops.at(isa) : machine.bandwidth(entry->work);
      const std::string row =
          entry->op + "/" + entry->dtype + "/" + entry->who + "/" + entry->shape;
      std::printf("%-52s %9.2f %9.2f %7.2f  %-14s %5.0f%%\n", row.c_str(), rate * 1e-9,
                  other * 1e-9, other > 0 ? rate / other : 0.0, peer ? peer->who.c_str() : "-",
                  100 * rate / limit);
    }
  }
}

void measure(benchmark::State &state, const std::function<void()> &call, Work kind, double work) {
  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  state.counters[kind == Work::Flops ? "flop/s" : "B/s"] =
      benchmark::Counter(work, benchmark::Counter::kIsIterationInvariantRate);
}

} // namespace

void add(const std::string &op, const std::string &dtype, const std::string &who,
         const std::string &shape, Work kind, double work, std::function<void()> call,
         Clock clock) {
  const std::string name = op + "/" + dtype + "/" + who + "/" + shape;
  entries()[name] = {op, dtype, who, shape, kind, work, clock, {}};
  auto *row = benchmark::RegisterBenchmark(
      name.c_str(), [call = std::move(call), kind, work](benchmark::State &state) {
        measure(state, call, kind, work);
      });
  if (clock == Clock::Wall)
    row->UseRealTime();
}

void addMade(const std::string &op, const std::string &dtype, const std::string &who,
             const std::string &shape, Work kind, double work,
             std::function<std::function<void()>()> make) {
  const std::string name = op + "/" + dtype + "/" + who + "/" + shape;
  entries()[name] = {op, dtype, who, shape, kind, work, Clock::Thread, {}};
  auto call = std::make_shared<std::function<void()>>();
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State &state) {
    if (!*call)
      *call = make();
    if (*call)
      measure(state, *call, kind, work);
    else
      state.SkipWithError("could not be made");
  });
}

namespace {

/// `count` elements, each made of a random number.
template <class T, class Make>
std::shared_ptr<T[]> randomly(std::int64_t count, std::uint32_t seed, Make make) {
  const auto size = (static_cast<std::size_t>(count) * sizeof(T) + 127) / 64 * 64;
  auto *data = static_cast<T *>(std::aligned_alloc(64, size));
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::int64_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    data[i] = make(state);
  }
  return {data, [](T *p) { std::free(p); }};
}

} // namespace

std::shared_ptr<float[]> floats(std::int64_t count, std::uint32_t seed) {
  return randomly<float>(count, seed, [](std::uint32_t state) {
    return static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31f;
  });
}

std::shared_ptr<std::int8_t[]> bytes(std::int64_t count, std::uint32_t seed) {
  return randomly<std::int8_t>(
      count, seed, [](std::uint32_t state) { return static_cast<std::int8_t>(state >> 24); });
}

double Product::flops() const {
  return 2.0 * static_cast<double>(batch) * static_cast<double>(m) * static_cast<double>(n) *
         static_cast<double>(k);
}

std::string Product::shape() const {
  return batch == 1 ? bench::shape({m, n, k}) : bench::shape({batch, m, n, k});
}

std::string shape(std::initializer_list<std::int64_t> sizes) {
  std::string text;
  for (std::int64_t size : sizes) {
    if (!text.empty())
      text += 'x';
    text += std::to_string(size);
  }
  return text;
}

void forEachRow(std::string_view op, const std::function<void(const kernels::KernelRow &)> &each) {
  for (Isa isa : kAllIsas)
    if (isa <= ceiling)
      for (const kernels::KernelRow &row : kernels::kernelRows(isa))
        if (row.op == op)
          each(row);
}

std::string whoOf(const kernels::KernelRow &row) {
  std::string who(isaName(row.isa));
  if (!row.tile.empty())
    who.append("-").append(row.tile);
  return who;
}

const IsaPeers &isaPeers(Isa isa) {
  return isa == Isa::sse2 ? kIsaPeers_sse2 : isa == Isa::avx2 ? kIsaPeers_avx2 : kIsaPeers_avx512;
}

int run(int argc, char **argv) {
  std::string error;
  const std::optional<Isa> best = chooseIsaFromEnvironment(error);
  if (!best) {
    std::fprintf(stderr, "tessera-bench: error: %s\n", error.c_str());
    return 2;
  }
  ceiling = *best;
  // Interleaved and repeated, because neighbours disturb the machine for a second at a time.
  static char interleave[] = "--benchmark_enable_random_interleaving=true";
  static char repetitions[] = "--benchmark_repetitions=3", minTime[] = "--benchmark_min_time=0.03";
  std::vector<char *> args = {argv[0], interleave, repetitions, minTime};
  args.insert(args.end(), argv + 1, argv + argc);
  int count = static_cast<int>(args.size());
  benchmark::Initialize(&count, args.data());
  if (benchmark::ReportUnrecognizedArguments(count, args.data()))
    return 2;
  addElementwise();
  addMatmul();
  addMovement();
  addRows();
  addTensors();
  addWindow();
  addLibraries();
#if defined(TESSERA_BENCH_PROGRAMS)
  addPrograms(ceiling);
#endif
  Reporter reporter;
  if (benchmark::RunSpecifiedBenchmarks(&reporter) == 0)
    return 2;
  bool measured = false;
  for (const auto &[name, entry] : entries())
    measured |= !entry.rates.empty();
  if (!measured) // --benchmark_list_tests
    return 0;
  printSummary(measureMachine());
  if (const std::string said = openBlasReport(); !said.empty())
    std::printf("%s; run again with another OPENBLAS_CORETYPE, or none, to see whether those for "
                "another are faster here\n",
                said.c_str());
  return 0;
}

} // namespace tessera::bench

namespace {

using tessera::Isa;

/// Whether an argument has this name, alone or with "=value".
bool has(int argc, char **argv, std::string_view name) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == name || (arg.starts_with(name) && arg[name.size()] == '='))
      return true;
  }
  return false;
}

/// The value of --threads; one where it is no number, of which the user is told later.
std::string threadsOf(int argc, char **argv) {
  std::string text = "1";
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--threads" && i + 1 < argc)
      text = argv[i + 1];
    else if (arg.starts_with("--threads="))
      text = arg.substr(10);
  }
  return std::atoi(text.c_str()) > 0 ? text : "1";
}

/// Holds the peers to our threads and our instruction set. They read these variables when they are
/// loaded, so the program starts itself anew; what the user has set stays.
void holdPeers(int argc, char **argv) {
  constexpr const char *kHeld = "TESSERA_BENCH_HELD";
  if (std::getenv(kHeld))
    return;
  setenv(kHeld, "1", 1);
  const std::string threads = threadsOf(argc, argv);
  setenv("OMP_NUM_THREADS", threads.c_str(), 0);
  setenv("OPENBLAS_NUM_THREADS", threads.c_str(), 0);
  // Threads that have nothing to do look for work for some 20 us, as ours do: enough between two
  // calls, where the milliseconds they take by themselves are taken from whoever comes next.
  setenv("GOMP_SPINCOUNT", "10000", 0);
  setenv("OPENBLAS_THREAD_TIMEOUT", "16", 0);
  std::string error;
  switch (tessera::chooseIsaFromEnvironment(error).value_or(Isa::avx512)) {
  case Isa::sse2: // as near as they come
    setenv("OPENBLAS_CORETYPE", "Prescott", 0);
    setenv("ONEDNN_MAX_CPU_ISA", "SSE41", 0);
    setenv("LIBXSMM_TARGET", "snb", 0);
    break;
  case Isa::avx2:
    setenv("OPENBLAS_CORETYPE", "Haswell", 0);
    setenv("ONEDNN_MAX_CPU_ISA", "AVX2", 0);
    setenv("LIBXSMM_TARGET", "hsw", 0);
    break;
  case Isa::avx512:
    setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE", 0);
    [[fallthrough]];
  case Isa::avx512vnni:
    if (tessera::isaPresent(Isa::amx)) // else there is nothing beyond that it would gain by here
      setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_VNNI", 0); // AVX512_CORE stays
    [[fallthrough]];
  case Isa::amx:
    // OpenBLAS takes its AVX2 kernels on AMD machines that have AVX-512, where its others win.
    if (tessera::isaPresent(Isa::avx512))
      setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
    break;
  case Isa::scalar:
  case Isa::neon:
    break;
  }
  execv("/proc/self/exe", argv);
}

} // namespace

int main(int argc, char **argv) {
  holdPeers(argc, argv);
  for (const char *option : {"--suite", "--list", "--report", "--from", "--help"})
    if (has(argc, argv, option))
      return tessera::bench::runSuites(argc, argv);
  return tessera::bench::run(argc, argv);
}
