// Reads YAML text into a Tree with positions. Knows nothing of chips; anchors, aliases, tags and
// several documents in one file are refused.
#include "ChipTree.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLParser.h"

using namespace llvm;

namespace tessera::tile {
namespace {

/// Deeper than any chip file; bounds the recursion on hostile input.
constexpr unsigned kMaxDepth = 16;

class YamlReader {
public:
  YamlReader(StringRef text, StringRef fileName, std::string &error)
      : fileName(fileName), error(error) {
    sources.setDiagHandler(onDiagnostic, this);
    stream.emplace(MemoryBufferRef(text, fileName), sources, /*ShowColors=*/false, &failure);
  }

  std::optional<Tree> read() {
    auto document = stream->begin();
    if (document == stream->end())
      return fail(1, 1, "expected a chip description, but got an empty file");
    yaml::Node *root = document->getRoot();
    if (!root || isa<yaml::NullNode>(root))
      return fail(1, 1, "expected a chip description, but got an empty document");
    std::optional<Tree> tree = convert(root, 0);
    if (!tree)
      return std::nullopt;
    // The rest of the stream is read too, so that errors after the last key are found.
    if (++document != stream->end() && error.empty() && !stream->failed()) {
      yaml::Node *extra = document->getRoot();
      if (extra && !isa<yaml::NullNode>(extra))
        return failAt(extra, "expected one document, but got a second one");
    }
    if (stream->failed() || !error.empty())
      return fail(1, 1, "expected YAML");
    return tree;
  }

private:
  static void onDiagnostic(const SMDiagnostic &diagnostic, void *self) {
    auto *reader = static_cast<YamlReader *>(self);
    int line = std::max(diagnostic.getLineNo(), 1);
    reader->fail(line, diagnostic.getColumnNo() + 1,
                 "expected YAML: " + diagnostic.getMessage().str());
  }

  /// The first error stays.
  std::nullopt_t fail(unsigned line, unsigned column, const Twine &message) {
    if (error.empty())
      error = (fileName + ":" + Twine(line) + ":" + Twine(column) + ": error: " + oneLine(message))
                  .str();
    return std::nullopt;
  }
  std::nullopt_t failAt(yaml::Node *node, const Twine &message) {
    auto [line, column] = position(node);
    return fail(line, column, message);
  }

  std::pair<unsigned, unsigned> position(yaml::Node *node) {
    SMLoc loc = node->getSourceRange().Start;
    if (!loc.isValid())
      return {1, 1};
    return sources.getLineAndColumn(loc);
  }

  std::optional<Tree> convert(yaml::Node *node, unsigned depth) {
    if (depth > kMaxDepth)
      return failAt(node, "expected at most " + Twine(kMaxDepth) + " levels of nesting");
    if (!node->getAnchor().empty() || !node->getRawTag().empty())
      return failAt(node, "expected a plain value, but got a tag or an anchor");
    Tree tree;
    std::tie(tree.line, tree.column) = position(node);
    if (auto *scalar = dyn_cast<yaml::ScalarNode>(node)) {
      SmallString<64> storage;
      tree.text = scalar->getValue(storage).str();
      return tree;
    }
    if (auto *block = dyn_cast<yaml::BlockScalarNode>(node)) {
      tree.text = block->getValue().rtrim().str();
      return tree;
    }
    if (auto *sequence = dyn_cast<yaml::SequenceNode>(node))
      return convertList(sequence, std::move(tree), depth);
    if (auto *mapping = dyn_cast<yaml::MappingNode>(node))
      return convertMap(mapping, std::move(tree), depth);
    return failAt(node, isa<yaml::NullNode>(node) ? "expected a value, but got nothing"
                                                  : "expected a value, but got an alias");
  }

  std::optional<Tree> convertList(yaml::SequenceNode *sequence, Tree tree, unsigned depth) {
    tree.kind = Tree::Kind::list;
    for (yaml::Node &item : *sequence) {
      std::optional<Tree> value = convert(&item, depth + 1);
      if (!value)
        return std::nullopt;
      tree.items.push_back(std::move(*value));
    }
    return error.empty() ? std::optional(std::move(tree)) : std::nullopt;
  }

  std::optional<Tree> convertMap(yaml::MappingNode *mapping, Tree tree, unsigned depth) {
    tree.kind = Tree::Kind::map;
    for (yaml::KeyValueNode &entry : *mapping) {
      auto *key = dyn_cast_or_null<yaml::ScalarNode>(entry.getKey());
      if (!key)
        return failAt(&entry, "expected a word as key");
      SmallString<64> storage;
      std::string name = key->getValue(storage).str();
      std::pair<unsigned, unsigned> at = position(key);
      if (tree.find(name))
        return failAt(key, "key '" + name + "' is given twice");
      yaml::Node *value = entry.getValue();
      if (!value || isa<yaml::NullNode>(value))
        return fail(at.first, at.second, "expected a value for '" + Twine(name) + "'");
      // LLVM places an alias behind itself, so the key has to stand for it.
      if (isa<yaml::AliasNode>(value))
        return fail(at.first, at.second, "expected a plain value, but got an alias");
      std::optional<Tree> converted = convert(value, depth + 1);
      if (!converted)
        return std::nullopt;
      tree.keyPositions.push_back(at);
      tree.add(name, std::move(*converted));
    }
    return error.empty() ? std::optional(std::move(tree)) : std::nullopt;
  }

  std::string fileName;
  std::string &error;
  std::error_code failure;
  SourceMgr sources;
  std::optional<yaml::Stream> stream;
};

} // namespace

std::string oneLine(const Twine &message) {
  std::string text = message.str();
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, '?');
  return text;
}

std::optional<Tree> readYaml(StringRef text, StringRef fileName, std::string &error) {
  error.clear();
  // The scanner takes a zero byte for the end of the text.
  if (text.contains('\0')) {
    error = (fileName + ":1:1: error: expected text, but got a zero byte").str();
    return std::nullopt;
  }
  return YamlReader(text, fileName, error).read();
}

} // namespace tessera::tile
