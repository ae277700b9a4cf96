// Names, types and nesting of the programs that schedules are written as.
#include "Writer.h"

namespace tessera::machine {
using llvm::ArrayRef;
using llvm::StringRef;
using llvm::Twine;

int64_t bytesOf(StringRef type) {
  if (type.starts_with("f8") || type == "i8")
    return 1;
  return type.ends_with("16") ? 2 : 4;
}

llvm::SmallVector<int64_t> stridesOf(ArrayRef<int64_t> sizes) {
  llvm::SmallVector<int64_t> strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;)
    strides[i - 1] = strides[i] * sizes[i];
  return strides;
}

std::string memrefText(ArrayRef<int64_t> sizes, StringRef type, StringRef space,
                       ArrayRef<int64_t> strides) {
  std::string text = "memref<";
  for (int64_t size : sizes)
    text += (size == kOpen ? "?" : std::to_string(size)) + "x";
  text += type;
  if (!strides.empty()) {
    text += ", strided<[";
    for (auto [i, stride] : llvm::enumerate(strides))
      text += (i ? ", " : "") + std::to_string(stride);
    text += "], offset: ?>";
  }
  if (!space.empty())
    text += (", #tile.space<\"" + space + "\">").str();
  return text + ">";
}

Writer::Writer(ArrayRef<Buffer> arguments, int64_t blocks, StringRef cores) {
  std::string names, types, signature;
  for (const Buffer &argument : arguments) {
    const char *comma = names.empty() ? "" : ", ";
    names += comma + argument.name;
    types += comma + argument.type;
    signature += comma + argument.name + ": " + argument.type;
  }
  line("module attributes {tile.arena_bytes = 0 : i64} {");
  line("func.func @main(" + signature + ") {");
  line("tile.launch @kernel(" + names + ") blocks " + Twine(blocks) + " cores = " + cores + " : " +
       types);
  line("return");
  line("}");
  line("func.func private @kernel(" + signature + ") attributes {tile.kernel} {");
}

std::string Writer::constant(int64_t value) {
  // Written where it is first needed, so each use has its own.
  const std::string name = fresh("c");
  line(name + " = arith.constant " + Twine(value) + " : index");
  return name;
}

std::string Writer::apply(StringRef expr, ArrayRef<std::string> operands) {
  const std::string name = fresh("x");
  std::string dims, values;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    dims += (i ? ", d" : "d") + std::to_string(i);
    values += (i ? ", " : "") + operand;
  }
  line(name + " = affine.apply affine_map<(" + dims + ") -> (" + expr + ")>(" + values + ")");
  return name;
}

Amount Writer::left(int64_t most, int64_t limit, const std::string &at) {
  if (limit % most == 0)
    return Amount(most);
  const std::string name = fresh("n");
  line(name + " = affine.min affine_map<(d0) -> (" + Twine(most) + ", " + Twine(limit) +
       " - d0)>(" + at + ")");
  return Amount(most, name);
}

Amount Writer::blocksOf(const Amount &amount, int64_t size) {
  const int64_t most = (amount.value + size - 1) / size;
  if (!amount.open())
    return Amount(most);
  return Amount(most, apply("d0 ceildiv " + std::to_string(size), {amount.name}));
}

std::string Writer::loop(int64_t from, int64_t to, int64_t step) {
  const std::string low = constant(from), high = constant(to), by = constant(step),
                    name = fresh("i");
  open("scf.for " + name + " = " + low + " to " + high + " step " + by + " {");
  return name;
}

llvm::SmallVector<std::string> Writer::grid(ArrayRef<int64_t> to, ArrayRef<int64_t> steps) {
  llvm::SmallVector<std::string> names;
  std::string indices, low, high, by;
  for (auto [i, end] : llvm::enumerate(to)) {
    const char *comma = i ? ", " : "";
    names.push_back(fresh("b"));
    indices += comma + names.back();
    low += std::string(comma) + "0";
    high += comma + std::to_string(end);
    by += comma + std::to_string(steps[i]);
  }
  open("scf.forall (" + indices + ") = (" + low + ") to (" + high + ") step (" + by + ") {");
  return names;
}

void Writer::close() {
  --depth;
  line("}");
}

Buffer Writer::alloc(ArrayRef<int64_t> sizes, StringRef type, StringRef space, int64_t core) {
  Buffer buffer{fresh("m"), memrefText(sizes, type, space)};
  int64_t bytes = bytesOf(type);
  for (int64_t size : sizes)
    bytes *= size;
  int64_t &at = used[(space + Twine(core)).str()];
  line(buffer.name + " = memref.alloc() {tile.core = " + Twine(core) +
       " : i64, tile.offset = " + Twine(at) + " : i64} : " + buffer.type);
  at += (bytes + 511) / 512 * 512;
  return buffer;
}

Buffer Writer::part(const Buffer &of, ArrayRef<Amount> at, ArrayRef<Amount> sizes,
                    ArrayRef<int64_t> strides, StringRef type, StringRef space, unsigned drop) {
  std::string from, extents, ones;
  llvm::SmallVector<int64_t> shape;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const char *comma = i ? ", " : "";
    from += comma + at[i].text();
    extents += comma + sizes[i].text();
    ones += std::string(comma) + "1";
    if (i >= drop)
      shape.push_back(sizes[i].inType());
  }
  Buffer result{fresh("p"), memrefText(shape, type, space, strides.drop_front(drop))};
  // The offset must be a value, so that all parts of one size have one type.
  if (llvm::none_of(at, [](const Amount &amount) { return amount.open(); }))
    from = constant(at.front().value) + from.substr(at.front().text().size());
  line(result.name + " = memref.subview " + of.name + "[" + from + "] [" + extents + "] [" + ones +
       "] : " + of.type + " to " + result.type);
  return result;
}

void Writer::copy(StringRef layout, const Buffer &from, const Buffer &to) {
  line("tile.copy " + layout + " " + from.name + " to " + to.name + " : " + from.type + " to " +
       to.type);
}

std::string Writer::finish() {
  line("return");
  line("}");
  line("}");
  return out;
}

} // namespace tessera::machine
