// Instruction set names and ceilings, shapes as text.
#define CATCH_CONFIG_MAIN
#include <cstdio>

#include <catch2/catch.hpp>

#include "tessera/support/Isa.h"
#include "tessera/support/Parallel.h"
#include "tessera/support/Shape.h"
#include "tessera/support/Verbose.h"

using namespace tessera;

TEST_CASE("isa names are found again, other text is not") {
  for (Isa isa : kAllIsas)
    CHECK(isaFromName(isaName(isa)) == isa);
  CHECK(!isaFromName("avx3"));
  CHECK(!isaFromName(""));
  CHECK(isaFloatLanes(Isa::sse2) == 4);
  CHECK(isaFloatLanes(Isa::avx512) == 16);
  CHECK(isaFloatLanes(Isa::neon) == 4);
  CHECK(floatIsa(Isa::avx512vnni) == Isa::avx512);
  CHECK(lesserIsa(Isa::amx) == Isa::avx512vnni);
  CHECK(floatIsa(Isa::amx) == Isa::avx512);
  CHECK(floatIsa(Isa::avx2) == Isa::avx2);
}

TEST_CASE("an isa ceiling lowers the choice") {
  std::string error;
  CHECK(chooseIsa(isaName(kAllIsas.front()), error) == kAllIsas.front());
  CHECK(error.empty());
  const std::optional<Isa> best = chooseIsa("", error);
  REQUIRE(best);
  CHECK(isaPresent(*best));
}

TEST_CASE("avx2 is there with all of its level, avx512 with avx2") {
  if (!isaPresent(Isa::avx2))
    std::printf("it has %s, not avx2\n", presentIsaNames().c_str());
  CHECK((isaPresent(Isa::avx2) || !isaPresent(Isa::avx512)));
  CHECK((isaPresent(Isa::avx512) || !isaPresent(Isa::avx512vnni)));
  CHECK((isaPresent(Isa::avx512vnni) || !isaPresent(Isa::amx)));
}

TEST_CASE("an unknown isa ceiling is reported with the choices") {
  std::string error;
  CHECK(!chooseIsa("avx3", error));
  CHECK(error == "unknown isa 'avx3'; this machine has " + presentIsaNames());
}

TEST_CASE("shapes are sizes joined by x") {
  CHECK(parseShape("1x3x224x224") == Shape{1, 3, 224, 224});
  CHECK(parseShape("") == Shape{});
  CHECK(parseShape("0") == Shape{0});
  for (const char *bad :
       {"x", "1x", "x1", "1xx2", "-1", "1x-2", "3 ", "1*2", "99999999999999999999"})
    CHECK(!parseShape(bad));
  CHECK(shapeText(Shape{2, -1, 3}) == "2x?x3");
}

TEST_CASE("element counts do not overflow silently") {
  CHECK(elementCount(Shape{}) == 1);
  CHECK(elementCount(Shape{2, 3}) == 6);
  CHECK(elementCount(Shape{INT64_MAX, 0, INT64_MAX}) == 0);
  CHECK(!elementCount(Shape{INT64_MAX, 2}));
  CHECK(!elementCount(Shape{0, -1}));
  CHECK(rowMajorStrides(Shape{2, 3, 4}) == Shape{12, 4, 1});
}

TEST_CASE("the serial loop visits every index in order") {
  Shape seen;
  serialFor(
      nullptr, 3, [](void *args, std::int64_t i) { static_cast<Shape *>(args)->push_back(i); },
      &seen);
  CHECK(seen == Shape{0, 1, 2});
  CHECK(verboseLevel() >= 0);
}
