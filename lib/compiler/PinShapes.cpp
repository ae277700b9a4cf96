// Shape refinement of @main, from the arguments to the results, through the operators' own
// interfaces.
#include "PinShapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "tessera/compiler/LoadModel.h"

namespace tessera {
namespace {

using mlir::RankedTensorType;

/// `type` with every dynamic dim taken from `shape`.
RankedTensorType refined(RankedTensorType type, llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> dims(type.getShape());
  for (size_t i = 0; i < dims.size() && i < shape.size(); ++i)
    if (mlir::ShapedType::isDynamic(dims[i]) && shape[i] >= 0)
      dims[i] = shape[i];
  return type.clone(dims);
}

/// The shape that the operator computes for a result, with kDynamic where it is not known.
llvm::SmallVector<int64_t> reifiedShape(mlir::Operation *op, unsigned result) {
  auto reifiable = llvm::dyn_cast<mlir::ReifyRankedShapedTypeOpInterface>(op);
  if (!reifiable)
    return {};
  // Reifying may make operations to compute sizes; they go again.
  mlir::OpBuilder builder(op);
  mlir::Operation *before = op->getPrevNode();
  mlir::ReifiedRankedShapedTypeDims shapes;
  const bool known = succeeded(reifiable.reifyResultShapes(builder, shapes));
  llvm::SmallVector<int64_t> dims;
  if (known && result < shapes.size())
    for (mlir::OpFoldResult size : shapes[result])
      dims.push_back(mlir::getConstantIntValue(size).value_or(mlir::ShapedType::kDynamic));
  while (op->getPrevNode() != before)
    op->getPrevNode()->erase();
  return dims;
}

void refineResults(mlir::Operation *op) {
  llvm::SmallVector<mlir::Type> inferred;
  if (auto infer = llvm::dyn_cast<mlir::InferTypeOpInterface>(op))
    if (failed(infer.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(),
                                      op->getRawDictionaryAttrs(), op->getPropertiesStorage(),
                                      op->getRegions(), inferred)))
      inferred.clear();
  for (mlir::OpResult result : op->getResults()) {
    auto type = llvm::dyn_cast<RankedTensorType>(result.getType());
    if (!type || type.hasStaticShape())
      continue;
    const unsigned number = result.getResultNumber();
    if (number < inferred.size())
      if (auto better = llvm::dyn_cast<RankedTensorType>(inferred[number]))
        type = refined(type, better.getShape());
    if (!type.hasStaticShape())
      type = refined(type, reifiedShape(op, number));
    result.setType(type);
  }
}

} // namespace

bool pinShapes(mlir::ModuleOp module, const std::vector<import_::OnnxInput> &inputs,
               std::string &error) {
  auto main = module.lookupSymbol<mlir::func::FuncOp>(kEntryName);
  size_t next = 0;
  bool changed = false;
  for (mlir::BlockArgument argument : main.getArguments()) {
    if (!isInput(main, argument.getArgNumber()) || next == inputs.size())
      continue;
    const import_::OnnxInput &input = inputs[next++];
    auto type = llvm::dyn_cast<RankedTensorType>(argument.getType());
    if (!type || input.shape.empty() || type.hasStaticShape())
      continue;
    argument.setType(refined(type, input.shape));
    changed = true;
  }
  if (!changed)
    return true;
  for (mlir::Operation &op : llvm::make_early_inc_range(main.getBody().front()))
    refineResults(&op);
  mlir::Operation *end = main.getBody().front().getTerminator();
  main.setType(mlir::FunctionType::get(
      module.getContext(), main.getBody().front().getArgumentTypes(), end->getOperandTypes()));
  if (succeeded(mlir::verify(module)))
    return true;
  error = "the model cannot take inputs of these shapes";
  return false;
}

} // namespace tessera
