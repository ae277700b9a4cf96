// A line on the terminal while something takes longer than a second.
#pragma once
#include "llvm/ADT/StringRef.h"
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace tessera::tool {

/// Shows `what` and the seconds it has taken so far on stderr, from the first second on, until the
/// object goes. Shows nothing where stderr is not a terminal.
class Progress {
public:
  explicit Progress(llvm::StringRef what);
  ~Progress();
  double elapsedMs() const;

private:
  void show();

  std::string what;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false;
  std::thread thread;
};

} // namespace tessera::tool
