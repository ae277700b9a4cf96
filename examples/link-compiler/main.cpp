// Builds relu(x + x) out of npu operators, compiles it for this machine, and runs it.
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Verifier.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/compiler/Version.h"
#include "tessera/dialect/npu/NpuOps.h"
#include "tessera/runtime/Session.h"
#include <cstdio>

namespace npu = tessera::npu;

static mlir::OwningOpRef<mlir::ModuleOp> build(mlir::MLIRContext &context) {
  context.loadDialect<npu::NpuDialect, mlir::func::FuncDialect>();
  mlir::OpBuilder builder(&context);
  const mlir::Location loc = builder.getUnknownLoc();
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::ModuleOp::create(builder, loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto type = mlir::RankedTensorType::get({4}, builder.getF32Type());
  auto main = mlir::func::FuncOp::create(builder, loc, tessera::kEntryName,
                                         builder.getFunctionType({type}, {type}));
  builder.setInsertionPointToEnd(main.addEntryBlock());
  mlir::Value x = main.getArgument(0);
  mlir::Value sum = npu::AddOp::create(builder, loc, x, x);
  mlir::Value y = npu::ReluOp::create(builder, loc, sum);
  mlir::func::ReturnOp::create(builder, loc, y);
  return module;
}

int main() {
  const auto context = tessera::makeContext();
  auto module = build(*context);
  const auto model = succeeded(verify(*module)) ? tessera::compileModule(*module, {}) : nullptr;
  if (!model)
    return 1;
  const float x[] = {-2.0f, -0.5f, 0.0f, 3.0f};
  float y[4];
  const void *inputs[] = {x};
  void *outputs[] = {y};
  tessera::runtime::Session session(model);
  if (!session.run(inputs, outputs))
    return 1;
  std::printf("tessera %s: relu(x + x) =", tessera::version());
  for (float value : y)
    std::printf(" %g", static_cast<double>(value));
  std::printf("\n");
  return y[3] == 6.0f && y[0] == 0.0f ? 0 : 1;
}
