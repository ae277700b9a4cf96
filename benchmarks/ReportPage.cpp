// The HTML page of suites.
#include "SuiteOutput.h"

namespace tessera::bench {

std::string reportPage(const std::vector<std::string> &runs) {
  std::string page = "<!doctype html><meta charset=\"utf-8\"><title>Tessera</title><pre>\n";
  for (const std::string &run : runs)
    page += run;
  return page + "</pre>\n";
}

} // namespace tessera::bench
