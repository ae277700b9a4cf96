// How far down a module is, and the stages that take it further.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/support/Isa.h"
#include "llvm/IR/Module.h"
#include <optional>

namespace tessera {

/// The function that the runtime calls, as tile-to-llvm names it.
inline constexpr llvm::StringLiteral kProgramEntry = "tessera_main";

/// "npu-kernels": the stage that makes a module of this level.
llvm::StringRef stageName(Level level);

/// Puts the chip into the module, unless it has one, and picks the instruction set that runs it.
/// Emits an error when a module that has been lowered for one chip is to run on another.
std::optional<Isa> attachChip(mlir::ModuleOp module, Isa host, const CompileOptions &options);

/// The instruction set of the module's chip; nothing when it is no CPU of a kind known here.
std::optional<Isa> chipIsa(mlir::ModuleOp module);

/// The machine code of a memory function, for code of `isa`: what the host has beyond it serves
/// 8-bit integers, whose sums are exact, so that the results are the same.
const void *kernelFor(Isa isa, Isa host, llvm::StringRef name);

/// The workspace of a lowered module: what the largest of the products that stay whole takes on
/// this machine.
size_t workspaceBytes(mlir::ModuleOp module, Isa isa, Isa host);

/// Runs npu-graph on a module that is still there, and makes arguments of its big constants: what
/// remains reads the same from here on, whatever it was entered at.
bool lowerGraph(mlir::ModuleOp module, const CompileOptions &options);

/// Runs the stages after the module's own level up to `target`.
bool lowerTo(mlir::ModuleOp module, const CompileOptions &options, Level target);

/// The LLVM module of a module at level Program, with the device library linked in, not optimised.
/// Null with the error emitted on failure.
std::unique_ptr<llvm::Module> makeLlvm(mlir::ModuleOp module, Isa isa, llvm::LLVMContext &context);

} // namespace tessera
