// The thread behind the progress line.
#include "Progress.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace tessera::tool {

Progress::Progress(llvm::StringRef what) : what(what) {
  if (llvm::sys::Process::StandardErrIsDisplayed())
    thread = std::thread([this] { show(); });
}

Progress::~Progress() {
  if (!thread.joinable())
    return;
  {
    const std::lock_guard lock(mutex);
    done = true;
  }
  wake.notify_all();
  thread.join();
}

double Progress::elapsedMs() const {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

void Progress::show() {
  using namespace std::chrono_literals;
  std::unique_lock lock(mutex);
  bool shown = false;
  for (auto pause = 1000ms; !wake.wait_for(lock, pause, [this] { return done; }); pause = 200ms) {
    llvm::errs() << "\r" << what << llvm::format(" (%.0f s)", elapsedMs() / 1000.0);
    shown = true;
  }
  // Back to the start of the line, and clear it.
  if (shown)
    llvm::errs() << "\r\x1b[K";
}

} // namespace tessera::tool
