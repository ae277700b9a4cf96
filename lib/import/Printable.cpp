// Text from files that are not trusted, made fit for a terminal.
#include "OnnxModel.h"

#include <cstdio>

namespace tessera::import_ {

/// Bytes of the well-formed UTF-8 character at `at`; 0 when there is none.
static size_t characterLength(const std::string &text, size_t at) {
  auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  auto continues = [&](size_t count) {
    for (size_t i = 1; i <= count; ++i)
      if ((byte(at + i) & 0xc0) != 0x80)
        return false;
    return true;
  };
  unsigned first = byte(at);
  if (first >= 0x20 && first < 0x7f)
    return 1;
  // U+0080 to U+009F are control characters.
  if (first >= 0xc2 && first < 0xe0 && continues(1) && !(first == 0xc2 && byte(at + 1) < 0xa0))
    return 2;
  if ((first & 0xf0) == 0xe0 && continues(2) && !(first == 0xe0 && byte(at + 1) < 0xa0))
    return 3;
  if (first >= 0xf0 && first < 0xf5 && continues(3) && !(first == 0xf0 && byte(at + 1) < 0x90))
    return 4;
  return 0;
}

std::string printable(const std::string &text) {
  std::string result;
  for (size_t at = 0; at < text.size();) {
    if (size_t length = characterLength(text, at)) {
      result.append(text, at, length);
      at += length;
      continue;
    }
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(text[at++]));
    result += escaped;
  }
  return result;
}

} // namespace tessera::import_
