// What goes in and out of an ONNX model, without reading its weights.
#include "Pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <climits>
#include <exception>

namespace tessera::import_ {

namespace pb = tessera_onnx;

namespace {

/// Walks the fields of a message by hand, which skips what is not asked for instead of copying it.
class PortReader {
public:
  explicit PortReader(OnnxModel &model) : model(model) {}

  bool read(std::string &problem) {
    const auto file = MappedFile::open(model.path, problem);
    if (!file)
      return false;
    const std::string_view bytes = file->bytes();
    Input input(reinterpret_cast<const uint8_t *>(bytes.data()),
                static_cast<int>(std::min<size_t>(bytes.size(), INT_MAX)));
    if (!message(input, &PortReader::modelField)) {
      problem = "not an ONNX protobuf file, or cut off";
      return false;
    }
    if (!hasGraph)
      problem = "not an ONNX model: it has no graph";
    return hasGraph;
  }

private:
  using Input = google::protobuf::io::CodedInputStream;
  using Wire = google::protobuf::internal::WireFormatLite;
  using Field = bool (PortReader::*)(Input &, int);

  // Numbers of fields, as the schema has them.
  static constexpr int kGraph = 7, kInitializer = 5, kInput = 11, kOutput = 12, kTensorName = 8;

  OnnxModel &model;
  bool hasGraph = false;

  /// Hands every length-delimited field to `field`, which reads it or skips it.
  bool message(Input &input, Field field) {
    while (uint32_t tag = input.ReadTag()) {
      bool nested = Wire::GetTagWireType(tag) == Wire::WIRETYPE_LENGTH_DELIMITED;
      if (!(nested ? (this->*field)(input, Wire::GetTagFieldNumber(tag))
                   : Wire::SkipField(&input, tag)))
        return false;
    }
    return input.ConsumedEntireMessage();
  }

  template <typename Read> bool delimited(Input &input, Read read) {
    uint32_t size;
    if (!input.ReadVarint32(&size) || size > INT_MAX)
      return false;
    Input::Limit limit = input.PushLimit(static_cast<int>(size));
    bool good = read() && input.BytesUntilLimit() == 0;
    input.PopLimit(limit);
    return good;
  }

  bool skip(Input &input) {
    uint32_t size;
    return input.ReadVarint32(&size) && size <= INT_MAX && input.Skip(static_cast<int>(size));
  }

  bool modelField(Input &input, int number) {
    if (number != kGraph)
      return skip(input);
    hasGraph = true;
    return delimited(input, [&] { return message(input, &PortReader::graphField); });
  }

  bool graphField(Input &input, int number) {
    if (number == kInitializer) {
      model.initializers.emplace_back();
      return delimited(input, [&] { return message(input, &PortReader::tensorField); });
    }
    if (number != kInput && number != kOutput)
      return skip(input);
    pb::ValueInfoProto value;
    if (!delimited(input, [&] { return value.MergeFromCodedStream(&input); }))
      return false;
    (number == kInput ? model.inputs : model.outputs).push_back(readValue(value));
    return true;
  }

  bool tensorField(Input &input, int number) {
    return number == kTensorName ? Wire::ReadBytes(&input, &model.initializers.back().name)
                                 : skip(input);
  }
};

} // namespace

bool parseOnnxPorts(const std::string &path, OnnxModel &model, std::string &error) {
  model.path = path;
  std::string problem = "out of memory";
  try {
    if (PortReader(model).read(problem))
      return true;
  } catch (const std::exception &failure) {
    problem = failure.what();
  }
  error = path + ": " + printable(problem);
  return false;
}

} // namespace tessera::import_
