#!/usr/bin/env python3
"""Checks what the programs and libraries are linked from.

    binaries.py programs FILE...      one shared MLIR, one shared LLVM, and no static copy of either
    binaries.py exports LIBRARY       nothing is exported but tessera's own names
    binaries.py plain ARCHIVE...      no reference to MLIR or LLVM
"""
import re
import subprocess
import sys

import tree


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def programs(paths):
    for path in paths:
        needed = output("ldd", path)
        for library in ("libMLIR", "libLLVM"):
            found = set(re.findall(rf"\b{library}[-.\w]*\.so[.\w]*", needed))
            if len(found) != 1:
                yield f"{path}: expected one {library}, but ldd shows {sorted(found) or 'none'}"
        if "not found" in needed:
            yield f"{path}: ldd does not find {re.findall(r'(.*) => not found', needed)}"
        # Strong definitions only: inline functions and templates of the headers are everywhere.
        for line in output("nm", "--defined-only", "--demangle", path).splitlines():
            fields = line.split(" ", 2)
            if len(fields) == 3 and fields[1] == "T" and re.match(r"(mlir|llvm)::", fields[2]):
                if "tessera" not in fields[2]:
                    yield f"{path}: holds a copy of {fields[2]}"


def exports(paths):
    for path in paths:
        names = output("nm", "--dynamic", "--extern-only", "--defined-only", "--demangle",
                       path).splitlines()
        own = 0
        for line in names:
            name = line.split(" ", 2)[-1]
            own += "tessera::" in name
            # The version itself is a symbol too.
            if "tessera::" not in name and not name.startswith("TESSERA_"):
                yield f"{path}: exports {name}"
        if not own:
            yield f"{path}: exports nothing of tessera"


def plain(paths):
    for path in paths:
        for line in output("nm", "--demangle", path).splitlines():
            if re.search(r" U (mlir|llvm)::", line):
                yield f"{path}: refers to {line.split(' U ')[1]}"


CHECKS = {"programs": programs, "exports": exports, "plain": plain}
sys.exit(tree.report(list(CHECKS[sys.argv[1]](sys.argv[2:])), f"{sys.argv[1]}: as they should be"))
