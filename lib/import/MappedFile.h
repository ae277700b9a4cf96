// A file's bytes in memory without reading them: pages come from the file when they are touched.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tessera::import_ {

/// A regular file mapped for reading. Renaming or deleting the file changes nothing here. Writing
/// into it may or may not be seen, and touching a part that has since been cut off raises SIGBUS:
/// that is what mapping means, so a model's file is replaced by renaming, not by overwriting.
class MappedFile {
public:
  /// Null on failure, with `problem` set; it does not name the file.
  static std::shared_ptr<const MappedFile> open(const std::string &path, std::string &problem);

  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  /// Starts at a page.
  std::string_view bytes() const { return {data, size}; }

private:
  MappedFile(const char *data, size_t size) : data(data), size(size) {}
  const char *data;
  size_t size;
};

} // namespace tessera::import_
