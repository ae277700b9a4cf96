// What both ways of placing attention build: views, vector operations, their bodies.
#pragma once

#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/PatternMatch.h"

namespace tessera::attention {

/// Makes the new element from those of the operands, the output's old one last.
using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// A loop from 0 to `end`, whose body is built next.
mlir::scf::ForOp openLoop(mlir::OpBuilder &b, mlir::Location loc, mlir::Value end, int64_t step);

/// Rows [row, row + count) and columns [column, column + width) of a matrix.
mlir::Value box(mlir::OpBuilder &b, mlir::Location loc, mlir::Value matrix, mlir::OpFoldResult row,
                mlir::OpFoldResult count, mlir::OpFoldResult column, mlir::OpFoldResult width);

/// The columns of a buffer of `rows` rows as vectors of lanes.
mlir::Value byLanes(mlir::OpBuilder &b, mlir::Location loc, mlir::Value buffer, mlir::Value rows,
                    int64_t lanes);

/// A vector operation with a body of f32 arithmetic; a reduction where `reduced` names dims. Maps
/// are by the dims that operands have, -1 where an operand has one element for all.
void vectorOp(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange ins, mlir::Value out,
              llvm::ArrayRef<llvm::ArrayRef<int64_t>> dims, llvm::ArrayRef<int64_t> reduced,
              Body body);

void fill(mlir::OpBuilder &b, mlir::Location loc, double value, mlir::Value target);

mlir::Value widened(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v);
/// `v` as an element of the type.
mlir::Value narrowed(mlir::OpBuilder &b, mlir::Location loc, mlir::Value v, mlir::Type type);

/// Bodies. Of scores:
mlir::Value greatest(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v);
mlir::Value sum(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v);
/// Of values and their divisor.
mlir::Value quotient(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v);
mlir::Value rounded(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v);
/// exp(scale * (v[0] - v[1])).
mlir::Value weight(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v, float scale);
/// scale * v[0] + v[1].
mlir::Value masked(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange v, float scale);

} // namespace tessera::attention
