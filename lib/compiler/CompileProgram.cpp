// Runs the pipeline for a chip, links the device library, and wraps the code for the runtime.
#include "CompileProgram.h"
#include "Jit.h"
#include "Signature.h"
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
namespace {

constexpr llvm::StringLiteral kEntry = "tessera_main"; // as tile-to-llvm names it

/// Puts the chip into the module, unless it has one, and picks the instruction set that runs it.
std::optional<Isa> attachChip(mlir::ModuleOp module, Isa host, const CompileOptions &options) {
  if (!module->hasAttr(tile::ChipSpec::kAttrName) || !options.chip.empty()) {
    std::string error;
    const auto chip = tile::loadChip(options.chip.empty() ? hostChip() : options.chip, error);
    if (!chip) {
      module.emitError(error);
      return std::nullopt;
    }
    chip->attach(module);
  }
  const auto chip = tile::ChipSpec::of(module);
  if (!chip)
    return std::nullopt;
  if (!chip->isCpu())
    return host;
  const auto isa = isaFromName(chip->isa);
  if (!isa || *isa > host) {
    module.emitError("chip ") << chip->name << " needs " << chip->isa
                              << ", but this machine (within TESSERA_ISA) has "
                              << std::string(isaName(host)) << " at best";
    return std::nullopt;
  }
  return isa;
}

bool linkDeviceLibrary(mlir::ModuleOp module, llvm::Module &program, Isa isa) {
  const std::span<const char> bytes = kernels::deviceBitcode(isa);
  const llvm::MemoryBufferRef buffer(llvm::StringRef(bytes.data(), bytes.size()), "device");
  auto library = llvm::parseBitcodeFile(buffer, program.getContext());
  if (!library) {
    module.emitError("the device library cannot be read: ")
        << llvm::toString(library.takeError());
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
                          [](const llvm::GlobalValue &value) { return value.getName() == kEntry; });
  return true;
}

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

/// What the compiled model keeps alive.
struct Kept {
  std::shared_ptr<JitCode> code;
  std::vector<WeightData> weights;
};

bool runStages(mlir::ModuleOp module, Isa isa) {
  PipelineOptions options;
  options.isa = std::string(isaName(isa));
  mlir::PassManager manager(module.getContext());
  addKernelStage(manager);
  addBufferStage(manager);
  addProgramStage(manager);
  addCpuStage(manager, options);
  return succeeded(manager.run(module));
}

} // namespace

std::shared_ptr<const runtime::CompiledModel>
compileProgram(mlir::ModuleOp module, Isa host, const CompileOptions &options) {
  const auto isa = attachChip(module, host, options);
  if (!isa)
    return nullptr;
  {
    PipelineOptions graph;
    graph.fuse = options.fuse;
    graph.precision = options.precision;
    mlir::PassManager manager(module.getContext());
    addGraphStage(manager, graph);
    manager.addPass(createNpuExternalizeConstants());
    if (failed(manager.run(module)))
      return nullptr;
  }
  auto signature = readSignature(module);
  if (!signature || !runStages(module, *isa))
    return nullptr;
  mlir::registerLLVMDialectTranslation(*module.getContext());
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  auto machine = makeTargetMachine(*isa);
  if (!machine) {
    module.emitError(llvm::toString(machine.takeError()));
    return nullptr;
  }
  auto context = std::make_unique<llvm::LLVMContext>();
  auto program = mlir::translateModuleToLLVMIR(module, *context, "program");
  if (!program)
    return nullptr;
  program->setDataLayout((*machine)->createDataLayout());
  program->setTargetTriple((*machine)->getTargetTriple());
  setIsaAttributes(*program, *isa);
  if (!linkDeviceLibrary(module, *program, *isa))
    return nullptr;
  auto code = JitCode::make(std::move(context), std::move(program), *isa, Effort::Full,
                            [isa](llvm::StringRef name) {
                              return kernels::deviceSymbol(*isa, name);
                            });
  auto entry = code ? (*code)->lookup(kEntry) : code.takeError();
  if (!entry) {
    module.emitError("the program cannot be made executable: ")
        << llvm::toString(entry.takeError());
    return nullptr;
  }
  auto model = std::make_shared<runtime::CompiledModel>();
  model->main = reinterpret_cast<runtime::MainFn>(*entry);
  model->inputs = std::move(signature->inputs);
  model->outputs = std::move(signature->outputs);
  for (const WeightData &weight : signature->weights)
    model->weights.push_back(weight.data);
  model->kernels = readKernels(module);
  model->arenaBytes = bytesAttr(module, "tile.arena_bytes");
  model->scratchBytes = bytesAttr(module, "tile.scratch_bytes");
  model->code = std::make_shared<Kept>(Kept{std::move(*code), std::move(signature->weights)});
  return model;
}

} // namespace tessera
