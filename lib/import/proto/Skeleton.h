// An ONNX model's message with its tensors' data left in the file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tessera::import_ {

/// Where a tensor's data lies in the model's file.
struct Payload {
  size_t offset = 0, size = 0;
};

/// Copies a serialised ModelProto, but each raw_data of an initialiser or of a tensor in a node's
/// attribute becomes a Payload's bytes. Protobuf copies every field that it parses; what is parsed
/// after this has no weights in it. False when the message is cut off or no protobuf message; the
/// fields that are copied as they are, are not looked into.
bool makeSkeleton(std::string_view file, std::string &skeleton);

/// What makeSkeleton wrote into `rawData`.
Payload payloadOf(const std::string &rawData);

} // namespace tessera::import_
