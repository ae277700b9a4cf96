// The npu dialect's class; its operators are in NpuOps.h.
#ifndef TESSERA_DIALECT_NPU_NPUDIALECT_H
#define TESSERA_DIALECT_NPU_NPUDIALECT_H

#include "mlir/IR/Dialect.h"

#include "tessera/dialect/npu/NpuDialect.h.inc"

#endif // TESSERA_DIALECT_NPU_NPUDIALECT_H
