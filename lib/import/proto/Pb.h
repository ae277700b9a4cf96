// What the two protobuf files share. Code in this folder may meet exceptions; nobody else includes
// this header.
#pragma once

#include "../OnnxModel.h"
#include "onnx_lite.pb.h"
#include "tessera/import/Tensors.h"

#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/message_lite.h>

#include <string>

namespace tessera::import_ {

/// A file open for reading. It is closed with the stream.
class File {
public:
  explicit File(const std::string &path);

  bool isOpen() const { return input.has_value(); }
  google::protobuf::io::FileInputStream *stream() { return &*input; }
  /// Why it cannot be opened or read; empty when it can.
  std::string problem() const;

private:
  int openError = 0;
  std::optional<google::protobuf::io::FileInputStream> input;
};

/// Parses a whole file into `message`; false sets `problem`.
bool parseFile(const std::string &path, google::protobuf::MessageLite &message,
               std::string &problem);

/// ONNX's number for an element type, and back; nothing for strings, complex and newer types.
std::optional<ElementType> elementTypeOf(int32_t onnxType);
int32_t onnxTypeOf(ElementType type);
/// "string", "complex64" or the number, for messages.
std::string onnxTypeName(int32_t onnxType);

/// Converts a tensor and frees the message's copy of its data. `folder` is where external data may
/// lie; empty refuses external data. False sets `problem`, which does not name the tensor.
bool convertTensor(tessera_onnx::TensorProto &proto, const std::string &folder, Tensor &tensor,
                   std::string &problem);

/// An input or output as the model declares it.
ValueInfo readValue(const tessera_onnx::ValueInfoProto &proto);

} // namespace tessera::import_
