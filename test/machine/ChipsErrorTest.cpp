// Wrong chip files: each gets one message with line, column and what was expected; none a crash.
#include "tessera/dialect/tile/ChipSpec.h"

#include "llvm/Support/MemoryBuffer.h"

#include <catch2/catch.hpp>

using namespace tessera::tile;

namespace {

std::string kitchenTable() {
  auto buffer = llvm::MemoryBuffer::getFile(TESSERA_TEST_INPUTS "/chips/kitchen-table.yaml");
  REQUIRE(buffer);
  return (*buffer)->getBuffer().str();
}

/// The error of the fictional chip's file after one replacement.
std::string errorAfter(const std::string &from, const std::string &to) {
  std::string text = kitchenTable();
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  std::string error;
  CHECK_FALSE(parseChip(text, "kitchen.yaml", error));
  return error;
}

std::string errorOf(const std::string &text) {
  std::string error;
  CHECK_FALSE(parseChip(text, "k.yaml", error));
  CHECK(error.find('\n') == std::string::npos);
  return error;
}

} // namespace

TEST_CASE("unknown and missing keys are named with their place") {
  CHECK(errorAfter("self_ordered: true", "selfordered: true") ==
        "kitchen.yaml:19:18: error: pipes[0]: unknown key 'selfordered'; expected name, cores, "
        "self_ordered, gap_cycles");
  CHECK(errorAfter("align: 16, granule: 1,", "granule: 1,") ==
        "kitchen.yaml:14:6: error: memories[0]: expected key 'align'");
  CHECK(errorAfter("launch_us:", "lunch_us:").find("expected key 'launch_us'") !=
        std::string::npos);
  CHECK(errorAfter("{value: 3.5, status: assumed}", "{value: 3.5, stats: assumed}")
            .find("unknown key 'stats'; expected value, source, status, note") !=
        std::string::npos);
}

TEST_CASE("wrong types and impossible values are refused") {
  CHECK(errorAfter("bytes: 4096", "bytes: 0") ==
        "kitchen.yaml:16:40: error: memories[2].bytes: expected more than 0, but got '0'");
  CHECK(errorAfter("bytes: 4096", "bytes: much") ==
        "kitchen.yaml:16:40: error: memories[2].bytes: expected an integer, but got 'much'");
  CHECK(errorAfter("bytes: 4096", "bytes: 99999999999 GiB").find("expected an integer") !=
        std::string::npos);
  CHECK(errorAfter("bytes: 4096", "bytes: [1]").find("expected an integer, but got a list") !=
        std::string::npos);
  CHECK(errorAfter("clock_MHz: 50", "clock_MHz: -1").find("expected more than 0") !=
        std::string::npos);
  CHECK(errorAfter("clock_MHz: 50", "clock_MHz: nan").find("expected a number") !=
        std::string::npos);
  CHECK(errorAfter("reserved: 1 KiB", "reserved: 64 KiB")
            .find("memories[1].reserved: expected less than bytes (65536), but got 65536") !=
        std::string::npos);
  CHECK(errorAfter("align: 64", "align: 48").find("expected a power of two, but got 48") !=
        std::string::npos);
  CHECK(errorAfter("[16, 64]", "[64, 16]").find("expected ascending sizes") != std::string::npos);
  CHECK(errorAfter("{f16: [4, 4]}", "{f16: [4]}").find("expected [rows, columns]") !=
        std::string::npos);
}

TEST_CASE("names must refer to something of the chip") {
  CHECK(errorAfter("from: pantry, to: table", "from: pantry, to: tables") ==
        "kitchen.yaml:24:24: error: paths[1].to: expected a memory of this chip (cellar, pantry, "
        "table, stove), but got 'tables'");
  CHECK(errorAfter("pipe: LEFT, B_per_cycle: 8", "pipe: MTE9, B_per_cycle: 8") ==
        "kitchen.yaml:24:37: error: paths[1].pipe: expected a pipe of a mixed core of this chip "
        "(HEAD, LEFT, RIGHT), but got 'MTE9'");
  CHECK(errorAfter("owner: chip", "owner: shop").find("expected a kind of core or chip") !=
        std::string::npos);
  CHECK(errorAfter("owner: chip", "owner: mixed").find("expected one memory with owner chip") !=
        std::string::npos);
  CHECK(errorAfter("types: [f32, f16]", "types: [f32, f17]").find("vector[0].types[1]: expected") !=
        std::string::npos);
  CHECK(errorAfter("row->zN]", "row->xN]").find("expected one of row, col, panel") !=
        std::string::npos);
  CHECK(errorAfter("row->zN]", "row to zN]").find("expected a change of layout such as") !=
        std::string::npos);
  CHECK(errorAfter("kind: mixed, count: 3", "kind: mixed, count: 3, served_by: vector, ratio: 2")
            .find("cores[0].served_by: expected a kind of core of this chip (mixed)") !=
        std::string::npos);
  CHECK(errorAfter("name: table", "name: pantry").find("'pantry' is given twice") !=
        std::string::npos);
}

TEST_CASE("origins must be known") {
  CHECK(errorAfter("source: cook", "source: book") ==
        "kitchen.yaml:7:9: error: source: expected a key of the table 'sources' (cook), but got "
        "'book'");
  CHECK(errorAfter("status: measured", "status: guessed").find("expected one of measured") !=
        std::string::npos);
  CHECK(errorAfter("source: cook\n", "").find("expected a source with status 'measured'") !=
        std::string::npos);
}

TEST_CASE("text that is no chip is refused") {
  CHECK(errorOf("").find("k.yaml:1:1: error: expected a chip description") == 0);
  CHECK(errorOf("# nothing\n").find("expected a chip description") != std::string::npos);
  CHECK(errorOf("just words").find("expected a map, but got 'just words'") != std::string::npos);
  CHECK(errorOf("- a\n- b\n").find("expected a map, but got a list") != std::string::npos);
  CHECK(errorOf("a: [1, 2").find("k.yaml:1:") == 0);
  CHECK(errorOf("a: b: c").find("k.yaml:1:") == 0);
  CHECK(errorOf("name: x\nname: y\n").find("k.yaml:2:1: error: key 'name' is given twice") == 0);
  CHECK(errorOf("name: &a x\nsummary: *a\n").find("expected a plain value") != std::string::npos);
  CHECK(errorOf("name: x\nsummary: *a\n").find("k.yaml:2:") == 0);
  CHECK(errorOf("name:\n").find("k.yaml:1:1: error: expected a value for 'name'") == 0);
  CHECK(errorOf("name: x\n---\nname: y\n").find("expected one document") != std::string::npos);
  CHECK(errorOf(std::string("name: x\0y", 9)).find("zero byte") != std::string::npos);
  CHECK(errorOf("a: " + std::string(100, '[')).find("k.yaml:1:") == 0);
  CHECK(errorOf("\xff\xfe\x01").find("k.yaml:") == 0);
}

TEST_CASE("a chip file cut anywhere or with one character changed never crashes") {
  std::string text = kitchenTable(), error;
  for (size_t cut = 0; cut < text.size(); cut += 3)
    if (!parseChip(text.substr(0, cut), "cut.yaml", error))
      REQUIRE(error.find("cut.yaml:") == 0);
  const std::string changes = "[]{}:-,'\"&*!|>%@`#?\t\n 0x";
  for (size_t at = 0; at < text.size(); at += 2) {
    std::string changed = text;
    changed[at] = changes[at / 2 % changes.size()];
    if (!parseChip(changed, "changed.yaml", error))
      REQUIRE((error.find("changed.yaml:") == 0 && error.find('\n') == std::string::npos));
  }
}
