// What this machine can do at best, as loops that are timed in the same rounds as the kernels.
#pragma once

#include <cstdint>

#include "tessera/support/Isa.h"

namespace tessera::bench {

/// The loops of one instruction set. Each instance of one works on memory of its own.
struct IdealLoops {
  /// One block of a matrix product whose operands were packed beforehand, a in L2 and b in L1 and
  /// L2: c[kRows x panel] += a * b with elements as `aCount`, `bCount` and `cCount` say.
  void (*product)(const float *a, const float *b, float *c);
  std::int64_t aCount, bCount, cCount;
  double productFlops;
  /// y[i] = x[i].
  void (*copy)(const float *x, float *y, std::int64_t count);
  /// Reads all of x; the result is a sum that keeps the reads.
  float (*read)(const float *x, std::int64_t count);
  /// Multiplies and adds in registers; returns the number of floating-point operations.
  double (*peak)(std::int64_t rounds);
};

extern const IdealLoops kIdealLoops_sse2;
extern const IdealLoops kIdealLoops_avx2;
extern const IdealLoops kIdealLoops_avx512;

/// The loops compiled for one ISA.
const IdealLoops &idealLoops(Isa isa);

} // namespace tessera::bench
