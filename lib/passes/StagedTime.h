// How long contractions take on matrix units with memories of their own.
#pragma once

#include "TileSizes.h"

namespace tessera {

/// Steps along k of a block that is staged through L1; nullopt where none fits.
std::optional<KSteps> chooseStagedSteps(const ContractionShape &shape, MatrixTile tile,
                                        const tile::Mma &unit, const tile::ChipSpec &chip);

/// Estimated cycles of the whole contraction in blocks of `tile`, pipelined by `tile-pipeline`.
double stagedCycles(const ContractionShape &shape, MatrixTile tile, const tile::Mma &unit,
                    const tile::ChipSpec &chip);

} // namespace tessera
