// The per-kernel table in its two forms.
#include "KernelTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

namespace tessera::tool {
namespace {

struct Row {
  std::string name;
  double launches, us, share, gflops, gbytes;
};

/// One row per kernel that was launched, the slowest first; figures are per run.
std::vector<Row> kernelRows(const runtime::Session &session, int64_t runs) {
  std::vector<Row> rows;
  double total = 0;
  for (const runtime::KernelTime &time : session.kernelTimes())
    total += time.totalUs;
  for (auto [kernel, time] : llvm::zip(session.model().kernels, session.kernelTimes())) {
    if (!time.launches)
      continue;
    // FLOP and byte counts are of one launch; 1000 per microsecond is one giga per second.
    const double scale = static_cast<double>(time.launches) / time.totalUs / 1000.0;
    rows.push_back({kernel.name, static_cast<double>(time.launches) / static_cast<double>(runs),
                    time.totalUs / static_cast<double>(runs), time.totalUs / total,
                    kernel.flops * scale, kernel.bytes * scale});
  }
  llvm::sort(rows, [](const Row &a, const Row &b) {
    return a.us != b.us ? a.us > b.us : a.name < b.name;
  });
  return rows;
}

} // namespace

void printKernelTable(llvm::raw_ostream &out, const runtime::Session &session, int64_t runs,
                      size_t limit) {
  const std::vector<Row> rows = kernelRows(session, runs);
  size_t width = 6;
  for (const Row &row : llvm::ArrayRef(rows).take_front(limit))
    width = std::max(width, row.name.size());
  width = std::min<size_t>(width, 44);
  out << "  " << llvm::left_justify("kernel", width)
      << "  launches        us   share  GFLOP/s    GB/s\n";
  for (const Row &row : llvm::ArrayRef(rows).take_front(limit)) {
    std::string name = row.name;
    if (name.size() > width)
      name = name.substr(0, width - 3) + "...";
    out << "  " << llvm::left_justify(name, width)
        << llvm::format("  %8.0f  %8.1f  %5.1f%%  %7.1f %7.1f\n", row.launches, row.us,
                        100 * row.share, row.gflops, row.gbytes);
  }
  if (rows.size() > limit)
    out << "  and " << rows.size() - limit << " more\n";
}

void writeKernelTable(llvm::json::OStream &json, const runtime::Session &session, int64_t runs) {
  json.attributeArray("kernels", [&] {
    for (const Row &row : kernelRows(session, runs))
      json.object([&] {
        json.attribute("name", row.name);
        json.attribute("launches", row.launches);
        json.attribute("us", row.us);
        json.attribute("share", row.share);
        json.attribute("gflop_per_s", row.gflops);
        json.attribute("gb_per_s", row.gbytes);
      });
  });
}

} // namespace tessera::tool
