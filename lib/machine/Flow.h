// Who reads what was written: values that nothing reads, and slots that are read out of turn.
#pragma once
#include "Findings.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include <map>
#include <vector>

namespace tessera::machine {

/// Follows the values in a block's buffers, in the order of the text. Without races every order
/// gives every operation the same ones.
class Flow {
public:
  Flow(mlir::func::FuncOp kernel, Findings &findings);
  void step(const Step &step);
  /// Nothing in a core's memories is of use to the next block.
  void endBlock();

private:
  /// What one operation wrote into one buffer.
  struct Written {
    Access access;
    bool read = false;
    mlir::Operation *replaced = nullptr; ///< The first to write over it while nothing had read it.
  };
  /// What a slot holds from one write on, until it has been read and is written again.
  struct Turn {
    Access access;                          ///< The first write ...
    uint32_t writer;                        ///< ... and its use.
    llvm::SmallVector<uint32_t, 4> readers; ///< Uses.
    /// Uses that read an earlier turn once more while this one was there to be read.
    llvm::SmallVector<std::pair<uint32_t, Access>, 1> passedOver;
  };
  struct Slots {
    int64_t count, bytes;
    std::vector<Turn> turns;
    llvm::SmallVector<int64_t, 4> current; ///< The turn of each slot, or -1.
    /// By the use that reads and the use that wrote: the latest turn that was read.
    std::map<std::pair<uint32_t, uint32_t>, int64_t> latest;
  };
  void read(const View &view, uint32_t use, mlir::Operation *op);
  void write(const View &view, uint32_t use, mlir::Operation *op);
  void take(Slots &slots, int64_t slot, uint32_t use, const Access &access);
  void put(Slots &slots, int64_t first, int64_t last, uint32_t use, const Access &access);
  uint32_t useOf(const Step &step, size_t operand);

  Findings &findings;
  llvm::DenseMap<int64_t, Contents> contents; ///< By domain.
  std::vector<Written> values;                ///< By number, from 1.
  llvm::MapVector<mlir::Value, Slots> rings;  ///< By buffer.
  std::map<std::vector<const void *>, uint32_t> uses;
};

} // namespace tessera::machine
