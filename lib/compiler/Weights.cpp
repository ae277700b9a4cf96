// Plans the region for weights that no file holds as they are needed, and fills it.
#include "Weights.h"
#include "../passes/Constants.h"
#include "tessera/dialect/npu/MappedFiles.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace tessera {
namespace {

/// Weights are read with the widest vectors, whose loads should not straddle lines.
constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

struct Unmap {
  size_t size;
  void operator()(void *memory) const { ::munmap(memory, size); }
};

size_t roomFor(const ConstantView &view) {
  return llvm::alignTo(static_cast<size_t>(tensorBytes(view.getType())), kCacheLine);
}

void fill(char *memory, const ConstantView &view) {
  const auto bytes = static_cast<size_t>(tensorBytes(view.getType()));
  const auto size = static_cast<size_t>(view.getElementSize());
  if (!view.isSplat())
    std::memcpy(memory, view.getBytes().data(), bytes);
  else
    for (size_t at = 0; at < bytes; at += size)
      std::memcpy(memory + at, view.element(0), size);
}

/// One region for the weights at these positions.
bool makeRegion(llvm::ArrayRef<ConstantView> views, llvm::ArrayRef<size_t> positions, size_t total,
                Weights &weights, std::string &error) {
  void *memory = ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    error = "not enough memory for " + std::to_string(total) + " bytes of weights";
    return false;
  }
  weights.keepers.push_back(std::shared_ptr<void>(memory, Unmap{total}));
#if defined(__linux__)
  if (total >= kHugePage)
    ::madvise(memory, total, MADV_HUGEPAGE);
#endif
  char *next = static_cast<char *>(memory);
  for (size_t position : positions) {
    fill(next, views[position]);
    weights.data[position] = next;
    next += roomFor(views[position]);
  }
  if (::mprotect(memory, total, PROT_READ) == 0)
    return true;
  error = "cannot protect the weights: " + std::string(std::strerror(errno));
  return false;
}

} // namespace

std::optional<Weights> placeWeights(llvm::ArrayRef<mlir::ElementsAttr> values, std::string &error) {
  Weights weights;
  weights.data.resize(values.size());
  llvm::SmallVector<ConstantView> views;
  llvm::SmallVector<size_t> made;
  size_t total = 0;
  for (auto [position, value] : llvm::enumerate(values)) {
    auto view = ConstantView::of(value);
    if (!view) {
      error = "the elements of weight " + std::to_string(position) + " are missing";
      return std::nullopt;
    }
    const llvm::ArrayRef<char> bytes = view->getBytes();
    auto keeper =
        view->isSplat() ? nullptr : npu::MappedFiles::of(*value.getContext()).keeperOf(bytes);
    const auto address = reinterpret_cast<uintptr_t>(bytes.data());
    if (keeper && address % static_cast<size_t>(view->getElementSize()) == 0) {
      weights.data[position] = bytes.data();
      weights.mappedBytes += bytes.size();
      if (!llvm::is_contained(weights.keepers, keeper))
        weights.keepers.push_back(std::move(keeper));
    } else {
      made.push_back(position);
      weights.madeBytes += static_cast<size_t>(tensorBytes(view->getType()));
      total += roomFor(*view);
    }
    views.push_back(std::move(*view));
  }
  if (total > 0 && !makeRegion(views, made, total, weights, error))
    return std::nullopt;
  return weights;
}

} // namespace tessera
