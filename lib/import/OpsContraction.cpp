// MatMul and Gemm.
#include "NodeImport.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace tessera::import_ {

namespace {

LogicalResult importMatMul(NodeImport &n) {
  return n.result(multiplyMatrices(n, n.input(0), n.input(1)));
}

Value scaled(NodeImport &n, Value x, float factor) {
  if (!x || factor == 1.0f)
    return x;
  return n.emit("mul", {x, n.splat(factor, typeOf(x).getElementType())});
}

/// alpha * A' * B' + beta * C.
LogicalResult importGemm(NodeImport &n) {
  SmallVector<NamedAttribute> attributes;
  if (n.integer("transA", 0))
    attributes.push_back(n.flag("transpose_lhs"));
  if (n.integer("transB", 0))
    attributes.push_back(n.flag("transpose_rhs"));
  Value y = n.emit("matmul", {n.input(0), n.input(1)}, attributes);
  if (y && typeOf(y).getRank() != 2)
    return n.fail("expected matrices, but got rank " + Twine(typeOf(y).getRank()));
  y = scaled(n, y, n.real("alpha", 1.0f));
  if (n.has(2) && n.real("beta", 1.0f) != 0.0f)
    y = n.emit("add", {y, scaled(n, n.input(2), n.real("beta", 1.0f))});
  return n.result(y);
}

} // namespace

Value multiplyMatrices(NodeImport &n, Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return Value();
  bool leftVector = typeOf(lhs).getRank() == 1, rightVector = typeOf(rhs).getRank() == 1;
  if (typeOf(lhs).getRank() == 0 || typeOf(rhs).getRank() == 0)
    return n.failValue("expected operands of rank 1 or more, but got a scalar");
  if (leftVector)
    lhs = n.reshape(lhs, {1, typeOf(lhs).getDimSize(0)});
  if (rightVector)
    rhs = n.reshape(rhs, {typeOf(rhs).getDimSize(0), 1});
  Value product = n.emit("matmul", {lhs, rhs});
  if (!product)
    return Value();
  SmallVector<int64_t> shape(typeOf(product).getShape());
  if (rightVector)
    shape.pop_back();
  if (leftVector)
    shape.erase(shape.end() - (rightVector ? 1 : 2));
  return n.reshape(product, shape);
}

void addContraction(ImportTable &table) {
  table["MatMul"] = importMatMul;
  table["Gemm"] = importGemm;
}

} // namespace tessera::import_
