// uint8 in a program that knows signed integers only: element u is the i8 u - 128.
#pragma once

#include "NodeImport.h"

namespace tessera::import_ {

/// Attribute of arguments and results of @main, as compiler/LoadModel.h has it.
inline constexpr llvm::StringLiteral kUnsignedAttr = "npu.unsigned";

/// u - 128 of a uint8 whose bits are in i8, and the way back: the highest bit turned.
mlir::Value flipUnsigned(mlir::OpBuilder &builder, mlir::Value value);

/// The elements of a uint8 tensor less 128, as int8; nothing when memory is short.
std::optional<Tensor> shiftedTensor(const Tensor &tensor);

/// False, with a message in `step`, when the operator cannot take the uint8 among its inputs.
bool checkUnsigned(NodeImport &step, llvm::ArrayRef<Entry *> inputs);

/// Whether shifted elements of an input move through the operator into its results.
bool movesUnsigned(const Node &node, llvm::ArrayRef<Entry *> inputs);

} // namespace tessera::import_
