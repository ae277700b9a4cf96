// The parsed form of a chip description: plain structs, and the questions passes ask of them.
// A chip comes from a YAML file (share/tessera/chips) or from the module attribute `tile.chip`;
// no chip constant lives in C++.
//
// Units: sizes in bytes, rates in bytes per cycle of the core that issues, times in cycles of that
// core unless a name ends in Us. Types are MLIR's names of element types ("f16", "i8", "bf16").
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectInterface.h"
#include "llvm/ADT/DenseMap.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tessera::tile {

/// How a number of a chip file came to be known. `none` only in files that do not say.
enum class Status { none, measured, vendor, fitted, assumed };
llvm::StringRef statusName(Status status);

/// A value of a chip file with where it comes from. Reads as the value; copying it into an `auto`
/// copies the texts too, so name the type. Equality is of values: the module attribute carries the
/// values alone.
template <class T> struct Sourced {
  T value{};
  std::string source = {}; ///< A key of `ChipSpec::sources`.
  Status status = Status::none;
  std::string note = {}; ///< What the number rests on, where the source does not say it plainly.

  operator T() const { return value; }
  bool operator==(const Sourced &other) const { return value == other.value; }
};
using Int = Sourced<int64_t>;
using Real = Sourced<double>;

/// A kind of core, its number and clock. `cube` cores may be served by `ratio` `vector` cores each;
/// a `mixed` core has both units.
struct Core {
  std::string kind; ///< cube, vector or mixed.
  Int count;        ///< How many the chip has.
  Real clockMHz;
  std::string servedBy; ///< The kind that belongs to this one, or empty.
  Int ratio;            ///< How many of `servedBy` each has; 0 without.
  bool operator==(const Core &) const = default;
};

/// One fractal (the smallest stored block) of an element type: rows x cols elements, contiguous.
struct Fractal {
  std::string type;
  Int rows, cols;
  bool operator==(const Fractal &) const = default;
};

/// How a memory is split; accesses to one group in one cycle collide.
struct Banks {
  Int count, groups, bytes;
  bool operator==(const Banks &) const = default;
};

/// One memory: each core of kind `owner` has one, or the chip has one ("chip": gm).
struct Memory {
  std::string name;
  std::string owner;
  Int bytes;    ///< Size, per owner.
  Int reserved; ///< Bytes the vendor's run time keeps; not for programs.
  Int align;    ///< Every buffer starts at a multiple of it.
  Int granule;  ///< Transfers move whole multiples of it; sizes are rounded up.
  std::optional<Banks> banks;
  std::vector<std::string> layouts; ///< What a matrix may be stored as; the first is the usual.
  std::vector<Fractal> fractal;     ///< As in the first layout; empty where storage has none.

  bool onChip() const { return owner == "chip"; }
  /// Bytes that a program may use.
  int64_t capacity() const { return bytes - reserved; }
  /// The fractal of an element type, or null.
  const Fractal *fractalOf(llvm::StringRef type) const;
  bool allowsLayout(llvm::StringRef layout) const;
  bool operator==(const Memory &) const = default;
};

/// One change of layout that a path can make: "row->zN" takes row-major to zN.
struct LayoutChange {
  std::string from, to;
  bool operator==(const LayoutChange &) const = default;
};

/// One way bytes move. A pair of memories without a path cannot be joined directly.
struct Path {
  std::string from, to;
  std::string pipe;   ///< The pipe that issues it ...
  std::string core;   ///< ... on a core of this kind.
  Real bytesPerCycle; ///< Peak, per issuing core.
  Real halfBytes;     ///< Transfer size at which half of the peak is reached.
  Real fixedCycles;   ///< Paid once per operation.
  std::vector<LayoutChange> layouts;
  std::vector<std::string> atomic; ///< none is always allowed; add, max, min where listed.
  std::vector<std::string> atomicTypes;
  /// Requests are cut at naturally aligned pieces of these sizes, ascending; empty: never cut.
  std::vector<Int> requestSizes;
  Real requestCycles; ///< The least that one request takes, however small.
  /// A request is one range of bytes at both ends: a change of layout ends one at each row of a
  /// block.
  bool wholeRanges = false;

  /// Cycles of one transfer of contiguous, aligned bytes when nothing else moves.
  double cyclesFor(double bytes) const { return fixedCycles + (bytes + halfBytes) / bytesPerCycle; }
  bool allowsLayout(llvm::StringRef from, llvm::StringRef to) const;
  bool allowsAtomic(llvm::StringRef kind) const;
  bool operator==(const Path &) const = default;
};

/// A queue of one core: issues in order, completes out of order unless self-ordered.
struct Pipe {
  std::string name;
  std::vector<std::string> cores; ///< The kinds that have it.
  bool selfOrdered = false;
  Real gapCycles; ///< Added to each operation that waits for an event, already set or not.
  bool operator==(const Pipe &) const = default;
};

/// A memory level that all cores share. The file lists them from the cores outward; the last is the
/// main memory ("hbm", "dram"), one before it a cache ("l2", "l3").
struct SharedLevel {
  std::string name;
  Int bytes;
  Int line;
  Real readPerCore, writePerCore; ///< Bytes per core cycle and core.
  Real total;                     ///< Bytes per core cycle, all cores together; 0: no own limit.
  Real coldRate;                  ///< l2: bytes per core cycle and core of a first touch; 0: hbm's.
  /// A network that brings what several cores read to all of them at once, and keeps nothing.
  bool multicast = false;
  bool operator==(const SharedLevel &) const = default;
};

/// Where one operand of the matrix unit may be, and how it is laid out.
struct MmaOperand {
  std::vector<std::string> spaces;
  std::string layout;
  Int panel; ///< Width of a panel in elements, with layout panel; else 0.
  bool allowsSpace(llvm::StringRef space) const;
  bool operator==(const MmaOperand &) const = default;
};

/// Which element types one form of the matrix unit takes.
struct MmaTypes {
  std::string a, b, acc;
  bool operator==(const MmaTypes &) const = default;
};

/// One form of the matrix unit: an m x n x k step of given types.
struct Mma {
  std::string core, pipe;
  MmaTypes types;
  Int m, n, k;
  Real cycles; ///< Per step.
  Real head;   ///< Per operation, before the first step.
  MmaOperand a, b, c;
  std::string biasSpace; ///< Where a bias row is read from, or empty.
  std::string scaleType; ///< Element type of block scales, or empty.
  Int scaleBlock;        ///< Elements of k per scale; 0 without.

  /// Cycles of one operation: its head, then whole steps.
  double cyclesFor(int64_t rows, int64_t columns, int64_t depth) const;
  bool operator==(const Mma &) const = default;
};

/// What an operator costs on the vector unit where it differs from the unit's own figures.
struct VectorCost {
  std::string name; ///< A mnemonic of the npu dialect, or a tile operation ("row_reduce").
  std::optional<Real> head, tail, cyclesPerRepeat;
  bool operator==(const VectorCost &) const = default;
};

/// The vector unit of a kind of core.
struct VectorUnit {
  std::string core, pipe;
  std::vector<std::string> spaces; ///< What it reads and writes directly.
  Int bytes;                       ///< One register: what a repeat works on.
  Real head, tail;                 ///< Per operation.
  Real cyclesPerRepeat;
  bool registers = false;          ///< Operands are loaded into registers, as on a CPU.
  std::vector<std::string> types;  ///< Element types it computes in.
  std::vector<std::string> absent; ///< Tile operations this chip does not have ("sort").
  std::vector<VectorCost> ops;

  bool allowsSpace(llvm::StringRef space) const;
  bool allowsType(llvm::StringRef type) const;
  bool has(llvm::StringRef op) const;
  /// Head, tail and cycles per repeat of one operator, its own figures or the unit's.
  double headOf(llvm::StringRef op) const;
  double tailOf(llvm::StringRef op) const;
  double cyclesPerRepeatOf(llvm::StringRef op) const;
  /// Cycles of one operator over so many bytes of its widest operand.
  double cyclesFor(llvm::StringRef op, int64_t operandBytes) const;
  bool operator==(const VectorUnit &) const = default;
};

/// The unit that drains the accumulator. What `ops` does not list must be done by the vector unit.
struct Fixpipe {
  std::string core, pipe;
  std::string from;
  std::vector<std::string> to;
  std::vector<std::string> ops; ///< cast, quant, dequant, requant, relu, leaky_relu, prelu, ...
  std::string paramSpace;       ///< Where per-column parameters are read from, or empty.
  bool allows(llvm::StringRef op) const;
  bool allowsTarget(llvm::StringRef space) const;
  bool operator==(const Fixpipe &) const = default;
};

/// Order between pipes and between cores.
struct Sync {
  Int eventIds; ///< Per pair of pipes.
  Real eventCycles;
  Int crossIds;                   ///< Flags between cores; 0 where there are none.
  Int maxCount;                   ///< A flag counts up to it.
  std::vector<std::string> modes; ///< all_of_kind, vectors_of_cube, cube_with_vectors, one_vector.
  Real crossCycles;
  bool operator==(const Sync &) const = default;
};

/// Relative cost of one operation of a type, or of one byte at a memory, for the energy estimate.
struct EnergyCost {
  std::string name;
  Real value;
  bool operator==(const EnergyCost &) const = default;
};

/// Anchors of the energy estimate. Without `fullW` only counts and bytes may be printed.
struct Energy {
  Real idleLowW, idleHighW;
  std::optional<Real> fullW;
  std::vector<EnergyCost> pjPerOp; ///< Ratios between operations, not joules of this chip.
  bool operator==(const Energy &) const = default;
};

/// A chip description.
struct ChipSpec {
  std::string name;
  std::string summary;    ///< One sentence.
  std::string generation; ///< Chips of one generation share fitted constants.
  std::string isa;        ///< For CPU chips: sse2, avx2, avx512 or neon; else empty.
  bool timed = true;      ///< false: structure only; its rates are not good enough to time with.
  std::vector<std::string> leavesOut; ///< What of the chip the file does not describe.
  std::vector<Core> cores;
  std::vector<Memory> memories;
  std::vector<Path> paths;
  std::vector<Pipe> pipes;
  std::vector<SharedLevel> shared;
  std::vector<Mma> mma;
  std::vector<VectorUnit> vector;
  std::optional<Fixpipe> fixpipe;
  std::optional<Sync> sync;
  Real launchUs; ///< Host to first core cycle; outside the core counters.
  Real rampUs;   ///< First core cycle to full rate, no pipe busy; inside the core counters.
  Real firstLoadUs; ///< That each core's first load from gm takes beyond its own time.
  std::optional<Energy> energy;
  /// What the short keys of `Sourced::source` stand for. Not carried by the module attribute.
  std::vector<std::pair<std::string, std::string>> sources;

  bool isCpu() const { return !isa.empty(); }
  const Core *core(llvm::StringRef kind) const;
  const Memory *memory(llvm::StringRef name) const;
  const Pipe *pipe(llvm::StringRef name) const;
  const SharedLevel *level(llvm::StringRef name) const;
  /// The main memory behind gm, and the cache before it; null where the file has none.
  const SharedLevel *mainMemory() const;
  const SharedLevel *sharedCache() const;
  /// Bytes a program may use of a space; 0 for an unknown one.
  int64_t capacity(llvm::StringRef space) const;
  /// The memory that the whole chip shares and function arguments live in.
  const Memory &global() const;
  /// The kind of core that has the matrix unit (cube or mixed), and the one with the vector unit.
  llvm::StringRef matrixCore() const;
  llvm::StringRef vectorCore() const;
  /// How many groups (a matrix core with the vector cores that serve it) run at once.
  int64_t groups() const;

  /// The matrix unit's form for these element types; null when the chip has none. Empty `acc`
  /// takes the first form listed for a and b.
  const Mma *mmaFor(llvm::StringRef a, llvm::StringRef b, llvm::StringRef acc = "") const;
  const Mma *mmaFor(mlir::Type a, mlir::Type b, mlir::Type acc = {}) const;
  /// The vector unit of a kind of core, or of any core when `core` is empty; null when none.
  const VectorUnit *vectorFor(llvm::StringRef core = "") const;

  /// The direct path between two memories that a core of kind `core` (empty: any) issues, or null.
  const Path *path(llvm::StringRef from, llvm::StringRef to, llvm::StringRef core = "") const;
  /// The shortest chain of paths that takes bytes from one memory to another, over cores of the
  /// given kinds (none given: any). Ties go to the path the file lists first. From a memory to
  /// itself only a listed path counts. nullopt when the chip cannot do it.
  std::optional<std::vector<const Path *>> route(llvm::StringRef from, llvm::StringRef to,
                                                 llvm::ArrayRef<llvm::StringRef> cores = {}) const;

  /// Names of the memories, in file order: "gm, l1, ub", for messages.
  std::string memoryNames() const;

  bool operator==(const ChipSpec &other) const;

  static constexpr llvm::StringLiteral kAttrName = "tile.chip";
  /// The description as nested #dlti.map, values only.
  mlir::Attribute toAttribute(mlir::MLIRContext *context) const;
  /// Sets `tile.chip` on a module.
  void attach(mlir::ModuleOp module) const;
  /// The chip of the closest enclosing module that has one. Null, with an error emitted, when there
  /// is none or it is malformed. Cheap when the tile dialect carries a `ChipCache`.
  static std::shared_ptr<const ChipSpec>
  fromModule(mlir::ModuleOp module, llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
  /// The same from an operation, with errors on it.
  static std::shared_ptr<const ChipSpec> of(mlir::Operation *op);
  /// Whether an enclosing module names a chip at all: verifiers are silent without one.
  static bool isSet(mlir::Operation *op);
};

/// Keeps parsed chips per context. The tile dialect adds it as an interface when it initialises.
class ChipCache : public mlir::DialectInterface::Base<ChipCache> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ChipCache)
  explicit ChipCache(mlir::Dialect *dialect) : Base(dialect) {}
  std::shared_ptr<const ChipSpec> lookup(mlir::Attribute attr) const;
  void insert(mlir::Attribute attr, std::shared_ptr<const ChipSpec> chip) const;

private:
  mutable std::mutex mutex;
  mutable llvm::DenseMap<mlir::Attribute, std::shared_ptr<const ChipSpec>> chips;
};

/// Parses the text of a chip file. On failure returns nullopt and sets `error` to one line,
/// "FILE:LINE:COLUMN: error: expected ..., but got ...".
std::optional<ChipSpec> parseChip(llvm::StringRef text, llvm::StringRef fileName,
                                  std::string &error);

/// Loads a chip by the name of a shipped description or by the path of a file. A word with a slash
/// or ending in .yaml is a path. Names are looked up in the folders of TESSERA_CHIP_PATH
/// (separated by ':'), beside the program (../share/tessera/chips), then in the source tree.
std::optional<ChipSpec> loadChip(llvm::StringRef nameOrFile, std::string &error);

/// A chip file that `loadChip` would find by name.
struct ChipFile {
  std::string name, path;
};
/// All of them, sorted by name; of two of one name the one found first.
std::vector<ChipFile> listChips();

/// MLIR's name of a scalar type ("f16"), the form chip files use.
std::string elementTypeName(mlir::Type type);

} // namespace tessera::tile
