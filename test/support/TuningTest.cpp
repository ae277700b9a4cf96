// The record of tuning: classes of shapes, and its text.
#include <catch2/catch.hpp>

#include "tessera/support/Tuning.h"

using namespace tessera;

TEST_CASE("products have a class") {
  CHECK(gemmClass(0, 0, 0) == ShapeClass::GemmThin);
  CHECK(gemmClass(4096, 4096, 64) == ShapeClass::GemmThin);
  CHECK(gemmClass(256, 256, 4096) == ShapeClass::GemmDeep);
  CHECK(gemmClass(1024, 1024, 1024) == ShapeClass::GemmWide);
}

TEST_CASE("the rule leaves room in every cache") {
  const CacheBudget budget = budgetByRule(caches());
  CHECK(budget.l1 > 0);
  CHECK(budget.l1 < caches().l1);
  CHECK(budget.l2 < caches().l2);
  CHECK(budget.l3 < caches().l3);
}

namespace {
const TuningRecord kByRule = {tuningByRule(Caches()), {}};
}

TEST_CASE("a record of tuning is read as it was written") {
  TuningRecord record = kByRule;
  record.budgets[1] = {12345, 300 << 10, 2 << 20};
  record.set({"cpu-avx2", "exp:4x8xf32,4x8xf32", {2, 8}});
  record.set({"ascend-910b2", "exp:4x8xf32,4x8xf32", {4, 8}});
  std::string error;
  const auto same = tuningFromText(kByRule, tuningText(record), error);
  REQUIRE(same);
  CHECK(same->budgets == record.budgets);
  CHECK(same->tiles == record.tiles);
  CHECK(tuningText(record).find("gemm-deep 12345 300K 2M\n") != std::string::npos);
  CHECK(tuningText(record).find("tile cpu-avx2 exp:4x8xf32,4x8xf32 2x8\n") != std::string::npos);
  // What is not named stays, and remarks do not matter.
  const auto one = tuningFromText(record, "# by hand\r\n\n  gemm-wide 1K 2K\t3K", error);
  REQUIRE(one);
  CHECK(one->budgets[0] == record.budgets[0]);
  CHECK(one->budgets[1] == record.budgets[1]);
  CHECK(one->budgets[2] == CacheBudget{1024, 2048, 3072});
  CHECK(one->tiles == record.tiles);
  CHECK(error.empty());
}

TEST_CASE("a kernel has one tile per chip, the last") {
  TuningRecord record = kByRule;
  record.set({"a", "exp", {1}});
  record.set({"b", "exp", {2}});
  record.set({"a", "exp", {3}});
  REQUIRE(record.find("a", "exp"));
  CHECK(record.find("a", "exp")->sizes == std::vector<std::int64_t>{3});
  CHECK(record.find("b", "exp")->sizes == std::vector<std::int64_t>{2});
  CHECK(!record.find("c", "exp"));
  CHECK(!record.find("a", "log"));
}

TEST_CASE("a record that cannot be understood is reported with its line") {
  for (const char *bad : {"gemm-wide", "gemm-wide 1K 2K", "gemm-wide 1K 2K 3K 4K", "gemm 1K 2K 3K",
                          "gemm-wide 1K 2K x", "tile", "tile a b", "tile a b 1x", "tile a b 0",
                          "tile a b 1 2", "tile a b 1y2"}) {
    std::string error;
    CHECK(!tuningFromText(kByRule, "\n" + std::string(bad), error));
    CHECK(error.starts_with("line 2: expected a class and three sizes as in \"gemm-wide 16K 340K "
                            "8M\", or a chip, a kernel and its tile as in "));
    CHECK(error.ends_with("but got \"" + std::string(bad) + "\""));
  }
}

TEST_CASE("a record that is not there is an error with its name") {
  std::string error;
  CHECK(!readTuning("no/such/record.txt", error));
  CHECK(error == "cannot read the record of tuning 'no/such/record.txt'");
}

TEST_CASE("a folder is no record of tuning") {
  std::string error;
  CHECK(!readTuning("/", error));
  CHECK(error == "cannot read the record of tuning '/'");
}

TEST_CASE("a budget that is set is what kernels get") {
  const CacheBudget before = cacheBudget(ShapeClass::GemmDeep);
  setCacheBudget(ShapeClass::GemmDeep, {1, 2, 3});
  CHECK(cacheBudget(ShapeClass::GemmDeep) == CacheBudget{1, 2, 3});
  setCacheBudget(ShapeClass::GemmDeep, before);
}
