// Joining the loop dims of a region of scalar arithmetic.
#ifndef TESSERA_LIB_PASSES_COLLAPSEDIMS_H
#define TESSERA_LIB_PASSES_COLLAPSEDIMS_H

#include "LowerTile.h"

namespace tessera {

/// Joins loop dims d and d + 1 wherever every operand allows it: where an operand has both, the
/// second follows the first and rows of it touch. Operands become collapsed views, made at `b`.
void collapseDims(mlir::OpBuilder &b, VectorWork &work);

} // namespace tessera

#endif // TESSERA_LIB_PASSES_COLLAPSEDIMS_H
