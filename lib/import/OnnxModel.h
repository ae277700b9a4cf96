// A parsed ONNX model in plain C++: what the protobuf reader hands to the importer.
#pragma once

#include "MappedFile.h"
#include "tessera/import/Tensors.h"

#include <map>
#include <string>
#include <vector>

namespace tessera::import_ {

struct Attribute {
  enum class Kind { Float, Int, String, Tensor, Floats, Ints, Strings, Other };
  Kind kind = Kind::Other;
  float real = 0;
  int64_t integer = 0;
  std::string text;
  Tensor tensor;
  std::vector<float> reals;
  std::vector<int64_t> integers;
  std::vector<std::string> texts;
};

struct Node {
  std::string name;
  std::string opType;
  std::string domain;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::map<std::string, Attribute> attributes;
};

struct Dimension {
  int64_t value = -1;
  std::string symbol;
};

struct ValueInfo {
  std::string name;
  ElementType type = ElementType::F32;
  /// Not set for values that are not tensors of a known element type.
  bool isTensor = false;
  bool hasRank = false;
  std::vector<Dimension> shape;
};

struct OnnxModel {
  std::string path;
  int64_t opset = 0;
  std::vector<Node> nodes;
  std::vector<Tensor> initializers;
  std::vector<ValueInfo> inputs;
  std::vector<ValueInfo> outputs;
  /// Large tensors are views of these. Their elements must not be written.
  std::vector<std::shared_ptr<const MappedFile>> files;
};

/// Parses the file and checks what can be checked without knowing operators: sizes of data, types,
/// external files inside the model's folder. False sets `error`.
bool parseOnnx(const std::string &path, OnnxModel &model, std::string &error);

/// Fills in inputs, outputs and the names of initialisers; data and nodes are skipped unread.
bool parseOnnxPorts(const std::string &path, OnnxModel &model, std::string &error);

/// An attribute's value, or the default when the node has none of that kind.
int64_t integerOf(const Node &node, const char *name, int64_t otherwise);
float realOf(const Node &node, const char *name, float otherwise);
std::string textOf(const Node &node, const char *name, const char *otherwise);
/// Null when the node has no list of integers under that name.
const std::vector<int64_t> *integersOf(const Node &node, const char *name);
const Tensor *tensorOf(const Node &node, const char *name);

/// Control characters and what is not UTF-8 as \xNN: names in a file may be anything.
std::string printable(const std::string &text);

/// How messages name a node: its name and operator, or its first output when it has no name.
std::string describe(const Node &node);

} // namespace tessera::import_
