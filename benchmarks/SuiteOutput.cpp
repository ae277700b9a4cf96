// Tables on the console, and JSON.
#include "SuiteOutput.h"

#include <cmath>
#include <cstdio>

#include "tessera/support/Caches.h"

namespace tessera::bench {
namespace {

const char *const kRoles[] = {"ours", "peer", "ideal"};

const char *roleName(Role role) {
  return kRoles[static_cast<int>(role)];
}

/// Writes JSON with the commas in the right places.
class Json {
public:
  Json &open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  Json &close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  Json &key(const char *name) {
    value(std::string(name));
    text_ += ": ";
    first_ = true;
    return *this;
  }
  Json &value(const std::string &text) {
    separate();
    text_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\')
        text_ += '\\';
      text_ += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    text_ += '"';
    return *this;
  }
  Json &value(double number) {
    separate();
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%.9g", std::isfinite(number) ? number : 0.0);
    text_ += digits;
    return *this;
  }
  template <class T> Json &field(const char *name, const T &of) { return key(name).value(of); }
  Json &line() {
    separate();
    text_ += '\n';
    first_ = true;
    return *this;
  }
  const std::string &text() const { return text_; }

private:
  void separate() {
    if (!first_)
      text_ += ", ";
    first_ = false;
  }
  std::string text_;
  bool first_ = true;
};

void writeRow(Json &json, const RowResult &row) {
  json.line().open('{').field("name", row.name).field("group", row.group);
  json.field("unit", std::string(row.counts == Work::Flops ? "flop" : "byte"));
  json.field("flops", row.flops).field("bytes", row.bytes);
  json.field("best_peer", row.bestPeer).field("to_peer", row.toPeer);
  json.field("to_ideal", row.toIdeal).field("least_of_ideal", row.leastOfIdeal);
  json.field("of_peak", row.ofPeak).key("sides").open('[');
  for (const SideResult &side : row.sides)
    json.open('{')
        .field("who", side.who)
        .field("role", std::string(roleName(side.role)))
        .field("rate", side.median)
        .field("low", side.low)
        .field("high", side.high)
        .close('}');
  json.close(']').close('}');
}

void writeSuite(Json &json, const SuiteResult &suite) {
  json.line().open('{').field("name", suite.name).field("about", suite.about);
  json.key("groups").open('[');
  for (const GroupResult &group : suite.groups)
    json.open('{')
        .field("name", group.goal.group)
        .field("rows", static_cast<double>(group.rows))
        .field("mean", group.mean)
        .field("least_mean", group.goal.mean)
        .field("worst", group.worst)
        .field("least_worst", group.goal.worst)
        .field("worst_row", group.worstRow)
        .field("ideal_misses", static_cast<double>(group.idealMisses))
        .close('}');
  json.close(']').key("rows").open('[');
  for (const RowResult &row : suite.rows)
    writeRow(json, row);
  json.close(']').close('}');
}

} // namespace

void printHeading(const SuiteResult &suite) {
  std::printf("\n%s: %s\n%-28s %9s %9s %7s %-9s %7s %7s  %s\n", suite.name.c_str(),
              suite.about.c_str(), "", "ours", "peer", "ratio", "best peer", "ideal", "peak",
              "others");
}

void printRow(const RowResult &row) {
  const SideResult *ours = row.side(Role::Ours), *peer = row.side(Role::Peer);
  std::printf("%-28s %9.2f %9.2f %7.2f %-9s %6.0f%%%s %6.0f%%  ", row.name.c_str(),
              ours ? ours->median * 1e-9 : 0.0, peer ? peer->median * 1e-9 : 0.0, row.toPeer,
              peer ? peer->who.c_str() : "-", 100 * row.toIdeal, row.idealMissed() ? "!" : " ",
              100 * row.ofPeak);
  for (const SideResult &side : row.sides)
    if (&side != ours && &side != peer)
      std::printf("%s %.2f  ", side.who.c_str(), side.median * 1e-9);
  std::printf("\n");
  std::fflush(stdout);
}

void printGroups(const SuiteResult &suite) {
  for (const GroupResult &group : suite.groups) {
    if (group.rows > 0)
      std::printf("%s, %s: %d rows, geometric mean %.3f of the best peer, worst %.3f (%s)",
                  suite.name.c_str(), group.goal.group.c_str(), group.rows, group.mean, group.worst,
                  group.worstRow.c_str());
    else
      std::printf("%s, %s: no peer", suite.name.c_str(), group.goal.group.c_str());
    if (group.rows > 0 && group.goal.mean > 0)
      std::printf("; at least %g and %g: %s", group.goal.mean, group.goal.worst,
                  group.missed() ? "MISSED" : "met");
    if (group.idealMisses > 0)
      std::printf("; %d below their share of the ideal loop (!)", group.idealMisses);
    std::printf("\n");
  }
}

std::string toJson(const RunResult &run) {
  Json json;
  const Caches &c = caches();
  json.open('{').field("tessera_bench", 1.0);
  json.field("processor", run.processor).field("isa", std::string(isaName(run.setting.isa)));
  json.field("threads", static_cast<double>(run.setting.threads));
  json.field("min_time", run.effort.minTime);
  json.field("rounds", static_cast<double>(run.effort.rounds));
  json.key("libraries").open('[');
  for (const std::string &library : run.libraries)
    json.value(library);
  json.close(']').key("caches").open('{').field("l1", static_cast<double>(c.l1));
  json.field("l2", static_cast<double>(c.l2)).field("l3", static_cast<double>(c.l3)).close('}');
  json.key("peaks").open('{').field("flops", run.peaks.flops).field("l1", run.peaks.l1);
  json.field("l2", run.peaks.l2).field("l3", run.peaks.l3).field("memory", run.peaks.memory);
  json.close('}').key("suites").open('[');
  for (const SuiteResult &suite : run.suites)
    writeSuite(json, suite);
  json.close(']').close('}');
  return json.text() + "\n";
}

} // namespace tessera::bench
