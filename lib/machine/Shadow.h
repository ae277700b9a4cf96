// Shadow memory: who touched each byte last, for races, and whose each byte is, for reads of what
// was never written or has been overwritten through another buffer.
#pragma once
#include "Order.h"
#include "tessera/machine/Interpreter.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

namespace tessera::machine {

/// Whether two views of one domain have their elements at the same places.
bool sameElements(const View &a, const View &b);

/// Accesses to one domain that a later one may still have to follow.
class Touched {
public:
  struct Record {
    View view;
    bool writes;
    Order::Stamp stamp;
    mlir::Operation *op;
  };
  /// The records that conflict with an access and that its pipe is not certain of.
  void unordered(const View &view, bool writes, uint32_t pipe, const Order &order,
                 llvm::function_ref<void(const Record &)> found);
  /// Forgets what the new record stands for from now on: what is ordered before it, and lies
  /// within it.
  void add(Record record, const Order &order);
  int64_t comparisons = 0;

private:
  std::vector<Record> records;
};

/// Which buffer's value each byte of one memory holds.
class Contents {
public:
  struct Owner {
    mlir::Value buffer;      ///< Null: nothing has been written.
    mlir::Operation *writer; ///< The last to write there.
    int64_t value = 0;       ///< What it wrote, where values are told apart.
  };
  void write(int64_t begin, int64_t end, Owner owner);
  /// Calls `found` for each run of bytes of [begin, end) with one owner, gaps included.
  void read(int64_t begin, int64_t end,
            llvm::function_ref<void(int64_t, int64_t, Owner)> found) const;
  void clear() { runs.clear(); }

private:
  struct Run {
    int64_t end;
    Owner owner;
  };
  std::map<int64_t, Run> runs;
};

/// Calls `row` for each run of contiguous bytes of a view, or once for the whole span where there
/// are more than `most`.
void forRows(const View &view, int64_t most, llvm::function_ref<void(int64_t, int64_t)> row);

} // namespace tessera::machine
