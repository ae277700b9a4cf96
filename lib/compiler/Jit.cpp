// ORC's LLJIT with a target machine that comes from our instruction set table.
#include "Jit.h"
#include "tessera/import/Tensors.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include "llvm/ExecutionEngine/JITSymbol.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/CompileUtils.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

namespace tessera {
namespace {

namespace orc = llvm::orc;

// The project makes code for the processor it runs on, so far.
constexpr llvm::StringLiteral kTriple = "x86_64-unknown-linux-gnu";

llvm::StringRef ref(std::string_view text) {
  return {text.data(), text.size()};
}

void initialiseTarget() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

/// Looks names up through a callback.
class CallbackGenerator : public orc::DefinitionGenerator {
public:
  CallbackGenerator(std::function<const void *(llvm::StringRef)> symbol, char prefix)
      : symbol(std::move(symbol)), prefix(prefix) {}

  llvm::Error tryToGenerate(orc::LookupState &, orc::LookupKind, orc::JITDylib &dylib,
                            orc::JITDylibLookupFlags, const orc::SymbolLookupSet &names) override {
    orc::SymbolMap found;
    for (const auto &[name, flags] : names) {
      llvm::StringRef text = *name;
      if (prefix && !text.consume_front(llvm::StringRef(&prefix, 1)))
        continue;
      if (const void *address = symbol(text))
        found[name] = {orc::ExecutorAddr::fromPtr(address), llvm::JITSymbolFlags::Exported};
    }
    return found.empty() ? llvm::Error::success() : dylib.define(orc::absoluteSymbols(found));
  }

private:
  std::function<const void *(llvm::StringRef)> symbol;
  char prefix;
};

/// The bits of a 16-bit float as the ABI gives it back: in the low half of a vector register.
float inLowHalf(uint16_t bits) {
  return llvm::bit_cast<float>(uint32_t{bits});
}

// What the code generator calls where the processor has no instruction for 16-bit floats. Not every
// compiler's run-time library has all of them.
float truncateToBfloat(float value) {
  return inLowHalf(import_::bfloatFromFloat(value));
}
float truncateToHalf(float value) {
  return inLowHalf(import_::halfFromFloat(value));
}
float extendHalf(float value) {
  return import_::floatFromHalf(static_cast<uint16_t>(llvm::bit_cast<uint32_t>(value)));
}

const void *conversion(llvm::StringRef name) {
  return llvm::StringSwitch<const void *>(name)
      .Case("__truncsfbf2", reinterpret_cast<const void *>(&truncateToBfloat))
      .Case("__truncsfhf2", reinterpret_cast<const void *>(&truncateToHalf))
      .Case("__extendhfsf2", reinterpret_cast<const void *>(&extendHalf))
      .Default(nullptr);
}

} // namespace

static llvm::CodeGenOptLevel codeGenLevel(Effort effort) {
  return effort == Effort::Full    ? llvm::CodeGenOptLevel::Aggressive
         : effort == Effort::Quick ? llvm::CodeGenOptLevel::Less
                                   : llvm::CodeGenOptLevel::None;
}

static llvm::OptimizationLevel optimizationLevel(Effort effort) {
  return effort == Effort::Full    ? llvm::OptimizationLevel::O3
         : effort == Effort::Quick ? llvm::OptimizationLevel::O1
                                   : llvm::OptimizationLevel::O0;
}

llvm::Expected<std::unique_ptr<llvm::TargetMachine>> makeTargetMachine(Isa isa, Effort effort) {
  initialiseTarget();
  const llvm::Triple triple(kTriple);
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return llvm::createStringError(error);
  const IsaInfo &info = isaInfo(isa);
  llvm::TargetOptions options;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, ref(info.targetCpu), ref(info.targetFeatures), options, llvm::Reloc::PIC_,
      std::nullopt, codeGenLevel(effort), /*JIT=*/true));
}

void setIsaAttributes(llvm::Module &module, Isa isa) {
  const IsaInfo &info = isaInfo(isa);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", ref(info.targetCpu));
    function.addFnAttr("tune-cpu", ref(info.targetCpu));
    if (!info.targetFeatures.empty())
      function.addFnAttr("target-features", ref(info.targetFeatures));
    function.addFnAttr("prefer-vector-width", std::to_string(info.vectorBytes * 8));
  }
}

void optimize(llvm::Module &module, llvm::TargetMachine &machine, Effort effort) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = effort == Effort::Full;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  const llvm::OptimizationLevel level = optimizationLevel(effort);
  if (level == llvm::OptimizationLevel::O0)
    return;
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
}

struct JitCode::Impl {
  // Outlives the JIT, which compiles on demand.
  std::unique_ptr<llvm::TargetMachine> machine;
  std::unique_ptr<orc::LLJIT> jit;
};

JitCode::JitCode(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
JitCode::~JitCode() = default;

llvm::Expected<std::shared_ptr<JitCode>>
JitCode::make(std::unique_ptr<llvm::LLVMContext> context, std::unique_ptr<llvm::Module> module,
              Isa isa, Effort effort, std::function<const void *(llvm::StringRef)> symbol) {
  auto machine = makeTargetMachine(isa, effort);
  if (!machine)
    return machine.takeError();
  module->setDataLayout((*machine)->createDataLayout());
  module->setTargetTriple((*machine)->getTargetTriple());
  optimize(*module, **machine, effort);

  auto impl = std::make_unique<Impl>();
  impl->machine = std::move(*machine);
  llvm::TargetMachine &target = *impl->machine;
  auto jit = orc::LLJITBuilder()
                 .setDataLayout(module->getDataLayout())
                 .setJITTargetMachineBuilder(orc::JITTargetMachineBuilder(target.getTargetTriple()))
                 .setCompileFunctionCreator([&target](orc::JITTargetMachineBuilder) {
                   return std::make_unique<orc::SimpleCompiler>(target);
                 })
                 .create();
  if (!jit)
    return jit.takeError();
  impl->jit = std::move(*jit);
  const char prefix = impl->jit->getDataLayout().getGlobalPrefix();
  orc::JITDylib &dylib = impl->jit->getMainJITDylib();
  if (symbol)
    dylib.addGenerator(std::make_unique<CallbackGenerator>(std::move(symbol), prefix));
  dylib.addGenerator(std::make_unique<CallbackGenerator>(conversion, prefix));
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(prefix);
  if (!process)
    return process.takeError();
  dylib.addGenerator(std::move(*process));
  if (llvm::Error error =
          impl->jit->addIRModule(orc::ThreadSafeModule(std::move(module), std::move(context))))
    return error;
  return std::shared_ptr<JitCode>(new JitCode(std::move(impl)));
}

llvm::Expected<void *> JitCode::lookup(llvm::StringRef name) {
  auto address = impl->jit->lookup(name);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}

} // namespace tessera
