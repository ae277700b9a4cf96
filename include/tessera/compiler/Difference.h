// Outputs held against each other.
#pragma once
#include "tessera/runtime/Model.h"
#include "tessera/support/Export.h"
#include <string>

namespace tessera {

/// The number that the element at an address of any alignment stands for, whole numbers of 64 bits
/// to 53 of them.
TESSERA_API double numberAt(runtime::ElementType type, const void *at);

/// Nothing where two outputs have the same bits, else the first element that differs and its two
/// values. Any NaN is like any other: which one an operation gives is left to the machine.
TESSERA_API std::string firstDifference(const runtime::TensorInfo &info, const void *got,
                                        const void *want);

} // namespace tessera
