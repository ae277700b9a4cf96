#!/usr/bin/env python3
"""Checks that each room includes only the rooms it may, and that kernels and runtime know no LLVM.

    arrows.py [SOURCE_ROOT]
"""
import re
import sys

import tree

ALL = {"support", "kernels", "runtime", "dialect", "passes", "machine", "import", "compiler"}
MAY_INCLUDE = {
    "support": set(),
    "kernels": {"support"},
    "runtime": {"kernels", "support"},
    "dialect": {"support"},
    "passes": {"dialect", "support"},
    "machine": {"dialect", "kernels", "support"},
    "import": {"dialect", "support"},
    "compiler": ALL,
}
WITHOUT_LLVM = {"support", "kernels", "runtime"}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.M)


def problems(root):
    for path in tree.files(root, (".h", ".cpp", ".def")):
        parts = path.split("/")
        if parts[0] == "lib":
            room = parts[1]
        elif parts[:2] == ["include", "tessera"]:
            room = parts[2]
        else:
            continue
        if room not in MAY_INCLUDE:
            yield f"{path}: is in a room that this test does not know, '{room}'"
            continue
        for included in INCLUDE.findall(tree.read(root, path)):
            top = included.split("/")
            if top[0] == "tessera" and top[1] != room and top[1] not in MAY_INCLUDE[room]:
                yield f"{path}: {room} may not include {top[1]} ({included})"
            if room in WITHOUT_LLVM and top[0] in ("mlir", "llvm", "clang"):
                yield f"{path}: {room} is to build without LLVM, but includes {included}"


sys.exit(tree.report(list(problems(*sys.argv[1:] or ["."])), "every include follows the arrows"))
