// Bufferisation of the destination-style tile operators.
#include "tessera/dialect/tile/TileDialect.h"

#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;
using namespace tessera::tile;

namespace {
/// Replaces tensors by their buffers; the result is the output's buffer.
template <typename Op>
struct TileBufferization
    : DstBufferizableOpInterfaceExternalModel<TileBufferization<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand, const AnalysisState &) const {
    auto destination = cast<DestinationStyleOpInterface>(op);
    // The old output matters only to an accumulating operator.
    return !destination.isDpsInit(&operand) || op->hasAttr("accumulate");
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options, BufferizationState &state) const {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    OperationState placed(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
    if (auto segments = op->getPropertiesAsAttribute())
      placed.propertiesAttr = segments;
    rewriter.create(placed);
    auto destination = cast<DestinationStyleOpInterface>(op);
    SmallVector<Value> results;
    for (OpOperand &init : destination.getDpsInitsMutable())
      results.push_back(operands[init.getOperandNumber()]);
    replaceOpWithBufferizedValues(rewriter, op, results);
    return success();
  }
};
} // namespace

void tessera::tile::registerTileBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, TileDialect *) {
    MatmulOp::attachInterface<TileBufferization<MatmulOp>>(*context);
    Conv2DOp::attachInterface<TileBufferization<Conv2DOp>>(*context);
    PackOp::attachInterface<TileBufferization<PackOp>>(*context);
    AttentionOp::attachInterface<TileBufferization<AttentionOp>>(*context);
    WindowOp::attachInterface<TileBufferization<WindowOp>>(*context);
  });
}
