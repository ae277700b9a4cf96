// Which memory outside the context holds elements of constants, and what keeps it.
#ifndef TESSERA_DIALECT_NPU_MAPPEDFILES_H
#define TESSERA_DIALECT_NPU_MAPPEDFILES_H

#include "mlir/IR/DialectInterface.h"
#include "tessera/support/Export.h"
#include "llvm/ADT/ArrayRef.h"

#include <map>
#include <memory>
#include <mutex>

namespace tessera::npu {

/// The files, mapped into memory, that resources of this context point into. A resource does not
/// tell what keeps its bytes; whoever wants them to outlive the context asks here.
class TESSERA_API MappedFiles : public mlir::DialectInterface::Base<MappedFiles> {
public:
  explicit MappedFiles(mlir::Dialect *dialect) : Base(dialect) {}

  /// Loads the npu dialect, which holds them.
  static MappedFiles &of(mlir::MLIRContext &context);

  /// `keeper` keeps the bytes where they are. The context does not keep it: the resources that lie
  /// there do, so that a file nobody points into any longer is let go.
  void add(llvm::ArrayRef<char> bytes, const std::shared_ptr<const void> &keeper);

  /// What keeps these bytes; null when they are not part of a file.
  std::shared_ptr<const void> keeperOf(llvm::ArrayRef<char> bytes) const;

private:
  struct File {
    const char *end;
    std::weak_ptr<const void> keeper;
  };
  mutable std::mutex mutex;
  std::map<const char *, File> files; ///< By their first byte. Those kept do not overlap.
};

} // namespace tessera::npu

#endif // TESSERA_DIALECT_NPU_MAPPEDFILES_H
