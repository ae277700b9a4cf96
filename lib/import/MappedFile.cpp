// open, fstat, mmap, and what each of them may complain about.
#include "MappedFile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tessera::import_ {

std::shared_ptr<const MappedFile> MappedFile::open(const std::string &path, std::string &problem) {
  // Without O_NONBLOCK, opening a named pipe would wait for somebody to write to it.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    problem = "cannot be opened: " + std::string(std::strerror(errno));
    return nullptr;
  }
  struct stat status;
  void *memory = nullptr;
  if (::fstat(descriptor, &status) != 0)
    problem = "cannot be read: " + std::string(std::strerror(errno));
  else if (!S_ISREG(status.st_mode))
    problem = S_ISDIR(status.st_mode) ? "cannot be read: Is a directory"
                                      : "cannot be read: expected a regular file";
  else if (status.st_size > 0 &&
           (memory = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ, MAP_PRIVATE,
                            descriptor, 0)) == MAP_FAILED)
    problem = "cannot be mapped: " + std::string(std::strerror(errno));
  else // An empty file has no mapping, and needs none.
    problem.clear();
  ::close(descriptor);
  if (!problem.empty())
    return nullptr;
  return std::shared_ptr<const MappedFile>(new MappedFile(
      static_cast<const char *>(memory), memory ? static_cast<size_t>(status.st_size) : 0));
}

MappedFile::~MappedFile() {
  if (size)
    ::munmap(const_cast<char *>(data), size);
}

} // namespace tessera::import_
