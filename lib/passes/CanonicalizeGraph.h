// Pattern sets of npu-canonicalize-graph, by what they simplify, and helpers they share.
#ifndef TESSERA_LIB_PASSES_CANONICALIZEGRAPH_H
#define TESSERA_LIB_PASSES_CANONICALIZEGRAPH_H

#include "mlir/IR/PatternMatch.h"
#include "tessera/dialect/npu/NpuOps.h"

namespace tessera {

/// Operators that change nothing, compositions of views, cheap movement as views.
void populateMovementPatterns(mlir::RewritePatternSet &patterns);
/// Slices move up, to where less is computed, or into constants.
void populateSlicePatterns(mlir::RewritePatternSet &patterns);
/// Elementwise operators move above reshapes, so that they meet the operator whose result it is.
void populateReshapePatterns(mlir::RewritePatternSet &patterns);
/// Transposes move down until they cancel, or end in a matmul.
void populateTransposePatterns(mlir::RewritePatternSet &patterns);
/// Decomposed activations (gelu, silu, hard_swish) become their operator.
void populateActivationPatterns(mlir::RewritePatternSet &patterns);
/// Conditions on what a softmax takes become masks that are added.
void populateMaskPatterns(mlir::RewritePatternSet &patterns);
/// Decomposed layer_norm and rms_norm become their operator, with scale and bias.
void populateNormPatterns(mlir::RewritePatternSet &patterns);
/// 1x1 convolutions as matmul, grouped convolutions, batches folded into rows, pads into pads.
void populateContractionPatterns(mlir::RewritePatternSet &patterns);
/// Operators on tensors without elements become constants.
void populateEmptyPatterns(mlir::RewritePatternSet &patterns);
/// Constant scales move into constant weights, constants after them into one.
void populateWeightPatterns(mlir::RewritePatternSet &patterns);

inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return typeOf(value).getShape();
}

/// Product of static dims, or nothing.
std::optional<int64_t> elementCount(mlir::Value value);

/// Whether a reshape to this shape can be expressed: at most one dynamic dim.
bool isReshapeTarget(llvm::ArrayRef<int64_t> shape);

/// `value` under another shape; itself when it has that shape already.
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                      llvm::ArrayRef<int64_t> shape);

/// The shape seen through a permutation: result[i] = shape[perm[i]].
llvm::SmallVector<int64_t> permuted(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> perm);
llvm::SmallVector<int64_t> inverted(llvm::ArrayRef<int64_t> perm);
bool isIdentity(llvm::ArrayRef<int64_t> perm);
/// Whether a permutation of this shape moves dims of size 1 only, so that no element moves.
bool keepsOrder(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> perm);

/// A copy of an operator on other operands, its result of another shape but the same element type.
mlir::Operation *cloneWith(mlir::OpBuilder &builder, mlir::Operation *op, mlir::ValueRange operands,
                           llvm::ArrayRef<int64_t> resultShape);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_CANONICALIZEGRAPH_H
