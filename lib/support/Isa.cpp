// Detects the instruction sets of this machine and applies the TESSERA_ISA ceiling.
#include "tessera/support/Isa.h"

#include <cstdlib>

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tessera {
namespace {

constexpr IsaInfo kInfos[] = {
    {"scalar", "generic", "", 16},
    {"sse2", "x86-64", "", 16},
    {"avx2", "x86-64-v3", "", 32},
    {"avx512", "x86-64-v4", "", 64},
    {"avx512vnni", "x86-64-v4", "+avx512vnni", 64},
    {"amx", "x86-64-v4", "+avx512vnni,+amx-tile,+amx-int8", 64},
    {"neon", "generic", "+neon", 16},
};

#if defined(__x86_64__)
/// Whether the processor has tiles of 8-bit integers and the kernel lets this process use them.
bool detectTiles() {
#if defined(__linux__)
  constexpr unsigned kTile = 1u << 24, kInt8 = 1u << 25; // of edx
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || (edx & kTile) == 0 || (edx & kInt8) == 0)
    return false;
  constexpr int kRequestPermission = 0x1023, kTileData = 18; // of arch_prctl, asm/prctl.h
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

bool detect(Isa isa) {
  if (isa == Isa::scalar)
    return true;
#if defined(__x86_64__)
  switch (isa) {
  case Isa::sse2:
    return true;
  case Isa::avx2:
    return __builtin_cpu_supports("x86-64-v3");
  case Isa::avx512:
    return __builtin_cpu_supports("x86-64-v4");
  case Isa::avx512vnni:
    return detect(Isa::avx512) && __builtin_cpu_supports("avx512vnni");
  case Isa::amx: {
    static const bool kTiles = detect(Isa::avx512vnni) && detectTiles();
    return kTiles;
  }
  default:
    return false;
  }
#elif defined(__aarch64__)
  return isa == Isa::neon; // which every such processor has
#else
  return false;
#endif
}

} // namespace

const IsaInfo &isaInfo(Isa isa) {
  return kInfos[static_cast<std::size_t>(isa)];
}

std::string_view isaName(Isa isa) {
  return isaInfo(isa).name;
}

std::optional<Isa> isaFromName(std::string_view name) {
  for (Isa isa : kAllIsas)
    if (isaName(isa) == name)
      return isa;
  return std::nullopt;
}

int isaFloatLanes(Isa isa) {
  return isaInfo(isa).vectorBytes / 4;
}

Isa lesserIsa(Isa isa) {
  return isa == Isa::amx ? Isa::avx512vnni : isa == Isa::avx512vnni ? Isa::avx512 : isa;
}

Isa floatIsa(Isa isa) {
  while (lesserIsa(isa) != isa)
    isa = lesserIsa(isa);
  return isa;
}

bool isaPresent(Isa isa) {
  return detect(isa);
}

std::string presentIsaNames() {
  std::string names;
  for (Isa isa : kAllIsas) {
    if (!isaPresent(isa))
      continue;
    if (!names.empty())
      names += ", ";
    names += isaName(isa);
  }
  return names;
}

std::optional<Isa> chooseIsa(std::string_view ceiling, std::string &error) {
  Isa limit = kAllIsas.back();
  if (!ceiling.empty()) {
    std::optional<Isa> named = isaFromName(ceiling);
    if (!named || !isaPresent(*named)) {
      error = std::string(named ? "absent" : "unknown") + " isa '" + std::string(ceiling) +
              "'; this machine has " + presentIsaNames();
      return std::nullopt;
    }
    limit = *named;
  }
  std::optional<Isa> best;
  for (Isa isa : kAllIsas)
    if (isa <= limit && isaPresent(isa))
      best = isa;
  if (!best)
    error = "no instruction set of this machine is supported";
  return best;
}

std::optional<Isa> chooseIsaFromEnvironment(std::string &error) {
  const char *ceiling = std::getenv("TESSERA_ISA");
  return chooseIsa(ceiling ? ceiling : "", error);
}

} // namespace tessera
