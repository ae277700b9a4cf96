// ONNX ModelProto to the plain model the importer walks.
#include "../OnnxModel.h"
#include "Pb.h"
#include "Skeleton.h"

#include <climits>
#include <exception>
#include <filesystem>

namespace tessera::import_ {

namespace pb = tessera_onnx;

ValueInfo readValue(const pb::ValueInfoProto &proto) {
  ValueInfo value;
  value.name = proto.name();
  if (!proto.type().has_tensor_type())
    return value;
  const auto &tensor = proto.type().tensor_type();
  auto type = elementTypeOf(tensor.elem_type());
  value.isTensor = type.has_value();
  value.type = type.value_or(ElementType::F32);
  value.hasRank = tensor.has_shape();
  for (const auto &dim : tensor.shape().dim()) {
    Dimension &target = value.shape.emplace_back();
    if (dim.has_dim_value())
      target.value = dim.dim_value();
    else
      target.symbol = dim.dim_param();
  }
  return value;
}

namespace {

constexpr int64_t kOldestOpset = 1;
constexpr int64_t kNewestOpset = 25;

class Reader {
public:
  Reader(OnnxModel &model, std::string &problem) : model(model), problem(problem) {}

  bool read() {
    pb::ModelProto proto;
    if (!parse(proto))
      return false;
    if (!proto.has_graph())
      return fail("not an ONNX model: it has no graph");
    std::filesystem::path folder = std::filesystem::path(model.path).parent_path();
    source.folder = folder.empty() ? "." : folder.string();
    const pb::GraphProto &graph = proto.graph();
    if (!readOpset(proto))
      return false;
    if (graph.sparse_initializer_size() != 0)
      return fail("sparse initialisers are not supported");
    for (const pb::TensorProto &tensor : graph.initializer()) {
      Tensor &target = model.initializers.emplace_back();
      std::string why;
      if (!convertTensor(tensor, source, target, why))
        return fail("initialiser '" + tensor.name() + "': " + why);
    }
    for (const pb::NodeProto &node : graph.node())
      if (!readNode(node))
        return false;
    for (const pb::ValueInfoProto &input : graph.input())
      model.inputs.push_back(readValue(input));
    for (const pb::ValueInfoProto &output : graph.output())
      model.outputs.push_back(readValue(output));
    model.files.push_back(source.file);
    for (const auto &[path, file] : source.external)
      model.files.push_back(file);
    return true;
  }

private:
  OnnxModel &model;
  std::string &problem;
  TensorSource source;

  bool fail(std::string text) {
    problem = std::move(text);
    return false;
  }

  bool parse(pb::ModelProto &proto) {
    source.file = MappedFile::open(model.path, problem);
    if (!source.file)
      return false;
    if (source.file->bytes().size() > INT_MAX)
      return fail("larger than 2 GiB, the most that a protobuf file may be; export the weights as "
                  "external data");
    std::string skeleton;
    return (makeSkeleton(source.file->bytes(), skeleton) && proto.ParseFromString(skeleton)) ||
           fail("not an ONNX protobuf file, or cut off");
  }

  bool readOpset(const pb::ModelProto &proto) {
    for (const auto &set : proto.opset_import())
      if (set.domain().empty() || set.domain() == "ai.onnx")
        model.opset = set.version();
    if (model.opset >= kOldestOpset && model.opset <= kNewestOpset)
      return true;
    return fail("expected opset " + std::to_string(kOldestOpset) + " to " +
                std::to_string(kNewestOpset) + ", but got " + std::to_string(model.opset));
  }

  bool readNode(const pb::NodeProto &proto) {
    Node &node = model.nodes.emplace_back();
    node.name = proto.name();
    node.opType = proto.op_type();
    node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
    node.inputs.assign(proto.input().begin(), proto.input().end());
    node.outputs.assign(proto.output().begin(), proto.output().end());
    // A missing optional input at the end may be written as an empty name.
    while (!node.inputs.empty() && node.inputs.back().empty())
      node.inputs.pop_back();
    for (const pb::AttributeProto &attribute : proto.attribute()) {
      std::string why;
      if (!readAttribute(attribute, node.attributes[attribute.name()], why))
        return fail(describe(node) + ": attribute '" + attribute.name() + "': " + why);
    }
    return true;
  }

  /// The kind is written since IR version 2; older files only fill the field.
  static int kindOf(const pb::AttributeProto &proto) {
    if (proto.type() != pb::AttributeProto::UNDEFINED)
      return proto.type();
    if (proto.has_f())
      return pb::AttributeProto::FLOAT;
    if (proto.has_i())
      return pb::AttributeProto::INT;
    if (proto.has_s())
      return pb::AttributeProto::STRING;
    if (proto.has_t())
      return pb::AttributeProto::TENSOR;
    if (proto.floats_size())
      return pb::AttributeProto::FLOATS;
    if (proto.strings_size())
      return pb::AttributeProto::STRINGS;
    return pb::AttributeProto::INTS;
  }

  bool readAttribute(const pb::AttributeProto &proto, Attribute &attribute, std::string &why) {
    switch (kindOf(proto)) {
    case pb::AttributeProto::FLOAT:
      attribute.kind = Attribute::Kind::Float;
      attribute.real = proto.f();
      return true;
    case pb::AttributeProto::INT:
      attribute.kind = Attribute::Kind::Int;
      attribute.integer = proto.i();
      return true;
    case pb::AttributeProto::STRING:
      attribute.kind = Attribute::Kind::String;
      attribute.text = proto.s();
      return true;
    case pb::AttributeProto::TENSOR:
      attribute.kind = Attribute::Kind::Tensor;
      return convertTensor(proto.t(), source, attribute.tensor, why);
    case pb::AttributeProto::FLOATS:
      attribute.kind = Attribute::Kind::Floats;
      attribute.reals.assign(proto.floats().begin(), proto.floats().end());
      return true;
    case pb::AttributeProto::INTS:
      attribute.kind = Attribute::Kind::Ints;
      attribute.integers.assign(proto.ints().begin(), proto.ints().end());
      return true;
    case pb::AttributeProto::STRINGS:
      attribute.kind = Attribute::Kind::Strings;
      attribute.texts.assign(proto.strings().begin(), proto.strings().end());
      return true;
    default:
      // Graphs and types belong to operators that are not known; those are named later, together.
      return true;
    }
  }
};

} // namespace

namespace {
const Attribute *find(const Node &node, const char *name, Attribute::Kind kind) {
  auto found = node.attributes.find(name);
  return found != node.attributes.end() && found->second.kind == kind ? &found->second : nullptr;
}
} // namespace

int64_t integerOf(const Node &node, const char *name, int64_t otherwise) {
  const Attribute *attribute = find(node, name, Attribute::Kind::Int);
  return attribute ? attribute->integer : otherwise;
}

float realOf(const Node &node, const char *name, float otherwise) {
  const Attribute *attribute = find(node, name, Attribute::Kind::Float);
  return attribute ? attribute->real : otherwise;
}

std::string textOf(const Node &node, const char *name, const char *otherwise) {
  const Attribute *attribute = find(node, name, Attribute::Kind::String);
  return attribute ? attribute->text : otherwise;
}

const std::vector<int64_t> *integersOf(const Node &node, const char *name) {
  const Attribute *attribute = find(node, name, Attribute::Kind::Ints);
  return attribute ? &attribute->integers : nullptr;
}

const Tensor *tensorOf(const Node &node, const char *name) {
  const Attribute *attribute = find(node, name, Attribute::Kind::Tensor);
  return attribute ? &attribute->tensor : nullptr;
}

std::string describe(const Node &node) {
  std::string label = node.name.empty() && !node.outputs.empty() ? node.outputs[0] : node.name;
  std::string op = node.domain.empty() ? node.opType : node.domain + "." + node.opType;
  return "node '" + label + "' (" + op + ")";
}

bool parseOnnx(const std::string &path, OnnxModel &model, std::string &error) {
  model.path = path;
  std::string problem = "out of memory";
  try {
    if (Reader(model, problem).read())
      return true;
  } catch (const std::exception &failure) {
    problem = failure.what();
  }
  error = path + ": " + printable(problem);
  return false;
}

} // namespace tessera::import_
