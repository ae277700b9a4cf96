// Runs the pipeline for a chip, makes its code executable, and wraps it for the runtime.
#include "CompileProgram.h"
#include "Jit.h"
#include "Signature.h"
#include "Stages.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/kernels/Registry.h"

namespace tessera {
namespace {

std::vector<runtime::KernelInfo> readKernels(mlir::ModuleOp module) {
  std::vector<runtime::KernelInfo> kernels;
  if (auto list = module->getAttrOfType<mlir::ArrayAttr>("tile.kernels"))
    for (auto kernel : list.getAsRange<mlir::DictionaryAttr>())
      kernels.push_back({kernel.getAs<mlir::StringAttr>("name").str(),
                         kernel.getAs<mlir::FloatAttr>("flops").getValueAsDouble(),
                         kernel.getAs<mlir::FloatAttr>("bytes").getValueAsDouble()});
  return kernels;
}

size_t bytesAttr(mlir::ModuleOp module, llvm::StringRef name) {
  auto attr = module->getAttrOfType<mlir::IntegerAttr>(name);
  return attr ? static_cast<size_t>(attr.getInt()) : 0;
}

} // namespace

std::shared_ptr<const runtime::CompiledModel> compileProgram(mlir::ModuleOp module, Isa host,
                                                             const CompileOptions &options) {
  const auto isa = attachChip(module, floatIsa(host), options);
  if (!isa || !lowerGraph(module, options))
    return nullptr;
  auto signature = readSignature(module);
  if (!signature || !lowerTo(module, options, Level::Program))
    return nullptr;
  auto context = std::make_unique<llvm::LLVMContext>();
  auto program = makeLlvm(module, *isa, *context);
  if (!program)
    return nullptr;
  // An NPU's program runs here for its numbers, a CPU's for its speed.
  const auto chip = tile::ChipSpec::of(module);
  auto code = JitCode::make(std::move(context), std::move(program), *isa,
                            chip && !chip->isCpu() ? Effort::Quick : Effort::Full,
                            [=](llvm::StringRef name) { return kernelFor(*isa, host, name); });
  auto entry = code ? (*code)->lookup(kProgramEntry) : code.takeError();
  if (!entry) {
    module.emitError("the program cannot be made executable: ")
        << llvm::toString(entry.takeError());
    return nullptr;
  }
  auto model = std::make_shared<runtime::CompiledModel>();
  model->main = reinterpret_cast<runtime::MainFn>(*entry);
  model->kernels = readKernels(module);
  model->arenaBytes = bytesAttr(module, "tile.arena_bytes");
  model->scratchBytes = bytesAttr(module, "tile.scratch_bytes");
  model->workspaceBytes = workspaceBytes(module, *isa, host);
  giveSignature(*model, std::move(*signature), std::move(*code));
  return model;
}

} // namespace tessera
