// Scalars of a chip description with their place and origin, and the errors about them.
#include "ChipReader.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace llvm;

namespace tessera::tile {
namespace {

std::string describeKind(const Tree &tree) {
  switch (tree.kind) {
  case Tree::Kind::text:
    return "'" + tree.text + "'";
  case Tree::Kind::integer:
    return std::to_string(tree.integer);
  case Tree::Kind::real:
    return std::to_string(tree.real);
  case Tree::Kind::flag:
    return tree.flag ? "true" : "false";
  case Tree::Kind::list:
    return "a list";
  case Tree::Kind::map:
    return "a map";
  }
  return "";
}

/// The label of a part of a part; the whole chip has an empty one.
std::string within(StringRef label, StringRef key) {
  return label.empty() ? key.str() : (label + "." + key).str();
}

/// An integer, in a file with an optional unit of size: "512 KiB".
std::optional<int64_t> convert(const Tree &tree, int64_t) {
  if (tree.kind == Tree::Kind::integer)
    return tree.integer;
  if (tree.kind != Tree::Kind::text)
    return std::nullopt;
  StringRef text(tree.text);
  int64_t unit = 1;
  for (auto [suffix, shift] : {std::pair("KiB", 10), std::pair("MiB", 20), std::pair("GiB", 30)})
    if (text.consume_back(suffix))
      unit = int64_t(1) << shift;
  int64_t value = 0, product = 0;
  if (text.trim().getAsInteger(10, value) || __builtin_mul_overflow(value, unit, &product))
    return std::nullopt;
  return product;
}

std::optional<double> convert(const Tree &tree, double) {
  if (tree.kind == Tree::Kind::real)
    return tree.real;
  if (tree.kind == Tree::Kind::integer)
    return double(tree.integer);
  double value = 0;
  if (tree.kind != Tree::Kind::text || StringRef(tree.text).getAsDouble(value) ||
      !std::isfinite(value))
    return std::nullopt;
  return value;
}

} // namespace

std::string ReaderBase::label(StringRef key) const {
  return within(frame->label, key);
}
std::string ReaderBase::label(StringRef key, size_t index) const {
  return label(key) + "[" + std::to_string(index) + "]";
}

ReaderBase::Place ReaderBase::placeOf(StringRef label) const {
  while (!label.empty() && !places.contains(label)) {
    size_t cut = label.find_last_of(".[");
    label = cut == StringRef::npos ? "" : label.substr(0, cut);
  }
  return places.lookup(label);
}

void ReaderBase::fail(Place at, StringRef label, const Twine &message) {
  if (!error.empty())
    return;
  raw_string_ostream out(error);
  if (fromAttribute())
    out << ChipSpec::kAttrName << ": ";
  else
    out << fileName << ':' << std::max(at.first, 1u) << ':' << std::max(at.second, 1u)
        << ": error: ";
  if (!label.empty())
    out << oneLine(label) << ": ";
  out << oneLine(message);
}

void ReaderBase::wrong(const Tree &tree, StringRef label, const Twine &expected) {
  fail(place(tree), label, expected + ", but got " + describeKind(tree));
}

void ReaderBase::missing(StringRef key, const Twine &why) {
  fail(place(frame->tree), frame->label, "expected key '" + key + "'" + why);
}

void ReaderBase::rejectUnknownKeys() {
  const Tree &tree = frame->tree;
  for (auto [index, key] : enumerate(tree.keys)) {
    if (is_contained(frame->known, key) || (isOriginKey(key) && !fromAttribute()))
      continue;
    Place at = index < tree.keyPositions.size() ? tree.keyPositions[index] : place(tree);
    fail(at, frame->label, "unknown key '" + key + "'; expected " + join(frame->known, ", "));
  }
}

const Tree *ReaderBase::get(StringRef key, Need need) {
  frame->known.push_back(key);
  const Tree *value = frame->tree.find(key);
  if (value)
    places.try_emplace(label(key), place(*value));
  else if (need == Required)
    missing(key);
  return value;
}

bool ReaderBase::isList(const Tree &tree, StringRef label) {
  if (tree.kind != Tree::Kind::list)
    wrong(tree, label, "expected a list");
  return tree.kind == Tree::Kind::list;
}

bool ReaderBase::isMap(const Tree &tree, StringRef label) {
  if (tree.kind != Tree::Kind::map)
    wrong(tree, label, "expected a map");
  return tree.kind == Tree::Kind::map;
}

void ReaderBase::readText(const Tree &tree, StringRef label, std::string &out) {
  if (tree.kind != Tree::Kind::text || tree.text.empty())
    return wrong(tree, label, "expected a text");
  out = tree.text;
}

void ReaderBase::readWord(const Tree &tree, StringRef label, std::string &out, Words allowed,
                          std::optional<Place> at) {
  Place here = at.value_or(place(tree));
  places.try_emplace(label, here);
  std::string got;
  readText(tree, label, got);
  if (got.empty())
    return;
  if (!allowed.empty() && !is_contained(allowed, got))
    return fail(here, label,
                "expected one of " + join(ArrayRef(allowed), ", ") + ", but got '" + got + "'");
  out = got;
}

void ReaderBase::readNumber(const Tree &tree, StringRef label, Least least, Int &out) {
  readSourced(tree, label, least, out);
}
void ReaderBase::readNumber(const Tree &tree, StringRef label, Least least, Real &out) {
  readSourced(tree, label, least, out);
}

template <class T>
void ReaderBase::readSourced(const Tree &tree, StringRef label, Least least, Sourced<T> &out) {
  places.try_emplace(label, place(tree));
  const Tree *value = &tree;
  out.source = origin.source;
  out.status = origin.status;
  if (tree.kind == Tree::Kind::map)
    value = readProvenance(tree, label, out);
  if (!value)
    return;
  std::optional<T> number = convert(*value, T());
  if (!number)
    return wrong(*value, label,
                 std::is_integral_v<T> ? "expected an integer" : "expected a number");
  if (*number < 0 || (least == Positive && *number == 0))
    return wrong(*value, label, least == Positive ? "expected more than 0" : "expected 0 or more");
  out.value = *number;
}

/// The `value` of a number written as a map. What it says of its origin replaces the inherited.
template <class T>
const Tree *ReaderBase::readProvenance(const Tree &tree, StringRef label, Sourced<T> &out) {
  for (auto [index, key] : enumerate(tree.keys))
    if (!isOriginKey(key) && key != "value" && key != "note") {
      Place at = index < tree.keyPositions.size() ? tree.keyPositions[index] : place(tree);
      fail(at, label, "unknown key '" + key + "'; expected value, source, status, note");
      return nullptr;
    }
  if (const Tree *note = tree.find("note"))
    readText(*note, within(label, "note"), out.note);
  if (tree.find("source") || tree.find("status")) {
    Origin own = readOrigin(tree, Origin(), label);
    out.source = own.source;
    out.status = own.status;
  }
  const Tree *value = tree.find("value");
  if (!value)
    fail(place(tree), label, "expected key 'value'");
  return value;
}

ReaderBase::Origin ReaderBase::readOrigin(const Tree &tree, Origin from, StringRef label) {
  if (const Tree *status = tree.find("status")) {
    std::string name;
    readWord(*status, within(label, "status"), name, kStatuses);
    for (Status s : {Status::measured, Status::vendor, Status::fitted, Status::assumed})
      if (statusName(s) == name)
        from.status = s;
    // Nobody says what is assumed, unless the file names who.
    if (from.status == Status::assumed)
      from.source.clear();
  }
  if (const Tree *source = tree.find("source")) {
    readText(*source, within(label, "source"), from.source);
    if (!is_contained(sourceNames, from.source))
      fail(place(*source), within(label, "source"),
           "expected a key of the table 'sources' (" + join(sourceNames, ", ") + "), but got '" +
               from.source + "'");
  }
  if (from.source.empty() && from.status != Status::none && from.status != Status::assumed)
    fail(place(tree), label, "expected a source with status '" + statusName(from.status) + "'");
  return from;
}

void ReaderBase::enterOrigin(const Tree &tree) {
  if (!fromAttribute() && (tree.find("source") || tree.find("status")))
    origin = readOrigin(tree, origin, frame->label);
}

} // namespace tessera::tile
