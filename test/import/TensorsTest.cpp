// Tensors in files: round trips, NumPy's variants, and files that lie.
#include "tessera/import/Tensors.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

using namespace tessera::import_;

namespace {

constexpr ElementType kAllTypes[] = {
    ElementType::F16, ElementType::BF16, ElementType::F32, ElementType::F64, ElementType::I8,
    ElementType::I16, ElementType::I32,  ElementType::I64, ElementType::U8,  ElementType::U16,
    ElementType::U32, ElementType::U64,  ElementType::Bool};

std::string scratch(const std::string &name) {
  return (std::filesystem::temp_directory_path() / ("tessera-tensors-test-" + name)).string();
}

void writeBytes(const std::string &path, const std::string &bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), bytes.size());
}

/// A .npy file with this header text (padded) and this data.
std::string npy(const std::string &header, const std::string &data) {
  std::string start = "\x93NUMPY";
  start +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return start + header + data;
}

Tensor sample(ElementType type) {
  Tensor tensor = *Tensor::allocate(type, {2, 3});
  for (int64_t i = 0; i < tensor.count; ++i)
    storeInteger(tensor, i, i % 2);
  return tensor;
}

bool sameElements(const Tensor &a, const Tensor &b) {
  return a.type == b.type && a.shape == b.shape &&
         std::memcmp(a.data(), b.data(), a.byteSize()) == 0;
}

} // namespace

TEST_CASE("every element type survives .npy and .pb") {
  for (ElementType type : kAllTypes)
    for (const char *name : {"round.npy", "round.pb"}) {
      INFO(elementTypeName(type) << " in " << name);
      Tensor tensor = sample(type);
      std::string error, path = scratch(name);
      REQUIRE(writeTensor(path, tensor, error));
      std::optional<Tensor> back = readTensor(path, error);
      REQUIRE(back);
      // NumPy has no bfloat16.
      bool widened = type == ElementType::BF16 && path.ends_with(".npy");
      CHECK((widened ? back->type == ElementType::F32 : sameElements(tensor, *back)));
      CHECK(realAt(*back, 1) == 1.0);
      std::filesystem::remove(path);
    }
}

TEST_CASE("a scalar and an empty tensor survive") {
  for (std::vector<int64_t> shape : {std::vector<int64_t>{}, {0}, {3, 0, 2}})
    for (const char *name : {"shape.npy", "shape.pb"}) {
      std::string error, path = scratch(name);
      REQUIRE(writeTensor(path, *Tensor::allocate(ElementType::F32, shape), error));
      std::optional<Tensor> back = readTensor(path, error);
      REQUIRE(back);
      CHECK(back->shape == shape);
      std::filesystem::remove(path);
    }
}

TEST_CASE("Fortran order and big-endian files are read") {
  std::string error, path = scratch("order.npy");
  writeBytes(path, npy("{'descr': '<i1', 'fortran_order': True, 'shape': (2, 3), }\n",
                       std::string("\1\4\2\5\3\6", 6)));
  std::optional<Tensor> tensor = readNpy(path, error);
  REQUIRE(tensor);
  for (int64_t i = 0; i < 6; ++i)
    CHECK(integerAt(*tensor, i) == i + 1);
  writeBytes(path, npy("{'descr': '>i2', 'fortran_order': False, 'shape': (1,), }\n",
                       std::string("\1\2", 2)));
  tensor = readNpy(path, error);
  REQUIRE(tensor);
  CHECK(integerAt(*tensor, 0) == 258);
  std::filesystem::remove(path);
}

TEST_CASE("damaged .npy files are named and refused") {
  const char *good = "{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }\n";
  std::pair<std::string, const char *> cases[] = {
      {"", "not a .npy file"},
      {"\x93NUMPY\1", "not a .npy file"},
      {npy(good, "").substr(0, 20), "cut off"},
      {npy("nonsense", ""), "header is damaged"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4", ""), "header is damaged"},
      {npy("{'descr': '|O8', 'fortran_order': False, 'shape': (4,), }", ""), "element type"},
      {npy(good, std::string(15, 'x')), "shorter"},
      {npy("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 99999999999), }", ""),
       "shorter"},
      {npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 99999999999999999), }", ""),
       "shorter"},
  };
  std::string path = scratch("damaged.npy");
  for (auto &[bytes, message] : cases) {
    writeBytes(path, bytes);
    std::string error;
    CHECK(!readNpy(path, error));
    CHECK_THAT(error, Catch::Contains(path) && Catch::Contains(message));
  }
  std::filesystem::remove(path);
  std::string error;
  CHECK(!readNpy(path, error));
  CHECK_THAT(error, Catch::Contains("cannot be opened"));
  CHECK(!readTensor("x.txt", error));
  CHECK_THAT(error, Catch::Contains("expected a .npy or .pb file"));
}

TEST_CASE("damaged .pb files are named and refused") {
  std::string error, path = scratch("damaged.pb");
  REQUIRE(writeTensorPb(path, sample(ElementType::F32), error));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 5);
  CHECK(!readTensorPb(path, error));
  CHECK_THAT(error, Catch::Contains(path) && Catch::Contains("cut off"));
  // dims 3, float, four bytes of raw data.
  writeBytes(path, std::string("\x08\x03\x10\x01\x4a\x04"
                               "abcd",
                               10));
  CHECK(!readTensorPb(path, error));
  CHECK_THAT(error, Catch::Contains("expected 12 bytes of data for its shape, but got 4"));
  writeBytes(path, std::string("\x10\x08", 2));
  CHECK(!readTensorPb(path, error));
  CHECK_THAT(error, Catch::Contains("string is not supported"));
  std::filesystem::remove(path);
}

TEST_CASE("half precision rounds to nearest even and keeps what is not finite") {
  struct Case {
    float value;
    uint16_t bits;
  };
  Case cases[] = {{0.0f, 0x0000},
                  {-0.0f, 0x8000},
                  {1.0f, 0x3c00},
                  {65504.0f, 0x7bff},
                  {65520.0f, 0x7c00},
                  {1e30f, 0x7c00},
                  {5.9604645e-8f, 0x0001},
                  {2.9802322e-8f, 0x0000},
                  {6.1035156e-5f, 0x0400},
                  {6.0975552e-5f, 0x03ff},
                  {2049.0f, 0x6800},
                  {2051.0f, 0x6802},
                  {-std::numeric_limits<float>::infinity(), 0xfc00}};
  for (Case c : cases)
    CHECK(halfFromFloat(c.value) == c.bits);
  CHECK(std::isnan(floatFromHalf(halfFromFloat(std::nanf("")))));
  CHECK(std::isnan(floatFromBfloat(bfloatFromFloat(std::nanf("")))));
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float wide = floatFromHalf(static_cast<uint16_t>(bits));
    if (!std::isnan(wide) && halfFromFloat(wide) != bits)
      FAIL("half " << bits << " does not survive");
  }
  CHECK(bfloatFromFloat(1.00390625f) == 0x3f80);
  CHECK(bfloatFromFloat(1.01171875f) == 0x3f82);
}

TEST_CASE("shapes too large to count are refused") {
  CHECK(elementCount({2, 3}) == 6);
  CHECK(elementCount({}) == 1);
  CHECK(elementCount({0, 5}) == 0);
  CHECK(!elementCount({-1}));
  CHECK(!elementCount({int64_t(1) << 32, int64_t(1) << 32}));
  CHECK(!elementCount({0, int64_t(1) << 62}));
  CHECK(!Tensor::allocate(ElementType::F32, {int64_t(1) << 50}));
}
