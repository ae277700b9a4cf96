// The HTML page of suites: report.html with the measurements inside.
#include "SuiteOutput.h"

#include <string_view>

namespace tessera::bench {
namespace {

constexpr std::string_view kPage =
#include "ReportPage.inc"
    ;
constexpr std::string_view kPlace = "<!--RUNS-->";

} // namespace

std::string reportPage(const std::vector<std::string> &runs) {
  const std::size_t place = kPage.find(kPlace);
  std::string page(kPage.substr(0, place));
  for (const std::string &run : runs) {
    page += "<script class=\"run\" type=\"application/json\">\n";
    for (const char c : run) // a name with "</script>" in it would end the element
      if (c == '<')
        page += "\\u003c";
      else
        page += c;
    page += "</script>\n";
  }
  page += kPage.substr(place + kPlace.size());
  return page;
}

} // namespace tessera::bench
