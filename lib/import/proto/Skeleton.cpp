// Walks the wire format down to the data of tensors. Fields are numbered as in ONNX's schema.
#include "Skeleton.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <climits>
#include <cstring>
#include <optional>

namespace tessera::import_ {

namespace {

using Input = google::protobuf::io::CodedInputStream;
using Output = google::protobuf::io::CodedOutputStream;
using Wire = google::protobuf::internal::WireFormatLite;

enum class Message { Model, Graph, Node, Attribute, Tensor };

constexpr int kRawData = 9;

/// The message in a field, if the way to the tensors leads through it.
std::optional<Message> childOf(Message parent, int field) {
  switch (parent) {
  case Message::Model:
    return field == 7 ? std::optional(Message::Graph) : std::nullopt;
  case Message::Graph:
    return field == 1   ? std::optional(Message::Node)
           : field == 5 ? std::optional(Message::Tensor)
                        : std::nullopt;
  case Message::Node:
    return field == 5 ? std::optional(Message::Attribute) : std::nullopt;
  case Message::Attribute:
    return field == 5 ? std::optional(Message::Tensor) : std::nullopt;
  case Message::Tensor:
    return std::nullopt;
  }
  return std::nullopt;
}

void append(std::string &out, uint32_t tag, const char *data, size_t size) {
  uint8_t head[10];
  uint8_t *end = Output::WriteVarint32ToArray(tag, head);
  end = Output::WriteVarint32ToArray(static_cast<uint32_t>(size), end);
  out.append(reinterpret_cast<const char *>(head), static_cast<size_t>(end - head));
  out.append(data, size);
}

bool copy(Input &input, std::string_view file, Message message, std::string &out) {
  for (;;) {
    const auto begin = static_cast<size_t>(input.CurrentPosition());
    const uint32_t tag = input.ReadTag();
    if (!tag)
      return input.ConsumedEntireMessage();
    if (Wire::GetTagWireType(tag) != Wire::WIRETYPE_LENGTH_DELIMITED) {
      if (!Wire::SkipField(&input, tag))
        return false;
    } else {
      uint32_t size;
      if (!input.ReadVarint32(&size) || size > INT_MAX)
        return false;
      const int field = Wire::GetTagFieldNumber(tag);
      if (const auto child = childOf(message, field)) {
        std::string inner;
        const Input::Limit limit = input.PushLimit(static_cast<int>(size));
        if (!copy(input, file, *child, inner) || input.BytesUntilLimit() != 0)
          return false;
        input.PopLimit(limit);
        append(out, tag, inner.data(), inner.size());
        continue;
      }
      const Payload payload{static_cast<size_t>(input.CurrentPosition()), size};
      if (!input.Skip(static_cast<int>(size)))
        return false;
      if (message == Message::Tensor && field == kRawData) {
        append(out, tag, reinterpret_cast<const char *>(&payload), sizeof(payload));
        continue;
      }
    }
    out.append(file.substr(begin, static_cast<size_t>(input.CurrentPosition()) - begin));
  }
}

} // namespace

bool makeSkeleton(std::string_view file, std::string &skeleton) {
  if (file.size() > INT_MAX)
    return false;
  Input input(reinterpret_cast<const uint8_t *>(file.data()), static_cast<int>(file.size()));
  return copy(input, file, Message::Model, skeleton);
}

Payload payloadOf(const std::string &rawData) {
  Payload payload;
  if (rawData.size() == sizeof(payload))
    std::memcpy(&payload, rawData.data(), sizeof(payload));
  return payload;
}

} // namespace tessera::import_
