// Kernels cut in other ways than the cost function would.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "tessera/compiler/Compiler.h"
#include "tessera/support/Tuning.h"

namespace tessera::test {

/// A record of tuning in a file of its own, which goes when this does.
class TuningFile {
public:
  TuningFile() = default;
  explicit TuningFile(const TuningRecord &record);
  TuningFile(const TuningFile &) = delete;
  TuningFile &operator=(const TuningFile &) = delete;
  ~TuningFile();

  const std::string &path() const { return name; } ///< Empty: it could not be written.

private:
  std::string name;
};

/// Takes the module down to Level::Graph for the chip and precision of `options`, and picks, for
/// about half of its kernels, one of the tiles that fit, any of them. It depends only on the
/// kernel, so that a program keeps its tiles in the company of others. Nothing on failure, with
/// diagnostics emitted.
std::optional<TuningRecord> randomTiles(mlir::ModuleOp module, const CompileOptions &options);

} // namespace tessera::test
