// All npu operators, by family.
#ifndef TESSERA_DIALECT_NPU_NPUOPS_TD
#define TESSERA_DIALECT_NPU_NPUOPS_TD

include "tessera/dialect/npu/NpuContraction.td"
include "tessera/dialect/npu/NpuElementwise.td"
include "tessera/dialect/npu/NpuMovement.td"
include "tessera/dialect/npu/NpuReduction.td"
include "tessera/dialect/npu/NpuStructure.td"
include "tessera/dialect/npu/NpuWindow.td"

#endif // TESSERA_DIALECT_NPU_NPUOPS_TD
