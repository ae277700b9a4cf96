#!/usr/bin/env python3
"""Checks every source file: its size, its opening sentence, and that it names no machine.

    files.py [SOURCE_ROOT]
"""
import os
import re
import sys

import tree

MOST_LINES = 800
# A file may speak of temporary folders through mktemp, never of one by its path.
MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|home|root|tmp|farm)/")
UNFINISHED = re.compile(r"\b(?:FIXME|XXX)\b")


def problems(root):
    for path in tree.files(root, tree.TEXT):
        text = tree.read(root, path)
        if path.startswith("test/house/"):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield f"{path}:{number}: names a path of one machine"
            if UNFINISHED.search(line):
                yield f"{path}:{number}: is marked as unfinished"
        if not path.endswith(tree.CODE):
            continue
        if text.count("\n") > MOST_LINES:
            yield f"{path}: has {text.count(chr(10))} lines, more than {MOST_LINES}"
        if not text.startswith("//"):
            yield f"{path}: does not open with a sentence about itself"
    for script in ("tools/demo", "tools/test", ".ci/run", "tools/models/get-model"):
        if not os.access(os.path.join(root, script), os.X_OK):
            yield f"{script}: is not executable"


sys.exit(tree.report(list(problems(*sys.argv[1:] or ["."])), "every file is as the house wants it"))
