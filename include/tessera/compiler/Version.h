// The version of the library that is loaded, for programs that must tell it from the headers'.
#pragma once
#include "tessera/support/Export.h"

namespace tessera {

/// "0.1.0": major, minor, patch.
TESSERA_API const char *version();

} // namespace tessera
