// Writes a ChipSpec into a Tree by the schema of ChipFields.h. Absent optional values are left out,
// so that what is written reads back to the same spec.
#include "ChipFields.h"
#include "ChipTree.h"

using namespace llvm;

namespace tessera::tile {

Tree Tree::ofKind(Kind kind) {
  Tree tree;
  tree.kind = kind;
  return tree;
}
Tree Tree::ofText(StringRef value) {
  Tree tree;
  tree.text = value.str();
  return tree;
}
Tree Tree::ofInteger(int64_t value) {
  Tree tree = ofKind(Kind::integer);
  tree.integer = value;
  return tree;
}
Tree Tree::ofReal(double value) {
  Tree tree = ofKind(Kind::real);
  tree.real = value;
  return tree;
}
Tree Tree::ofFlag(bool value) {
  Tree tree = ofKind(Kind::flag);
  tree.flag = value;
  return tree;
}

const Tree *Tree::find(StringRef key) const {
  for (auto [name, value] : entries())
    if (name == key)
      return &value;
  return nullptr;
}

void Tree::add(StringRef key, Tree value) {
  keys.push_back(key.str());
  items.push_back(std::move(value));
}

bool Tree::operator==(const Tree &other) const {
  return kind == other.kind && text == other.text && integer == other.integer &&
         real == other.real && flag == other.flag && keys == other.keys && items == other.items;
}

namespace {

class Writer {
public:
  explicit Writer(WriteOptions options) : options(options) {}

  template <class T> Tree write(T &value) {
    Tree tree = Tree::ofKind(Tree::Kind::map);
    Tree *outer = std::exchange(out, &tree);
    describe(*this, value);
    out = outer;
    return tree;
  }

  // The visitor of `describe`.

  void text(StringRef key, const std::string &value, Need) {
    if (!value.empty())
      out->add(key, Tree::ofText(value));
  }
  void word(StringRef key, const std::string &value, Words, Need need) { text(key, value, need); }
  void onlyCore(StringRef key, const std::string &value) { text(key, value, Required); }
  void words(StringRef key, const std::vector<std::string> &values, Words, Need need) {
    if (values.empty() && need == Optional)
      return;
    Tree list = Tree::ofKind(Tree::Kind::list);
    for (const std::string &value : values)
      list.items.push_back(Tree::ofText(value));
    out->add(key, std::move(list));
  }
  void onlyCores(StringRef key, const std::vector<std::string> &values) {
    words(key, values, {}, Required);
  }
  void integer(StringRef key, const Int &value, Least, Need need) { number(key, value, need); }
  void real(StringRef key, const Real &value, Least, Need need) { number(key, value, need); }
  void maybeReal(StringRef key, const std::optional<Real> &value) {
    if (value)
      out->add(key, numberTree(*value));
  }
  void integers(StringRef key, const std::vector<Int> &values) {
    if (values.empty())
      return;
    Tree list = Tree::ofKind(Tree::Kind::list);
    for (const Int &value : values)
      list.items.push_back(numberTree(value));
    out->add(key, std::move(list));
  }
  void flag(StringRef key, bool value) { out->add(key, Tree::ofFlag(value)); }
  void coresAre(const std::vector<Core> &) {}

  template <class T> void section(StringRef key, T &value) { out->add(key, write(value)); }
  template <class T> void section(StringRef key, std::optional<T> &value) {
    if (value)
      out->add(key, write(*value));
  }

  template <class T>
  void each(StringRef key, std::vector<T> &values, StringRef nameKey, Need need) {
    if (values.empty() && need == Optional)
      return;
    bool asMap = options.keyed && !nameKey.empty();
    Tree list = Tree::ofKind(asMap ? Tree::Kind::map : Tree::Kind::list);
    for (T &value : values) {
      Tree item = write(value);
      if (!asMap) {
        list.items.push_back(std::move(item));
        continue;
      }
      // The name becomes the key.
      Tree rest = Tree::ofKind(Tree::Kind::map);
      for (auto [field, content] : item.entries())
        if (field != nameKey)
          rest.add(field, content);
      list.add(item.find(nameKey)->text, std::move(rest));
    }
    out->add(key, std::move(list));
  }

  void fractals(StringRef key, const std::vector<Fractal> &values) {
    if (values.empty())
      return;
    Tree map = Tree::ofKind(Tree::Kind::map);
    for (const Fractal &fractal : values) {
      Tree size = Tree::ofKind(Tree::Kind::list);
      size.items = {numberTree(fractal.rows), numberTree(fractal.cols)};
      map.add(fractal.type, std::move(size));
    }
    out->add(key, std::move(map));
  }

  void changes(StringRef key, const std::vector<LayoutChange> &values) {
    Tree list = Tree::ofKind(Tree::Kind::list);
    for (const LayoutChange &change : values)
      list.items.push_back(Tree::ofText(change.from + "->" + change.to));
    out->add(key, std::move(list));
  }

  void costs(StringRef key, const std::vector<EnergyCost> &values) {
    if (values.empty())
      return;
    Tree map = Tree::ofKind(Tree::Kind::map);
    for (const EnergyCost &cost : values)
      map.add(cost.name, numberTree(cost.value));
    out->add(key, std::move(map));
  }

  void table(StringRef key, const std::vector<std::pair<std::string, std::string>> &values) {
    if (!options.provenance || values.empty())
      return;
    Tree map = Tree::ofKind(Tree::Kind::map);
    for (const auto &[name, text] : values)
      map.add(name, Tree::ofText(text));
    out->add(key, std::move(map));
  }

private:
  static Tree scalar(int64_t value) { return Tree::ofInteger(value); }
  /// A whole real is written as an integer, which reads back to it and prints shorter.
  static Tree scalar(double value) {
    bool whole = value >= -1e15 && value <= 1e15 && double(int64_t(value)) == value;
    return whole ? Tree::ofInteger(int64_t(value)) : Tree::ofReal(value);
  }

  template <class T> Tree numberTree(const Sourced<T> &number) {
    if (!options.provenance)
      return scalar(number.value);
    Tree map = Tree::ofKind(Tree::Kind::map);
    map.add("value", scalar(number.value));
    if (number.status != Status::none)
      map.add("status", Tree::ofText(statusName(number.status)));
    text(map, "source", number.source);
    text(map, "note", number.note);
    return map;
  }
  static void text(Tree &map, StringRef key, const std::string &value) {
    if (!value.empty())
      map.add(key, Tree::ofText(value));
  }

  template <class T> void number(StringRef key, const Sourced<T> &value, Need need) {
    bool said = value.value != T() || (options.provenance && value.status != Status::none);
    if (need == Required || said)
      out->add(key, numberTree(value));
  }

  WriteOptions options;
  Tree *out = nullptr;
};

} // namespace

Tree specToTree(const ChipSpec &spec, WriteOptions options) {
  ChipSpec copy = spec; // `describe` serves the reader too, and so takes what it may change.
  return Writer(options).write(copy);
}

bool ChipSpec::operator==(const ChipSpec &other) const {
  return specToTree(*this, {}) == specToTree(other, {});
}

} // namespace tessera::tile
