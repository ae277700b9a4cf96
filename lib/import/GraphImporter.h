// Walks a parsed model and builds `func.func @main`.
#pragma once

#include "NodeImport.h"
#include "tessera/import/Onnx.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <unordered_map>

namespace tessera::import_ {

class GraphImporter {
public:
  GraphImporter(mlir::MLIRContext &context, OnnxModel &model, const OnnxOptions &options);

  /// Null when there were problems.
  mlir::OwningOpRef<mlir::ModuleOp> run();

  /// One line each, without the file's name.
  std::vector<std::string> problems;

private:
  OnnxModel &model;
  const OnnxOptions &options;
  mlir::OpBuilder builder;
  std::unordered_map<std::string, Entry> entries;
  std::vector<const Node *> order;
  /// Elements evaluated so far, so that a hostile file cannot fill the memory with them.
  int64_t evaluated = 0;

  void checkOperators();
  std::vector<const ValueInfo *> arguments() const;
  /// For each argument its binding, or null.
  std::vector<const OnnxInput *> bindInputs(const std::vector<const ValueInfo *> &arguments);
  std::vector<mlir::RankedTensorType> argumentTypes(const std::vector<const ValueInfo *> &arguments,
                                                    const std::vector<const OnnxInput *> &bindings);
  void addInitializers();
  bool importNode(const Node &node);
  std::string openInputs() const;
  bool tryEvaluate(const Node &node, const std::vector<Entry *> &inputs);
  void finish(mlir::func::FuncOp function);
};

} // namespace tessera::import_
