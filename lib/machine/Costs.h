// What one tile operation costs on its pipe when nothing else moves.
#pragma once
#include "tessera/dialect/tile/TileDialect.h"
#include "tessera/machine/Timing.h"
#include <optional>

namespace tessera::machine {

/// How fast one core gets bytes from and to the global memory while `activeCores` do the same. Of
/// all bytes of the launch the shares `coldReads` and `coldWrites` pass the main memory behind the
/// cache: the fewer do, the fewer cores stand at it at a time, and the more each of them gets.
class SharedRates {
public:
  /// `inNear`: everything is in the core's own cache, which a CPU's file lists before the shared.
  SharedRates(const tile::ChipSpec &chip, int64_t activeCores, double coldReads = 1,
              double coldWrites = 1, bool inNear = false);
  /// Bytes per cycle along a path of so many bytes per cycle, when the share `cold` (0 to 1) comes
  /// from the main memory behind the cache.
  double read(double pathRate, double cold) const {
    return mix(pathRate, readWarm, readCold, cold);
  }
  double write(double pathRate, double cold) const {
    return mix(pathRate, writeWarm, writeCold, cold);
  }
  /// Cycles that the cache takes for one core group's bytes, on whatever pipes they move.
  double levelCycles(double readBytes, double writeBytes) const {
    return std::max(readBytes / readWarm, writeBytes / writeWarm);
  }

private:
  static double mix(double path, double warm, double cold, double share);
  double readWarm, readCold, writeWarm, writeCold; ///< Per core; infinite without a limit.
};

/// A queue of one core of a group; `instance` tells apart the vector cores of one cube core.
struct PipeId {
  llvm::StringRef core, pipe;
  int64_t instance = 0;
  bool operator==(const PipeId &) const = default;
};

struct Cost {
  PipeId pipe;
  double cycles = 0;
  int64_t bytes = 0; ///< Moved along `from` to `to`, if those are not empty.
  llvm::StringRef from, to;
  int64_t readBytes = 0, writeBytes = 0; ///< At the global memory.
  double macs = 0;
  std::string macType;
  double vectorOps = 0;   ///< Scalar operations of the vector unit.
  double idealCycles = 0; ///< Of the matrix unit for `macs`, without heads and padding.
};

/// Costs under one launch's circumstances.
class CostModel {
public:
  /// `cold`: for each argument of the kernel, the share of its bytes that comes from main memory.
  CostModel(const tile::ChipSpec &chip, SharedRates rates, std::vector<double> cold)
      : chip(chip), rates(rates), cold(std::move(cold)) {}
  /// Failure, with an error on the operation, when the chip cannot do it.
  mlir::FailureOr<Cost> of(const Step &step) const;

private:
  mlir::FailureOr<Cost> ofKind(const Step &step) const;
  mlir::FailureOr<Cost> ofCopy(const Step &step, const View &from, const View &to,
                               const View &moved) const;
  mlir::FailureOr<Cost> ofGather(const Step &step, tile::Im2colOp gather) const;
  mlir::FailureOr<Cost> ofMma(const Step &step) const;
  mlir::FailureOr<Cost> ofProduct(const Step &step, tile::MatmulOp op) const;
  mlir::FailureOr<Cost> ofAttention(const Step &step) const;
  mlir::FailureOr<Cost> ofVector(const Step &step) const;
  mlir::FailureOr<Cost> ofFill(const Step &step) const;
  mlir::FailureOr<Cost> ofWindow(const Step &step) const;
  void countGlobal(const Step &step, Cost &cost) const;
  double transferCycles(const tile::Path &path, const View &moved, const View::Rows &rows,
                        double rate) const;
  double coldShare(const View &view) const;
  mlir::FailureOr<const tile::VectorUnit *> unitOf(const Step &step) const;

  const tile::ChipSpec &chip;
  SharedRates rates;
  std::vector<double> cold;
};

/// Cycles of a vector operation with a body, over `extents` of the iteration space. `blockBytes` is
/// the least that the unit's memory moves: a row value is repeated into one such block.
double vectorCycles(const tile::VectorUnit &unit, mlir::Operation *op,
                    llvm::ArrayRef<int64_t> extents, int64_t elementBytes, int64_t blockBytes);

} // namespace tessera::machine
