// The shape of a parallel loop, so that kernels and generated code share the runtime's one pool.
#pragma once

#include <cstdint>

namespace tessera {

/// One iteration of a parallel loop.
using ParallelBody = void (*)(void *args, std::int64_t index);

/// Runs body(args, i) for each i in [0, count), in any order and on any threads, and returns
/// when all are done. `pool` is whatever the implementation passed along with its pointer.
using ParallelFor = void (*)(void *pool, std::int64_t count, ParallelBody body, void *args);

/// The loop for those who have no pool: in order, on the calling thread.
inline void serialFor(void *, std::int64_t count, ParallelBody body, void *args) {
  for (std::int64_t index = 0; index < count; ++index)
    body(args, index);
}

} // namespace tessera
