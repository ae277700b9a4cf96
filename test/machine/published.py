"""Tile programs of published schedules, and what was measured of them on hardware.

    published.py TESSERA        prints predicted against published
"""
import json
import subprocess
import sys
import tempfile

# pto-isa, kernels/manual/a2a3, gemm_performance and conv2d_forward, Ascend A3 die: (M, K, N), time
# in us, and the busy shares of core cycles that the tables give. A convolution is given here by the
# GEMM that it amounts to, which loads more than its raw lines.
POINTS = [
    ("gemm", (1536, 1536, 1536), 38.8, {"M": .545, "MTE1": .422, "cube.MTE2": .722, "FIX": .077}),
    ("gemm", (6144, 6144, 6144), 1506.0, {"M": .867, "MTE1": .681, "cube.MTE2": .952, "FIX": .031}),
    ("conv", (1536, 1152, 1536), 32.2, {"M": .529}),
    ("conv", (6144, 4608, 6144), 1097.9, {"M": .908}),
]
CHIP = "ascend-910_93"


def memref(sizes, dtype="f16", space="", strides=None, offset=None):
    text = "x".join(map(str, [*sizes, dtype]))
    if strides:
        text += f", strided<{list(strides)}, offset: {'?' if offset is None else offset}>"
    return f"memref<{text}" + (f', #tile.space<"{space}">>' if space else ">")


def gemm(m, k, n, tile=(128, 256, 64), step=4, cores=(4, 6)):
    """f16 to f32: base tile, k-blocks per load into L1, grid of cores; two slots in L1, L0A, L0B."""
    tm, tn, tk = tile
    deep = tk * step
    a, b, c = memref((m, k)), memref((k, n)), memref((m, n), "f32")
    l1a, l1b = memref((deep // 16, tm // 16, 16, 16), space="l1"), memref(
        (tn // 16, deep // 16, 16, 16), space="l1")
    l0a, l0b = memref((tm // 16, tk // 16, 16, 16), space="l0a"), memref(
        (tk // 16, tn // 16, 16, 16), space="l0b")
    l0c = memref((tn // 16, tm // 16, 16, 16), "f32", "l0c")
    lines = [
        "module attributes {tile.arena_bytes = 0 : i64} {",
        f"func.func @main(%a: {a}, %b: {b}, %c: {c}) {{",
        f"tile.launch @gemm(%a, %b, %c) blocks {cores[0] * cores[1]} cores = cube : {a}, {b}, {c}",
        "return }",
        f"func.func private @gemm(%a: {a}, %b: {b}, %c: {c}) attributes {{tile.kernel}} {{",
        f"scf.forall (%i, %j) = (0, 0) to ({m}, {n}) step ({m // cores[0]}, {n // cores[1]}) {{",
    ]
    for slot in range(2):
        for name, kind, at in (("a1", l1a, slot * tm * deep * 2),
                               ("b1", l1b, (2 * tm + slot * tn) * deep * 2),
                               ("a0", l0a, slot * tm * tk * 2), ("b0", l0b, slot * tn * tk * 2)):
            lines.append(f"%{name}_{slot} = memref.alloc() {{tile.offset = {at} : i64}} : {kind}")
    lines.append(f"%l0c = memref.alloc() {{tile.offset = 0 : i64}} : {l0c}")
    for value in sorted({0, tm, tn, tk, m // cores[0], n // cores[1]}):
        lines.append(f"%c{value} = arith.constant {value} : index")
    lines += [
        "%false = arith.constant false", "%true = arith.constant true",
        f"scf.for %p = %c0 to %c{m // cores[0]} step %c{tm} {{",
        f"scf.for %q = %c0 to %c{n // cores[1]} step %c{tn} {{",
        "%row = arith.addi %i, %p : index", "%column = arith.addi %j, %q : index",
    ]
    block = 0
    for load, at in enumerate(range(0, k, deep)):
        slot, length = load % 2, min(deep, k - at)
        part_a, part_b = memref((tm, length), strides=(k, 1)), memref((length, tn), strides=(n, 1))
        lines += [
            f"%ga{load} = memref.subview %a[%row, {at}] [{tm}, {length}] [1, 1] : {a} to {part_a}",
            f"%gb{load} = memref.subview %b[{at}, %column] [{length}, {tn}] [1, 1] : {b} to {part_b}",
            f"tile.copy nd2nz %ga{load} to %a1_{slot} : {part_a} to {l1a}",
            f"tile.copy nd2nz %gb{load} to %b1_{slot} : {part_b} to {l1b}",
        ]
        for inner in range(length // tk):
            other, first = block % 2, inner * tk // 16
            from_a = memref((tk // 16, tm // 16, 16, 16), space="l1", offset=first * tm * 16,
                            strides=(tm * 16, 256, 16, 1))
            from_b = memref((tn // 16, tk // 16, 16, 16), space="l1", offset=first * 256,
                            strides=(deep * 16, 256, 16, 1))
            lines += [
                f"%la{block} = memref.subview %a1_{slot}[{first}, 0, 0, 0] "
                f"[{tk // 16}, {tm // 16}, 16, 16] [1, 1, 1, 1] : {l1a} to {from_a}",
                f"%lb{block} = memref.subview %b1_{slot}[0, {first}, 0, 0] "
                f"[{tn // 16}, {tk // 16}, 16, 16] [1, 1, 1, 1] : {l1b} to {from_b}",
                f"tile.copy nz2zz %la{block} to %a0_{other} : {from_a} to {l0a}",
                f"tile.copy nz2nzT %lb{block} to %b0_{other} : {from_b} to {l0b}",
                f"tile.mma %a0_{other}, %b0_{other}, %l0c extents(%c{tm}, %c{tn}, %c{tk}) "
                f"accumulate(%{'true' if block else 'false'}) : {l0a}, {l0b}, {l0c}",
            ]
            block += 1
    part_c = memref((tm, tn), "f32", strides=(n, 1))
    lines += [
        f"%out = memref.subview %c[%row, %column] [{tm}, {tn}] [1, 1] : {c} to {part_c}",
        f"tile.fixpipe %l0c to %out : {l0c} to {part_c}", "} } }", "return } }",
    ]
    return "\n".join(lines) + "\n"


def predict(tessera, shape):
    with tempfile.NamedTemporaryFile("w", suffix=".mlir") as file:
        file.write(gemm(*shape))
        file.flush()
        out = subprocess.run([tessera, "sim", file.name, "--chip", CHIP, "--json"], check=True,
                             capture_output=True, text=True).stdout
    time = json.loads(out)
    return time["us"], time["kernels"][0]["busy"]


def main():
    for family, shape, us, busy in POINTS:
        predicted, shares = predict(sys.argv[1], shape)
        print(f"{family} {'x'.join(map(str, shape))}: {predicted:.1f} us, published {us} "
              f"({100 * (predicted / us - 1):+.1f} %); busy " +
              ", ".join(f"{pipe} {100 * shares[pipe]:.1f} % ({100 * share:.1f})"
                        for pipe, share in busy.items()))


if __name__ == "__main__":
    main()
