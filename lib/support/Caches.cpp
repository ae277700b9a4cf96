// Asks the operating system, the processor and the C library for the sizes of the caches.
#include "tessera/support/Caches.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tessera {
namespace {

/// The number of processors in a list such as "0-3,8"; 1 for text that is none.
int countProcessors(const std::string &list) {
  int count = 0;
  const char *at = list.data(), *end = at + list.size();
  while (at < end) {
    int first = 0, last = 0;
    auto read = std::from_chars(at, end, first);
    if (read.ec != std::errc())
      break;
    last = first;
    if (read.ptr < end && *read.ptr == '-')
      read = std::from_chars(read.ptr + 1, end, last);
    count += last >= first ? last - first + 1 : 1;
    at = read.ptr + 1;
  }
  return count > 0 ? count : 1;
}

std::string firstWord(const std::string &path) {
  std::string word;
  std::ifstream(path) >> word;
  return word;
}

/// Collects what is said of each level, in any order.
struct Levels {
  std::int64_t bytes[4] = {};
  int sharers[4] = {1, 1, 1, 1};

  void set(int level, std::int64_t size, int users) {
    if (level < 1 || level > 3)
      return;
    bytes[level] = size;
    sharers[level] = users;
  }

  /// Nothing unless there are an L1 and an L2 that make sense.
  std::optional<Caches> caches() const {
    if (bytes[1] < 1024 || bytes[2] < bytes[1])
      return std::nullopt;
    const bool third = bytes[3] >= bytes[2];
    Caches result;
    result.l1 = bytes[1];
    result.l2 = bytes[2];
    result.l2Sharers = sharers[2];
    result.l3 = third ? bytes[3] : bytes[2];
    result.l3Sharers = third ? sharers[3] : sharers[2];
    return result;
  }
};

std::optional<Caches> cachesFromLibrary() {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  Levels levels;
  levels.set(1, sysconf(_SC_LEVEL1_DCACHE_SIZE), 1);
  levels.set(2, sysconf(_SC_LEVEL2_CACHE_SIZE), 1);
  levels.set(3, sysconf(_SC_LEVEL3_CACHE_SIZE), 1);
  return levels.caches();
#else
  return std::nullopt;
#endif
}

Caches detect() {
  // The C library comes last: it has been seen to report ten times the L3 of a virtual machine.
  if (auto found = cachesFromFolder("/sys/devices/system/cpu/cpu0/cache"))
    return *found;
  if (auto found = cachesFromProcessor())
    return *found;
  if (auto found = cachesFromLibrary())
    return *found;
  return {};
}

Caches detectAndOverrule() {
  const Caches found = detect();
  const char *text = std::getenv("TESSERA_CACHES");
  if (!text)
    return found;
  std::string error;
  const std::optional<Caches> chosen = overruleCaches(found, text, error);
  if (!chosen)
    std::fprintf(stderr, "tessera: warning: TESSERA_CACHES is ignored: %s\n", error.c_str());
  return chosen.value_or(found);
}

} // namespace

std::optional<std::int64_t> parseCacheSize(std::string_view text) {
  int shift = 0;
  if (!text.empty() && (text.back() == 'K' || text.back() == 'M')) {
    shift = text.back() == 'K' ? 10 : 20;
    text.remove_suffix(1);
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 ||
      value > std::int64_t(1) << (40 - shift))
    return std::nullopt;
  return value << shift;
}

const Caches &caches() {
  static const Caches once = detectAndOverrule();
  return once;
}

std::optional<Caches> overruleCaches(const Caches &found, std::string_view text,
                                     std::string &error) {
  Caches result = found;
  std::int64_t *const sizes[] = {&result.l1, &result.l2, &result.l3};
  const std::string_view whole = text;
  for (std::size_t i = 0;; ++i) {
    const std::size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    const std::optional<std::int64_t> size = parseCacheSize(part);
    if (i >= 3 || (!part.empty() && !size)) {
      error =
          "expected up to three sizes as in \"32K,1M,32M\", but got \"" + std::string(whole) + "\"";
      return std::nullopt;
    }
    if (size)
      *sizes[i] = *size;
    if (comma == std::string_view::npos)
      break;
    text.remove_prefix(comma + 1);
  }
  if (result.l2 < result.l1 || result.l3 < result.l2) {
    error = "expected no cache smaller than the one before it, but got " +
            std::to_string(result.l1) + ", " + std::to_string(result.l2) + " and " +
            std::to_string(result.l3) + " bytes";
    return std::nullopt;
  }
  return result;
}

std::optional<Caches> cachesFromFolder(const std::string &folder) {
  Levels levels;
  for (int i = 0; i < 8; ++i) {
    const std::string index = folder + "/index" + std::to_string(i) + "/";
    const std::string level = firstWord(index + "level");
    const std::optional<std::int64_t> size = parseCacheSize(firstWord(index + "size"));
    if (level.size() == 1 && size && firstWord(index + "type") != "Instruction")
      levels.set(level[0] - '0', *size, countProcessors(firstWord(index + "shared_cpu_list")));
  }
  return levels.caches();
}

std::optional<Caches> cachesFromProcessor() {
#if defined(__x86_64__)
  // AMD describes its caches in a leaf of its own, in the format of Intel's leaf 4: Intel's
  // Software Developer's Manual, volume 2, CPUID; AMD's Programmer's Manual, volume 3, appendix E.
  for (unsigned leaf : {4u, 0x8000001du}) {
    Levels levels;
    unsigned a = 0, b = 0, c = 0, d = 0;
    for (unsigned i = 0; i < 8 && __get_cpuid_count(leaf, i, &a, &b, &c, &d); ++i) {
      const unsigned type = a & 31u;
      if (type == 0)
        break;
      const std::int64_t ways = (b >> 22) + 1, parts = ((b >> 12) & 0x3ffu) + 1,
                         line = (b & 0xfffu) + 1, sets = std::int64_t(c) + 1;
      if (type != 2) // instructions
        levels.set(static_cast<int>((a >> 5) & 7u), ways * parts * line * sets,
                   static_cast<int>((a >> 14) & 0xfffu) + 1);
    }
    if (auto found = levels.caches())
      return found;
  }
#endif
  return std::nullopt;
}

} // namespace tessera
