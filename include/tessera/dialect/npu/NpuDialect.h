// The npu dialect's class; its operators are in NpuOps.h.
#ifndef TESSERA_DIALECT_NPU_NPUDIALECT_H
#define TESSERA_DIALECT_NPU_NPUDIALECT_H

#include "mlir/IR/Dialect.h"

// Part of the shared library's interface; the generated class carries no mark itself.
#pragma GCC visibility push(default)
#include "tessera/dialect/npu/NpuDialect.h.inc"
#pragma GCC visibility pop

#endif // TESSERA_DIALECT_NPU_NPUDIALECT_H
