// The planner on generated lifetimes, against what is live at the worst moment and, for few blocks,
// against all orders. Prints how the sizes are distributed.
#include "Packing.h"
#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <random>

using namespace tessera;

namespace {

constexpr int64_t kAlign = 64;
constexpr int64_t kManyLive = 16;

/// How lifetimes and sizes are drawn.
enum Kind { Scattered, PowersOfTwo, SkipConnections, AlikeLifetimes, Hundreds, kKinds };
constexpr const char *kNames[kKinds] = {"scattered in time", "powers of two", "skip connections",
                                        "alike lifetimes", "hundreds of blocks"};

std::vector<Block> draw(uint64_t seed, Kind kind) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t bound) { return int64_t(random() % bound); };
  const int64_t count = 20 + below(kind == Hundreds ? 400 : 130);
  std::vector<Block> blocks;
  for (int64_t i = 0; i < count; ++i) {
    Block block;
    block.begin = kind == Scattered ? below(uint64_t(count)) : i;
    int64_t life = 1 + below(30);
    if (kind == PowersOfTwo)
      life = 1 + below(60);
    else if (kind == AlikeLifetimes)
      life = 10 + below(30);
    else if (kind != Scattered)
      life = below(4) ? 1 + below(4) : 1 + below(uint64_t(count));
    block.end = block.begin + life;
    block.bytes = kind == Scattered     ? 1 + below(100000)
                  : kind == PowersOfTwo ? int64_t(64) << below(12)
                                        : (1 + below(1000)) * (below(3) ? 64 : 1000);
    blocks.push_back(block);
  }
  return blocks;
}

bool meet(const Block &a, const Block &b) {
  return a.begin <= b.end && b.begin <= a.end;
}

int64_t liveAtOnce(const std::vector<Block> &blocks) {
  int64_t most = 0;
  for (const Block &at : blocks)
    most = std::max<int64_t>(most, std::count_if(blocks.begin(), blocks.end(), [&](const Block &b) {
                               return b.begin <= at.begin && at.begin <= b.end;
                             }));
  return most;
}

bool sound(const std::vector<Block> &blocks, int64_t bytes) {
  for (size_t i = 0; i < blocks.size(); ++i) {
    const Block &a = blocks[i];
    if (a.offset < 0 || a.offset % kAlign != 0 || a.offset + a.bytes > bytes)
      return false;
    for (size_t j = 0; j < i; ++j)
      if (const Block &b = blocks[j];
          meet(a, b) && a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes)
        return false;
  }
  return true;
}

/// The least bytes of any packing: every order, each block on top of what it meets.
int64_t leastOfAllOrders(const std::vector<Block> &blocks) {
  std::vector<size_t> order(blocks.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t least = INT64_MAX;
  do {
    std::vector<int64_t> at(blocks.size(), -1);
    int64_t total = 0;
    for (size_t i : order) {
      int64_t offset = 0;
      for (size_t j = 0; j < blocks.size(); ++j)
        if (at[j] >= 0 && meet(blocks[i], blocks[j]))
          offset = std::max(offset, (at[j] + blocks[j].bytes + kAlign - 1) / kAlign * kAlign);
      at[i] = offset;
      total = std::max(total, offset + blocks[i].bytes);
    }
    least = std::min(least, total);
  } while (std::next_permutation(order.begin(), order.end()));
  return least;
}

bool smallOnesAreExact() {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::vector<Block> blocks = draw(seed, Kind(seed % kKinds));
    blocks.resize(6);
    std::mt19937_64 random(seed);
    for (Block &block : blocks) {
      block.begin = int64_t(random() % 8);
      block.end = block.begin + int64_t(random() % 4);
    }
    const int64_t least = leastOfAllOrders(blocks);
    const Packing packing = packBlocks(blocks, kAlign);
    if (packing.bytes != least || !packing.exact || packing.bound > least ||
        !sound(blocks, packing.bytes)) {
      std::printf("six blocks, seed %d: %lld bytes, but %lld are enough\n", int(seed),
                  static_cast<long long>(packing.bytes), static_cast<long long>(least));
      return false;
    }
  }
  return true;
}

/// Their share within 3 %, of all plans of a kind and all together.
bool print(const char *name, std::vector<double> gaps, int exact) {
  std::sort(gaps.begin(), gaps.end());
  const auto near = std::upper_bound(gaps.begin(), gaps.end(), 0.03) - gaps.begin();
  std::printf("%-20s %4zu plans, %4d exact, %5.1f %% within 3 %%; above what is live: median %.2f, "
              "95th percentile %.2f, most %.2f %%\n",
              name, gaps.size(), exact, 100.0 * double(near) / double(gaps.size()),
              100 * gaps[gaps.size() / 2], 100 * gaps[gaps.size() * 95 / 100], 100 * gaps.back());
  return double(near) >= 0.95 * double(gaps.size());
}

} // namespace

int main() {
  bool right = smallOnesAreExact();
  std::vector<double> all;
  int allExact = 0;
  std::puts("plans with at least 16 blocks live at once, against what is live at the worst moment");
  for (int kind = 0; kind < kKinds; ++kind) {
    std::vector<double> gaps;
    int exact = 0;
    for (uint64_t seed = 1; gaps.size() < 24; ++seed) {
      std::vector<Block> blocks = draw(seed * kKinds + uint64_t(kind), Kind(kind));
      if (liveAtOnce(blocks) < kManyLive)
        continue;
      const Packing packing = packBlocks(blocks, kAlign);
      if (!sound(blocks, packing.bytes) || packing.bytes < packing.bound) {
        std::printf("%s, seed %d: the plan is unsound\n", kNames[kind], int(seed));
        right = false;
      }
      gaps.push_back(double(packing.bytes) / double(packing.bound) - 1);
      exact += packing.exact;
    }
    print(kNames[kind], gaps, exact);
    all.insert(all.end(), gaps.begin(), gaps.end());
    allExact += exact;
  }
  right &= print("all", all, allExact);
  return right ? 0 : 1;
}
