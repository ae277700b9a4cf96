// The version that the build gave this library.
#include "tessera/compiler/Version.h"

const char *tessera::version() {
  return TESSERA_VERSION;
}
