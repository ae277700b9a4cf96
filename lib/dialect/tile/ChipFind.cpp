// Finds chip files: by path, in TESSERA_CHIP_PATH, beside the program or library, in the source
// tree.
#include "tessera/dialect/tile/ChipSpec.h"
#include "tessera/dialect/tile/ShippedFiles.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <cstdlib>
#include <dlfcn.h>
#include <map>

using namespace llvm;

namespace tessera::tile {
namespace {

/// A chip file is a few kilobytes; more than this is something else.
constexpr uint64_t kMaxFileBytes = 1 << 20;

/// An address inside this library, to find where it was loaded from.
const char kAnchor = 0;

void addBeside(std::vector<std::string> &folders, StringRef binary) {
  SmallString<256> real;
  if (binary.empty() || sys::fs::real_path(binary, real))
    return;
  // Programs live in bin/, libraries in lib/ or lib/<architecture>/.
  for (StringRef up : {"..", "../.."}) {
    SmallString<256> folder = sys::path::parent_path(real);
    sys::path::append(folder, up, "share", "tessera", "chips");
    sys::path::remove_dots(folder, /*remove_dot_dot=*/true);
    folders.push_back(folder.str().str());
  }
}

std::vector<std::string> chipFolders() {
  std::vector<std::string> folders;
  if (const char *path = std::getenv("TESSERA_CHIP_PATH")) {
    SmallVector<StringRef> parts;
    StringRef(path).split(parts, ':', -1, /*KeepEmpty=*/false);
    for (StringRef part : parts)
      folders.push_back(part.str());
  }
  Dl_info library{};
  if (dladdr(&kAnchor, &library) && library.dli_fname)
    addBeside(folders, library.dli_fname);
  addBeside(folders, sys::fs::getMainExecutable(nullptr, nullptr));
#ifdef TESSERA_SOURCE_CHIPS
  folders.push_back(TESSERA_SOURCE_CHIPS);
#endif
  return folders;
}

std::optional<ChipSpec> loadFile(StringRef path, std::string &error) {
  sys::fs::file_status status;
  if (std::error_code failure = sys::fs::status(path, status)) {
    error = ("cannot read chip file '" + path + "': " + failure.message()).str();
    return std::nullopt;
  }
  if (!sys::fs::is_regular_file(status) || status.getSize() > kMaxFileBytes) {
    error = ("cannot read chip file '" + path + "': expected a file of at most 1 MiB").str();
    return std::nullopt;
  }
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer) {
    error = ("cannot read chip file '" + path + "': " + buffer.getError().message()).str();
    return std::nullopt;
  }
  return parseChip((*buffer)->getBuffer(), path, error);
}

} // namespace

std::optional<std::string> shippedFile(StringRef folder, StringRef name) {
  if (name.contains('/') || name.contains('\\'))
    return std::nullopt;
  for (const std::string &chips : chipFolders()) {
    SmallString<256> path = sys::path::parent_path(chips);
    sys::path::append(path, folder, name + ".yaml");
    if (sys::fs::is_regular_file(path))
      return path.str().str();
  }
  return std::nullopt;
}

std::vector<ChipFile> listChips() {
  std::map<std::string, std::string> found;
  for (const std::string &folder : chipFolders()) {
    std::error_code failure;
    for (sys::fs::directory_iterator it(folder, failure), end; it != end && !failure;
         it.increment(failure))
      if (sys::path::extension(it->path()) == ".yaml")
        found.try_emplace(sys::path::stem(it->path()).str(), it->path());
  }
  std::vector<ChipFile> files;
  for (auto &[name, path] : found)
    files.push_back({name, path});
  return files;
}

std::optional<ChipSpec> loadChip(StringRef nameOrFile, std::string &error) {
  error.clear();
  if (nameOrFile.contains('/') || nameOrFile.ends_with(".yaml"))
    return loadFile(nameOrFile, error);
  std::vector<ChipFile> files = listChips();
  for (const ChipFile &file : files)
    if (file.name == nameOrFile)
      return loadFile(file.path, error);
  error = ("unknown chip '" + nameOrFile + "'; ").str();
  const auto nearest = llvm::min_element(files, [&](const ChipFile &a, const ChipFile &b) {
    return nameOrFile.edit_distance(a.name) < nameOrFile.edit_distance(b.name);
  });
  if (nearest != files.end() && nameOrFile.edit_distance(nearest->name) < 4)
    error += "did you mean '" + nearest->name + "'? ";
  error += files.empty()
               ? "no chip files were found (TESSERA_CHIP_PATH names their folder)"
               : "there are " + join(map_range(files, [](auto &f) { return f.name; }), ", ");
  return std::nullopt;
}

} // namespace tessera::tile
