// Which loops each npu operator has when it is tiled, and along which dims they run.
#include "LoopNests.h"

#include "tessera/dialect/npu/NpuOps.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace tessera;

namespace {

RankedTensorType typeOf(Value v) {
  return cast<RankedTensorType>(v.getType());
}

/// One loop per result dim, except those in `whole`.
LoopNest loopsOverResult(RankedTensorType result, ArrayRef<int64_t> whole = {}) {
  LoopNest nest;
  for (int64_t d = 0; d < result.getRank(); ++d)
    nest.result.push_back(llvm::is_contained(whole, d) ? kWhole : int(nest.parallel++));
  return nest;
}

/// The loops of an operand that broadcasts against the result, dims aligned at the right.
DimLoops broadcastLoops(RankedTensorType operand, RankedTensorType result,
                        const DimLoops &resultLoops) {
  DimLoops loops;
  int64_t shift = result.getRank() - operand.getRank();
  for (int64_t d = 0; d < operand.getRank(); ++d)
    loops.push_back(operand.getDimSize(d) == 1 && result.getDimSize(d + shift) != 1
                        ? kWhole
                        : resultLoops[d + shift]);
  return loops;
}

SmallVector<int64_t> dimsFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(first, rank));
}

LoopNest matmulLoops(npu::MatmulOp op) {
  RankedTensorType result = typeOf(op.getResult()), lhs = typeOf(op.getLhs());
  RankedTensorType rhs = typeOf(op.getRhs());
  LoopNest nest = loopsOverResult(result);
  int64_t rank = result.getRank();
  int m = nest.result[rank - 2], n = nest.result[rank - 1];
  nest.inner.push_back(lhs.getDimSize(lhs.getRank() - (op.getTransposeLhs() ? 2 : 1)));
  auto batch = [&](RankedTensorType operand, int64_t matrixDims) {
    DimLoops loops;
    int64_t dims = operand.getRank() - matrixDims, shift = rank - 2 - dims;
    for (int64_t d = 0; d < dims; ++d)
      loops.push_back(operand.getDimSize(d) == 1 ? kWhole : nest.result[d + shift]);
    return loops;
  };
  DimLoops a = batch(lhs, 2);
  if (op.getTransposeLhs())
    llvm::append_values(a, kWhole, m);
  else
    llvm::append_values(a, m, kWhole);
  int64_t packed = npu::packedRank(rhs.getElementType());
  DimLoops b = batch(rhs, op.getPackedN() ? packed : 2);
  if (op.getPackedN()) {
    b.push_back(n);
    b.append(packed - 1, kWhole);
  } else if (op.getTransposeRhs())
    llvm::append_values(b, n, kWhole);
  else
    llvm::append_values(b, kWhole, n);
  nest.operands = {a, b};
  return nest;
}

/// Windows: loops over image, output rows and features or channels; columns stay whole.
template <typename Op> LoopNest windowLoops(Op op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()), {2});
  nest.operands.push_back({nest.result[0], nest.result[1], kWhole, nest.result[3]});
  if constexpr (std::is_same_v<Op, npu::Conv2DOp>) {
    nest.operands[0][3] = kWhole;
    if (op.getPackedN()) {
      nest.operands.push_back({nest.result[3]});
      nest.operands[1].append(typeOf(op.getFilter()).getRank() - 1, kWhole);
    } else
      nest.operands.push_back({kWhole, kWhole, kWhole, nest.result[3]});
  } else if constexpr (std::is_same_v<Op, npu::DepthwiseConv2DOp>) {
    nest.operands.push_back({kWhole, kWhole, nest.result[3]});
  }
  return nest;
}

/// Softmax: the loops leave out the dim that a row runs along.
template <typename Op> LoopNest rowLoops(Op op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()), {int64_t(op.getAxis())});
  nest.operands = {nest.result};
  return nest;
}

/// Norms: dims from the axis on stay whole; scale and bias broadcast.
template <typename Op> LoopNest normLoops(Op op) {
  RankedTensorType result = typeOf(op.getResult());
  LoopNest nest = loopsOverResult(result, dimsFrom(op.getAxis(), result.getRank()));
  nest.operands = {nest.result};
  for (Value operand : op->getOperands().drop_front())
    nest.operands.push_back(broadcastLoops(typeOf(operand), result, nest.result));
  return nest;
}

template <typename Op> LoopNest reduceLoops(Op op) {
  bool keep = op.getKeepdims();
  LoopNest nest =
      loopsOverResult(typeOf(op.getResult()), keep ? op.getAxes() : ArrayRef<int64_t>());
  DimLoops operand;
  for (int64_t d = 0, kept = 0; d < typeOf(op->getOperand(0)).getRank(); ++d) {
    bool reduced = llvm::is_contained(op.getAxes(), d);
    operand.push_back(reduced ? kWhole : nest.result[keep ? d : kept]);
    kept += !reduced;
  }
  nest.operands = {operand};
  return nest;
}

LoopNest transposeLoops(npu::TransposeOp op) {
  RankedTensorType result = typeOf(op.getResult());
  LoopNest nest = loopsOverResult(result);
  DimLoops operand(result.getRank(), kWhole);
  for (auto [d, from] : llvm::enumerate(op.getPerm()))
    operand[from] = nest.result[d];
  nest.operands = {operand};
  return nest;
}

LoopNest concatLoops(npu::ConcatOp op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()), {int64_t(op.getAxis())});
  nest.operands.assign(op->getNumOperands(), nest.result);
  return nest;
}

LoopNest padLoops(npu::PadOp op) {
  RankedTensorType result = typeOf(op.getResult());
  SmallVector<int64_t> padded;
  for (int64_t d = 0; d < result.getRank(); ++d)
    if (op.getLow()[d] != 0 || op.getHigh()[d] != 0)
      padded.push_back(d);
  LoopNest nest = loopsOverResult(result, padded);
  nest.operands = {nest.result};
  return nest;
}

LoopNest gatherLoops(npu::GatherOp op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()));
  int64_t indexRank = typeOf(op.getIndices()).getRank(), axis = op.getAxis();
  DimLoops data, indices;
  for (int64_t d = 0; d < typeOf(op.getData()).getRank(); ++d)
    data.push_back(d == axis ? kWhole : nest.result[d < axis ? d : d + indexRank - 1]);
  for (int64_t d = 0; d < indexRank; ++d)
    indices.push_back(nest.result[axis + d]);
  nest.operands = {data, indices};
  return nest;
}

/// Panels run along n; offsets and sizes of their loop count panels, not columns.
LoopNest packLoops(npu::PackRhsOp op) {
  RankedTensorType result = typeOf(op.getResult());
  int64_t batch = typeOf(op.getX()).getRank() - 2, rank = result.getRank();
  LoopNest nest = loopsOverResult(result, llvm::to_vector(llvm::seq<int64_t>(batch + 1, rank)));
  nest.operands = {DimLoops(nest.result.begin(), nest.result.begin() + batch)};
  if (op.getTranspose())
    llvm::append_values(nest.operands[0], nest.result[batch], kWhole);
  else
    llvm::append_values(nest.operands[0], kWhole, nest.result[batch]);
  return nest;
}

LoopNest sliceLoops(npu::SliceOp op) {
  LoopNest nest = loopsOverResult(typeOf(op.getResult()));
  nest.operands = {nest.result};
  return nest;
}

/// Elementwise operators and expand: NumPy broadcasting.
LoopNest broadcastingLoops(Operation *op) {
  RankedTensorType result = typeOf(op->getResult(0));
  LoopNest nest = loopsOverResult(result);
  for (Value operand : op->getOperands())
    nest.operands.push_back(broadcastLoops(typeOf(operand), result, nest.result));
  return nest;
}

} // namespace

LoopNest tessera::loopNest(Operation *op) {
  using namespace npu;
  return llvm::TypeSwitch<Operation *, LoopNest>(op)
      .Case([](MatmulOp o) { return matmulLoops(o); })
      .Case<Conv2DOp, DepthwiseConv2DOp, MaxPool2DOp, AvgPool2DOp>(
          [](auto o) { return windowLoops(o); })
      .Case<SoftmaxOp, LogSoftmaxOp>([](auto o) { return rowLoops(o); })
      .Case<LayerNormOp, RmsNormOp>([](auto o) { return normLoops(o); })
      .Case<ReduceSumOp, ReduceMeanOp, ReduceMaxOp, ReduceMinOp, ReduceProdOp>(
          [](auto o) { return reduceLoops(o); })
      .Case([](TransposeOp o) { return transposeLoops(o); })
      .Case([](ConcatOp o) { return concatLoops(o); })
      .Case([](PadOp o) { return padLoops(o); })
      .Case([](GatherOp o) { return gatherLoops(o); })
      .Case([](PackRhsOp o) { return packLoops(o); })
      .Case([](SliceOp o) { return sliceLoops(o); })
      .Default([](Operation *o) { return broadcastingLoops(o); });
}
