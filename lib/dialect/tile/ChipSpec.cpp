// The questions a pass asks of a chip: lookups by name, routes between memories, costs by operator.
#include "tessera/dialect/tile/ChipSpec.h"

#include "mlir/IR/Types.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <deque>

using namespace llvm;

namespace tessera::tile {
namespace {

template <class T, class Name>
const T *findBy(const std::vector<T> &list, Name T::*member, StringRef name) {
  for (const T &item : list)
    if (item.*member == name)
      return &item;
  return nullptr;
}

const VectorCost *findOp(const VectorUnit &unit, StringRef op) {
  return findBy(unit.ops, &VectorCost::name, op);
}

} // namespace

StringRef statusName(Status status) {
  switch (status) {
  case Status::none:
    return "none";
  case Status::measured:
    return "measured";
  case Status::vendor:
    return "vendor";
  case Status::fitted:
    return "fitted";
  case Status::assumed:
    return "assumed";
  }
  return "none";
}

const Fractal *Memory::fractalOf(StringRef type) const {
  return findBy(fractal, &Fractal::type, type);
}
bool Memory::allowsLayout(StringRef layout) const {
  return is_contained(layouts, layout);
}

bool Path::allowsLayout(StringRef from, StringRef to) const {
  return any_of(layouts, [&](const LayoutChange &c) { return c.from == from && c.to == to; });
}
bool Path::allowsAtomic(StringRef kind) const {
  return kind == "none" || is_contained(atomic, kind);
}

bool MmaOperand::allowsSpace(StringRef space) const {
  return is_contained(spaces, space);
}

double Mma::cyclesFor(int64_t rows, int64_t columns, int64_t depth) const {
  auto steps = [](int64_t extent, int64_t step) { return double((extent + step - 1) / step); };
  return head + steps(rows, m) * steps(columns, n) * steps(depth, k) * cycles;
}

bool VectorUnit::allowsSpace(StringRef space) const {
  return is_contained(spaces, space);
}
bool VectorUnit::allowsType(StringRef type) const {
  return is_contained(types, type);
}
bool VectorUnit::has(StringRef op) const {
  return !is_contained(absent, op);
}
double VectorUnit::headOf(StringRef op) const {
  const VectorCost *own = findOp(*this, op);
  return own && own->head ? own->head->value : head.value;
}
double VectorUnit::tailOf(StringRef op) const {
  const VectorCost *own = findOp(*this, op);
  return own && own->tail ? own->tail->value : tail.value;
}
double VectorUnit::cyclesPerRepeatOf(StringRef op) const {
  const VectorCost *own = findOp(*this, op);
  return own && own->cyclesPerRepeat ? own->cyclesPerRepeat->value : cyclesPerRepeat.value;
}

double VectorUnit::cyclesFor(StringRef op, int64_t operandBytes) const {
  int64_t repeats = (operandBytes + bytes - 1) / bytes;
  return headOf(op) + double(repeats) * cyclesPerRepeatOf(op) + tailOf(op);
}

bool Fixpipe::allows(StringRef op) const {
  return is_contained(ops, op);
}
bool Fixpipe::allowsTarget(StringRef space) const {
  return is_contained(to, space);
}

const Core *ChipSpec::core(StringRef kind) const {
  return findBy(cores, &Core::kind, kind);
}
const Memory *ChipSpec::memory(StringRef name) const {
  return findBy(memories, &Memory::name, name);
}
const Pipe *ChipSpec::pipe(StringRef name) const {
  return findBy(pipes, &Pipe::name, name);
}
const SharedLevel *ChipSpec::level(StringRef name) const {
  return findBy(shared, &SharedLevel::name, name);
}

const SharedLevel *ChipSpec::mainMemory() const {
  return shared.empty() ? nullptr : &shared.back();
}
const SharedLevel *ChipSpec::sharedCache() const {
  return shared.size() < 2 ? nullptr : &shared[shared.size() - 2];
}

int64_t ChipSpec::capacity(StringRef space) const {
  const Memory *found = memory(space);
  return found ? found->capacity() : 0;
}

const Memory &ChipSpec::global() const {
  return *find_if(memories, [](const Memory &memory) { return memory.onChip(); });
}

StringRef ChipSpec::matrixCore() const {
  if (!mma.empty())
    return mma.front().core;
  return core("cube") ? StringRef("cube") : StringRef(cores.front().kind);
}

StringRef ChipSpec::vectorCore() const {
  return vector.empty() ? StringRef(cores.back().kind) : StringRef(vector.front().core);
}

int64_t ChipSpec::groups() const {
  return core(matrixCore())->count;
}

const Mma *ChipSpec::mmaFor(StringRef a, StringRef b, StringRef acc) const {
  for (const Mma &unit : mma)
    if (unit.types.a == a && unit.types.b == b && (acc.empty() || unit.types.acc == acc))
      return &unit;
  return nullptr;
}

const Mma *ChipSpec::mmaFor(mlir::Type a, mlir::Type b, mlir::Type acc) const {
  return mmaFor(elementTypeName(a), elementTypeName(b), acc ? elementTypeName(acc) : "");
}

const VectorUnit *ChipSpec::vectorFor(StringRef core) const {
  if (core.empty())
    return vector.empty() ? nullptr : &vector.front();
  return findBy(vector, &VectorUnit::core, core);
}

const Path *ChipSpec::path(StringRef from, StringRef to, StringRef core) const {
  for (const Path &path : paths)
    if (path.from == from && path.to == to && (core.empty() || path.core == core))
      return &path;
  return nullptr;
}

std::optional<std::vector<const Path *>> ChipSpec::route(StringRef from, StringRef to,
                                                         ArrayRef<StringRef> cores) const {
  auto allowed = [&](const Path &path) {
    return cores.empty() || is_contained(cores, StringRef(path.core));
  };
  if (from == to) {
    for (const Path &path : paths)
      if (path.from == from && path.to == to && allowed(path))
        return std::vector<const Path *>{&path};
    return std::nullopt;
  }
  // Breadth first over the paths in file order: the first way into a memory is the one that counts.
  StringMap<const Path *> into;
  std::deque<StringRef> open = {from};
  while (!open.empty() && !into.count(to)) {
    StringRef at = open.front();
    open.pop_front();
    for (const Path &path : paths)
      if (path.from == at && path.to != from && allowed(path) &&
          into.try_emplace(path.to, &path).second)
        open.push_back(path.to);
  }
  if (!into.count(to))
    return std::nullopt;
  std::vector<const Path *> chain;
  for (StringRef at = to; at != from; at = chain.back()->from)
    chain.push_back(into.lookup(at));
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::string ChipSpec::memoryNames() const {
  return join(map_range(memories, [](const Memory &memory) { return memory.name; }), ", ");
}

std::string elementTypeName(mlir::Type type) {
  std::string name;
  raw_string_ostream(name) << type;
  return name;
}

} // namespace tessera::tile
