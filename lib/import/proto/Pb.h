// What the two protobuf files share. Code in this folder may meet exceptions; nobody else includes
// this header.
#pragma once

#include "../MappedFile.h"
#include "../OnnxModel.h"
#include "onnx_lite.pb.h"
#include "tessera/import/Tensors.h"

#include <map>
#include <memory>
#include <string>

namespace tessera::import_ {

/// Where the elements of a tensor may come from besides its message.
struct TensorSource {
  /// Where external data may lie; empty refuses external data.
  std::string folder;
  /// The file that a raw_data left by makeSkeleton means; null: raw_data holds the data.
  std::shared_ptr<const MappedFile> file;
  /// Files of external data, by their real path, so that each is mapped once.
  std::map<std::string, std::shared_ptr<const MappedFile>> external;
};

/// ONNX's number for an element type, and back; nothing for strings, complex and newer types.
std::optional<ElementType> elementTypeOf(int32_t onnxType);
int32_t onnxTypeOf(ElementType type);
/// "string", "complex64" or the number, for messages.
std::string onnxTypeName(int32_t onnxType);

/// Converts a tensor. Data that lies in a mapped file as it is needed stays there when it is large.
/// False sets `problem`, which does not name the tensor.
bool convertTensor(const tessera_onnx::TensorProto &proto, TensorSource &source, Tensor &tensor,
                   std::string &problem);

/// An input or output as the model declares it.
ValueInfo readValue(const tessera_onnx::ValueInfoProto &proto);

} // namespace tessera::import_
