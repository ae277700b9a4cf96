// The data caches of this machine, from which kernels derive the sizes of their blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tessera {

/// Sizes in bytes; each cache at least as large as the one before it.
struct Caches {
  std::int64_t l1 = 32 << 10;  ///< data, of one core
  std::int64_t l2 = 512 << 10; ///< of one core, or of the few that share it
  std::int64_t l3 = 4 << 20;   ///< the last level; equal to l2 where there is no third
  int l2Sharers = 1;           ///< processors (hardware threads) that share one l2
  int l3Sharers = 1;           ///< and one l3

  /// What one of `threads` busy threads may count on when they sit on neighbouring processors.
  std::int64_t l2Share(int threads) const { return l2 / least(threads, l2Sharers); }
  std::int64_t l3Share(int threads) const { return l3 / least(threads, l3Sharers); }

  friend bool operator==(const Caches &, const Caches &) = default;

private:
  static constexpr int least(int threads, int sharers) {
    return threads < 1 ? 1 : threads < sharers ? threads : sharers;
  }
};

/// The caches of this machine, found once: what the kernel says of processor 0, else what the
/// processor or the C library says, else the defaults above. The environment variable
/// TESSERA_CACHES overrules single sizes; text that does not parse is named on stderr, once.
const Caches &caches();

/// "32K", "1M" or "4096" in bytes; nothing for other text, for 0 and for more than a tebibyte.
std::optional<std::int64_t> parseCacheSize(std::string_view text);

/// `found` with the sizes that `text` names: up to three, L1 to L3, separated by commas, in bytes
/// or with K or M behind them; an empty place keeps what was found. "32K,1M" sets two. No value,
/// and the reason in `error`, for other text and for a cache smaller than the one before it.
std::optional<Caches> overruleCaches(const Caches &found, std::string_view text,
                                     std::string &error);

/// The caches described in a folder like that of one processor below Linux's /sys; nothing when it
/// does not describe an L1 and an L2.
std::optional<Caches> cachesFromFolder(const std::string &folder);

/// The caches as the processor itself describes them; nothing where it does not.
std::optional<Caches> cachesFromProcessor();

} // namespace tessera
