// Loop dims that lie contiguously in every operand become one, so that rows are long.
#include "CollapseDims.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tessera;

namespace {

MemRefType typeOf(Value v) {
  return cast<MemRefType>(v.getType());
}

class DimCollapser {
public:
  DimCollapser(OpBuilder &b, VectorWork &work) : b(b), work(work) {}
  void run() {
    bool changed = true;
    while (changed) {
      changed = false;
      unsigned dims = work.maps.front().getNumDims();
      for (unsigned d = 0; d + 1 < dims && !changed; ++d)
        if (canJoin(d)) {
          join(d);
          changed = true;
        }
    }
  }

private:
  SmallVector<Value> operands() {
    SmallVector<Value> all(work.inputs);
    llvm::append_range(all, work.outputs);
    return all;
  }

  static int64_t find(AffineMap map, unsigned d) {
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr); dim && dim.getPosition() == d)
        return i;
    return -1;
  }

  bool canJoin(unsigned d) {
    if (llvm::is_contained(work.reduced, d) != llvm::is_contained(work.reduced, d + 1))
      return false;
    bool used = false;
    for (auto [v, map] : llvm::zip(operands(), work.maps)) {
      int64_t i = find(map, d), j = find(map, d + 1);
      if (i < 0 && j < 0)
        continue;
      if (i < 0 || j != i + 1 || !contiguous(typeOf(v), i))
        return false;
      used = true;
    }
    return used;
  }

  static bool contiguous(MemRefType type, int64_t i) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(type.getStridesAndOffset(strides, offset)))
      return false;
    int64_t inner = type.getDimSize(i + 1);
    return !ShapedType::isDynamic(inner) && !ShapedType::isDynamic(strides[i]) &&
           !ShapedType::isDynamic(strides[i + 1]) && strides[i] == strides[i + 1] * inner;
  }

  void join(unsigned d) {
    MLIRContext *context = b.getContext();
    unsigned dims = work.maps.front().getNumDims();
    SmallVector<AffineExpr> renamed; // both dims become d, later ones move down
    for (unsigned i = 0; i < dims; ++i)
      renamed.push_back(getAffineDimExpr(i <= d ? i : i - 1, context));
    SmallVector<Value> joined;
    for (auto [v, map] : llvm::zip(operands(), work.maps)) {
      int64_t at = find(map, d);
      SmallVector<AffineExpr> results(map.getResults());
      Value next = v;
      if (at >= 0) {
        SmallVector<ReassociationIndices> groups;
        for (int64_t r = 0; r < typeOf(v).getRank(); ++r)
          if (r == at + 1)
            groups.back().push_back(r);
          else
            groups.push_back({r});
        next = memref::CollapseShapeOp::create(b, work.loc, v, groups);
        results.erase(results.begin() + at + 1);
      }
      joined.push_back(next);
      map =
          AffineMap::get(dims, 0, results, context).replaceDimsAndSymbols(renamed, {}, dims - 1, 0);
    }
    size_t inputs = work.inputs.size();
    work.inputs.assign(joined.begin(), joined.begin() + inputs);
    work.outputs.assign(joined.begin() + inputs, joined.end());
    SmallVector<int64_t> reduced;
    for (int64_t r : work.reduced)
      if (int64_t moved = r <= int64_t(d) ? r : r - 1; !llvm::is_contained(reduced, moved))
        reduced.push_back(moved);
    work.reduced = reduced;
  }

  OpBuilder &b;
  VectorWork &work;
};

} // namespace

void tessera::collapseDims(OpBuilder &b, VectorWork &work) {
  DimCollapser(b, work).run();
}
