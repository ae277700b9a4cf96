// The neutral form between a chip's spellings: YAML text and module attribute are read into a Tree,
// and a ChipSpec is written into one for the attribute, for equality and for JSON.
#pragma once
#include "tessera/dialect/tile/ChipSpec.h"

#include "llvm/ADT/STLExtras.h"

namespace tessera::tile {

/// A scalar, list or map of a chip description. Scalars read from YAML are texts; those made from
/// values or read from an attribute are typed.
struct Tree {
  enum class Kind { text, integer, real, flag, list, map };
  Kind kind = Kind::text;
  std::string text;
  int64_t integer = 0;
  double real = 0;
  bool flag = false;
  std::vector<std::string> keys; ///< Of a map, in step with `items`.
  std::vector<Tree> items;
  /// Where a YAML file says it, counted from 1; 0 elsewhere.
  unsigned line = 0, column = 0;
  /// Positions of `keys` in a YAML file; empty elsewhere.
  std::vector<std::pair<unsigned, unsigned>> keyPositions;

  const Tree *find(llvm::StringRef key) const;
  void add(llvm::StringRef key, Tree value);
  /// Pairs of key and value of a map; none of a list.
  auto entries() const { return llvm::zip_first(keys, items); }
  /// Equality of values, wherever they stand.
  bool operator==(const Tree &other) const;

  static Tree ofText(llvm::StringRef value);
  static Tree ofInteger(int64_t value);
  static Tree ofReal(double value);
  static Tree ofFlag(bool value);
  static Tree ofKind(Kind kind);
};

/// Reads YAML. On failure sets `error` to "FILE:LINE:COLUMN: error: ...".
std::optional<Tree> readYaml(llvm::StringRef text, llvm::StringRef fileName, std::string &error);

/// A message that quotes input, on one line: control characters become '?'.
std::string oneLine(const llvm::Twine &message);

/// Nested #dlti.map and back. `treeFromAttribute` names what it cannot read in `error`.
mlir::Attribute treeToAttribute(const Tree &tree, mlir::MLIRContext *context);
std::optional<Tree> treeFromAttribute(mlir::Attribute attribute, std::string &error);

/// How a spec is written. The attribute and equality keep values only and key lists of named things
/// by name; JSON keeps sources, and lists as the file has them.
struct WriteOptions {
  bool provenance = false;
  bool keyed = true;
};
Tree specToTree(const ChipSpec &spec, WriteOptions options);

/// Reads a spec. An empty `fileName` stands for the module attribute, whose named lists are keyed.
std::optional<ChipSpec> specFromTree(const Tree &tree, llvm::StringRef fileName,
                                     std::string &error);

/// What is wrong with a spec as a whole: the label of the offending part ("paths[2].pipe") and the
/// message; nullopt when nothing is.
struct Complaint {
  std::string label, message;
};
std::optional<Complaint> checkSpec(const ChipSpec &spec);

} // namespace tessera::tile
