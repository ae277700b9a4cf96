// Evaluation of operators on constants, resources included.
#ifndef TESSERA_LIB_PASSES_FOLDCONSTANTS_H
#define TESSERA_LIB_PASSES_FOLDCONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera {

/// The value of an operator whose operands are all constants; null when it is not known how to
/// compute it, or an operand is not constant. The result may be any size: the caller decides
/// whether it is worth keeping.
mlir::ElementsAttr evaluate(mlir::Operation *op);

/// Patterns that replace operators on constants by their value, unless that stores much more than
/// the operands did. Several results of one operation are left alone.
void populateFoldConstantsPatterns(mlir::RewritePatternSet &patterns);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_FOLDCONSTANTS_H
