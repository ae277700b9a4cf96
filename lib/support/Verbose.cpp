// Reads TESSERA_VERBOSE once and writes log lines.
#include "tessera/support/Verbose.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace tessera {

int verboseLevel() {
  static const int level = [] {
    const char *text = std::getenv("TESSERA_VERBOSE");
    if (!text || text[0] < '1' || text[0] > '2' || text[1] != '\0')
      return 0;
    return text[0] - '0';
  }();
  return level;
}

void verbose(int level, std::string_view room, std::string_view text) {
  if (verboseLevel() < level)
    return;
  std::string line = "tessera: " + std::string(room) + ": " + std::string(text) + "\n";
  std::fputs(line.c_str(), stderr);
}

} // namespace tessera
