// Runs the reference pipeline and wraps its function for the runtime.
#include "CompileReference.h"
#include "Jit.h"
#include "Signature.h"
#include "Stages.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/passes/Passes.h"
#include "tessera/passes/Registration.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Transforms/IPO/LoopExtractor.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Utils/LoopSimplify.h"
#include <cstring>

namespace tessera {
namespace {

constexpr llvm::StringLiteral kWrapper = "tessera_reference_main";

/// How upstream's lowering passes a memref of any rank: the rank, and a descriptor, which is a
/// struct of two pointers and 1 + 2 * rank integers (offset, sizes, strides; in elements).
struct AnyMemref {
  int64_t rank;
  const void *descriptor;
};

struct Strided {
  explicit Strided(const AnyMemref &memref) {
    const auto *words = static_cast<const int64_t *>(memref.descriptor);
    std::memcpy(&data, words + 1, sizeof(data));
    offset = words[2];
    sizes = {words + 3, static_cast<size_t>(memref.rank)};
    strides = {words + 3 + memref.rank, static_cast<size_t>(memref.rank)};
  }
  char *data;
  int64_t offset;
  llvm::ArrayRef<int64_t> sizes, strides;
};

/// What upstream's lowering of memref.copy calls when a side has strides.
void memrefCopy(int64_t elementBytes, const AnyMemref *from, const AnyMemref *to) {
  const Strided source(*from), target(*to);
  if (llvm::is_contained(source.sizes, 0))
    return;
  llvm::SmallVector<int64_t> index(source.sizes.size(), 0);
  for (;;) {
    int64_t read = source.offset, write = target.offset;
    for (auto [dim, i] : llvm::enumerate(index)) {
      read += i * source.strides[dim];
      write += i * target.strides[dim];
    }
    std::memcpy(target.data + write * elementBytes, source.data + read * elementBytes,
                static_cast<size_t>(elementBytes));
    size_t dim = index.size();
    while (dim > 0 && ++index[dim - 1] == source.sizes[dim - 1])
      index[--dim] = 0;
    if (dim == 0)
      return;
  }
}

const void *supportSymbol(llvm::StringRef name) {
  return name == "memrefCopy" ? reinterpret_cast<const void *>(&memrefCopy) : nullptr;
}

/// A memref descriptor of the dense tensor at `data`, on the stack.
llvm::Value *descriptor(llvm::IRBuilder<> &builder, llvm::Value *data,
                        llvm::ArrayRef<int64_t> dims) {
  llvm::Type *pointer = builder.getPtrTy();
  llvm::Type *index = builder.getInt64Ty();
  llvm::SmallVector<llvm::Type *> fields = {pointer, pointer, index};
  if (!dims.empty()) {
    llvm::Type *array = llvm::ArrayType::get(index, dims.size());
    fields.append({array, array});
  }
  auto *type = llvm::StructType::get(builder.getContext(), fields);
  llvm::Value *memref = builder.CreateAlloca(type);
  const auto store = [&](llvm::Value *value, llvm::ArrayRef<unsigned> path) {
    llvm::SmallVector<llvm::Value *> indices = {builder.getInt32(0)};
    for (unsigned step : path)
      indices.push_back(builder.getInt32(step));
    builder.CreateStore(value, builder.CreateInBoundsGEP(type, memref, indices));
  };
  store(data, {0});
  store(data, {1});
  store(builder.getInt64(0), {2});
  int64_t stride = 1;
  for (auto dim = static_cast<unsigned>(dims.size()); dim-- > 0;) {
    store(builder.getInt64(dims[dim]), {3, dim});
    store(builder.getInt64(stride), {4, dim});
    stride *= dims[dim];
  }
  return memref;
}

/// Adds the function that the runtime calls: it finds each tensor in the list of buffers (inputs,
/// weights, outputs) and hands its descriptor to the C interface of @main.
void addWrapper(llvm::Module &module, const Signature &signature) {
  llvm::LLVMContext &context = module.getContext();
  llvm::Type *pointer = llvm::PointerType::getUnqual(context);
  auto *type =
      llvm::FunctionType::get(llvm::Type::getVoidTy(context), {pointer, pointer, pointer}, false);
  auto *wrapper =
      llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, kWrapper, module);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", wrapper));
  llvm::SmallVector<llvm::Value *> memrefs;
  const auto add = [&](size_t position, llvm::ArrayRef<int64_t> dims) {
    llvm::Value *slot = builder.CreateConstInBoundsGEP1_64(pointer, wrapper->getArg(0), position);
    memrefs.push_back(descriptor(builder, builder.CreateLoad(pointer, slot), dims));
  };
  for (const Argument &argument : signature.arguments)
    add(argument.isWeight ? signature.inputs.size() + argument.index : argument.index,
        argument.dims);
  for (auto [index, output] : llvm::enumerate(signature.outputs))
    add(signature.inputs.size() + signature.weights.data.size() + index, output.dims);
  llvm::SmallVector<llvm::Type *> types(memrefs.size(), pointer);
  llvm::FunctionCallee callee = module.getOrInsertFunction(
      "_mlir_ciface_main", llvm::FunctionType::get(llvm::Type::getVoidTy(context), types, false));
  builder.CreateCall(callee, memrefs);
  builder.CreateRetVoid();
}

/// Moves every loop nest into a function of its own. A model is one function of hundreds of nests,
/// and most optimisations take time that grows faster than a function's size.
void splitLoops(llvm::Module &module) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  llvm::SmallPtrSet<llvm::Function *, 8> known;
  for (llvm::Function &function : module)
    known.insert(&function);
  llvm::FunctionPassManager prepare;
  prepare.addPass(llvm::SROAPass(llvm::SROAOptions::PreserveCFG));
  prepare.addPass(llvm::LoopSimplifyPass());
  llvm::ModulePassManager passes;
  passes.addPass(llvm::createModuleToFunctionPassAdaptor(std::move(prepare)));
  passes.addPass(llvm::LoopExtractorPass());
  passes.run(module, modules);
  for (llvm::Function &function : module)
    if (!known.contains(&function))
      function.addFnAttr(llvm::Attribute::NoInline);
}

bool lower(mlir::ModuleOp module) {
  // The caller's tensors are not ours to write to. What else arguments and results carry has been
  // read, and means nothing to the translation to LLVM, which would warn of it.
  auto main = module.lookupSymbol<mlir::func::FuncOp>(kEntryName);
  mlir::Builder b(module.getContext());
  const auto writable = b.getNamedAttr("bufferization.writable", b.getBoolAttr(false));
  main.setAllArgAttrs(
      llvm::SmallVector<mlir::Attribute>(main.getNumArguments(), b.getDictionaryAttr(writable)));
  main.removeResAttrsAttr();
  mlir::PassManager manager(module.getContext());
  buildReferencePipeline(manager);
  return succeeded(manager.run(module));
}

} // namespace

std::shared_ptr<const runtime::CompiledModel> compileReference(mlir::ModuleOp module, Isa isa) {
  if (const Level level = levelOf(module); level != Level::Graph) {
    module.emitError("expected npu operators for the reference, but got a module that ")
        << stageName(level) << " has lowered";
    return nullptr;
  }
  // A schedule is about the fast way only.
  for (mlir::Operation &op : llvm::make_early_inc_range(*module.getBody()))
    if (op.getName().getDialectNamespace() == "transform")
      op.erase();
  mlir::PassManager manager(module.getContext());
  manager.addPass(createNpuExternalizeConstants());
  if (failed(manager.run(module)))
    return nullptr;
  auto signature = readSignature(module);
  if (!signature || !lower(module))
    return nullptr;

  mlir::registerLLVMDialectTranslation(*module.getContext());
  mlir::registerBuiltinDialectTranslation(*module.getContext());
  auto context = std::make_unique<llvm::LLVMContext>();
  auto llvmModule = mlir::translateModuleToLLVMIR(module, *context, "reference");
  if (!llvmModule)
    return nullptr;
  splitLoops(*llvmModule);
  addWrapper(*llvmModule, *signature);
  setIsaAttributes(*llvmModule, isa);
  auto code =
      JitCode::make(std::move(context), std::move(llvmModule), isa, Effort::Quick, supportSymbol);
  auto entry = code ? (*code)->lookup(kWrapper) : code.takeError();
  if (!entry) {
    module.emitError("the reference cannot be made executable: ")
        << llvm::toString(entry.takeError());
    return nullptr;
  }

  auto model = std::make_shared<runtime::CompiledModel>();
  model->main = reinterpret_cast<runtime::MainFn>(*entry);
  giveSignature(*model, std::move(*signature), std::move(*code));
  return model;
}

} // namespace tessera
