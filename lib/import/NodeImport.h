// What an operator's import function sees of its node, and the table of those functions.
#pragma once

#include "Evaluator.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/StringMap.h"

#include <functional>
#include <optional>

namespace tessera::import_ {

/// What is taken from a uint8 to make an int8 of it: inside the program an element u of a uint8
/// tensor is the i8 u - 128, whose order and differences are the same.
constexpr int kUnsignedShift = 128;

/// One value of the graph: a constant, or a value of the program being built, or both.
struct Entry {
  mlir::RankedTensorType type;
  /// Made on first use when the value is a constant.
  mlir::Value value;
  /// Elements, when known while importing.
  std::optional<Tensor> tensor;
  /// The same for small ones, perhaps in part.
  std::optional<HostArray> host;
  /// An argument whose value the caller gave; taken only where an operator needs a constant.
  bool isArgument = false;
  /// `value` is a uint8 shifted; see isUnsigned(), which knows about constants too.
  bool isShifted = false;

  bool isUnsigned() const {
    return isShifted || (tensor && tensor->type == ElementType::U8) ||
           (host && host->type == ElementType::U8);
  }
};

/// MLIR's type; null for the types no npu operator has (unsigned, int16).
mlir::Type elementTypeFor(mlir::MLIRContext *context, ElementType type);
std::optional<ElementType> elementTypeOf(mlir::Type type);
/// Null when the element type or the shape is not supported.
mlir::RankedTensorType tensorTypeFor(mlir::MLIRContext *context, ElementType type,
                                     llvm::ArrayRef<int64_t> shape);

/// Elements in another order of dims.
std::optional<Tensor> transposed(const Tensor &tensor, llvm::ArrayRef<int64_t> perm);

/// Imports one node. Errors are recorded in the node's import, not returned: a null Value means
/// one was, and functions given a null Value quietly return null.
class NodeImport {
public:
  NodeImport(const Node &node, int64_t opset, mlir::OpBuilder &builder, mlir::Location loc,
             std::vector<Entry *> inputs);

  const Node &node;
  const int64_t opset;
  mlir::OpBuilder &builder;
  const mlir::Location loc;
  /// What went wrong; empty when nothing did.
  std::string problem;
  /// One per output of the node; those the function leaves unset have no type.
  std::vector<Entry> results;

  // Attributes of the ONNX node.
  int64_t integer(const char *name, int64_t otherwise) { return integerOf(node, name, otherwise); }
  float real(const char *name, float otherwise) { return realOf(node, name, otherwise); }

  // Inputs.
  size_t inputCount() const { return inputs.size(); }
  bool has(size_t index) const { return index < inputs.size() && inputs[index]; }
  /// The input as a value; null with an error when it is absent or of an unsupported type.
  mlir::Value input(size_t index);
  std::vector<mlir::Value> allInputs();
  /// Whether it is of uint8, so that the value and the constant have shifted elements.
  bool isUnsigned(size_t index) const { return has(index) && inputs[index]->isUnsigned(); }
  /// The elements when they are known while importing, else null.
  const Tensor *tensor(size_t index);
  /// The same as a small array, which may be known in part.
  const HostArray *host(size_t index);
  /// Its dims, also where no npu operator has its element type; nothing with an error when absent.
  std::optional<llvm::SmallVector<int64_t>> shape(size_t index);
  /// Integers of an input or, where the opset keeps them there, of an attribute. Nothing when both
  /// are absent, and nothing with an error when the input is not a constant.
  std::optional<llvm::SmallVector<int64_t>> integers(size_t index, const char *attribute);

  // Building.
  /// Creates the operator, inferring its type unless one is given, and verifies it.
  mlir::Value emit(llvm::StringRef op, mlir::ValueRange operands,
                   llvm::ArrayRef<mlir::NamedAttribute> attributes = {}, mlir::Type result = {});
  mlir::NamedAttribute named(llvm::StringRef name, mlir::Attribute value);
  mlir::NamedAttribute list(llvm::StringRef name, llvm::ArrayRef<int64_t> values);
  mlir::NamedAttribute number(llvm::StringRef name, int64_t value);
  mlir::NamedAttribute single(llvm::StringRef name, double value);
  mlir::NamedAttribute flag(llvm::StringRef name);

  /// One of uint8 is shifted into i8.
  mlir::Value constant(const Tensor &tensor);
  /// `value` in every element.
  mlir::Value splat(double value, mlir::Type elementType, llvm::ArrayRef<int64_t> shape = {});
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  /// Broadcasts; a dim of 1 in `shape` keeps the operand's.
  mlir::Value expand(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::Value cast(mlir::Value x, mlir::Type elementType);

  // Ends.
  mlir::LogicalResult fail(const llvm::Twine &text);
  mlir::Value failValue(const llvm::Twine &text);
  /// `isShifted`: the value is a uint8, shifted.
  mlir::LogicalResult result(mlir::Value value, size_t index = 0, bool isShifted = false);
  /// The first result is an input as it is, constant or not.
  mlir::LogicalResult forward(size_t index);
  mlir::LogicalResult result(Tensor tensor);
  mlir::LogicalResult result(HostArray array);

private:
  std::vector<Entry *> inputs;
};

using ImportFunction = mlir::LogicalResult (*)(NodeImport &);
using ImportTable = llvm::StringMap<ImportFunction>;

/// All operators, by ONNX name.
const ImportTable &importTable();

void addContraction(ImportTable &table);
void addElementwise(ImportTable &table);
void addMovement(ImportTable &table);
void addNormalization(ImportTable &table);
void addQuantization(ImportTable &table);
void addReduction(ImportTable &table);
void addShapes(ImportTable &table);
void addWindow(ImportTable &table);

/// MatMul: a vector is a row on the left, a column on the right, and the added dim goes. Null with
/// an error, as NodeImport has it.
mlir::Value multiplyMatrices(NodeImport &n, mlir::Value lhs, mlir::Value rhs);

/// Convolution of input 0, NCHW, with the filter that is input `filterIndex`, FCHW. `onImage` and
/// `onFilter` make of both, in npu's order with channels or features last, what is multiplied;
/// `bias`, if not null, is added per feature.
struct Convolution {
  size_t filterIndex = 1;
  std::function<mlir::Value(mlir::Value)> onImage, onFilter;
  mlir::Value bias;
};
mlir::Value convolve(NodeImport &n, const Convolution &convolution);

/// Type of a value that an operator has just checked not to be null.
inline mlir::RankedTensorType typeOf(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

} // namespace tessera::import_
