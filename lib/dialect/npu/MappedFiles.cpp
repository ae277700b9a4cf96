// Looking up which mapped file an address belongs to.
#include "tessera/dialect/npu/MappedFiles.h"
#include "tessera/dialect/npu/NpuDialect.h"

namespace tessera::npu {

MappedFiles &MappedFiles::of(mlir::MLIRContext &context) {
  return *context.getOrLoadDialect<NpuDialect>()->getRegisteredInterface<MappedFiles>();
}

void MappedFiles::add(llvm::ArrayRef<char> bytes, const std::shared_ptr<const void> &keeper) {
  const std::lock_guard<std::mutex> lock(mutex);
  std::erase_if(files, [](const auto &file) { return file.second.keeper.expired(); });
  if (!bytes.empty())
    files[bytes.begin()] = {bytes.end(), keeper};
}

std::shared_ptr<const void> MappedFiles::keeperOf(llvm::ArrayRef<char> bytes) const {
  const std::lock_guard<std::mutex> lock(mutex);
  auto after = files.upper_bound(bytes.begin());
  if (bytes.empty() || after == files.begin())
    return nullptr;
  const File &file = std::prev(after)->second;
  return bytes.end() <= file.end ? file.keeper.lock() : nullptr;
}

} // namespace tessera::npu
