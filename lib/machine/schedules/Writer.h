// Text of tile programs, line by line.
#pragma once
#include "tessera/machine/Validation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include <initializer_list>
#include <string>

namespace tessera::machine {

/// Stands for an extent that is only known in a loop.
inline constexpr int64_t kOpen = -1;

/// "4x?xf16" with what goes around it.
std::string memrefText(llvm::ArrayRef<int64_t> sizes, llvm::StringRef type,
                       llvm::StringRef space = "", llvm::ArrayRef<int64_t> strides = {});

/// An extent or index: a constant, or a value of the program.
struct Amount {
  int64_t value = 0;
  std::string name; ///< Empty for a constant.
  Amount(int64_t value) : value(value) {}
  Amount(int64_t most, std::string name) : value(most), name(std::move(name)) {}
  bool open() const { return !name.empty(); }
  std::string text() const { return open() ? name : std::to_string(value); }
  int64_t inType() const { return open() ? kOpen : value; }
};

/// A buffer or part of one: its name and its type.
struct Buffer {
  std::string name, type;
};

class Writer {
public:
  /// Opens @main with one launch of @kernel on these arguments, and the kernel.
  Writer(llvm::ArrayRef<Buffer> arguments, int64_t blocks, llvm::StringRef cores);
  void line(const llvm::Twine &text) { out += (text + "\n").str(); }
  std::string fresh(llvm::StringRef prefix) { return ("%" + prefix + llvm::Twine(next++)).str(); }

  /// An index constant.
  std::string constant(int64_t value);
  /// An affine function of index values: apply("d0 mod 2", {"%i"}).
  std::string apply(llvm::StringRef expr, llvm::ArrayRef<std::string> operands);
  /// min(most, limit - at): what is left of `limit`; a constant when `most` divides it.
  Amount left(int64_t most, int64_t limit, const std::string &at);
  /// The least blocks of `size` that hold so many; a constant when the amount is one.
  Amount blocksOf(const Amount &amount, int64_t size);
  /// Opens a loop, or the kernel's grid; close() ends the innermost.
  std::string loop(int64_t from, int64_t to, int64_t step);
  llvm::SmallVector<std::string> grid(llvm::ArrayRef<int64_t> to, llvm::ArrayRef<int64_t> steps);
  void open(const llvm::Twine &text) {
    line(text);
    ++depth;
  }
  void close();

  /// A scratchpad buffer behind the last one of its memory.
  Buffer alloc(llvm::ArrayRef<int64_t> sizes, llvm::StringRef type, llvm::StringRef space,
               int64_t core = 0);
  /// sizes[i] elements from at[i] on, of a buffer with such strides. Leading dims of one element
  /// named in `drop` fall away.
  Buffer part(const Buffer &of, llvm::ArrayRef<Amount> at, llvm::ArrayRef<Amount> sizes,
              llvm::ArrayRef<int64_t> strides, llvm::StringRef type, llvm::StringRef space = "",
              unsigned drop = 0);
  void copy(llvm::StringRef layout, const Buffer &from, const Buffer &to);
  /// The program; every loop must be closed.
  std::string finish();

private:
  std::string out;
  int64_t next = 0;
  int depth = 0;
  std::map<std::string, int64_t> used; ///< Bytes by memory and core.
  std::map<int64_t, std::string> constants;
};

/// Row-major strides.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> sizes);
int64_t bytesOf(llvm::StringRef type);
/// Elements of the innermost dimension of a fractal: 32 bytes.
inline int64_t laneOf(llvm::StringRef type) {
  return 32 / bytesOf(type);
}

std::optional<std::string> gemmProgram(const Point &point, std::string &error);
/// The same where operands lie in blocks row by row (layout zZ of `a`), which the unit reads in L1.
std::optional<std::string> tileGemmProgram(const Point &point, std::string &error);
std::optional<std::string> convProgram(const Point &point, std::string &error);
std::optional<std::string> attentionProgram(const Point &point, std::string &error);
std::optional<std::string> topkProgram(const Point &point, std::string &error);

} // namespace tessera::machine
