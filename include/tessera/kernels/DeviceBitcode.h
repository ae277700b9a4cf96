// Access to the device library as LLVM bitcode. Built only with the compiler.
#pragma once

#include <span>

#include "tessera/support/Isa.h"

namespace tessera::kernels {

/// The bitcode module of the device library (DeviceAbi.h) for one ISA. Its functions carry the
/// target-cpu and target-features of floatIsa(isa); link it into modules made for that ISA only.
std::span<const char> deviceBitcode(Isa isa);

} // namespace tessera::kernels
