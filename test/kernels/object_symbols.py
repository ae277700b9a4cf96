"""Checks that objects built for one instruction set share no inline code with others.

A function that two objects both define is merged by the linker, which may keep the copy that needs
the better machine. So every symbol that an instruction set's object defines and that others may
define too must carry the xsimd tag, or the name, of that set.
"""

import subprocess
import sys

TAGS = {
    "scalar": ("scalar", "Scalar"),
    "neon": ("neon",),
    "sse2": ("sse2",),
    "avx2": ("fma3", "avx2"),
    "avx512": ("avx512",),
    "avx512vnni": ("Avx512Vnni", "avx512vnni"),
    "amx": ("Amx", "amx"),
}


def offenders(nm, isa, path):
    lines = subprocess.run([nm, "-C", "--defined-only", path], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    for line in lines:
        kind, name = line.split(None, 2)[1:] if line[0] != " " else line.split(None, 1)
        if kind.islower() and kind not in "vw":
            continue  # local to the object
        if not any(tag in name for tag in TAGS[isa]):
            yield f"{path}: {kind} {name}"


def main():
    nm, *pairs = sys.argv[1:]
    bad = []
    for pair in pairs:
        isa, paths = pair.split("=", 1)
        for path in paths.split(":"):
            bad += offenders(nm, isa, path)
    for line in bad:
        print("symbol without the tag of its instruction set:", line)
    print(f"{len(pairs)} instruction sets, {len(bad)} offending symbols")
    return 1 if bad or not pairs else 0


sys.exit(main())
