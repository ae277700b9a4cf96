// Chip files: the shipped ones, a fictional one, what passes ask of them.
#include "tessera/dialect/tile/ChipReport.h"
#include "tessera/dialect/tile/ChipSpec.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace tessera::tile;

namespace {

ChipSpec load(const std::string &name) {
  std::string error;
  std::optional<ChipSpec> chip = loadChip(name, error);
  INFO(error);
  REQUIRE(chip);
  return *chip;
}

ChipSpec kitchenTable() {
  return load(TESSERA_TEST_INPUTS "/chips/kitchen-table.yaml");
}

/// "gm l1 l0a", or "none".
std::string routeText(const ChipSpec &chip, llvm::StringRef from, llvm::StringRef to,
                      llvm::ArrayRef<llvm::StringRef> cores = {}) {
  auto route = chip.route(from, to, cores);
  if (!route)
    return "none";
  std::string text = from.str();
  for (const Path *path : *route)
    text += " " + path->to;
  return text;
}

} // namespace

TEST_CASE("every shipped chip parses, under its own name, and can be explained") {
  std::vector<ChipFile> files = listChips();
  REQUIRE(files.size() >= 11);
  for (const ChipFile &file : files) {
    ChipSpec chip = load(file.name);
    CHECK(chip.name == file.name);
    CHECK_FALSE(explainChip(chip).empty());
    CHECK_FALSE(chip.summary.empty());
    if (!chip.isCpu())
      CHECK_FALSE(chip.leavesOut.empty());
  }
}

TEST_CASE("every number of a shipped chip says its status, and its source unless assumed") {
  for (const ChipFile &file : listChips()) {
    std::string text = explainChip(load(file.name));
    INFO(file.name << "\n" << text);
    CHECK(text.find("unsaid") == std::string::npos);
  }
}

TEST_CASE("a new chip is one new file") {
  ChipSpec chip = kitchenTable();
  CHECK(chip.groups() == 3);
  CHECK(chip.capacity("pantry") == 63 * 1024);
  CHECK(chip.capacity("fridge") == 0);
  CHECK(chip.global().name == "cellar");
  CHECK(chip.memory("pantry")->fractalOf("f16")->rows == 4);
  CHECK(chip.memory("pantry")->fractalOf("f32") == nullptr);
  CHECK(chip.path("cellar", "pantry")->core == "mixed");
  CHECK(chip.path("cellar", "pantry")->requestSizes.size() == 2);
  CHECK(chip.path("cellar", "pantry")->allowsLayout("row", "zN"));
  CHECK_FALSE(chip.path("cellar", "pantry")->allowsLayout("zN", "row"));
  CHECK(chip.path("pantry", "cellar")->allowsAtomic("add"));
  CHECK(chip.path("pantry", "cellar")->allowsAtomic("none"));
  CHECK_FALSE(chip.path("pantry", "cellar")->allowsAtomic("max"));
  CHECK(chip.mmaFor("f16", "f16")->b.allowsSpace("pantry"));
  CHECK(chip.mmaFor("f16", "f16", "f16") == nullptr);
  CHECK(chip.mmaFor("bf16", "bf16") == nullptr);
  CHECK(chip.vectorFor()->cyclesPerRepeatOf("exp") == 9);
  CHECK(chip.vectorFor()->cyclesPerRepeatOf("add") == 3);
  CHECK_FALSE(chip.vectorFor()->has("sort"));
  CHECK_FALSE(chip.fixpipe);
  CHECK(peakOpsPerSecond(chip, "f16") == Approx(2.0 * 64 / 2 * 3 * 50e6));
  CHECK(routeText(chip, "cellar", "table") == "cellar pantry table");
  CHECK(routeText(chip, "table", "cellar") == "none");
}

TEST_CASE("the example of docs/adding-a-chip.md is a chip") {
  auto page = llvm::MemoryBuffer::getFile(TESSERA_CHIP_PAGE);
  REQUIRE(page);
  llvm::StringRef text = (*page)->getBuffer().split("```yaml\n").second.split("```").first;
  std::string error;
  std::optional<ChipSpec> chip = parseChip(text, "page", error);
  INFO(error);
  REQUIRE(chip);
  CHECK(chip->paths.front().bytesPerCycle.status == Status::vendor);
}

TEST_CASE("costs follow from the numbers of the file") {
  ChipSpec chip = kitchenTable();
  CHECK(chip.path("cellar", "pantry")->cyclesFor(64) == Approx(30 + (64 + 100) / 2.0));
  CHECK(chip.mmaFor("f16", "f16")->cyclesFor(5, 4, 8) == Approx(2 * 1 * 2 * 2));
  CHECK(chip.vectorFor()->cyclesFor("exp", 33) == Approx(1 + 2 * 9 + 2));
  CHECK(chip.vectorFor()->cyclesFor("add", 32) == Approx(1 + 3 + 2));
}

TEST_CASE("source and status are inherited, and overridden where a number says so") {
  ChipSpec chip = kitchenTable();
  const Memory &pantry = *chip.memory("pantry");
  CHECK(pantry.bytes.source == "cook");
  CHECK(pantry.bytes.status == Status::measured);
  const Pipe &left = *chip.pipe("LEFT");
  CHECK(left.gapCycles.status == Status::assumed);
  CHECK(left.gapCycles.source.empty());
  CHECK(chip.launchUs.status == Status::measured);
  CHECK(chip.launchUs.note == "calling everybody to dinner");
}

TEST_CASE("routes follow the structure of each generation") {
  ChipSpec b2 = load("ascend-910b2"), p310 = load("ascend-310p"), a5 = load("ascend-950");
  CHECK(routeText(b2, "gm", "l0a") == "gm l1 l0a");
  CHECK(routeText(b2, "l0c", "ub") == "l0c gm ub");
  CHECK(routeText(b2, "l0c", "ub", {"cube"}) == "none");
  CHECK(routeText(b2, "ub", "l1") == "ub gm l1");
  CHECK(routeText(b2, "gm", "ub", {"vector"}) == "gm ub");
  CHECK(routeText(b2, "ub", "ub") == "ub ub");
  CHECK(routeText(b2, "l0c", "l0c") == "none");
  CHECK(routeText(p310, "l0c", "ub") == "l0c ub");
  CHECK(p310.path("l0c", "ub")->pipe == "V");
  CHECK(routeText(p310, "l0c", "gm") == "l0c ub gm");
  CHECK(routeText(p310, "ub", "l1") == "ub l1");
  CHECK(p310.memory("bt") == nullptr);
  CHECK(p310.pipe("FIX") == nullptr);
  CHECK_FALSE(p310.fixpipe);
  CHECK(routeText(a5, "l0c", "ub") == "l0c ub");
  CHECK(a5.path("l0c", "ub")->pipe == "FIX");
  CHECK(routeText(a5, "ub", "l1") == "ub l1");
  CHECK(a5.path("l1", "gm") == nullptr);
}

TEST_CASE("peaks agree with the published ones") {
  auto peak = [](const char *chip, const char *type) {
    return peakOpsPerSecond(load(chip), type) / 1e12;
  };
  CHECK(peak("ascend-910b2", "f16") == Approx(353.9).epsilon(0.001));
  CHECK(peak("ascend-910_93", "f16") == Approx(363.7).epsilon(0.001));
  CHECK(peak("ascend-910b4", "f16") == Approx(245.76).epsilon(0.001));
  CHECK(peak("ascend-910b4", "i8") == Approx(491.52).epsilon(0.001));
  CHECK(peak("ascend-310p", "i8") == Approx(140).epsilon(0.01));
  CHECK(peak("ascend-910a", "f16") == Approx(256).epsilon(0.001));
  CHECK(peak("ascend-950", "f16") * 36 / 32 == Approx(487).epsilon(0.001));
  CHECK(peak("tenstorrent-wormhole", "bf16") * 72 / 64 == Approx(74).epsilon(0.01));
}

TEST_CASE("a CPU reads its operands anywhere and keeps order by itself") {
  for (const char *name : {"cpu-avx512", "cpu-avx2", "cpu-sse2", "cpu-neon"}) {
    ChipSpec chip = load(name);
    CHECK(chip.isCpu());
    CHECK(chip.groups() == 2);
    CHECK(chip.pipe("CORE")->selfOrdered);
    CHECK(chip.mmaFor("f32", "f32")->a.allowsSpace("gm"));
    CHECK(chip.mmaFor("f32", "f32")->b.panel > 0);
    CHECK(chip.vectorFor()->allowsSpace("gm"));
    CHECK_FALSE(chip.sync);
    CHECK(chip.sharedCache()->name == "l3");
    CHECK(chip.mainMemory()->name == "dram");
  }
}

TEST_CASE("chips are found by name, by path and through TESSERA_CHIP_PATH") {
  std::string error;
  CHECK_FALSE(loadChip("kitchen-table", error));
  CHECK(error.find("unknown chip 'kitchen-table'; there are ascend-310p, ") == 0);
  ::setenv("TESSERA_CHIP_PATH", "/nowhere:" TESSERA_TEST_INPUTS "/chips", 1);
  CHECK(loadChip("kitchen-table", error));
  CHECK(llvm::any_of(listChips(), [](auto &file) { return file.name == "kitchen-table"; }));
  ::unsetenv("TESSERA_CHIP_PATH");
  CHECK_FALSE(loadChip("./no-such.yaml", error));
  CHECK(error.find("cannot read chip file './no-such.yaml'") == 0);
  CHECK_FALSE(loadChip("/", error));
  CHECK(error.find("expected a file") != std::string::npos);
}

TEST_CASE("the table and the explanation name what a person looks for") {
  std::string table = chipTable();
  CHECK(table.find("24 cube + 48 vector") != std::string::npos);
  CHECK(table.find("353.9 T f16") != std::string::npos);
  CHECK(table.find("structure only") != std::string::npos);
  std::string text = explainChip(load("ascend-910b2"));
  CHECK(text.find("each served by 2 vector cores") != std::string::npos);
  CHECK(text.find("paths[l1->l0a].B_per_cycle") != std::string::npos);
  CHECK(text.find("l0c to gm, l1 on pipe FIX") != std::string::npos);
  std::string json = explainChipJson(load("ascend-910b2"));
  CHECK(json.find("\"status\": \"fitted\"") != std::string::npos);
  CHECK(chipTableJson().find("\"name\": \"cpu-avx2\"") != std::string::npos);
}
