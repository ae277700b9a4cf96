// First fit in several orders; where that does not reach the bound, an exact search of small
// problems, and for large ones a search among the orders. Every packing that cannot be pushed
// further down is the first fit of some order, so looking at orders loses nothing.
#include "Packing.h"
#include <algorithm>
#include <functional>
#include <numeric>
#include <random>

namespace tessera {

namespace {

/// Steps of the exact search, and of the search among orders: some tens of milliseconds.
constexpr int64_t kExactSteps = 2'000'000;
constexpr int64_t kSearchSteps = 40'000'000;
/// More blocks than this are not searched exactly.
constexpr size_t kExactBlocks = 40;
/// Orders that give nothing better in a row, before the search starts again from the best.
constexpr int64_t kPatience = 300;

int64_t roundUp(int64_t value, int64_t align) {
  return (value + align - 1) / align * align;
}

bool meet(const Block &a, const Block &b) {
  return a.begin <= b.end && b.begin <= a.end;
}

using Order = std::vector<uint32_t>;

/// First fit of an order.
class FirstFit {
public:
  FirstFit(const std::vector<Block> &blocks, int64_t align)
      : blocks(blocks), align(align), neighbours(blocks.size()), place(blocks.size()) {
    Order byBegin(blocks.size());
    std::iota(byBegin.begin(), byBegin.end(), 0);
    std::sort(byBegin.begin(), byBegin.end(), [&](uint32_t a, uint32_t b) {
      return std::pair(blocks[a].begin, a) < std::pair(blocks[b].begin, b);
    });
    for (size_t i = 0; i < byBegin.size(); ++i)
      for (size_t j = i + 1; j < byBegin.size(); ++j) {
        const uint32_t a = byBegin[i], b = byBegin[j];
        if (blocks[b].begin > blocks[a].end)
          break;
        if (meet(blocks[a], blocks[b])) {
          neighbours[a].push_back(b);
          neighbours[b].push_back(a);
        }
      }
  }

  /// The bytes that the order takes; more than `most` as soon as they are more. The blocks before
  /// `from` have the offsets of `known`, from an order that begins alike.
  int64_t pack(const Order &order, int64_t most, size_t from = 0,
               const std::vector<int64_t> &known = {}) {
    int64_t total = 0;
    std::fill(place.begin(), place.end(), -1);
    for (size_t at = 0; at < from; ++at) {
      place[order[at]] = known[order[at]];
      total = std::max(total, known[order[at]] + blocks[order[at]].bytes);
    }
    for (size_t next = from; next < order.size() && total <= most; ++next) {
      const uint32_t i = order[next];
      taken.clear();
      for (uint32_t j : neighbours[i])
        if (place[j] >= 0)
          taken.push_back({place[j], roundUp(place[j] + blocks[j].bytes, align)});
      steps += int64_t(neighbours[i].size()) + 1;
      std::sort(taken.begin(), taken.end());
      int64_t at = 0;
      for (const auto &[begin, end] : taken) {
        if (at + blocks[i].bytes <= begin)
          break;
        at = std::max(at, end);
      }
      place[i] = at;
      total = std::max(total, at + blocks[i].bytes);
    }
    return total;
  }

  const std::vector<int64_t> &offsets() const { return place; }
  const std::vector<uint32_t> &meeting(uint32_t i) const { return neighbours[i]; }
  int64_t steps = 0; ///< Neighbours looked at.

private:
  const std::vector<Block> &blocks;
  const int64_t align;
  std::vector<std::vector<uint32_t>> neighbours;
  std::vector<int64_t> place;
  std::vector<std::pair<int64_t, int64_t>> taken;
};

/// Depth-first over the blocks by growing offset: each lies on what is below it. At every moment
/// what is piled up, and what has still to be put on it, must stay below the best known.
class Exact {
public:
  Exact(const std::vector<Block> &blocks, int64_t align, int64_t best)
      : blocks(blocks), align(align), best(best), offsets(blocks.size()), found(blocks.size()),
        placed(blocks.size()) {
    std::vector<int64_t> times;
    for (const Block &block : blocks)
      times.push_back(block.begin);
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
    height.resize(times.size());
    waiting.resize(times.size());
    for (const Block &block : blocks) {
      const size_t from =
          size_t(std::lower_bound(times.begin(), times.end(), block.begin) - times.begin());
      const size_t to =
          size_t(std::upper_bound(times.begin(), times.end(), block.end) - times.begin());
      span.push_back({from, to});
      for (size_t t = from; t < to; ++t)
        waiting[t] += roundUp(block.bytes, align);
    }
  }

  /// False when the steps ran out, so that better ones may exist.
  bool run() {
    descend(0, 0, 0);
    return steps <= kExactSteps;
  }
  int64_t bytes() const { return best; }
  /// Empty when nothing better than what was known has been found.
  const std::vector<int64_t> &result() const { return better ? found : none; }

private:
  int64_t lowest(size_t i) const {
    int64_t at = 0;
    for (size_t t = span[i].first; t < span[i].second; ++t)
      at = std::max(at, height[t]);
    return at;
  }

  bool hopeless() const {
    // The last block of a pile is not rounded up.
    for (size_t t = 0; t < height.size(); ++t)
      if (height[t] + waiting[t] - (align - 1) > best - 1)
        return true;
    return false;
  }

  void descend(size_t depth, int64_t floor, size_t after) {
    if (++steps > kExactSteps)
      return;
    if (depth == blocks.size()) {
      best = 0;
      for (size_t i = 0; i < blocks.size(); ++i)
        best = std::max(best, offsets[i] + blocks[i].bytes);
      found = offsets;
      better = true;
      return;
    }
    if (hopeless())
      return;
    for (size_t i = 0; i < blocks.size() && steps <= kExactSteps; ++i) {
      if (placed[i])
        continue;
      const int64_t at = lowest(i);
      // Blocks at one offset are taken in the order of their numbers.
      if (at < floor || (at == floor && depth > 0 && i < after) || at + blocks[i].bytes >= best)
        continue;
      const int64_t rounded = roundUp(blocks[i].bytes, align);
      const std::vector<int64_t> before(height.begin() + std::ptrdiff_t(span[i].first),
                                        height.begin() + std::ptrdiff_t(span[i].second));
      for (size_t t = span[i].first; t < span[i].second; ++t) {
        height[t] = at + rounded;
        waiting[t] -= rounded;
      }
      placed[i] = true;
      offsets[i] = at;
      descend(depth + 1, at, i);
      placed[i] = false;
      for (size_t t = span[i].first; t < span[i].second; ++t) {
        height[t] = before[t - span[i].first];
        waiting[t] += rounded;
      }
    }
  }

  const std::vector<Block> &blocks;
  const int64_t align;
  int64_t best, steps = 0;
  bool better = false;
  std::vector<int64_t> offsets, found;
  const std::vector<int64_t> none;
  std::vector<bool> placed;
  std::vector<std::pair<size_t, size_t>> span; ///< Moments of each block.
  std::vector<int64_t> height, waiting;        ///< By moment: the pile, and what is not on it yet.
};

/// Orders that are good to begin with, each by a key that grows.
std::vector<Order> firstOrders(const std::vector<Block> &blocks, const FirstFit &fit) {
  std::vector<double> contention(blocks.size());
  for (uint32_t i = 0; i < blocks.size(); ++i) {
    contention[i] = double(blocks[i].bytes);
    for (uint32_t j : fit.meeting(i))
      contention[i] += double(blocks[j].bytes);
  }
  const auto life = [&](uint32_t i) { return double(blocks[i].end) - double(blocks[i].begin) + 1; };
  const std::function<double(uint32_t)> keys[] = {
      [&](uint32_t i) { return -double(blocks[i].bytes); },
      [&](uint32_t i) { return -double(blocks[i].bytes) * life(i); },
      [&](uint32_t i) { return -life(i); },
      [&](uint32_t i) { return -contention[i]; },
      [&](uint32_t i) { return double(blocks[i].begin); },
      [&](uint32_t i) { return -double(blocks[i].end); }};
  std::vector<Order> orders;
  for (const auto &key : keys) {
    Order order(blocks.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
      return std::tuple(key(a), -blocks[a].bytes, blocks[a].begin, a) <
             std::tuple(key(b), -blocks[b].bytes, blocks[b].begin, b);
    });
    orders.push_back(std::move(order));
  }
  return orders;
}

class Packer {
public:
  Packer(std::vector<Block> &blocks, int64_t align, int64_t enough)
      : blocks(blocks), align(align), bound(liveBound(blocks, align)),
        goal(std::max(bound, enough)), fit(blocks, align) {}

  Packing run() {
    for (const Order &order : firstOrders(blocks, fit)) {
      if (const int64_t bytes = fit.pack(order, best - 1); bytes < best) {
        keep(bytes, fit.offsets());
        bestOrder = order;
      }
      if (best <= goal)
        return done(best == bound);
    }
    if (blocks.size() <= kExactBlocks) {
      Exact exact(blocks, align, best);
      const bool proved = exact.run();
      if (!exact.result().empty())
        keep(exact.bytes(), exact.result());
      if (proved)
        return done(true);
    }
    search();
    return done(best == bound);
  }

private:
  Packing done(bool exact) {
    for (size_t i = 0; i < blocks.size(); ++i)
      blocks[i].offset = offsets[i];
    return {best, bound, exact};
  }

  void keep(int64_t bytes, const std::vector<int64_t> &places) {
    best = bytes;
    offsets = places;
  }

  /// Whoever ends highest, or one of those that stand in its way, is placed earlier.
  void search() {
    std::mt19937 random(1);
    const auto below = [&](size_t count) { return size_t(random() % count); };
    Order order = bestOrder;
    int64_t now = fit.pack(order, INT64_MAX), stale = 0;
    std::vector<int64_t> at = fit.offsets();
    while (best > goal && fit.steps < kSearchSteps) {
      std::vector<uint32_t> highest;
      for (uint32_t i = 0; i < blocks.size(); ++i)
        if (at[i] + blocks[i].bytes == now)
          highest.push_back(i);
      uint32_t moved = highest[below(highest.size())];
      if (const auto &others = fit.meeting(moved); !others.empty() && below(3) == 0)
        moved = others[below(others.size())];
      Order next = order;
      const size_t from = size_t(std::find(next.begin(), next.end(), moved) - next.begin());
      size_t to = below(next.size());
      if (from > 0 && below(4)) {
        to = below(from);
        std::rotate(next.begin() + std::ptrdiff_t(to), next.begin() + std::ptrdiff_t(from),
                    next.begin() + std::ptrdiff_t(from) + 1);
      } else {
        std::swap(next[from], next[to]);
      }
      const int64_t bytes = fit.pack(next, now, std::min(from, to), at);
      stale = bytes < best ? 0 : stale + 1;
      if (bytes <= now) {
        now = bytes;
        order = std::move(next);
        at = fit.offsets();
        if (now < best) {
          keep(now, at);
          bestOrder = order;
        }
      } else if (stale > kPatience) {
        // From the best again, and some steps away from it.
        order = bestOrder;
        for (int i = 0; i < 3; ++i)
          std::swap(order[below(order.size())], order[below(order.size())]);
        now = fit.pack(order, INT64_MAX);
        at = fit.offsets();
        stale = 0;
      }
    }
  }

  std::vector<Block> &blocks;
  const int64_t align, bound, goal;
  FirstFit fit;
  int64_t best = INT64_MAX;
  Order bestOrder;
  std::vector<int64_t> offsets;
};

} // namespace

int64_t liveBound(const std::vector<Block> &blocks, int64_t align) {
  int64_t most = 0;
  for (const Block &at : blocks) {
    int64_t live = 0, slack = 0;
    for (const Block &block : blocks)
      if (block.begin <= at.begin && at.begin <= block.end) {
        live += roundUp(block.bytes, align);
        slack = std::max(slack, roundUp(block.bytes, align) - block.bytes);
      }
    most = std::max(most, live - slack);
  }
  return most;
}

Packing packBlocks(std::vector<Block> &blocks, int64_t align, int64_t enough) {
  if (blocks.empty())
    return {};
  return Packer(blocks, align, enough).run();
}

} // namespace tessera
