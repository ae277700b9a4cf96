// Where the weights of a compiled model lie: in the file they came from, or in one region.
#define CATCH_CONFIG_MAIN
#include "mlir/Bytecode/BytecodeWriter.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/compiler/LoadModel.h"
#include "tessera/runtime/Session.h"
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <unistd.h>

using namespace tessera;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kRows = 4096, kColumns = 64;
constexpr size_t kTableBytes = kRows * kColumns * sizeof(float);

struct Folder {
  fs::path path = fs::temp_directory_path() / ("tessera-weights-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
};

/// A line of /proc/self/maps: the mapping that holds an address.
struct Mapping {
  std::string file, rights;
};

Mapping mappingOf(const void *address) {
  std::ifstream maps("/proc/self/maps");
  const auto at = reinterpret_cast<uintptr_t>(address);
  for (std::string line; std::getline(maps, line);) {
    unsigned long begin = 0, end = 0;
    char rights[8] = {};
    std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, rights);
    if (begin <= at && at < end) {
      const size_t slash = line.find('/');
      return {slash == line.npos ? "" : line.substr(slash), rights};
    }
  }
  return {};
}

/// Memory of this process that no file backs, in bytes.
size_t anonymousBytes() {
  std::ifstream status("/proc/self/status");
  size_t kilobytes = 0;
  for (std::string line; std::getline(status, line);)
    std::sscanf(line.c_str(), "RssAnon: %zu", &kilobytes);
  return kilobytes * 1024;
}

// Just enough of protobuf's wire format to write a model.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out += static_cast<char>(0x80 | (value & 0x7f));
  return out + static_cast<char>(value);
}
std::string number(int field, uint64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(value);
}
std::string bytes(int field, const std::string &value) {
  return varint((static_cast<uint64_t>(field) << 3) | 2) + varint(value.size()) + value;
}
std::string port(int field, const std::string &name, int type, std::vector<int64_t> dims) {
  std::string shape;
  for (int64_t dim : dims)
    shape += bytes(1, number(1, static_cast<uint64_t>(dim)));
  return bytes(field, bytes(1, name) + bytes(2, bytes(1, number(1, type) + bytes(2, shape))));
}

std::string tableData() {
  std::vector<float> values(kRows * kColumns);
  std::iota(values.begin(), values.end(), 0.0f);
  return {reinterpret_cast<const char *>(values.data()), kTableBytes};
}

/// y = Gather(table, i), where `fields` say what is in the table and `padding` moves it.
std::string gatherModel(const std::string &fields, size_t padding = 0) {
  const std::string node =
      bytes(1, bytes(1, "table") + bytes(1, "i") + bytes(2, "y") + bytes(4, "Gather"));
  const std::string table =
      bytes(5, number(1, kRows) + number(1, kColumns) + number(2, 1) + bytes(8, "table") +
                   bytes(12, std::string(padding, 'p')) + fields);
  return number(1, 8) + bytes(8, bytes(1, "") + number(2, 15)) +
         bytes(7, node + bytes(2, "g") + table + port(11, "i", 7, {2}) +
                      port(12, "y", 1, {2, kColumns}));
}

std::shared_ptr<const runtime::CompiledModel> compileFile(const fs::path &file) {
  const auto context = makeContext();
  std::string error;
  auto module = loadModel(*context, file.string(), {}, error);
  INFO(error);
  REQUIRE(module);
  auto model = compileModule(*module, {});
  REQUIRE(model);
  return model;
}

void write(const fs::path &file, const std::string &content) {
  std::ofstream(file, std::ios::binary).write(content.data(), content.size());
}

/// Rows 1 and kRows - 1 of the table.
void expectRows(const std::shared_ptr<const runtime::CompiledModel> &model) {
  const int64_t indices[2] = {1, kRows - 1};
  float rows[2 * kColumns] = {};
  runtime::Session session(model, 1);
  REQUIRE(session.run(std::array<const void *, 1>{indices}, std::array<void *, 1>{rows}));
  for (int row = 0; row < 2; ++row)
    for (int64_t column = 0; column < kColumns; ++column)
      REQUIRE(rows[row * kColumns + column] ==
              static_cast<float>(indices[row] * kColumns + column));
}

} // namespace

TEST_CASE("a weight in an ONNX file is used where it lies, or copied once if it lies askew") {
  Folder folder;
  int inFile = 0;
  for (size_t padding = 0; padding < 4; ++padding) {
    const fs::path file = folder.path / ("padded" + std::to_string(padding) + ".onnx");
    write(file, gatherModel(bytes(9, tableData()), padding));
    auto model = compileFile(file);
    REQUIRE(model->weights.size() == 1);
    CHECK(reinterpret_cast<uintptr_t>(model->weights[0]) % alignof(float) == 0);
    CHECK(model->mappedWeightBytes + model->madeWeightBytes == kTableBytes);
    const Mapping mapping = mappingOf(model->weights[0]);
    CHECK(mapping.rights.substr(0, 2) == "r-");
    CHECK((model->mappedWeightBytes > 0) == (mapping.file == file.string()));
    inFile += mapping.file == file.string();
    fs::remove(file); // what is mapped stays
    expectRows(model);
  }
  CHECK(inFile == 1); // one of four paddings puts floats at a multiple of four
}

TEST_CASE("external data is used where it lies") {
  Folder folder;
  const fs::path file = folder.path / "m.onnx", data = folder.path / "w.bin";
  const auto entry = [](const char *key, const char *value) {
    return bytes(13, bytes(1, key) + bytes(2, value));
  };
  write(file, gatherModel(number(14, 1) + entry("location", "w.bin") + entry("offset", "4096")));
  write(data, std::string(4096, 'x') + tableData());
  auto model = compileFile(file);
  CHECK(mappingOf(model->weights[0]).file == data.string());
  CHECK(model->madeWeightBytes == 0);
  expectRows(model);
}

TEST_CASE("packed weights lie in one region, and in the file once they were written to one") {
  Folder folder;
  const fs::path text = folder.path / "m.mlir", file = folder.path / "m.mlirbc";
  write(text, R"(
    func.func @main(%x: tensor<4x768xf32>, %w: tensor<768x3072xf32> {npu.random_weight = 1},
                    %v: tensor<3072x768xf32> {npu.random_weight = 2}) -> tensor<4x768xf32> {
      %h = npu.matmul %x, %w : tensor<4x768xf32>, tensor<768x3072xf32> -> tensor<4x3072xf32>
      %r = npu.relu %h : tensor<4x3072xf32>
      %y = npu.matmul %r, %v : tensor<4x3072xf32>, tensor<3072x768xf32> -> tensor<4x768xf32>
      return %y : tensor<4x768xf32>
    })");
  const size_t size = size_t{2} * 768 * 3072 * sizeof(float);
  std::vector<float> input(4 * 768, 0.25f), made(input.size()), mapped(input.size());
  const auto runInto = [&](const auto &model, std::vector<float> &output) {
    runtime::Session session(model, 2);
    REQUIRE(session.run(std::array<const void *, 1>{input.data()},
                        std::array<void *, 1>{output.data()}));
  };
  {
    auto model = compileFile(text);
    REQUIRE(model->weights.size() == 2);
    CHECK(model->madeWeightBytes == size);
    const auto *first = static_cast<const char *>(model->weights[0]);
    CHECK(model->weights[1] == first + size / 2); // one region, in the order of the weights
    CHECK(reinterpret_cast<uintptr_t>(first) % 64 == 0);
    CHECK(mappingOf(first).rights == "r--p");
    runInto(model, made);

    const auto context = makeContext();
    std::string error;
    auto module = loadModel(*context, text.string(), {}, error);
    REQUIRE(lowerModule(*module, {}, Level::Program));
    std::error_code failed;
    llvm::raw_fd_ostream out(file.string(), failed);
    REQUIRE(succeeded(mlir::writeBytecodeToFile(*module, out)));
  }
  const size_t before = anonymousBytes();
  auto model = compileFile(file);
  CHECK(model->mappedWeightBytes == size);
  CHECK(model->madeWeightBytes == 0);
  for (const void *weight : model->weights)
    CHECK(mappingOf(weight).file == file.string());
  runInto(model, mapped);
  CHECK(made == mapped);
  const size_t after = anonymousBytes();
  CHECK((after < before ? 0 : after - before) < size / 2); // code and arena, but no copy of weights
}
