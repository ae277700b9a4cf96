// The tiles a kernel may have, for whoever measures them, and its name in a tuning record.
#include "tessera/passes/TileCandidates.h"
#include "Attention.h"
#include "TileChoice.h"
#include "WholeProducts.h"

#include "tessera/dialect/npu/NpuOps.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tessera;

SmallVector<TileCandidate> tessera::tileCandidates(func::FuncOp kernel,
                                                   const tile::ChipSpec &chip) {
  auto ret = cast<func::ReturnOp>(kernel.getBody().front().getTerminator());
  if (ret->getNumOperands() != 1)
    return {};
  auto root = ret.getOperand(0).getDefiningOp<TilingInterface>();
  if (!root || root.getLoopIteratorTypes().empty())
    return {};
  if (std::optional<Attention> attention = matchAttention(root))
    if (std::optional<AttentionChoice> choice = AttentionChoice::of(typesOf(*attention), chip))
      return choice->candidates();
  if (auto matmul = dyn_cast<npu::MatmulOp>(root.getOperation());
      matmul && canStayWhole(matmul, chip))
    return {};
  FailureOr<TileChoice> choice = TileChoice::of(kernel, root, chip);
  return failed(choice) ? SmallVector<TileCandidate>() : choice->candidates();
}

std::string tessera::tuningKey(func::FuncOp kernel) {
  std::string key;
  llvm::raw_string_ostream out(key);
  for (Operation &op : kernel.getBody().front())
    if (isa<npu::NpuOpInterface>(op) && !op.hasTrait<OpTrait::ConstantLike>())
      out << (key.empty() ? "" : "+") << op.getName().stripDialect();
  for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    out << (i ? "," : ":");
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      for (int64_t extent : tensor.getShape())
        out << extent << "x";
      out << tensor.getElementType();
    } else {
      out << type;
    }
  }
  return key;
}
