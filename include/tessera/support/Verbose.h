// The log for people who ask why: off unless TESSERA_VERBOSE is 1 or 2, then lines on stderr.
#pragma once

#include <string_view>

namespace tessera {

/// 0 is silent, 1 says what was chosen, 2 says what every step took. Read once from
/// TESSERA_VERBOSE; any other text counts as 0.
int verboseLevel();

/// Writes "tessera: <room>: <text>" to stderr when verboseLevel() >= level.
void verbose(int level, std::string_view room, std::string_view text);

} // namespace tessera
