// Reads a ChipSpec from a Tree by the schema of ChipFields.h: one clear error with its place for
// unknown keys, missing keys, wrong types and values out of range. What relates one part to another
// is checked in ChipCheck.cpp.
#include "ChipReader.h"

#include "llvm/ADT/StringSet.h"

using namespace llvm;

namespace tessera::tile {
namespace {

class Reader : ReaderBase {
public:
  Reader(StringRef fileName, std::string &error) : ReaderBase(fileName, error) {}

  std::optional<ChipSpec> read(const Tree &tree) {
    ChipSpec spec;
    structure(tree, "", spec);
    if (!error.empty())
      return std::nullopt;
    if (std::optional<Complaint> complaint = checkSpec(spec)) {
      fail(placeOf(complaint->label), complaint->label, complaint->message);
      return std::nullopt;
    }
    return spec;
  }

  // The visitor of `describe`.

  void text(StringRef key, std::string &out, Need need) {
    if (const Tree *value = get(key, need))
      readText(*value, label(key), out);
  }

  void word(StringRef key, std::string &out, Words allowed, Need need) {
    if (const Tree *value = get(key, need))
      readWord(*value, label(key), out, allowed);
  }

  void words(StringRef key, std::vector<std::string> &out, Words allowed, Need need) {
    const Tree *value = get(key, need);
    if (!value || !isList(*value, label(key)))
      return;
    for (auto [index, item] : enumerate(value->items))
      readWord(item, label(key, index), out.emplace_back(), allowed);
  }

  void integer(StringRef key, Int &out, Least least, Need need) {
    if (const Tree *value = get(key, need))
      readNumber(*value, label(key), least, out);
  }

  void real(StringRef key, Real &out, Least least, Need need) {
    if (const Tree *value = get(key, need))
      readNumber(*value, label(key), least, out);
  }

  void maybeReal(StringRef key, std::optional<Real> &out) {
    if (const Tree *value = get(key, Optional))
      readNumber(*value, label(key), Zero, out.emplace());
  }

  void integers(StringRef key, std::vector<Int> &out) {
    const Tree *value = get(key, Optional);
    if (!value || !isList(*value, label(key)))
      return;
    for (auto [index, item] : enumerate(value->items))
      readNumber(item, label(key, index), Positive, out.emplace_back());
  }

  void flag(StringRef key, bool &out) {
    const Tree *value = get(key, Optional);
    if (!value)
      return;
    if (value->kind == Tree::Kind::flag)
      out = value->flag;
    else if (value->kind == Tree::Kind::text && (value->text == "true" || value->text == "false"))
      out = value->text == "true";
    else
      wrong(*value, label(key), "expected true or false");
  }

  /// A kind of core, which a chip that has one kind only need not name.
  void onlyCore(StringRef key, std::string &out) {
    if (const Tree *value = get(key, Optional))
      readWord(*value, label(key), out, kCoreKinds);
    else if (coreKinds.size() == 1)
      out = coreKinds.front();
    else
      missing(key, ": this chip has more than one kind of core");
  }

  void onlyCores(StringRef key, std::vector<std::string> &out) {
    if (frame->tree.find(key) || coreKinds.size() != 1)
      words(key, out, kCoreKinds, Required);
    else {
      frame->known.push_back(key);
      out = coreKinds;
    }
  }

  void coresAre(const std::vector<Core> &cores) {
    for (const Core &core : cores)
      coreKinds.push_back(core.kind);
  }

  template <class T> void section(StringRef key, T &out) {
    if (const Tree *value = get(key, Required))
      structure(*value, label(key), out);
  }
  template <class T> void section(StringRef key, std::optional<T> &out) {
    if (const Tree *value = get(key, Optional))
      structure(*value, label(key), out.emplace());
  }

  /// A list of structs. One with a `nameKey` is a map by that name in the module attribute.
  template <class T> void each(StringRef key, std::vector<T> &out, StringRef nameKey, Need need) {
    const Tree *value = get(key, need);
    if (!value)
      return;
    if (fromAttribute() && !nameKey.empty() && value->kind == Tree::Kind::map) {
      for (auto [name, item] : value->entries()) {
        Tree named = item;
        if (named.kind == Tree::Kind::map && !named.find(nameKey))
          named.add(nameKey, Tree::ofText(name));
        structure(named, label(key, out.size()), out.emplace_back());
      }
      return;
    }
    if (!isList(*value, label(key)))
      return;
    if (value->items.empty() && need == Required)
      return wrong(*value, label(key), "expected at least one entry");
    StringSet<> names;
    for (auto [index, item] : enumerate(value->items)) {
      structure(item, label(key, index), out.emplace_back());
      const Tree *name = nameKey.empty() ? nullptr : item.find(nameKey);
      if (name && !names.insert(name->text).second)
        fail(place(*name), label(key, index) + "." + nameKey.str(),
             "expected different names, but '" + name->text + "' is given twice");
    }
  }

  /// {f16: [16, 16], ...}: rows and columns by element type.
  void fractals(StringRef key, std::vector<Fractal> &out) {
    const Tree *value = get(key, Optional);
    if (!value || !isMap(*value, label(key)))
      return;
    for (auto [type, size] : value->entries()) {
      std::string at = label(key) + "." + type;
      Fractal &fractal = out.emplace_back();
      readWord(Tree::ofText(type), at, fractal.type, kTypes, place(size));
      if (!isList(size, at))
        return;
      if (size.items.size() != 2)
        return wrong(size, at, "expected [rows, columns]");
      readNumber(size.items[0], at + "[0]", Positive, fractal.rows);
      readNumber(size.items[1], at + "[1]", Positive, fractal.cols);
    }
  }

  /// ["row->zN", ...]
  void changes(StringRef key, std::vector<LayoutChange> &out) {
    const Tree *value = get(key, Required);
    if (!value || !isList(*value, label(key)))
      return;
    for (auto [index, item] : enumerate(value->items)) {
      auto [from, to] = StringRef(item.text).split("->");
      if (item.kind != Tree::Kind::text || to.empty())
        return wrong(item, label(key, index), "expected a change of layout such as row->zN");
      LayoutChange &change = out.emplace_back();
      readWord(Tree::ofText(from.trim()), label(key, index), change.from, kLayouts, place(item));
      readWord(Tree::ofText(to.trim()), label(key, index), change.to, kLayouts, place(item));
    }
  }

  /// {name: number, ...}
  void costs(StringRef key, std::vector<EnergyCost> &out) {
    const Tree *value = get(key, Optional);
    if (!value || !isMap(*value, label(key)))
      return;
    Origin saved = origin;
    enterOrigin(*value);
    for (auto [name, number] : value->entries()) {
      if (isOriginKey(name))
        continue;
      EnergyCost &cost = out.emplace_back();
      cost.name = name;
      readNumber(number, label(key) + "." + name, Positive, cost.value);
    }
    origin = saved;
  }

  /// {name: text, ...}: the sources, which every origin names.
  void table(StringRef key, std::vector<std::pair<std::string, std::string>> &out) {
    const Tree *value = get(key, Optional);
    if (value && isMap(*value, label(key)))
      for (auto [name, entry] : value->entries()) {
        out.emplace_back(name, "");
        readText(entry, label(key) + "." + name, out.back().second);
        sourceNames.push_back(name);
      }
    enterOrigin(frame->tree);
  }

private:
  template <class T> void structure(const Tree &tree, const std::string &label, T &out) {
    places.try_emplace(label, place(tree));
    if (!error.empty() || !isMap(tree, label))
      return;
    Frame here{tree, label, {}};
    Frame *outer = std::exchange(frame, &here);
    Origin savedOrigin = origin;
    // The chip's own origin is read after the table of sources, whose keys it names.
    if constexpr (!std::is_same_v<T, ChipSpec>)
      enterOrigin(tree);
    describe(*this, out);
    rejectUnknownKeys();
    origin = savedOrigin;
    frame = outer;
  }

  std::vector<std::string> coreKinds;
};

} // namespace

std::optional<ChipSpec> specFromTree(const Tree &tree, StringRef fileName, std::string &error) {
  error.clear();
  return Reader(fileName, error).read(tree);
}

std::optional<ChipSpec> parseChip(StringRef text, StringRef fileName, std::string &error) {
  StringRef shownName = fileName.empty() ? StringRef("<text>") : fileName;
  std::optional<Tree> tree = readYaml(text, shownName, error);
  return tree ? specFromTree(*tree, shownName, error) : std::nullopt;
}

} // namespace tessera::tile
