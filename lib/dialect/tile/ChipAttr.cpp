// The module attribute `tile.chip`: a chip description as nested #dlti.map, and the cache that lets
// every verifier ask for it.
#include "ChipTree.h"

#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/Builders.h"

using namespace llvm;
using namespace mlir;

namespace tessera::tile {

Attribute treeToAttribute(const Tree &tree, MLIRContext *context) {
  Builder builder(context);
  switch (tree.kind) {
  case Tree::Kind::text:
    return builder.getStringAttr(tree.text);
  case Tree::Kind::integer:
    return builder.getI64IntegerAttr(tree.integer);
  case Tree::Kind::real:
    return builder.getF64FloatAttr(tree.real);
  case Tree::Kind::flag:
    return builder.getBoolAttr(tree.flag);
  case Tree::Kind::list: {
    SmallVector<Attribute> items;
    for (const Tree &item : tree.items)
      items.push_back(treeToAttribute(item, context));
    return builder.getArrayAttr(items);
  }
  case Tree::Kind::map: {
    SmallVector<DataLayoutEntryInterface> entries;
    for (auto [key, value] : tree.entries())
      entries.push_back(
          DataLayoutEntryAttr::get(builder.getStringAttr(key), treeToAttribute(value, context)));
    return MapAttr::get(context, entries);
  }
  }
  return {};
}

std::optional<Tree> treeFromAttribute(Attribute attribute, std::string &error) {
  if (auto text = dyn_cast<StringAttr>(attribute))
    return Tree::ofText(text.getValue());
  if (auto flag = dyn_cast<BoolAttr>(attribute))
    return Tree::ofFlag(flag.getValue());
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    if (std::optional<int64_t> value = integer.getValue().trySExtValue())
      return Tree::ofInteger(*value);
  if (auto real = dyn_cast<FloatAttr>(attribute))
    if (real.getValue().isFinite())
      return Tree::ofReal(real.getValueAsDouble());
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    Tree tree = Tree::ofKind(Tree::Kind::list);
    for (Attribute item : list) {
      std::optional<Tree> value = treeFromAttribute(item, error);
      if (!value)
        return std::nullopt;
      tree.items.push_back(std::move(*value));
    }
    return tree;
  }
  if (auto map = dyn_cast<MapAttr>(attribute)) {
    Tree tree = Tree::ofKind(Tree::Kind::map);
    for (DataLayoutEntryInterface entry : map.getEntries()) {
      auto key = dyn_cast<StringAttr>(entry.getKey());
      std::optional<Tree> value = key ? treeFromAttribute(entry.getValue(), error) : std::nullopt;
      if (!value) {
        if (error.empty())
          error = ChipSpec::kAttrName.str() + ": expected texts as keys";
        return std::nullopt;
      }
      tree.add(key.getValue(), std::move(*value));
    }
    return tree;
  }
  error = ChipSpec::kAttrName.str() + ": expected #dlti.map, a list, a text or a number, but got ";
  raw_string_ostream(error) << attribute;
  return std::nullopt;
}

Attribute ChipSpec::toAttribute(MLIRContext *context) const {
  context->getOrLoadDialect<DLTIDialect>();
  return treeToAttribute(specToTree(*this, {}), context);
}

void ChipSpec::attach(ModuleOp module) const {
  module->setAttr(kAttrName, toAttribute(module.getContext()));
}

namespace {

/// The attribute of the closest enclosing operation that has one.
Attribute findAttribute(Operation *op) {
  for (; op; op = op->getParentOp())
    if (Attribute attribute = op->getDiscardableAttr(ChipSpec::kAttrName))
      return attribute;
  return {};
}

std::shared_ptr<const ChipSpec> parse(Attribute attribute,
                                      llvm::function_ref<InFlightDiagnostic()> emitError) {
  auto *dialect = attribute.getContext()->getLoadedDialect("tile");
  const auto *cache = dialect ? dialect->getRegisteredInterface<ChipCache>() : nullptr;
  if (cache)
    if (std::shared_ptr<const ChipSpec> known = cache->lookup(attribute))
      return known;
  std::string error;
  std::optional<Tree> tree = treeFromAttribute(attribute, error);
  std::optional<ChipSpec> spec = tree ? specFromTree(*tree, "", error) : std::nullopt;
  if (!spec) {
    emitError() << error;
    return nullptr;
  }
  auto shared = std::make_shared<const ChipSpec>(std::move(*spec));
  if (cache)
    cache->insert(attribute, shared);
  return shared;
}

std::shared_ptr<const ChipSpec> findChip(Operation *op,
                                         llvm::function_ref<InFlightDiagnostic()> emitError) {
  if (Attribute attribute = findAttribute(op))
    return parse(attribute, emitError);
  emitError() << "expected a chip: no enclosing module has '" << ChipSpec::kAttrName
              << "' (--chip=NAME sets it)";
  return nullptr;
}

} // namespace

std::shared_ptr<const ChipSpec>
ChipSpec::fromModule(ModuleOp module, llvm::function_ref<InFlightDiagnostic()> emitError) {
  return findChip(module, emitError);
}

std::shared_ptr<const ChipSpec> ChipSpec::of(Operation *op) {
  return findChip(op, [op] { return op->emitOpError(); });
}

bool ChipSpec::isSet(Operation *op) {
  return bool(findAttribute(op));
}

std::shared_ptr<const ChipSpec> ChipCache::lookup(Attribute attr) const {
  std::lock_guard lock(mutex);
  return chips.lookup(attr);
}

void ChipCache::insert(Attribute attr, std::shared_ptr<const ChipSpec> chip) const {
  std::lock_guard lock(mutex);
  chips.try_emplace(attr, std::move(chip));
}

} // namespace tessera::tile
