// Reads an ONNX model into `npu` operators on tensors.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "tessera/import/Tensors.h"
#include "tessera/support/Export.h"

#include <optional>
#include <string>
#include <vector>

namespace tessera::import_ {

/// What the caller knows about one input of the model.
struct OnnxInput {
  /// Empty: the first input, in the model's order, that no other binding names or has taken.
  std::string name;
  /// Pins the input's dimensions; must agree with those the model fixes. A dimension of -1 stays
  /// as the model has it. Names of dimensions (dim_param) are pinned wherever they occur.
  std::vector<int64_t> shape;
  /// The value the model will be run with, if the caller has it. It stays an argument, but where
  /// an operator needs a constant (the target of a Reshape, axes) this value is taken.
  std::optional<Tensor> value;
};

struct OnnxOptions {
  std::vector<OnnxInput> inputs;
};

/// One input or output as the model declares it; a dimension of -1 is not fixed.
struct OnnxPort {
  std::string name;
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
};

struct OnnxPorts {
  std::vector<OnnxPort> inputs;
  std::vector<OnnxPort> outputs;
};

/// Reads only what goes in and out; inputs that have an initialiser are left out. On failure
/// returns nothing and sets `error`.
TESSERA_API std::optional<OnnxPorts> readOnnxPorts(const std::string &path, std::string &error);

/// Reads the model in `path` as `func.func @main`, whose arguments and results carry the ONNX
/// names as `npu.name`. Opset 7 and later; before that, operators whose meaning has not changed.
/// Shape arithmetic is evaluated, initialisers become npu.constant (resources when larger than 64
/// elements), images are transposed to NHWC around the operators that want it. The file is not
/// trusted: on failure the result is null and `error` holds one line per problem, each with the
/// file and the node; operators that are not known are all named. The context must have the npu and
/// func dialects loaded or loadable.
TESSERA_API mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context,
                                                         const std::string &path,
                                                         const OnnxOptions &options,
                                                         std::string &error);

/// The ONNX operators that are imported, by name in alphabetical order.
TESSERA_API std::vector<std::string> importedOperators();

} // namespace tessera::import_
