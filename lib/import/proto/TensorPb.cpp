// ONNX TensorProto to and from tensors, with external data confined to the model's folder.
#include "Pb.h"

#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

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

/// Checks sizes before anything is allocated.
bool readExternal(const pb::TensorProto &proto, const std::string &folder, Tensor &tensor,
                  std::string &problem) {
  ExternalData data;
  fs::path file;
  if (!readEntries(proto, data, problem) || !confine(folder, data.location, file, problem))
    return false;
  size_t need = tensor.byteSize();
  if (data.length >= 0 && static_cast<size_t>(data.length) != need) {
    problem = mismatch(tensor, data.length);
    return false;
  }
  std::error_code failed;
  uintmax_t size = fs::file_size(file, failed);
  if (failed || size < static_cast<uintmax_t>(data.offset) || size - data.offset < need) {
    problem = "external data '" + data.location + "' is shorter than the tensor needs";
    return false;
  }
  std::optional<Tensor> filled = Tensor::allocateUnset(tensor.type, tensor.shape);
  std::ifstream stream(file, std::ios::binary);
  if (!filled || !stream.seekg(data.offset) || !stream.read(filled->data(), need)) {
    problem = "external data '" + data.location + "' cannot be read";
    return false;
  }
  tensor.storage = filled->storage;
  return true;
}

bool convertInline(pb::TensorProto &proto, Tensor &tensor, std::string &problem) {
  bool raw = proto.has_raw_data();
  size_t have = raw ? proto.raw_data().size() : typedSize(proto, tensor.type);
  size_t need = raw ? tensor.byteSize() : static_cast<size_t>(tensor.count);
  if (raw && have != need) {
    problem = mismatch(tensor, have);
    return false;
  }
  if (have != need) {
    problem = "expected " + std::to_string(need) + " elements for its shape, but got " +
              std::to_string(have);
    return false;
  }
  std::optional<Tensor> filled = Tensor::allocateUnset(tensor.type, tensor.shape);
  if (!filled) {
    problem = "out of memory";
    return false;
  }
  tensor.storage = filled->storage;
  if (!raw)
    return copyAnyTyped(proto, tensor, problem);
  std::memcpy(tensor.data(), proto.raw_data().data(), have);
  proto.clear_raw_data();
  // Any nonzero byte means true; later code relies on 0 and 1.
  if (tensor.type == ElementType::Bool)
    for (int64_t i = 0; i < tensor.count; ++i)
      tensor.data()[i] = tensor.data()[i] != 0;
  return true;
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

File::File(const std::string &path) {
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    openError = errno;
    return;
  }
  input.emplace(descriptor);
  input->SetCloseOnDelete(true);
}

std::string File::problem() const {
  if (!input)
    return "cannot be opened: " + std::string(std::strerror(openError));
  int code = input->GetErrno();
  return code ? "cannot be read: " + std::string(std::strerror(code)) : "";
}

bool parseFile(const std::string &path, google::protobuf::MessageLite &message,
               std::string &problem) {
  File file(path);
  if (file.isOpen() && message.ParseFromZeroCopyStream(file.stream()))
    return true;
  problem = file.problem();
  if (problem.empty())
    problem = "not an ONNX protobuf file, or cut off";
  return false;
}

bool convertTensor(pb::TensorProto &proto, const std::string &folder, Tensor &tensor,
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
    return readExternal(proto, folder, tensor, problem);
  return convertInline(proto, tensor, problem);
}

std::optional<Tensor> readTensorPb(const std::string &path, std::string &error) {
  std::string problem = "out of memory";
  try {
    pb::TensorProto proto;
    Tensor tensor;
    if (parseFile(path, proto, problem) && convertTensor(proto, "", tensor, problem))
      return tensor;
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
