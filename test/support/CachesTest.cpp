// The sizes of the caches: what the machine says, and what the user says instead.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "tessera/support/Caches.h"

using namespace tessera;

namespace {

/// A folder like the kernel's, removed at the end.
class CacheFolder {
public:
  CacheFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "caches-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()));
    path_ = pattern;
  }
  ~CacheFolder() { std::filesystem::remove_all(path_); }
  const std::string &path() const { return path_; }

  void add(const char *index, const char *level, const char *type, const char *size,
           const char *users) {
    const std::filesystem::path folder = std::filesystem::path(path_) / index;
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "level") << level << '\n';
    std::ofstream(folder / "type") << type << '\n';
    std::ofstream(folder / "size") << size << '\n';
    std::ofstream(folder / "shared_cpu_list") << users << '\n';
  }

private:
  std::string path_;
};

void checkSane(const Caches &c) {
  CHECK(c.l1 >= 1024);
  CHECK(c.l2 >= c.l1);
  CHECK(c.l3 >= c.l2);
  CHECK(c.l2Sharers >= 1);
  CHECK(c.l3Sharers >= 1);
}

} // namespace

TEST_CASE("the caches of this machine are sane and found once") {
  checkSane(caches());
  CHECK(&caches() == &caches());
  checkSane(Caches());
  if (const auto told = cachesFromProcessor())
    checkSane(*told);
}

TEST_CASE("caches are read from the folder of a processor") {
  CacheFolder folder;
  CHECK(!cachesFromFolder(folder.path()));
  folder.add("index1", "1", "Instruction", "64K", "0");
  folder.add("index0", "1", "Data", "48K", "0");
  CHECK(!cachesFromFolder(folder.path()));
  folder.add("index2", "2", "Unified", "1280K", "0-1");
  const auto two = cachesFromFolder(folder.path());
  REQUIRE(two);
  CHECK(two->l1 == 48 << 10);
  CHECK(two->l2 == 1280 << 10);
  CHECK(two->l2Sharers == 2);
  CHECK(two->l3 == two->l2);
  folder.add("index3", "3", "Unified", "30M", "0-3,8,10-11");
  const auto three = cachesFromFolder(folder.path());
  REQUIRE(three);
  CHECK(three->l3 == 30 << 20);
  CHECK(three->l3Sharers == 7);
  folder.add("index2", "2", "Unified", "nonsense", "");
  CHECK(!cachesFromFolder(folder.path()));
}

TEST_CASE("threads share what their processors share") {
  Caches c;
  c.l3 = 32 << 20;
  c.l3Sharers = 4;
  CHECK(c.l3Share(0) == c.l3);
  CHECK(c.l3Share(1) == c.l3);
  CHECK(c.l3Share(2) == c.l3 / 2);
  CHECK(c.l3Share(64) == c.l3 / 4);
  CHECK(c.l2Share(64) == c.l2);
}

TEST_CASE("sizes given by the user overrule single caches") {
  const Caches found;
  std::string error;
  CHECK(overruleCaches(found, "", error) == found);
  const auto all = overruleCaches(found, "65536,2M,64M", error);
  REQUIRE(all);
  CHECK(all->l1 == 64 << 10);
  CHECK(all->l2 == 2 << 20);
  CHECK(all->l3 == 64 << 20);
  const auto second = overruleCaches(found, ",1M", error);
  REQUIRE(second);
  CHECK(second->l1 == found.l1);
  CHECK(second->l2 == 1 << 20);
  CHECK(error.empty());
}

TEST_CASE("sizes that make no sense are reported") {
  const Caches found;
  for (const char *bad : {"32k", "K", "-1", "0", "1,2,3,4", "1M x", "99999999999M", "1G"}) {
    std::string error;
    CHECK(!overruleCaches(found, bad, error));
    CHECK(error ==
          "expected up to three sizes as in \"32K,1M,32M\", but got \"" + std::string(bad) + "\"");
  }
  std::string error;
  CHECK(!overruleCaches(found, "32K,16K", error));
  CHECK(error == "expected no cache smaller than the one before it, but got 32768, 16384 and "
                 "4194304 bytes");
}
