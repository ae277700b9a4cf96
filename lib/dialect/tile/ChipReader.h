// What every field of a chip description needs when it is read: its place, its label in messages,
// where its numbers come from. The fields themselves are in ChipParse.cpp.
#pragma once
#include "ChipFields.h"
#include "ChipTree.h"

#include "llvm/ADT/StringMap.h"

namespace tessera::tile {

class ReaderBase {
protected:
  ReaderBase(llvm::StringRef fileName, std::string &error) : fileName(fileName), error(error) {}

  using Place = std::pair<unsigned, unsigned>;

  /// The map being read, and the keys `describe` has asked it for.
  struct Frame {
    const Tree &tree;
    std::string label;
    llvm::SmallVector<llvm::StringRef> known;
  };

  /// Where numbers come from unless they say so themselves.
  struct Origin {
    std::string source;
    Status status = Status::none;
  };

  bool fromAttribute() const { return fileName.empty(); }
  static Place place(const Tree &tree) { return {tree.line, tree.column}; }
  std::string label(llvm::StringRef key) const;
  std::string label(llvm::StringRef key, size_t index) const;
  /// The place of a label, or of the closest part that holds it: a key left out has none itself.
  Place placeOf(llvm::StringRef label) const;

  /// Sets the error; the first one stays, since what follows is often its consequence.
  void fail(Place at, llvm::StringRef label, const llvm::Twine &message);
  void wrong(const Tree &tree, llvm::StringRef label, const llvm::Twine &expected);
  void missing(llvm::StringRef key, const llvm::Twine &why = "");
  /// Complains about keys of the current map that nobody asked for.
  void rejectUnknownKeys();

  /// The value of a key of the current map; null when it is absent.
  const Tree *get(llvm::StringRef key, Need need);
  bool isList(const Tree &tree, llvm::StringRef label);
  bool isMap(const Tree &tree, llvm::StringRef label);
  void readText(const Tree &tree, llvm::StringRef label, std::string &out);
  /// A text out of `allowed`; any text when that is empty.
  void readWord(const Tree &tree, llvm::StringRef label, std::string &out, Words allowed,
                std::optional<Place> at = std::nullopt);
  /// A plain number, or {value, source, status, note}.
  void readNumber(const Tree &tree, llvm::StringRef label, Least least, Int &out);
  void readNumber(const Tree &tree, llvm::StringRef label, Least least, Real &out);

  static bool isOriginKey(llvm::StringRef key) { return key == "source" || key == "status"; }
  /// Takes `source` and `status` of a map, which hold for the plain numbers inside it.
  void enterOrigin(const Tree &tree);

  const std::string fileName; ///< Empty when the module attribute is read.
  std::string &error;
  Frame *frame = nullptr;
  Origin origin;
  std::vector<std::string> sourceNames;
  llvm::StringMap<Place> places;

private:
  Origin readOrigin(const Tree &tree, Origin from, llvm::StringRef label);
  template <class T>
  void readSourced(const Tree &tree, llvm::StringRef label, Least least, Sourced<T> &out);
  template <class T>
  const Tree *readProvenance(const Tree &tree, llvm::StringRef label, Sourced<T> &out);
};

} // namespace tessera::tile
