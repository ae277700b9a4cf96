// Records of accesses, and runs of bytes.
#include "Shadow.h"

namespace tessera::machine {
using namespace mlir;

bool sameElements(const View &a, const View &b) {
  return a.base == b.base && a.offset == b.offset && a.sizes == b.sizes && a.strides == b.strides &&
         a.elementBytes == b.elementBytes;
}

void Touched::unordered(const View &view, bool writes, uint32_t pipe, const Order &order,
                        llvm::function_ref<void(const Record &)> found) {
  for (const Record &record : records) {
    if (!(record.writes || writes) || order.certain(pipe, record.stamp))
      continue;
    ++comparisons;
    if (overlaps(record.view, view))
      found(record);
  }
}

/// A read stands for an equal read that its pipe issued before it; a write for everything within it
/// that it was certain of, and its own pipe's writes of the same bytes, which have been compared.
void Touched::add(Record record, const Order &order) {
  const View &view = record.view;
  const bool dense = view.rows().count == 1;
  llvm::erase_if(records, [&](const Record &old) {
    const bool same = sameElements(old.view, view);
    if (old.stamp.pipe == record.stamp.pipe && old.writes == record.writes && same)
      return true;
    const bool within =
        same || (dense && view.begin() <= old.view.begin() && old.view.end() <= view.end());
    return record.writes && within && order.certain(record.stamp.pipe, old.stamp);
  });
  records.push_back(std::move(record));
}

void Contents::write(int64_t begin, int64_t end, Owner owner) {
  if (begin >= end)
    return;
  auto at = runs.lower_bound(begin);
  if (at != runs.begin()) {
    auto before = std::prev(at);
    if (before->second.end > begin) {
      const Run old = before->second;
      before->second.end = begin;
      if (old.end > end)
        runs[end] = old;
    }
  }
  at = runs.lower_bound(begin);
  while (at != runs.end() && at->first < end) {
    if (at->second.end > end)
      runs[end] = at->second;
    at = runs.erase(at);
  }
  // Neighbours of one owner are one run, or rows would never join.
  if (at != runs.begin()) {
    auto before = std::prev(at);
    if (before->second.end == begin && before->second.owner.buffer == owner.buffer &&
        before->second.owner.value == owner.value) {
      before->second.end = end;
      before->second.owner.writer = owner.writer;
      return;
    }
  }
  runs[begin] = {end, owner};
}

void Contents::read(int64_t begin, int64_t end,
                    llvm::function_ref<void(int64_t, int64_t, Owner)> found) const {
  auto at = runs.upper_bound(begin);
  if (at != runs.begin() && std::prev(at)->second.end > begin)
    --at;
  for (; begin < end && at != runs.end() && at->first < end; ++at) {
    if (at->first > begin)
      found(begin, at->first, {});
    const int64_t last = std::min(end, at->second.end);
    found(std::max(begin, at->first), last, at->second.owner);
    begin = last;
  }
  if (begin < end)
    found(begin, end, {});
}

void forRows(const View &view, int64_t most, llvm::function_ref<void(int64_t, int64_t)> row) {
  size_t inner = view.sizes.size();
  int64_t length = 1;
  for (; inner > 0 && (view.sizes[inner - 1] == 1 || view.strides[inner - 1] == length); --inner)
    length *= view.sizes[inner - 1];
  int64_t count = 1;
  for (size_t d = 0; d < inner; ++d)
    count *= view.sizes[d];
  if (count * length == 0)
    return;
  if (count > most)
    return row(view.begin(), view.end());
  SmallVector<int64_t, 4> at(inner, 0);
  for (int64_t i = 0; i < count; ++i) {
    int64_t offset = view.offset;
    for (size_t d = 0; d < inner; ++d)
      offset += at[d] * view.strides[d];
    const int64_t begin = view.base + offset * view.elementBytes;
    row(begin, begin + length * view.elementBytes);
    for (size_t d = inner; d-- > 0;) {
      if (++at[d] < view.sizes[d])
        break;
      at[d] = 0;
    }
  }
}

} // namespace tessera::machine
