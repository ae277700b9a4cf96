// Chips in a module: nested #dlti.map that reads back to the same chip, without the file.
#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"

#include <catch2/catch.hpp>

using namespace tessera::tile;

namespace {

ChipSpec load(const std::string &name) {
  std::string error;
  std::optional<ChipSpec> chip = loadChip(name, error);
  INFO(error);
  REQUIRE(chip);
  return *chip;
}

/// A context that takes `tile.chip` without the tile dialect.
struct Fixture {
  Fixture() {
    context.loadDialect<mlir::DLTIDialect>();
    context.allowUnregisteredDialects();
    context.getDiagEngine().registerHandler(
        [this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  }
  std::shared_ptr<const ChipSpec> read(mlir::ModuleOp module) {
    return ChipSpec::fromModule(module, [&] { return module.emitError(); });
  }
  mlir::MLIRContext context;
  std::string message;
};

std::string print(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

} // namespace

TEST_CASE("every chip survives the module attribute, printed and parsed") {
  std::vector<std::string> names = {TESSERA_TEST_INPUTS "/chips/kitchen-table.yaml"};
  for (const ChipFile &file : listChips())
    names.push_back(file.name);
  for (const std::string &name : names) {
    Fixture fixture;
    ChipSpec chip = load(name);
    mlir::OwningOpRef<mlir::ModuleOp> module = fixture.parse("module {}");
    chip.attach(*module);
    mlir::OwningOpRef<mlir::ModuleOp> again = fixture.parse(print(*module));
    REQUIRE(again);
    std::shared_ptr<const ChipSpec> read = fixture.read(*again);
    INFO(fixture.message);
    REQUIRE(read);
    CHECK(*read == chip);
    CHECK(read->toAttribute(&fixture.context) == chip.toAttribute(&fixture.context));
  }
}

TEST_CASE("equality sees a changed number") {
  ChipSpec one = load("ascend-910b2"), other = one;
  CHECK(one == other);
  other.paths.back().bytesPerCycle.value += 1;
  CHECK_FALSE(one == other);
}

TEST_CASE("upstream queries find a number by name") {
  Fixture fixture;
  mlir::OwningOpRef<mlir::ModuleOp> module = fixture.parse("module {}");
  load("ascend-910b2").attach(*module);
  mlir::FailureOr<mlir::Attribute> bytes =
      mlir::dlti::query(*module, {"memories", "l0a", "bytes"}, /*emitError=*/false);
  REQUIRE(mlir::succeeded(bytes));
  CHECK(llvm::cast<mlir::IntegerAttr>(*bytes).getInt() == 65536);
}

TEST_CASE("an operation finds the chip of an enclosing module") {
  Fixture fixture;
  mlir::OwningOpRef<mlir::ModuleOp> module =
      fixture.parse("module { module { \"x.op\"() : () -> () } }");
  mlir::Operation *inner = &module->getBody()->front();
  mlir::Operation *op = &llvm::cast<mlir::ModuleOp>(inner).getBody()->front();
  CHECK_FALSE(ChipSpec::isSet(op));
  CHECK_FALSE(ChipSpec::of(op));
  CHECK(fixture.message == "'x.op' op expected a chip: no enclosing module has 'tile.chip' "
                           "(--chip=NAME sets it)");
  load("cpu-avx2").attach(*module);
  CHECK(ChipSpec::isSet(op));
  REQUIRE(ChipSpec::of(op));
  CHECK(ChipSpec::of(op)->name == "cpu-avx2");
}

TEST_CASE("a malformed attribute gets one clear error") {
  auto messageOf = [](llvm::StringRef attribute) {
    Fixture fixture;
    mlir::OwningOpRef<mlir::ModuleOp> module =
        fixture.parse(("module attributes {tile.chip = " + attribute + "} {}").str());
    REQUIRE(module);
    CHECK_FALSE(fixture.read(*module));
    return fixture.message;
  };
  CHECK(messageOf("unit") == "tile.chip: expected #dlti.map, a list, a text or a number, but got "
                             "unit");
  CHECK(messageOf("\"cpu\"") == "tile.chip: expected a map, but got 'cpu'");
  CHECK(messageOf("#dlti.map<\"name\" = \"x\">") == "tile.chip: expected key 'summary'");
  CHECK(messageOf("#dlti.map<i32 = 1>") == "tile.chip: expected texts as keys");
  CHECK(messageOf("#dlti.map<\"name\" = 3>") == "tile.chip: name: expected a text, but got 3");
}

namespace {
/// Stands for the tile dialect, which carries the cache.
struct CachingDialect : mlir::Dialect {
  explicit CachingDialect(mlir::MLIRContext *context)
      : Dialect(getDialectNamespace(), context, mlir::TypeID::get<CachingDialect>()) {
    addInterfaces<ChipCache>();
  }
  static llvm::StringLiteral getDialectNamespace() { return "tile"; }
};
} // namespace

TEST_CASE("a chip is parsed once per context") {
  Fixture fixture;
  fixture.context.loadDialect<CachingDialect>();
  mlir::OwningOpRef<mlir::ModuleOp> module = fixture.parse("module {}");
  load("cpu-avx2").attach(*module);
  std::shared_ptr<const ChipSpec> first = fixture.read(*module);
  REQUIRE(first);
  CHECK(first == fixture.read(*module));
  load("cpu-avx512").attach(*module);
  CHECK(fixture.read(*module)->name == "cpu-avx512");
}
