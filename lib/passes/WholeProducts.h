// Products that stay whole on a CPU: one call of the library's kernel, which reads plain operands.
#ifndef TESSERA_LIB_PASSES_WHOLEPRODUCTS_H
#define TESSERA_LIB_PASSES_WHOLEPRODUCTS_H

#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/TileDialect.h"

namespace tessera {

/// A product as the kernel takes it: a batch of equal distances, in elements.
struct ProductLayout {
  struct Operand {
    int64_t batch = 0, row = 0, column = 0;
  };
  int64_t batch = 1, m = 0, n = 0, k = 0;
  Operand lhs, rhs, out; ///< As they are multiplied: [m, k], [k, n] and [m, n].
};

/// The layout of a product of tensors, which lie by rows, or of buffers. Nothing where extents or
/// strides are not known, or where the batch is not one of equal distances.
std::optional<ProductLayout> productLayout(mlir::ShapedType lhs, mlir::ShapedType rhs,
                                           mlir::ShapedType out, bool transposeLhs,
                                           bool transposeRhs);
std::optional<ProductLayout> productLayout(tile::MatmulOp op);

/// Whether the chip has a kernel for the product as it is.
bool canStayWhole(npu::MatmulOp op, const tile::ChipSpec &chip);

/// Whether that is better than tiles: nothing is computed with their results, and the right operand
/// is not packed when the model is compiled.
bool shouldStayWhole(npu::MatmulOp op);

/// Makes the product one block that writes to `output`.
void makeWhole(npu::MatmulOp op, mlir::BlockArgument output);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_WHOLEPRODUCTS_H
