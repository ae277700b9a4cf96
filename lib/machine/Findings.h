// Findings in words, each once, with what it is about.
#pragma once
#include "Shadow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "tessera/machine/Check.h"

namespace tessera::machine {

/// What an operation does to the bytes of one buffer.
struct Access {
  mlir::Operation *op;
  llvm::StringRef space;
  int64_t begin, end;
};

class Findings {
public:
  Findings(mlir::func::FuncOp kernel, const tile::ChipSpec &chip, CheckResult &result)
      : kernel(kernel), chip(chip), result(result) {}
  void race(const Touched::Record &earlier, tile::PipeId first, const View &view, bool writes,
            tile::PipeId second, mlir::Operation *op);
  void fault(const Order::Fault &fault, mlir::Operation *op);
  /// Beyond the end of `what` so many bytes.
  void bounds(const View &view, int64_t bytes, const char *what, mlir::Operation *op);
  /// Bytes that nothing has written, or whose value `writer` has replaced through another buffer.
  void contents(const View &view, int64_t from, int64_t to, mlir::Operation *writer,
                mlir::Operation *op);
  /// One operation reads bytes that it writes, and not each before it writes it.
  void overlap(const View &read, const View &written, mlir::Operation *op);
  /// Bytes that nothing reads until `replaced` writes them again or, where that is null, until the
  /// block ends.
  void lost(const Access &written, mlir::Operation *replaced);
  /// A slot is read for the first time after another, `later`, that was written after it.
  void late(const Access &written, const Access &later, const Access &read);
  /// A slot is read again, and another, which was written after it, never.
  void passedOver(const Access &later, const Access &read);
  /// Two blocks of one grid touch the same bytes of an argument.
  void blocks(const View &view, mlir::Operation *writer, mlir::Operation *op, bool writes);

private:
  void add(Finding finding, mlir::Operation *a, mlir::Operation *b);
  FindingPlace place(mlir::Operation *op, const std::string &does) const;

  mlir::func::FuncOp kernel;
  const tile::ChipSpec &chip;
  CheckResult &result;
  std::map<std::tuple<std::string, mlir::Operation *, mlir::Operation *>, size_t> known;
};

} // namespace tessera::machine
