// Attention with an online softmax: memory linear in the sequence, scores never leave the cache.
#pragma once

#include "tessera/kernels/AttentionDecode.h"
#include "tessera/kernels/AttentionPanels.h"
#include "tessera/kernels/Family.h"

namespace tessera::kernels {

/// As AttentionArgs says, by the algorithm of Milakov, Gimelshein 2018 and Dao et al. 2022. Exact
/// up to rounding: products are summed in float, exponentials have 2 ulp. A query that sees no key,
/// or only scores below -1e30, gives zeros; hidden keys still meet their values with probability
/// zero, so that those must be finite where a block of 96 keys is partly visible. A score of NaN or
/// +inf gives NaN. Uses up to 300 KiB of stack per thread.
template <class Arch, class Stored> struct Attention {
  static constexpr Family kFamily = Family::Attention;

  static void run(const AttentionArgs &args) {
    if (args.batch == 0 || args.heads == 0 || args.queries == 0)
      return;
    if (args.groupRows() <= AttentionArgs::kFewRows)
      AttentionDecode<Arch, Stored>::all(args);
    else
      AttentionPanels<Arch, Stored>::all(args);
  }
};

template <class Arch> struct AttentionF32 : Attention<Arch, StoredF32<Arch>> {};
template <class Arch> struct AttentionF16 : Attention<Arch, StoredF16<Arch>> {};
template <class Arch> struct AttentionBf16 : Attention<Arch, StoredBf16<Arch>> {};

} // namespace tessera::kernels
