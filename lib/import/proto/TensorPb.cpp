// ONNX TensorProto to and from tensors, with external data confined to the model's folder.
#include "Pb.h"
#include "Skeleton.h"

#include <climits>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>

namespace tessera::import_ {

namespace pb = tessera_onnx;
namespace fs = std::filesystem;

namespace {

// In the order of ElementType.
constexpr int32_t kOnnxTypes[] = {
    pb::TensorProto::FLOAT16, pb::TensorProto::BFLOAT16, pb::TensorProto::FLOAT,
    pb::TensorProto::DOUBLE,  pb::TensorProto::INT8,     pb::TensorProto::INT16,
    pb::TensorProto::INT32,   pb::TensorProto::INT64,    pb::TensorProto::UINT8,
    pb::TensorProto::UINT16,  pb::TensorProto::UINT32,   pb::TensorProto::UINT64,
    pb::TensorProto::BOOL,
};

/// What is smaller is copied.
constexpr size_t kMappedBytes = 4096;

std::string mismatch(const Tensor &tensor, size_t have) {
  return "expected " + std::to_string(tensor.byteSize()) +
         " bytes of data for its shape, but got " + std::to_string(have);
}

/// True when `typed` holds all elements; copies them with conversion.
template <typename Field> bool copyTyped(const Field &typed, Tensor &tensor, std::string &problem) {
  if (typed.size() != tensor.count) {
    problem = "expected " + std::to_string(tensor.count) + " elements for its shape, but got " +
              std::to_string(typed.size());
    return false;
  }
  for (int64_t i = 0; i < tensor.count; ++i) {
    auto value = typed.Get(static_cast<int>(i));
    // Half types keep their bits in int32_data.
    if (tensor.type == ElementType::F16 || tensor.type == ElementType::BF16)
      tensor.as<uint16_t>()[i] = static_cast<uint16_t>(value);
    else if constexpr (std::is_integral_v<decltype(value)>)
      storeInteger(tensor, i, static_cast<int64_t>(value));
    else
      storeReal(tensor, i, value);
  }
  return true;
}

size_t typedSize(const pb::TensorProto &proto, ElementType type) {
  switch (type) {
  case ElementType::F32:
    return proto.float_data_size();
  case ElementType::F64:
    return proto.double_data_size();
  case ElementType::I64:
    return proto.int64_data_size();
  case ElementType::U32:
  case ElementType::U64:
    return proto.uint64_data_size();
  default:
    return proto.int32_data_size();
  }
}

bool copyAnyTyped(const pb::TensorProto &proto, Tensor &tensor, std::string &problem) {
  switch (tensor.type) {
  case ElementType::F32:
    return copyTyped(proto.float_data(), tensor, problem);
  case ElementType::F64:
    return copyTyped(proto.double_data(), tensor, problem);
  case ElementType::I64:
    return copyTyped(proto.int64_data(), tensor, problem);
  case ElementType::U32:
  case ElementType::U64:
    return copyTyped(proto.uint64_data(), tensor, problem);
  default:
    return copyTyped(proto.int32_data(), tensor, problem);
  }
}

bool allocateFor(Tensor &tensor, std::string &problem) {
  std::optional<Tensor> filled = Tensor::allocateUnset(tensor.type, tensor.shape);
  if (filled)
    tensor.storage = filled->storage;
  else
    problem = "out of memory";
  return filled.has_value();
}

bool copyRaw(std::string_view bytes, Tensor &tensor, std::string &problem) {
  if (!allocateFor(tensor, problem))
    return false;
  if (!bytes.empty())
    std::memcpy(tensor.data(), bytes.data(), bytes.size());
  // Any nonzero byte means true; later code relies on 0 and 1.
  if (tensor.type == ElementType::Bool)
    for (int64_t i = 0; i < tensor.count; ++i)
      tensor.data()[i] = tensor.data()[i] != 0;
  return true;
}

struct ExternalData {
  std::string location;
  int64_t offset = 0;
  int64_t length = -1;
};

bool parseNumber(const std::string &text, int64_t &value) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != text.npos)
    return false;
  value = std::stoll(text);
  return true;
}

bool readEntries(const pb::TensorProto &proto, ExternalData &data, std::string &problem) {
  for (const auto &entry : proto.external_data()) {
    bool good = true;
    if (entry.key() == "location")
      data.location = entry.value();
    else if (entry.key() == "offset")
      good = parseNumber(entry.value(), data.offset);
    else if (entry.key() == "length")
      good = parseNumber(entry.value(), data.length);
    if (!good) {
      problem = "external data has a bad " + entry.key() + " '" + entry.value() + "'";
      return false;
    }
  }
  if (data.location.empty())
    problem = "external data has no location";
  return !data.location.empty();
}

/// The file's real path, when it lies inside `folder` even after links are followed.
bool confine(const std::string &folder, const std::string &location, fs::path &file,
             std::string &problem) {
  if (folder.empty()) {
    problem = "external data is not accepted here";
    return false;
  }
  std::error_code failed;
  fs::path root = fs::canonical(folder, failed);
  if (!failed)
    file = fs::weakly_canonical(root / location, failed);
  fs::path relative = failed ? fs::path() : file.lexically_relative(root);
  if (failed || fs::path(location).is_absolute() || relative.empty() || *relative.begin() == "..") {
    problem = "external data '" + location + "' lies outside the model's folder";
    return false;
  }
  if (!fs::is_regular_file(file, failed)) {
    problem = "external data '" + location + "' is not a file";
    return false;
  }
  return true;
}

/// The elements in a mapped file: a view of it when they are many, else a copy, which is aligned.
/// `bytes` has the tensor's size.
bool takeMapped(const std::shared_ptr<const MappedFile> &file, std::string_view bytes,
                Tensor &tensor, std::string &problem) {
  // A view keeps the whole mapping, which some numbers are not worth.
  if (bytes.size() >= kMappedBytes && tensor.type != ElementType::Bool) {
    tensor.storage = std::shared_ptr<char>(std::const_pointer_cast<MappedFile>(file),
                                           const_cast<char *>(bytes.data()));
    return true;
  }
  return copyRaw(bytes, tensor, problem);
}

bool readExternal(const pb::TensorProto &proto, TensorSource &source, Tensor &tensor,
                  std::string &problem) {
  ExternalData data;
  fs::path path;
  if (!readEntries(proto, data, problem) || !confine(source.folder, data.location, path, problem))
    return false;
  size_t need = tensor.byteSize();
  if (data.length >= 0 && static_cast<size_t>(data.length) != need) {
    problem = mismatch(tensor, data.length);
    return false;
  }
  std::shared_ptr<const MappedFile> &file = source.external[path.string()];
  if (!file && !(file = MappedFile::open(path.string(), problem))) {
    problem = "external data '" + data.location + "' " + problem;
    return false;
  }
  std::string_view bytes = file->bytes();
  if (bytes.size() < static_cast<size_t>(data.offset) || bytes.size() - data.offset < need) {
    problem = "external data '" + data.location + "' is shorter than the tensor needs";
    return false;
  }
  return takeMapped(file, bytes.substr(data.offset, need), tensor, problem);
}

bool convertRaw(const pb::TensorProto &proto, const TensorSource &source, Tensor &tensor,
                std::string &problem) {
  std::string_view bytes = proto.raw_data();
  if (source.file) {
    const Payload payload = payloadOf(proto.raw_data());
    bytes = source.file->bytes().substr(payload.offset, payload.size);
  }
  if (bytes.size() != tensor.byteSize()) {
    problem = mismatch(tensor, bytes.size());
    return false;
  }
  return source.file ? takeMapped(source.file, bytes, tensor, problem)
                     : copyRaw(bytes, tensor, problem);
}

bool convertTyped(const pb::TensorProto &proto, Tensor &tensor, std::string &problem) {
  const auto need = static_cast<size_t>(tensor.count);
  if (const size_t have = typedSize(proto, tensor.type); have != need) {
    problem = "expected " + std::to_string(need) + " elements for its shape, but got " +
              std::to_string(have);
    return false;
  }
  return allocateFor(tensor, problem) && copyAnyTyped(proto, tensor, problem);
}

} // namespace

std::optional<ElementType> elementTypeOf(int32_t onnxType) {
  for (size_t i = 0; i < std::size(kOnnxTypes); ++i)
    if (kOnnxTypes[i] == onnxType)
      return static_cast<ElementType>(i);
  return std::nullopt;
}

int32_t onnxTypeOf(ElementType type) {
  return kOnnxTypes[static_cast<int>(type)];
}

std::string onnxTypeName(int32_t onnxType) {
  if (auto type = elementTypeOf(onnxType))
    return elementTypeName(*type);
  if (onnxType == pb::TensorProto::STRING)
    return "string";
  if (onnxType == pb::TensorProto::COMPLEX64)
    return "complex64";
  if (onnxType == pb::TensorProto::COMPLEX128)
    return "complex128";
  return "number " + std::to_string(onnxType);
}

bool convertTensor(const pb::TensorProto &proto, TensorSource &source, Tensor &tensor,
                   std::string &problem) {
  std::optional<ElementType> type = elementTypeOf(proto.data_type());
  if (!type) {
    problem = "element type " + onnxTypeName(proto.data_type()) + " is not supported";
    return false;
  }
  tensor.name = proto.name();
  tensor.type = *type;
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  std::optional<int64_t> count = elementCount(tensor.shape);
  if (!count || proto.has_segment()) {
    problem = count ? "segmented tensors are not supported" : "its shape is invalid or too large";
    return false;
  }
  tensor.count = *count;
  if (proto.data_location() == pb::TensorProto::EXTERNAL)
    return readExternal(proto, source, tensor, problem);
  return proto.has_raw_data() ? convertRaw(proto, source, tensor, problem)
                              : convertTyped(proto, tensor, problem);
}

std::optional<Tensor> readTensorPb(const std::string &path, std::string &error) {
  std::string problem = "out of memory";
  try {
    pb::TensorProto proto;
    TensorSource source;
    Tensor tensor;
    if (auto file = MappedFile::open(path, problem)) {
      const std::string_view bytes = file->bytes();
      if (bytes.size() > INT_MAX ||
          !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        problem = "not an ONNX protobuf file, or cut off";
      else if (convertTensor(proto, source, tensor, problem))
        return tensor;
    }
  } catch (const std::exception &failure) {
    problem = failure.what();
  }
  error = path + ": " + problem;
  return std::nullopt;
}

bool writeTensorPb(const std::string &path, const Tensor &tensor, std::string &error) {
  try {
    pb::TensorProto proto;
    proto.set_name(tensor.name);
    proto.set_data_type(onnxTypeOf(tensor.type));
    for (int64_t size : tensor.shape)
      proto.add_dims(size);
    proto.set_raw_data(tensor.data(), tensor.byteSize());
    std::ofstream stream(path, std::ios::binary);
    if (proto.SerializeToOstream(&stream) && stream.flush())
      return true;
  } catch (const std::exception &) {
  }
  error = path + ": cannot be written";
  return false;
}

} // namespace tessera::import_
