// NumPy's .npy files. The format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#include "tessera/import/Tensors.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace tessera::import_ {

namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr size_t kMagicSize = 6;
// Longer headers belong to structured types, which are refused anyway.
constexpr size_t kMaxHeader = 1 << 16;

struct Closer {
  void operator()(std::FILE *file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

struct NpyType {
  const char *code;
  ElementType type;
};
constexpr NpyType kNpyTypes[] = {
    {"f2", ElementType::F16}, {"f4", ElementType::F32}, {"f8", ElementType::F64},
    {"i1", ElementType::I8},  {"i2", ElementType::I16}, {"i4", ElementType::I32},
    {"i8", ElementType::I64}, {"u1", ElementType::U8},  {"u2", ElementType::U16},
    {"u4", ElementType::U32}, {"u8", ElementType::U64}, {"b1", ElementType::Bool},
};

/// The header is a Python dictionary of three keys; this finds the text after `'key':`.
std::optional<std::string> valueOf(const std::string &header, const std::string &key) {
  for (char quote : {'\'', '"'}) {
    size_t at = header.find(quote + key + quote);
    if (at == std::string::npos)
      continue;
    at = header.find(':', at);
    if (at == std::string::npos)
      return std::nullopt;
    at = header.find_first_not_of(" \t", at + 1);
    return at == std::string::npos ? std::nullopt : std::optional(header.substr(at));
  }
  return std::nullopt;
}

/// Parses "(1, 2,)" at the start of `text`.
bool parseShape(const std::string &text, std::vector<int64_t> &shape) {
  if (text.empty() || text[0] != '(')
    return false;
  for (size_t at = 1; at < text.size();) {
    char c = text[at];
    if (c == ')')
      return true;
    if (c == ' ' || c == ',' || c == 'L') {
      ++at;
      continue;
    }
    if (c < '0' || c > '9')
      return false;
    int64_t size = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
      if (__builtin_mul_overflow(size, 10, &size) ||
          __builtin_add_overflow(size, text[at] - '0', &size))
        return false;
    shape.push_back(size);
  }
  return false;
}

struct NpyHeader {
  ElementType type;
  bool swapped;
  bool fortran;
  std::vector<int64_t> shape;
};

bool parseHeader(const std::string &text, NpyHeader &header, std::string &problem) {
  auto descr = valueOf(text, "descr");
  auto order = valueOf(text, "fortran_order");
  auto shape = valueOf(text, "shape");
  if (!descr || !order || !shape || !parseShape(*shape, header.shape)) {
    problem = "the .npy header is damaged";
    return false;
  }
  header.fortran = order->starts_with("True");
  // 'descr' is quoted: '<f4'.
  std::string code = descr->size() >= 4 ? descr->substr(2, 2) : "";
  const NpyType *row = std::find_if(std::begin(kNpyTypes), std::end(kNpyTypes),
                                    [&](const NpyType &t) { return code == t.code; });
  if (row == std::end(kNpyTypes)) {
    problem = "unknown element type " + descr->substr(0, descr->find(','));
    return false;
  }
  header.type = row->type;
  header.swapped = (*descr)[1] == '>' && byteWidth(header.type) > 1;
  return true;
}

/// Reads the preamble and the header's text.
bool readHeaderText(std::FILE *file, std::string &text, std::string &problem) {
  unsigned char start[kMagicSize + 2];
  if (std::fread(start, 1, sizeof start, file) != sizeof start ||
      std::memcmp(start, kMagic, kMagicSize) != 0) {
    problem = "not a .npy file";
    return false;
  }
  size_t lengthBytes = start[kMagicSize] == 1 ? 2 : 4;
  unsigned char length[4] = {};
  if (std::fread(length, 1, lengthBytes, file) != lengthBytes) {
    problem = "the .npy header is cut off";
    return false;
  }
  size_t size = length[0] | length[1] << 8 | length[2] << 16 | size_t(length[3]) << 24;
  if (size > kMaxHeader) {
    problem = "the .npy header is damaged";
    return false;
  }
  text.resize(size);
  if (std::fread(text.data(), 1, size, file) != size) {
    problem = "the .npy header is cut off";
    return false;
  }
  return true;
}

void swapBytes(Tensor &tensor) {
  size_t width = byteWidth(tensor.type);
  for (size_t at = 0; at < tensor.byteSize(); at += width)
    std::reverse(tensor.data() + at, tensor.data() + at + width);
}

/// Column-major elements to row-major.
std::optional<Tensor> fromFortran(const Tensor &source) {
  std::optional<Tensor> result = Tensor::allocateUnset(source.type, source.shape);
  if (!result)
    return std::nullopt;
  size_t width = byteWidth(source.type), rank = source.shape.size();
  std::vector<int64_t> index(rank, 0);
  for (int64_t flat = 0; flat < source.count; ++flat) {
    int64_t target = 0;
    for (size_t dim = 0; dim < rank; ++dim)
      target = target * source.shape[dim] + index[dim];
    std::memcpy(result->data() + target * width, source.data() + flat * width, width);
    for (size_t dim = 0; dim < rank && ++index[dim] == source.shape[dim]; ++dim)
      index[dim] = 0;
  }
  return result;
}

/// Bytes from here to the end, so that a hostile shape allocates nothing.
int64_t bytesLeft(std::FILE *file) {
  long here = std::ftell(file);
  if (here < 0 || std::fseek(file, 0, SEEK_END) != 0)
    return -1;
  long end = std::ftell(file);
  return std::fseek(file, here, SEEK_SET) == 0 ? end - here : -1;
}

std::optional<Tensor> readNpyFile(std::FILE *file, std::string &problem) {
  std::string text;
  NpyHeader header{};
  if (!readHeaderText(file, text, problem) || !parseHeader(text, header, problem))
    return std::nullopt;
  std::optional<int64_t> count = elementCount(header.shape);
  int64_t left = bytesLeft(file);
  if (!count || left < 0 || *count * static_cast<int64_t>(byteWidth(header.type)) > left) {
    problem = "the data is shorter than the shape needs";
    return std::nullopt;
  }
  std::optional<Tensor> tensor = Tensor::allocateUnset(header.type, header.shape);
  if (!tensor || std::fread(tensor->data(), 1, tensor->byteSize(), file) != tensor->byteSize()) {
    problem = "the data could not be read";
    return std::nullopt;
  }
  if (header.swapped)
    swapBytes(*tensor);
  return header.fortran && header.shape.size() > 1 ? fromFortran(*tensor) : tensor;
}

std::optional<Tensor> widen(const Tensor &tensor) {
  std::optional<Tensor> wide = Tensor::allocate(ElementType::F32, tensor.shape);
  for (int64_t i = 0; wide && i < tensor.count; ++i)
    storeReal(*wide, i, realAt(tensor, i));
  return wide;
}

std::string headerOf(const Tensor &tensor) {
  std::string code = "?";
  for (const NpyType &row : kNpyTypes)
    if (row.type == tensor.type)
      code = row.code;
  std::string text = "{'descr': '";
  text += byteWidth(tensor.type) == 1 ? '|' : '<';
  text += code + "', 'fortran_order': False, 'shape': (";
  for (int64_t size : tensor.shape)
    text += std::to_string(size) + ", ";
  text += "), }";
  // Magic, version, length and header together are a multiple of 64, and end with a new line.
  size_t total = (kMagicSize + 4 + text.size() + 1 + 63) / 64 * 64;
  text.resize(total - kMagicSize - 4 - 1, ' ');
  return text + '\n';
}

} // namespace

std::optional<Tensor> readNpy(const std::string &path, std::string &error) {
  File file(std::fopen(path.c_str(), "rb"));
  if (!file) {
    error = path + ": cannot be opened";
    return std::nullopt;
  }
  std::string problem = "out of memory";
  std::optional<Tensor> tensor = readNpyFile(file.get(), problem);
  if (!tensor)
    error = path + ": " + problem;
  return tensor;
}

bool writeNpy(const std::string &path, const Tensor &tensor, std::string &error) {
  if (tensor.type == ElementType::BF16) {
    std::optional<Tensor> wide = widen(tensor);
    if (wide)
      return writeNpy(path, *wide, error);
    error = path + ": out of memory";
    return false;
  }
  std::string header = headerOf(tensor);
  std::string start(kMagic, kMagicSize);
  start +=
      {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  start += header;
  File file(std::fopen(path.c_str(), "wb"));
  bool written =
      file && std::fwrite(start.data(), 1, start.size(), file.get()) == start.size() &&
      std::fwrite(tensor.data(), 1, tensor.byteSize(), file.get()) == tensor.byteSize() &&
      std::fflush(file.get()) == 0;
  if (!written)
    error = path + ": cannot be written";
  return written;
}

} // namespace tessera::import_
