// How long contractions take on matrix units with memories of their own.
#pragma once

#include "TileSizes.h"

namespace tessera {

/// Steps along k of a block that is staged through L1; nullopt where none fits.
std::optional<KSteps> chooseStagedSteps(const ContractionShape &shape, MatrixTile tile,
                                        const tile::Mma &unit, const tile::ChipSpec &chip);

/// What speaks against the smallest step along k of such a block; empty when it fits.
std::string stagedProblem(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                          const tile::ChipSpec &chip);

/// What to say of a memory that is too small.
std::string needs(int64_t bytes, const std::string &space, int64_t capacity, const char *what,
                  const tile::ChipSpec &chip);

/// Estimated cycles of the whole contraction in blocks of `tile`, pipelined by `tile-pipeline`.
double stagedCycles(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                    const tile::ChipSpec &chip);

} // namespace tessera
