// Constants, the kernel region, and the parsing that assembly formats cannot express.
#include "NpuTyping.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;

namespace tessera::npu {

//===-------------------------------------------------------------------------------------------===//
// constant
//===-------------------------------------------------------------------------------------------===//

FailureOr<Type> ConstantOp::inferResultType(Adaptor adaptor, EmitError emitError) {
  Type type = adaptor.getValue().getType();
  if (isa<RankedTensorType>(type))
    return type;
  emitError() << "expected value to be a ranked tensor, but got " << type;
  return failure();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) {
  return getValue();
}

//===-------------------------------------------------------------------------------------------===//
// kernel
//===-------------------------------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &builder, OperationState &state, TypeRange results,
                     ValueRange inputs, StringAttr name) {
  state.addOperands(inputs);
  state.addTypes(results);
  if (name)
    state.getOrAddProperties<Properties>().name = name;
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(state.addRegion());
  for (Value input : inputs)
    block->addArgument(input.getType(), input.getLoc());
}

// npu.kernel "name"(%a = %x, ...) : (types) -> (types) attributes {attrs} { ... }
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &state) {
  std::string name;
  if (succeeded(parser.parseOptionalString(&name)))
    state.getOrAddProperties<Properties>().name = parser.getBuilder().getStringAttr(name);

  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  auto parsePair = [&]() -> ParseResult {
    return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(operands.emplace_back()));
  };
  FunctionType type;
  SMLoc typeLoc;
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parsePair) ||
      parser.parseColon() || parser.getCurrentLocation(&typeLoc) || parser.parseType(type))
    return failure();
  if (type.getNumInputs() != arguments.size())
    return parser.emitError(typeLoc, "expected ")
           << arguments.size() << " operand types, but got " << type.getNumInputs();
  for (auto [argument, argumentType] : llvm::zip_equal(arguments, type.getInputs()))
    argument.type = argumentType;
  if (parser.resolveOperands(operands, type.getInputs(), typeLoc, state.operands) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseRegion(*state.addRegion(), arguments))
    return failure();
  state.addTypes(type.getResults());
  return success();
}

void KernelOp::print(OpAsmPrinter &printer) {
  if (StringAttr name = getNameAttr())
    printer << ' ' << name;
  printer << '(';
  llvm::interleaveComma(llvm::zip_equal(getBlock()->getArguments(), getInputs()), printer,
                        [&](auto pair) {
                          printer.printRegionArgument(std::get<0>(pair), {}, /*omitType=*/true);
                          printer << " = " << std::get<1>(pair);
                        });
  printer << ") : ";
  printer.printFunctionalType(getInputs().getTypes(), getResultTypes());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getNameAttrName()});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

LogicalResult KernelOp::verify() {
  if (getBody().empty())
    return emitOpError("expected a block");
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("expected the block's arguments to have the operands' types");
  auto yield = dyn_cast_or_null<YieldOp>(block.empty() ? nullptr : &block.back());
  if (!yield)
    return emitOpError("expected the block to end with npu.yield");
  if (yield.getNumOperands() != getNumResults())
    return emitOpError("expected npu.yield to give ")
           << getNumResults() << " values, but got " << yield.getNumOperands();
  for (auto [index, given, expected] : llvm::enumerate(yield.getOperandTypes(), getResultTypes()))
    if (given != expected)
      return emitOpError("expected npu.yield operand ")
             << index << " to be " << expected << ", but got " << given;
  return success();
}

//===-------------------------------------------------------------------------------------------===//
// Types of binary operators: one type where all three are the same
//===-------------------------------------------------------------------------------------------===//

static ParseResult parseBinaryTypes(OpAsmParser &parser, Type &lhs, Type &rhs, Type &result) {
  if (parser.parseType(lhs))
    return failure();
  if (failed(parser.parseOptionalComma())) {
    rhs = result = lhs;
    return success();
  }
  return failure(parser.parseType(rhs) || parser.parseArrow() || parser.parseType(result));
}

static void printBinaryTypes(OpAsmPrinter &printer, Operation *, Type lhs, Type rhs, Type result) {
  printer << lhs;
  if (lhs != rhs || lhs != result)
    printer << ", " << rhs << " -> " << result;
}

} // namespace tessera::npu

#define GET_OP_CLASSES
#include "tessera/dialect/npu/NpuOps.cpp.inc"
