"""Writes include/tessera/kernels/PiecewiseTables.h: polynomials on 8 or 32 segments of an even
function, as many as the registers of an instruction set can look up, and powers of two.

Each segment has a polynomial of least relative error (Lawson's reweighted least squares) in the
scaled distance from its centre or, of a root, in t. Needs mpmath and numpy. Run: python3 piecewise_tables.py OUT.h
"""

import sys

import mpmath as mp
import numpy as np

HEAD = """// Coefficients of piecewise functions in MathCore.h; written by lib/kernels/piecewise_tables.py.
#pragma once

namespace tessera::kernels {
// clang-format off
"""

PRIMARY = """/// {summary}
/// for t >= 0 on so many segments; {end}.
template <class Arch, int Segments> struct {name}Table;
"""


def over_x(f, at_zero):
    return lambda t: f(t) / t if t > 1e-15 else at_zero


def gelu_tanh_tail(t):
    return 1 / (1 + mp.exp(2 * mp.sqrt(2 / mp.pi) * (t + mp.mpf("0.044715") * t**3)))


# Name, summary, function of t >= 0, where it ends, whether it is zero from there on, degree by
# segments.
TABLES = [
    ("Tanh", "tanh(t) / t", over_x(mp.tanh, mp.mpf(1)), 9.02, False, {32: 5}),
    ("Erf", "erf(t) / t", over_x(mp.erf, 2 / mp.sqrt(mp.pi)), 3.95, False,
     {8: 7, 32: 4}),
    ("Gelu", "Phi(-t), the normal distribution", lambda t: mp.ncdf(-t), 5.6, True,
     {8: 8}),
    ("GeluTanh", "1 / (1 + e^(2 sqrt(2/pi) (t + 0.044715 t^3)))", gelu_tanh_tail, 5.0, True,
     {8: 8}),
]

# The same of functions whose roots are tabulated, in t and not in distances.
ROOTS = [
    ("GeluRoot", "The root of Phi(-t), the normal distribution,", lambda t: mp.sqrt(mp.ncdf(-t)),
     5.6, True, {32: 3}),
    ("GeluTanhRoot", "The root of 1 / (1 + e^(2 sqrt(2/pi) (t + 0.044715 t^3)))",
     lambda t: mp.sqrt(gelu_tanh_tail(t)), 5.0, True, {32: 3}),
]


def fit(nodes, values, sizes, degree):
    """The polynomial at `nodes` that is off by the least part of `sizes`."""
    powers = np.vstack([nodes**j for j in range(degree + 1)]).T
    weight = np.ones(64)
    best = None
    for _ in range(25):
        w = np.sqrt(weight) / np.abs(sizes)
        solution = np.linalg.lstsq(powers * w[:, None], values * w, rcond=None)[0]
        error = np.abs(powers @ solution - values) / np.abs(sizes)
        if best is None or error.max() < best[0]:
            best = (error.max(), solution)
        weight = weight * (error / error.max() + 1e-2)
        weight /= weight.mean()
    return best[1]


def samples(f, index, scale):
    """Places within a segment, as distances from its centre, and the function there."""
    nodes = np.cos(np.pi * (np.arange(64) + 0.5) / 64) / 2
    if index == 0:
        nodes = np.abs(nodes)
    return nodes, np.array([float(f(mp.mpf(float(d + index)) / scale)) for d in nodes])


def segment(f, index, scale, degree):
    nodes, values = samples(f, index, scale)
    return fit(nodes, values, values, degree)


def segment_in_t(f, index, scale, degree):
    """The polynomial in t itself. Each coefficient makes up for the rounding of those above it."""
    nodes, values = samples(f, index, scale)
    t = (nodes + index) / float(scale)
    rest = values.copy()
    solution = np.zeros(degree + 1)
    for j in range(degree, -1, -1):
        solution[j] = np.float32(fit(nodes, rest, values, j)[j] * float(scale) ** j)
        rest -= solution[j] * t**j
    return solution


def text(value):
    mantissa, exponent = np.float32(value).item().hex().split("p")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + "p" + exponent + "f"


def table(name, f, limit, vanishes, segments, degree, segment):
    scale = np.float32((segments - 1.51 if vanishes else segments - 1) / limit)
    count = segments - 1 if vanishes else segments
    columns = [segment(f, i, mp.mpf(float(scale)), degree) for i in range(count)]
    columns += [np.zeros(degree + 1)] * (segments - count)
    lines = [f"template <class Arch> struct {name}Table<Arch, {segments}> {{",
             f"  static constexpr int kSegments = {segments};",
             f"  static constexpr float kScale = {text(scale)};",
             f"  static constexpr int kDegree = {degree};",
             f"  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {{"]
    for j in range(degree + 1):
        numbers = [text(column[j]) for column in columns]
        rows = [", ".join(numbers[i:i + 6]) for i in range(0, segments, 6)]
        lines.append("    {" + ",\n     ".join(rows) + "},")
    return "\n".join(lines + ["  };", "};", ""])


def tables(name, summary, f, limit, vanishes, degrees, segment):
    end = f"zero from {limit} on" if vanishes else f"constant from {limit} on"
    return PRIMARY.format(name=name, summary=summary, end=end) + "".join(
        table(name, f, limit, vanishes, *entry, segment) for entry in degrees.items())


def powers():
    numbers = [text(mp.mpf(2) ** (mp.mpf(i) / 32)) for i in range(32)]
    rows = [", ".join(numbers[i:i + 6]) for i in range(0, 32, 6)]
    return ("/// 2^(i / 32).\n"
            "template <class Arch> struct Exp2Table {\n"
            "  alignas(64) static constexpr float kPowers[32] = {\n    "
            + ",\n    ".join(rows) + "};\n};\n")


def main():
    mp.mp.dps = 40
    entries = [(*entry, segment) for entry in TABLES] + [(*entry, segment_in_t) for entry in ROOTS]
    body = "\n".join(tables(*entry) for entry in entries) + "\n" + powers()
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write(HEAD + body + "// clang-format on\n} // namespace tessera::kernels\n")


main()
