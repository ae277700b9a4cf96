// The generator behind npu.random_weight and random inputs, and the arguments it replaces.
#include "tessera/compiler/RandomWeights.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/dialect/npu/NpuDialect.h"
#include "tessera/dialect/npu/NpuOps.h"

namespace tessera {
namespace {

/// splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014):
/// any seed will do, and it is the same arithmetic everywhere.
uint64_t nextWord(uint64_t &state) {
  uint64_t word = state += 0x9e3779b97f4a7c15u;
  word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9u;
  word = (word ^ (word >> 27)) * 0x94d049bb133111ebu;
  return word ^ (word >> 31);
}

constexpr float kDeviation = 0.02f;

mlir::LogicalResult replaceArgument(mlir::func::FuncOp main, unsigned index, uint64_t seed) {
  mlir::BlockArgument argument = main.getArgument(index);
  auto shaped = llvm::dyn_cast<mlir::ShapedType>(argument.getType());
  if (!shaped || !shaped.hasRank() || !shaped.hasStaticShape() || !shaped.getElementType().isF32())
    return main.emitOpError("expected argument ")
           << index << ", which carries " << kRandomWeightAttr
           << ", to be a static tensor of f32, but got " << argument.getType();
  const auto type = mlir::RankedTensorType::get(shaped.getShape(), shaped.getElementType());
  const auto count = static_cast<size_t>(type.getNumElements());
  auto blob =
      mlir::HeapAsmResourceBlob::allocate(count * sizeof(float), 64, /*dataIsMutable=*/true);
  fillNormal({reinterpret_cast<float *>(blob.getMutableData().data()), count}, seed, 0.0f,
             kDeviation);
  auto value = mlir::DenseResourceElementsAttr::get(type, "random_weight", std::move(blob));
  if (llvm::isa<mlir::MemRefType>(shaped)) { // lowered already: a weight of the program
    main.removeArgAttr(index, kRandomWeightAttr);
    main.setArgAttr(index, "npu.weight", value);
    return mlir::success();
  }
  auto builder = mlir::OpBuilder::atBlockBegin(&main.getBody().front());
  argument.replaceAllUsesWith(
      npu::ConstantOp::create(builder, argument.getLoc(), type, value).getResult());
  return main.eraseArgument(index);
}

} // namespace

void fillNormal(llvm::MutableArrayRef<float> values, uint64_t seed, float mean, float deviation) {
  // The sum of four uniform numbers has deviation sqrt(4 / 12): close enough to a normal
  // distribution for weights, and exact, hence equal on every machine.
  const float scale = deviation * 1.7320508f / 65536.0f;
  for (float &value : values) {
    const uint64_t word = nextWord(seed);
    int32_t sum = 0;
    for (int part = 0; part < 4; ++part)
      sum += static_cast<int32_t>((word >> (16 * part)) & 0xffff);
    value = mean + scale * static_cast<float>(sum - 2 * 65535);
  }
}

void fillUniform(llvm::MutableArrayRef<int64_t> values, uint64_t seed, uint64_t bound) {
  for (int64_t &value : values)
    value = static_cast<int64_t>(nextWord(seed) % bound);
}

mlir::LogicalResult fillRandomWeights(mlir::ModuleOp module) {
  auto main = module.lookupSymbol<mlir::func::FuncOp>(kEntryName);
  if (!main || main.isExternal())
    return mlir::success();
  // Bytecode loads the dialects of its operations, which may be none of npu's any longer.
  module.getContext()->loadDialect<npu::NpuDialect>();
  for (unsigned index = main.getNumArguments(); index-- > 0;) {
    mlir::Attribute attr = main.getArgAttr(index, kRandomWeightAttr);
    if (!attr)
      continue;
    auto seed = llvm::dyn_cast<mlir::IntegerAttr>(attr);
    if (!seed)
      return main.emitOpError("expected ") << kRandomWeightAttr << " of argument " << index
                                           << " to be an integer, but got " << attr;
    if (failed(replaceArgument(main, index, seed.getValue().getZExtValue())))
      return mlir::failure();
  }
  return mlir::success();
}

} // namespace tessera
