// The chip, the stages a module still needs, and the way from a tile program to LLVM.
#include "Stages.h"
#include "Jit.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/kernels/DeviceBitcode.h"
#include "tessera/kernels/Registry.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/Pipeline.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Transforms/IPO/Internalize.h"

namespace tessera {

Level levelOf(mlir::ModuleOp module) {
  if (module->hasAttr("tile.arena_bytes"))
    return Level::Program;
  if (mlir::FunctionOpInterface main = entryFunction(module))
    if (llvm::any_of(main.getArgumentTypes(), llvm::IsaPred<mlir::BaseMemRefType>))
      return Level::Buffers;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr("tile.kernel"))
      return Level::Kernels;
  return Level::Graph;
}

llvm::StringRef stageName(Level level) {
  switch (level) {
  case Level::Graph:
    return "npu-graph";
  case Level::Kernels:
    return "npu-kernels";
  case Level::Buffers:
    return "npu-buffers";
  case Level::Program:
    return "npu-tile-program";
  }
  llvm_unreachable("every level has a stage");
}

std::optional<Isa> chipIsa(mlir::ModuleOp module) {
  const auto chip = tile::ChipSpec::of(module);
  return chip ? isaFromName(chip->isa) : std::nullopt;
}

std::optional<Isa> attachChip(mlir::ModuleOp module, Isa host, const CompileOptions &options) {
  const bool has = module->hasAttr(tile::ChipSpec::kAttrName);
  if (!has || !options.chip.empty()) {
    std::string error;
    const auto chip = tile::loadChip(options.chip.empty() ? hostChip() : options.chip, error);
    if (!chip) {
      module.emitError(error);
      return std::nullopt;
    }
    if (has) {
      const auto present = tile::ChipSpec::of(module);
      if (!present)
        return std::nullopt;
      if (!(*present == *chip)) {
        module.emitError("expected chip '") << present->name << "', which this module has been "
                                            << "lowered for, but got '" << chip->name << "'";
        return std::nullopt;
      }
    }
    chip->attach(module);
  }
  const auto chip = tile::ChipSpec::of(module);
  if (!chip)
    return std::nullopt;
  if (!chip->isCpu())
    return host;
  const auto isa = chipIsa(module);
  if (!isa || *isa > host) {
    module.emitError("chip ") << chip->name << " needs " << chip->isa
                              << ", but this machine (within TESSERA_ISA) has "
                              << std::string(isaName(host)) << " at best";
    return std::nullopt;
  }
  return isa;
}

const void *kernelFor(Isa isa, Isa host, llvm::StringRef name) {
  return kernels::deviceSymbol(floatIsa(host) == isa ? host : isa, name);
}

size_t workspaceBytes(mlir::ModuleOp module, Isa isa, Isa host) {
  auto products = module->getAttrOfType<mlir::ArrayAttr>("tile.products");
  if (!products)
    return 0;
  auto *gemm = reinterpret_cast<int64_t (*)(const void *, const int64_t *)>(
      const_cast<void *>(kernelFor(isa, host, "tessera_gemm_f32")));
  int64_t floats = 0;
  for (auto sizes : products.getAsRange<mlir::DenseI64ArrayAttr>())
    floats = std::max(floats, gemm(nullptr, sizes.asArrayRef().data()));
  return size_t(floats) * sizeof(float);
}

bool lowerGraph(mlir::ModuleOp module, const CompileOptions &options) {
  const Level level = levelOf(module);
  if (level > Level::Kernels)
    return true;
  mlir::PassManager manager(module.getContext());
  if (level == Level::Graph) {
    PipelineOptions graph;
    graph.fuse = options.fuse;
    graph.precision = options.precision;
    addGraphStage(manager, graph);
  }
  manager.addPass(createNpuExternalizeConstants());
  return succeeded(manager.run(module));
}

bool lowerTo(mlir::ModuleOp module, const CompileOptions &options, Level target) {
  const Level level = levelOf(module);
  mlir::PassManager manager(module.getContext());
  PipelineOptions kernels;
  kernels.tuning = options.tuning;
  const auto needs = [&](Level stage) { return level < stage && stage <= target; };
  // Again for a module of kernels: random weights have just put constants into its @main.
  if (needs(Level::Kernels) || level == Level::Kernels)
    addKernelStage(manager, kernels);
  if (needs(Level::Buffers))
    addBufferStage(manager);
  if (needs(Level::Program))
    addProgramStage(manager);
  return succeeded(manager.run(module));
}

static bool linkDeviceLibrary(mlir::ModuleOp module, llvm::Module &program, Isa isa,
                              llvm::StringRef entry) {
  const std::span<const char> bytes = kernels::deviceBitcode(isa);
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "device");
  // Lazily: of hundreds of bodies, those that the linker takes are read.
  auto library = llvm::getLazyBitcodeModule(buffer, program.getContext());
  if (!library) {
    module.emitError("the device library cannot be read: ") << llvm::toString(library.takeError());
    return false;
  }
  // What touches memory by itself is called as machine code: inlining it would gain nothing and
  // cost code generation. What is left are the functions on vectors, which belong in registers.
  for (llvm::Function &function : **library)
    if (!function.isDeclaration() && kernels::deviceSymbol(isa, function.getName()))
      function.deleteBody();
  (*library)->setDataLayout(program.getDataLayout());
  (*library)->setTargetTriple(program.getTargetTriple());
  if (llvm::Linker::linkModules(program, std::move(*library), llvm::Linker::LinkOnlyNeeded)) {
    module.emitError("the device library cannot be linked");
    return false;
  }
  llvm::internalizeModule(program,
                          [&](const llvm::GlobalValue &value) { return value.getName() == entry; });
  return true;
}

std::unique_ptr<llvm::Module> makeLlvm(mlir::ModuleOp module, Isa isa, llvm::LLVMContext &context) {
  PipelineOptions options;
  options.isa = std::string(isaName(isa));
  mlir::PassManager manager(module.getContext());
  addCpuStage(manager, options);
  if (failed(manager.run(module)))
    return nullptr;
  mlir::registerLLVMDialectTranslation(*module.getContext());
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  auto machine = makeTargetMachine(isa);
  if (!machine) {
    module.emitError(llvm::toString(machine.takeError()));
    return nullptr;
  }
  auto program = mlir::translateModuleToLLVMIR(module, context, "program");
  if (!program)
    return nullptr;
  program->setDataLayout((*machine)->createDataLayout());
  program->setTargetTriple((*machine)->getTargetTriple());
  setIsaAttributes(*program, isa);
  if (!linkDeviceLibrary(module, *program, isa, kProgramEntry))
    return nullptr;
  return program;
}

} // namespace tessera
