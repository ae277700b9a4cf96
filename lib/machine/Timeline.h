// What the slowest core of a launch did when: spans on its pipes, and how long buffers held data.
#pragma once
#include "Pipes.h"
#include <map>

namespace tessera::machine {

class Timeline {
public:
  /// A step that began at `start` cycles. Beyond the first few thousand nothing is kept: long
  /// launches repeat themselves.
  void add(const TimedStep &step, double start, double cycles, int64_t block);
  /// Puts what was kept into the kernel's figures.
  void finish(KernelTime &time, const PipeTable &table);

private:
  struct Use {
    double from, to;
    std::string memory;
    int64_t bytes;
  };
  std::vector<Span> spans;
  std::map<std::pair<std::string, int64_t>, std::vector<Use>> buffers; ///< By memory and address.
};

} // namespace tessera::machine
