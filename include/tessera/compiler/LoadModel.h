// From a model's file to a module: ONNX, MLIR text or MLIR bytecode.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "tessera/import/Onnx.h"
#include "tessera/support/Export.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tessera {

/// A context with all dialects, upstream's and Tessera's.
TESSERA_API std::unique_ptr<mlir::MLIRContext> makeContext();

/// The function that a model runs.
inline constexpr llvm::StringLiteral kEntryName = "main";

/// The module's @main with its body; null when it has none.
TESSERA_API mlir::FunctionOpInterface entryFunction(mlir::ModuleOp module);

/// The name of an argument or result of @main: its `npu.name`, else "input_N" or "output_N".
TESSERA_API std::string inputName(mlir::FunctionOpInterface function, unsigned index);
TESSERA_API std::string outputName(mlir::FunctionOpInterface function, unsigned index);

/// Attribute of an argument or result of @main of i8 whose bits are an unsigned number: what the
/// caller passes is u8.
inline constexpr llvm::StringLiteral kUnsignedAttr = "npu.unsigned";

/// Argument attributes of @main once tensors have become buffers: a buffer that the caller gives
/// for a result, and the memory for what passes between kernels.
inline constexpr llvm::StringLiteral kOutputAttr = "npu.output";
inline constexpr llvm::StringLiteral kArenaAttr = "tile.arena";

/// Whether an argument of @main is an input: no weight (`npu.weight`, `npu.random_weight`), no
/// result and no arena.
TESSERA_API bool isInput(mlir::FunctionOpInterface function, unsigned index);

/// What goes into the module's @main; a dimension of -1 is dynamic. On failure sets `error`.
TESSERA_API std::optional<std::vector<import_::OnnxPort>> readPorts(mlir::ModuleOp module,
                                                                    std::string &error);

/// Gives every binding the name of the input that it means, and joins those of one input. Unnamed
/// values go, in order, to the inputs that no named value claims; unnamed shapes likewise. A value
/// also pins the shape. On failure, such as a name that the model does not have or a shape that
/// contradicts it, returns nothing and sets `error`.
TESSERA_API std::optional<std::vector<import_::OnnxInput>>
resolveInputs(const std::vector<import_::OnnxPort> &ports,
              const std::vector<import_::OnnxInput> &bindings, std::string &error);

/// Reads the model in `path`: ONNX when it ends in .onnx, else MLIR text or bytecode. Dynamic
/// dimensions of the inputs are pinned by `inputs`, which may be unnamed. Weights that the file
/// gives as `npu.random_weight` are filled in. On failure returns null and sets `error` (one or
/// more lines, without a prefix), or has emitted diagnostics through the context.
TESSERA_API mlir::OwningOpRef<mlir::ModuleOp>
loadModel(mlir::MLIRContext &context, const std::string &path,
          const std::vector<import_::OnnxInput> &inputs, std::string &error);

} // namespace tessera
