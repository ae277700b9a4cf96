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

TEST_CASE("a record of tuning is read as it was written") {
  Tuning tuning = tuningByRule(Caches());
  tuning[1] = {12345, 300 << 10, 2 << 20};
  std::string error;
  CHECK(tuningFromText(tuningByRule(Caches()), tuningText(tuning), error) == tuning);
  CHECK(tuningText(tuning).find("gemm-deep 12345 300K 2M\n") != std::string::npos);
  // What is not named stays, and remarks do not matter.
  const auto one = tuningFromText(tuning, "# by hand\r\n\n  gemm-wide 1K 2K\t3K", error);
  REQUIRE(one);
  CHECK((*one)[0] == tuning[0]);
  CHECK((*one)[1] == tuning[1]);
  CHECK((*one)[2] == CacheBudget{1024, 2048, 3072});
  CHECK(error.empty());
}

TEST_CASE("a record that cannot be understood is reported with its line") {
  for (const char *bad : {"gemm-wide", "gemm-wide 1K 2K", "gemm-wide 1K 2K 3K 4K", "gemm 1K 2K 3K",
                          "gemm-wide 1K 2K x"}) {
    std::string error;
    CHECK(!tuningFromText(tuningByRule(Caches()), "\n" + std::string(bad), error));
    CHECK(error == "line 2: expected a class and three sizes as in \"gemm-wide 16K 340K 8M\", but "
                   "got \"" +
                       std::string(bad) + "\"");
  }
}

TEST_CASE("a budget that is set is what kernels get") {
  const CacheBudget before = cacheBudget(ShapeClass::GemmDeep);
  setCacheBudget(ShapeClass::GemmDeep, {1, 2, 3});
  CHECK(cacheBudget(ShapeClass::GemmDeep) == CacheBudget{1, 2, 3});
  setCacheBudget(ShapeClass::GemmDeep, before);
}
