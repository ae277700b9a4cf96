// Times the sides of a row interleaved, and compares them within each round.
#include "SuiteRun.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>

#include "Ideal.h"
#include "tessera/support/Caches.h"

namespace tessera::bench {
namespace {

/// Time of this thread, which neighbours do not lengthen; with several threads, time on the wall.
double now(int threads) {
  timespec t;
  clock_gettime(threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.empty()          ? 0
         : values.size() % 2 > 0 ? values[half]
                                 : 0.5 * (values[half - 1] + values[half]);
}

double secondsOf(const Repeated &run, std::int64_t calls, int threads) {
  const double start = now(threads);
  run(calls);
  return now(threads) - start;
}

/// How many calls take `minTime`; also the warm-up.
std::int64_t callsFor(const Repeated &run, double minTime, int threads) {
  run(1);
  std::int64_t calls = 1;
  for (;;) {
    const double seconds = secondsOf(run, calls, threads);
    if (seconds >= 0.3 * minTime)
      return std::max<std::int64_t>(1,
                                    std::llround(static_cast<double>(calls) * minTime / seconds));
    calls *= 4;
  }
}

constexpr double kPeakTime = 0.003; ///< seconds of a sample of a peak

/// The best of several: a peak is what the machine does undisturbed.
double bestRate(const Repeated &run, double work, int threads) {
  const std::int64_t calls = callsFor(run, kPeakTime, threads);
  double best = 0;
  for (int i = 0; i < 15; ++i)
    best = std::max(best, work * static_cast<double>(calls) / secondsOf(run, calls, threads));
  return best;
}

/// By the better of the vector loop and memcpy, which knows stores that pass the caches.
double copyRate(const Setting &setting, double bytes) {
  double work = 0;
  const Repeated loop = idealCopy(setting, bytes, work);
  double best = bestRate(loop, work, setting.threads);
  if (setting.threads > 1)
    return best;
  const auto half = static_cast<std::size_t>(bytes / 2);
  auto x = floats(static_cast<std::int64_t>(half / 4)),
       y = floats(static_cast<std::int64_t>(half / 4));
  return std::max(best, bestRate(repeated([=] { std::memcpy(y.get(), x.get(), half); }), bytes, 1));
}

} // namespace

const SideResult *RowResult::side(Role role) const {
  const SideResult *best = nullptr;
  for (const SideResult &side : sides)
    if (side.role == role && (!best || side.median > best->median))
      best = &side;
  return best;
}

double Peaks::bandwidth(double bytes, int threads) const {
  const Caches &c = caches();
  const auto fits = [bytes](std::int64_t size) { return bytes <= static_cast<double>(size); };
  return fits(c.l1 * threads) ? l1 : fits(c.l2 * threads) ? l2 : fits(c.l3) ? l3 : memory;
}

Peaks measurePeaks(const Setting &setting) {
  const Caches &c = caches();
  const auto *loops = &idealLoops(setting.isa);
  constexpr std::int64_t kPeakRounds = 20000;
  const double flops = loops->peak(kPeakRounds) * setting.threads;
  const Repeated peak = repeated([=] {
    setting.parallelFor(
        setting.pool, setting.threads,
        [](void *l, std::int64_t) { static_cast<const IdealLoops *>(l)->peak(kPeakRounds); },
        const_cast<IdealLoops *>(loops));
  });
  Peaks peaks;
  peaks.flops = bestRate(peak, flops, setting.threads);
  peaks.l1 = copyRate(setting, 0.75 * static_cast<double>(c.l1 * setting.threads));
  peaks.l2 = copyRate(setting, 0.5 * static_cast<double>(c.l2 * setting.threads));
  peaks.l3 = copyRate(setting, 0.25 * static_cast<double>(c.l3));
  peaks.memory = copyRate(setting, std::max(256.0 * (1 << 20), 4.0 * static_cast<double>(c.l3)));
  return peaks;
}

RowResult measureRow(const Row &row, const Setting &setting, const Effort &effort,
                     const Peaks &peaks) {
  Sides sides(row.work());
  row.make(sides, setting);
  std::vector<Side> &all = sides.all();
  std::vector<std::int64_t> calls;
  for (const Side &side : all)
    calls.push_back(callsFor(side.run, effort.minTime, setting.threads));
  // rates[side][round]
  std::vector<std::vector<double>> rates(all.size());
  for (int round = 0; round < effort.rounds; ++round) {
    std::vector<double> seconds(all.size(), 0.0);
    // A B C C B A: a machine that gets slower evenly is as unkind to one as to the other.
    for (std::size_t i = 0; i < 2 * all.size(); ++i) {
      const std::size_t s = i < all.size() ? i : 2 * all.size() - 1 - i;
      seconds[s] += secondsOf(all[s].run, calls[s], setting.threads);
    }
    for (std::size_t s = 0; s < all.size(); ++s)
      rates[s].push_back(2 * all[s].work * static_cast<double>(calls[s]) / seconds[s]);
  }
  RowResult result{row.name, row.group, row.counts, row.flops, row.bytes, row.leastOfIdeal,
                   {},       0,         0,          0,         {}};
  for (std::size_t s = 0; s < all.size(); ++s) {
    const auto [low, high] = std::minmax_element(rates[s].begin(), rates[s].end());
    result.sides.push_back({all[s].who, all[s].role, median(rates[s]), *low, *high});
  }
  const auto indexOf = [&](Role role) {
    const SideResult *best = result.side(role);
    return best ? best - result.sides.data() : -1;
  };
  const auto ours = indexOf(Role::Ours);
  const auto ratioTo = [&](std::ptrdiff_t other) {
    std::vector<double> ratios;
    for (std::size_t r = 0; ours >= 0 && other >= 0 && r < rates[0].size(); ++r)
      ratios.push_back(rates[static_cast<std::size_t>(ours)][r] /
                       rates[static_cast<std::size_t>(other)][r]);
    return median(ratios);
  };
  const auto peer = indexOf(Role::Peer);
  if (peer >= 0)
    result.bestPeer = result.sides[static_cast<std::size_t>(peer)].who;
  result.toPeer = ratioTo(peer);
  result.toIdeal = ratioTo(indexOf(Role::Ideal));
  if (const SideResult *mine = result.side(Role::Ours))
    result.ofPeak =
        mine->median /
        (row.counts == Work::Flops ? peaks.flops : peaks.bandwidth(row.bytes, setting.threads));
  return result;
}

std::vector<GroupResult> judge(const std::vector<Goal> &goals, const std::vector<RowResult> &rows) {
  std::vector<GroupResult> groups;
  for (const RowResult &row : rows) {
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const GroupResult &g) { return g.goal.group == row.group; });
    if (group == groups.end()) {
      GroupResult added;
      const auto goal = std::find_if(goals.begin(), goals.end(),
                                     [&](const Goal &g) { return g.group == row.group; });
      added.goal = goal != goals.end() ? *goal : Goal{row.group, 0, 0};
      group = groups.insert(groups.end(), added);
    }
    group->idealMisses += row.idealMissed();
    if (row.toPeer <= 0)
      continue;
    group->mean += std::log(row.toPeer);
    if (group->rows++ == 0 || row.toPeer < group->worst) {
      group->worst = row.toPeer;
      group->worstRow = row.name;
    }
  }
  for (GroupResult &group : groups)
    group.mean = group.rows > 0 ? std::exp(group.mean / group.rows) : 0;
  return groups;
}

} // namespace tessera::bench
