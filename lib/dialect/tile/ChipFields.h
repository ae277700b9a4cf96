// The schema of a chip description: every key, once. The reader, the writer and so the YAML form,
// the module attribute, JSON and equality all follow from `describe`.
//
// A visitor offers text, word, words, integer, real, flag, each, section, ... A field is Required
// or Optional; an optional one that is absent keeps the default of the struct.
#pragma once
#include "tessera/dialect/tile/ChipSpec.h"

#include <array>

namespace tessera::tile {

enum Need { Required, Optional };
/// Least value a number may have.
enum Least { Zero, Positive };

using Words = llvm::ArrayRef<llvm::StringLiteral>;
inline constexpr std::array<llvm::StringLiteral, 3> kCoreKinds = {"cube", "vector", "mixed"};
inline constexpr std::array<llvm::StringLiteral, 4> kStatuses = {"measured", "vendor", "fitted",
                                                                 "assumed"};
inline constexpr std::array<llvm::StringLiteral, 7> kLayouts = {"row", "col", "panel", "zZ",
                                                                "nZ",  "zN",  "nN"};
inline constexpr std::array<llvm::StringLiteral, 4> kAtomics = {"none", "add", "max", "min"};
inline constexpr std::array<llvm::StringLiteral, 4> kIsas = {"sse2", "avx2", "avx512", "neon"};
inline constexpr std::array<llvm::StringLiteral, 16> kTypes = {
    "f64",      "f32", "tf32", "f16", "bf16", "f8E4M3FN", "f8E5M2", "f8E8M0FNU",
    "f4E2M1FN", "i1",  "i2",   "i4",  "i8",   "i16",      "i32",    "i64"};
inline constexpr std::array<llvm::StringLiteral, 9> kFixpipeOps = {
    "cast", "quant", "dequant", "requant", "relu", "leaky_relu", "prelu", "nz2nd", "channel_split"};
inline constexpr std::array<llvm::StringLiteral, 4> kSyncModes = {
    "all_of_kind", "vectors_of_cube", "cube_with_vectors", "one_vector"};

template <class V> void describe(V &v, Core &c) {
  v.word("kind", c.kind, kCoreKinds, Required);
  v.integer("count", c.count, Positive, Required);
  v.real("clock_MHz", c.clockMHz, Positive, Required);
  v.word("served_by", c.servedBy, kCoreKinds, Optional);
  v.integer("ratio", c.ratio, Positive, Optional);
}

template <class V> void describe(V &v, Banks &b) {
  v.integer("count", b.count, Positive, Required);
  v.integer("groups", b.groups, Positive, Required);
  v.integer("bytes", b.bytes, Positive, Required);
}

template <class V> void describe(V &v, Memory &m) {
  v.text("name", m.name, Required);
  v.text("owner", m.owner, Required);
  v.integer("bytes", m.bytes, Positive, Required);
  v.integer("reserved", m.reserved, Zero, Optional);
  v.integer("align", m.align, Positive, Required);
  v.integer("granule", m.granule, Positive, Required);
  v.section("banks", m.banks);
  v.words("layouts", m.layouts, kLayouts, Required);
  v.fractals("fractal", m.fractal);
}

template <class V> void describe(V &v, Path &p) {
  v.text("from", p.from, Required);
  v.text("to", p.to, Required);
  v.text("pipe", p.pipe, Required);
  v.onlyCore("core", p.core);
  v.real("B_per_cycle", p.bytesPerCycle, Positive, Required);
  v.real("half_bytes", p.halfBytes, Zero, Optional);
  v.real("fixed_cycles", p.fixedCycles, Zero, Optional);
  v.changes("layouts", p.layouts);
  v.words("atomic", p.atomic, kAtomics, Optional);
  v.words("atomic_types", p.atomicTypes, kTypes, Optional);
  v.integers("request_sizes", p.requestSizes);
  v.real("request_cycles", p.requestCycles, Zero, Optional);
  v.flag("whole_ranges", p.wholeRanges);
}

template <class V> void describe(V &v, Pipe &p) {
  v.text("name", p.name, Required);
  v.onlyCores("cores", p.cores);
  v.flag("self_ordered", p.selfOrdered);
  v.real("gap_cycles", p.gapCycles, Zero, Optional);
}

template <class V> void describe(V &v, SharedLevel &s) {
  v.text("name", s.name, Required);
  v.integer("bytes", s.bytes, Zero, Required);
  v.integer("line", s.line, Positive, Required);
  v.real("read_B_per_cycle_per_core", s.readPerCore, Positive, Required);
  v.real("write_B_per_cycle_per_core", s.writePerCore, Positive, Required);
  v.real("total_B_per_cycle", s.total, Positive, Optional);
  v.real("cold_rate", s.coldRate, Positive, Optional);
  v.flag("multicast", s.multicast);
}

template <class V> void describe(V &v, MmaOperand &o) {
  v.words("spaces", o.spaces, {}, Required);
  v.word("layout", o.layout, kLayouts, Required);
  v.integer("panel", o.panel, Positive, Optional);
}

template <class V> void describe(V &v, MmaTypes &t) {
  v.word("a", t.a, kTypes, Required);
  v.word("b", t.b, kTypes, Required);
  v.word("acc", t.acc, kTypes, Required);
}

template <class V> void describe(V &v, Mma &m) {
  v.onlyCore("core", m.core);
  v.text("pipe", m.pipe, Required);
  v.section("types", m.types);
  v.integer("m", m.m, Positive, Required);
  v.integer("n", m.n, Positive, Required);
  v.integer("k", m.k, Positive, Required);
  v.real("cycles", m.cycles, Positive, Required);
  v.real("head", m.head, Zero, Optional);
  v.section("a", m.a);
  v.section("b", m.b);
  v.section("c", m.c);
  v.text("bias_space", m.biasSpace, Optional);
  v.word("scale_type", m.scaleType, kTypes, Optional);
  v.integer("scale_block", m.scaleBlock, Positive, Optional);
}

template <class V> void describe(V &v, VectorCost &o) {
  v.text("name", o.name, Required);
  v.maybeReal("head", o.head);
  v.maybeReal("tail", o.tail);
  v.maybeReal("cycles_per_repeat", o.cyclesPerRepeat);
}

template <class V> void describe(V &v, VectorUnit &u) {
  v.onlyCore("core", u.core);
  v.text("pipe", u.pipe, Required);
  v.words("spaces", u.spaces, {}, Required);
  v.integer("bytes", u.bytes, Positive, Required);
  v.real("head", u.head, Zero, Required);
  v.real("tail", u.tail, Zero, Required);
  v.real("cycles_per_repeat", u.cyclesPerRepeat, Positive, Required);
  v.flag("registers", u.registers);
  v.words("types", u.types, kTypes, Required);
  v.words("absent", u.absent, {}, Optional);
  v.each("ops", u.ops, "name", Optional);
}

template <class V> void describe(V &v, Fixpipe &f) {
  v.onlyCore("core", f.core);
  v.text("pipe", f.pipe, Required);
  v.text("from", f.from, Required);
  v.words("to", f.to, {}, Required);
  v.words("ops", f.ops, kFixpipeOps, Required);
  v.text("param_space", f.paramSpace, Optional);
}

template <class V> void describe(V &v, Sync &s) {
  v.integer("event_ids", s.eventIds, Positive, Required);
  v.real("event_cycles", s.eventCycles, Zero, Optional);
  v.integer("cross_ids", s.crossIds, Zero, Optional);
  v.integer("max_count", s.maxCount, Zero, Optional);
  v.words("modes", s.modes, kSyncModes, Optional);
  v.real("cross_cycles", s.crossCycles, Zero, Optional);
}

template <class V> void describe(V &v, Energy &e) {
  v.real("idle_low_W", e.idleLowW, Positive, Required);
  v.real("idle_high_W", e.idleHighW, Positive, Required);
  v.maybeReal("full_W", e.fullW);
  v.costs("pJ_per_op", e.pjPerOp);
}

template <class V> void describe(V &v, ChipSpec &c) {
  v.table("sources", c.sources);
  v.text("name", c.name, Required);
  v.text("summary", c.summary, Required);
  v.text("generation", c.generation, Optional);
  v.word("isa", c.isa, kIsas, Optional);
  v.flag("timed", c.timed);
  v.words("leaves_out", c.leavesOut, {}, Optional);
  v.each("cores", c.cores, "kind", Required);
  v.coresAre(c.cores);
  v.each("memories", c.memories, "name", Required);
  v.each("pipes", c.pipes, "name", Required);
  v.each("paths", c.paths, "", Required);
  v.each("shared", c.shared, "name", Optional);
  v.each("mma", c.mma, "", Optional);
  v.each("vector", c.vector, "core", Optional);
  v.section("fixpipe", c.fixpipe);
  v.section("sync", c.sync);
  v.real("launch_us", c.launchUs, Zero, Required);
  v.real("ramp_us", c.rampUs, Zero, Required);
  v.real("first_load_us", c.firstLoadUs, Zero, Optional);
  v.section("energy", c.energy);
}

} // namespace tessera::tile
