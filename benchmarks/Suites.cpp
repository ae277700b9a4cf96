// The suites of tessera-bench.
#include "Suite.h"

namespace tessera::bench {

const std::vector<MakeSuite *> &allSuites() {
  static const std::vector<MakeSuite *> all = {
      gemmSuite,     gemmLlmSuite,  gemmInt8Suite, weightOnlySuite,
      convSuite,     convInt8Suite, memorySuite,   attentionSuite,
#ifdef TESSERA_BENCH_PROGRAMS
      pipelineSuite,
#endif
  };
  return all;
}

} // namespace tessera::bench
