// One function per tile operation made executable, and the launch callback that has them called.
#include "tessera/compiler/Interpret.h"
#include "Jit.h"
#include "Signature.h"
#include "Stages.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/kernels/Registry.h"
#include "tessera/machine/Execution.h"
#include "tessera/passes/Passes.h"
#include <cstdlib>
#include <cstring>

namespace tessera {
namespace {

using StepFn = void (*)(const int64_t *words);

constexpr llvm::StringLiteral kStepAttr = "tile.step", kKernelAttr = "tile.kernel";

/// Kernels whose operations are done one by one need no code of their own.
void emptyKernels(mlir::ModuleOp module) {
  for (auto kernel : module.getOps<mlir::func::FuncOp>())
    if (kernel->hasAttr(kKernelAttr) && !kernel.isExternal()) {
      mlir::Block &body = kernel.getBody().front();
      while (&body.front() != body.getTerminator())
        body.getTerminator()->getPrevNode()->erase();
    }
}

/// The names of what is looked up in the code: steps and constants.
std::vector<std::string> symbolsOf(mlir::ModuleOp module) {
  std::vector<std::string> names;
  for (mlir::Operation &op : *module.getBody())
    if (mlir::isa<mlir::memref::GlobalOp>(op) || op.hasAttr(kStepAttr))
      names.push_back(mlir::SymbolTable::getSymbolName(&op).str());
  return names;
}

std::shared_ptr<JitCode> compileSteps(mlir::ModuleOp module, Isa isa, Isa host,
                                      llvm::ArrayRef<std::string> symbols) {
  auto context = std::make_unique<llvm::LLVMContext>();
  auto program = makeLlvm(module, isa, *context);
  if (!program)
    return nullptr;
  for (const std::string &name : symbols)
    if (llvm::GlobalValue *value = program->getNamedValue(name))
      value->setLinkage(llvm::GlobalValue::ExternalLinkage);
  auto code = JitCode::make(std::move(context), std::move(program), isa, Effort::Least,
                            [=](llvm::StringRef name) { return kernelFor(isa, host, name); });
  if (!code) {
    module.emitError("the program cannot be made executable: ") << llvm::toString(code.takeError());
    return nullptr;
  }
  return std::move(*code);
}

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};

} // namespace

struct InterpretedProgram::Impl : runtime::LaunchContext {
  static void launchBlocks(LaunchContext *self, int32_t kernel, runtime::CoreFn, void **args,
                           int64_t blocks) {
    static_cast<Impl *>(self)->launchKernel(size_t(kernel), args, blocks);
  }

  void launchKernel(size_t kernel, void **args, int64_t blocks) {
    // After a failure, the rest would run on what is not there.
    if (failed)
      return;
    const uint64_t own = seed * 0x9e3779b97f4a7c15u + ++launches;
    failed = mlir::failed(executeLaunch(kernels[kernel], *chip, code, args, blocks, own, counts));
  }

  /// Finds the address of everything that the walk may ask for.
  bool resolve(llvm::ArrayRef<std::string> symbols);

  mlir::OwningOpRef<mlir::ModuleOp> module; ///< The program, with its kernels whole.
  std::shared_ptr<const tile::ChipSpec> chip;
  std::vector<mlir::func::FuncOp> kernels;
  std::shared_ptr<JitCode> jit;
  llvm::StringMap<void *> addresses;
  llvm::DenseMap<mlir::Operation *, StepFn> steps;
  machine::StepCode code;
  runtime::CompiledModel model; ///< Entry, tensors and weights; no code of kernels.
  std::unique_ptr<void, Free> arena, shared;
  machine::ExecutionCounts counts;
  uint64_t seed = 0, launches = 0;
  bool failed = false;
};

bool InterpretedProgram::Impl::resolve(llvm::ArrayRef<std::string> symbols) {
  auto find = [&](llvm::StringRef name) -> void * {
    auto address = jit->lookup(name);
    if (address)
      return *address;
    module->emitError("the program cannot be made executable: ")
        << llvm::toString(address.takeError());
    return nullptr;
  };
  for (const std::string &name : symbols)
    if (!(addresses[name] = find(name)))
      return false;
  model.main = reinterpret_cast<runtime::MainFn>(find(kProgramEntry));
  for (auto kernel : module->getOps<mlir::func::FuncOp>()) {
    if (!kernel->hasAttr(kKernelAttr) || kernel.isExternal())
      continue;
    kernels.push_back(kernel);
    kernel.walk([&](mlir::Operation *op) {
      if (auto step = op->getAttrOfType<mlir::FlatSymbolRefAttr>(kStepAttr))
        steps[op] = reinterpret_cast<StepFn>(addresses.lookup(step.getValue()));
    });
  }
  code.perform = [this](mlir::Operation *op, llvm::ArrayRef<int64_t> words) {
    llvm::SmallVector<int64_t, 32> all(words);
    all.push_back(reinterpret_cast<int64_t>(static_cast<LaunchContext *>(this)));
    steps.lookup(op)(all.data());
  };
  code.constant = [this](llvm::StringRef name) { return addresses.lookup(name); };
  launch = &Impl::launchBlocks;
  return model.main != nullptr;
}

InterpretedProgram::InterpretedProgram(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
InterpretedProgram::~InterpretedProgram() = default;

std::unique_ptr<InterpretedProgram> InterpretedProgram::make(mlir::ModuleOp module,
                                                             const CompileOptions &options) {
  std::string error;
  const auto host = chooseIsaFromEnvironment(error);
  if (!host) {
    module.emitError(error);
    return nullptr;
  }
  auto impl = std::make_unique<Impl>();
  const auto isa = attachChip(module, floatIsa(*host), options);
  impl->chip = isa ? tile::ChipSpec::of(module) : nullptr;
  auto signature = impl->chip ? readSignature(module) : std::nullopt;
  if (!signature)
    return nullptr;
  mlir::PassManager manager(module.getContext());
  manager.addPass(createTileOutlineSteps());
  if (mlir::failed(manager.run(module)))
    return nullptr;
  impl->module = module.clone();
  emptyKernels(module);
  const std::vector<std::string> symbols = symbolsOf(module);
  impl->jit = compileSteps(module, *isa, *host, symbols);
  if (!impl->jit || !impl->resolve(symbols))
    return nullptr;
  size_t bytes = 64;
  if (auto arena =
          impl->module->getOperation()->getAttrOfType<mlir::IntegerAttr>("tile.arena_bytes"))
    bytes += llvm::alignTo(size_t(arena.getInt()), 64);
  impl->model.arenaBytes = bytes;
  impl->arena.reset(std::aligned_alloc(64, bytes));
  impl->shared.reset(
      std::aligned_alloc(64, llvm::alignTo(64 + workspaceBytes(module, *isa, *host), 64)));
  impl->workspace = impl->shared.get();
  if (!impl->arena || !impl->shared) {
    module.emitError("not enough memory for what passes between its kernels");
    return nullptr;
  }
  giveSignature(impl->model, std::move(*signature), impl->jit);
  return std::unique_ptr<InterpretedProgram>(new InterpretedProgram(std::move(impl)));
}

bool InterpretedProgram::run(std::span<const void *const> inputs, std::span<void *const> outputs,
                             uint64_t seed) {
  std::vector<void *> buffers;
  for (const void *input : inputs)
    buffers.push_back(const_cast<void *>(input)); // the code writes only to outputs
  for (const void *weight : impl->model.weights)
    buffers.push_back(const_cast<void *>(weight));
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::memset(outputs[i], machine::kPoison, impl->model.outputs[i].byteCount());
    buffers.push_back(outputs[i]);
  }
  std::memset(impl->arena.get(), machine::kPoison, impl->model.arenaBytes);
  impl->seed = seed;
  impl->launches = 0;
  impl->failed = false;
  impl->model.main(buffers.data(), impl->arena.get(), impl.get());
  return !impl->failed;
}

InterpretedCounts InterpretedProgram::counts() const {
  return {impl->counts.operations, impl->counts.syncs, impl->counts.overtakings,
          impl->counts.doubleSets};
}

} // namespace tessera
