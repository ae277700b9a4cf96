// Whole tile programs, compiled from npu operators when their row is run: matrix products of plain
// operands, so that packing is part of the time; and an encoder layer, joined and not.
#include "Program.h"
#include "Suite.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/runtime/Session.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::bench {

std::function<void()> runnable(mlir::ModuleOp module, const CompileOptions &options,
                               unsigned threads) {
  auto model = compileModule(module, options);
  if (!model)
    return nullptr;
  std::vector<std::shared_ptr<float[]>> buffers;
  std::vector<const void *> inputs;
  std::vector<void *> outputs;
  const auto buffer = [&](const runtime::TensorInfo &info) {
    buffers.push_back(floats(info.elementCount(), static_cast<std::uint32_t>(buffers.size())));
    return buffers.back().get();
  };
  for (const runtime::TensorInfo &info : model->inputs)
    inputs.push_back(buffer(info));
  for (const runtime::TensorInfo &info : model->outputs)
    outputs.push_back(buffer(info));
  auto session = std::make_shared<runtime::Session>(model, threads);
  return [session, inputs, outputs, buffers] { (void)session->run(inputs, outputs); };
}

CompileOptions optionsFor(Isa isa) {
  CompileOptions options;
  options.chip = "cpu-" + std::string(isaName(floatIsa(isa)));
  return options;
}

namespace {

std::string productText(const Product &p) {
  const auto tensor = [&](std::int64_t rows, std::int64_t cols) {
    return p.batch == 1 ? llvm::formatv("tensor<{0}x{1}xf32>", rows, cols).str()
                        : llvm::formatv("tensor<{0}x{1}x{2}xf32>", p.batch, rows, cols).str();
  };
  return llvm::formatv("func.func @main(%a: {0}, %b: {1}) -> {2} {{\n"
                       "  %c = npu.matmul %a, %b : {0}, {1} -> {2}\n"
                       "  return %c : {2}\n}\n",
                       tensor(p.m, p.k), tensor(p.k, p.n), tensor(p.m, p.n));
}

} // namespace

std::function<void()> compiledProduct(const Product &product, Isa isa, unsigned threads) {
  const auto context = makeContext();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(productText(product), context.get());
  return module ? runnable(*module, optionsFor(isa), threads) : nullptr;
}

namespace {

void addProduct(const Product &product, Isa isa) {
  addMade("program_matmul", "f32", std::string(isaName(isa)), product.shape(), Work::Flops,
          product.flops(),
          [=]() -> std::function<void()> { return compiledProduct(product, isa, /*threads=*/1); });
}

/// Rows for the encoder layer of the examples; the unfused one stands as the peer.
void addEncoder(Isa isa, bool fuse) {
  constexpr double kTokens = 128, kWidth = 768, kInner = 3072;
  // Four projections, two products of attention, two of the feed-forward part.
  const double flops =
      2 * kTokens * (4 * kWidth * kWidth + 2 * kTokens * kWidth + 2 * kWidth * kInner);
  addMade("program_encoder", "f32", (fuse ? "" : "unfused-") + std::string(isaName(isa)), "128x768",
          Work::Flops, flops, [=]() -> std::function<void()> {
            const auto context = makeContext();
            std::string error;
            auto module = loadModel(*context, TESSERA_BENCH_ENCODER, {}, error);
            if (!module) {
              llvm::errs() << "tessera-bench: error: " << error << "\n";
              return nullptr;
            }
            CompileOptions options = optionsFor(isa);
            options.fuse = fuse;
            return runnable(*module, options, /*threads=*/1);
          });
}

} // namespace

void addPrograms(Isa ceiling) {
  for (const Product &product : gemmShapes()) {
    for (Isa isa : kAllIsas)
      if (isa <= ceiling && isa == floatIsa(isa)) {
        addProduct(product, isa);
        addEigenProduct("program_matmul", product, isa);
      }
    addLibraryProducts("program_matmul", product);
  }
  for (bool fuse : {true, false})
    addEncoder(floatIsa(ceiling), fuse);
}

} // namespace tessera::bench
