// All blocks' writes to arguments by byte, then all blocks' accesses against them.
#include "Compare.h"

namespace tessera::machine {
using namespace mlir;

/// Operations and rows that are looked at for one grid.
static constexpr int64_t kMostWork = int64_t(1) << 21;

namespace {
struct Writer {
  int64_t end;
  int64_t block;
  Operation *op;
};
} // namespace

FailureOr<bool> compareBlocks(scf::ForallOp grid, const BlockList &list, Interpreter &interpreter,
                              const llvm::SmallDenseSet<int64_t> &written, Findings &findings) {
  const auto low = grid.getStaticLowerBound(), high = grid.getStaticUpperBound(),
             step = grid.getStaticStep();
  if (ShapedType::isDynamicShape(low) || ShapedType::isDynamicShape(high) ||
      ShapedType::isDynamicShape(step))
    return false;
  std::map<int64_t, std::map<int64_t, Writer>> domains;
  int64_t work = 0;
  const int64_t blocks = int64_t(list.classOf.size());
  bool late = false; // the second time round
  int64_t block = 0;
  auto note = [&](const Step &each) -> LogicalResult {
    if (++work > kMostWork)
      return success();
    for (const Step::Operand &operand : each.operands) {
      const View &view = operand.view;
      if (view.argument < 0 || !written.contains(view.domain) || view.elements() == 0 ||
          (late == operand.writes))
        continue;
      bool said = false;
      forRows(view, 1 << 16, [&](int64_t begin, int64_t end) {
        if (++work > kMostWork)
          return;
        auto &runs = domains[view.domain];
        auto at = runs.upper_bound(begin);
        if (at != runs.begin() && std::prev(at)->second.end > begin)
          --at;
        for (; at != runs.end() && at->first < end; ++at)
          if (at->second.block != block && !said) {
            said = true;
            findings.blocks(view, at->second.op, each.op, operand.writes);
          }
        if (operand.writes)
          runs.insert_or_assign(begin, Writer{end, block, each.op});
      });
    }
    return success();
  };
  for (int pass = 0; pass < 2 && work <= kMostWork; ++pass, late = true)
    for (block = 0; block < blocks && work <= kMostWork; ++block) {
      SmallVector<int64_t, 4> indices(low.size());
      int64_t left = block;
      for (size_t d = low.size(); d-- > 0;) {
        const int64_t count = std::max<int64_t>((high[d] - low[d] + step[d] - 1) / step[d], 1);
        indices[d] = low[d] + (left % count) * step[d];
        left /= count;
      }
      if (failed(interpreter.walkBlock(grid, indices, note)))
        return failure();
    }
  return work <= kMostWork;
}

} // namespace tessera::machine
