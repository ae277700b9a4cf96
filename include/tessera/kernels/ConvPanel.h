// How the columns of a convolution's packed filter are divided.
#pragma once

#include "tessera/kernels/MicroTile.h"

namespace tessera::kernels {

/// What conv2d_pack and conv2d agree on.
template <class Arch> struct ConvPanel {
  static constexpr std::int64_t kLanes = Simd<Arch>::kLanes;
  static constexpr int kVectors = MatmulShape<Arch>::kVectors;

  /// Columns of a panel for so many output channels of a group: the panels are as equal as whole
  /// vectors allow.
  static TESSERA_INLINE std::int64_t width(std::int64_t channels) {
    const std::int64_t vectors = channels <= 0 ? 1 : (channels + kLanes - 1) / kLanes;
    const std::int64_t panels = (vectors + kVectors - 1) / kVectors;
    return (vectors + panels - 1) / panels * kLanes;
  }
};

} // namespace tessera::kernels
