#!/usr/bin/env python3
"""Runs every worked example of a dialect's ODS through tessera-opt.

usage: doc-examples.py TESSERA_OPT FILE.td...

An example names operands that nothing defines; they become the arguments of a function around it,
with the types the example itself gives them. Each example must parse, verify and print, and what
is printed must parse again.
"""
import re
import subprocess
import sys

VALUE = re.compile(r"%\w+")


def statements(block):
    """The block's statements, continuation lines joined; a region stays one statement."""
    out, depth = [], 0
    for line in block.splitlines():
        text = line.strip()
        if not text:
            continue
        starts = depth == 0 and (text.startswith("%") or re.match(r"\w+\.\w+", text))
        if starts or not out:
            out.append(text)
        else:
            out[-1] += "\n" + text
        depth += text.count("{") - text.count("}")
    return out


def split_types(text):
    """Splits at commas outside brackets."""
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += char in "<(["
        depth -= char in ">)]" and text[i - 1] != "-"
        if char == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    parts.append(text[start:].strip())
    return parts


def operand_types(statement):
    """Maps the operands of one statement to the types it prints for them."""
    body = statement.split("=", 1)[1] if statement.startswith("%") else statement
    head = body.split("{\n")[0].replace("\n", " ")
    types = {}
    if ".kernel" in head:
        pairs = re.findall(r"%\w+ = (%\w+)", head)
        listed = re.search(r":\s*\((.*?)\)\s*->", head).group(1)
        return dict(zip(pairs, split_types(listed)))

    def inline(match):
        types[match.group(1)] = match.group(2)
        return ""

    head = re.sub(r"\((%\w+) : (\w+<[^()]*>)\)", inline, head)
    if ":" not in head:
        return types
    # The operands' types follow the last colon that is in no attribute dictionary.
    operands, _, listed = re.sub(r"\{[^{}]*\}", "", head).rpartition(" : ")
    listed = re.split(r" -> | to ", listed)[0]
    names, kinds = VALUE.findall(operands), split_types(listed)
    if len(kinds) == 1:
        kinds *= len(names)
    types.update(zip(names, kinds))
    return types


def tile_operand_types(statement):
    """The same for the tile dialect, whose operands come in groups that say what they are."""
    head, types = re.split(r"\{\n|\^", statement)[0].replace("\n", " "), {}

    def group(match):
        types.update(zip(VALUE.findall(match.group(2)), split_types(match.group(3))))
        return ""

    def extents(match):
        kind = "i1" if match.group(1) == "accumulate" else "index"
        types.update({value: kind for value in VALUE.findall(match.group(2))})
        return ""

    head = re.sub(r"\b(ins|outs) ?\(([^:)]*) : ([^)]*)\)", group, head)
    head = re.sub(r"\b(pads|first|extents|accumulate) ?\(([^)]*)\)", extents, head)
    head = re.sub(r"\{[^{}]*\}", "", head.split("=", 1)[-1] if head[0] == "%" else head)
    operands, _, listed = head.rpartition(" : ")
    if "->" in listed and "map" not in listed:  # (types) -> type
        listed = listed.split(" -> ")[0].strip("() ")
    kinds = [kind for part in split_types(listed) for kind in part.split(" to ")]
    types.update(zip(VALUE.findall(operands), kinds))
    return types


def check(tool, name, block):
    if block.lstrip().startswith("func.func"):
        return accepted(tool, name, block)
    arguments, defined, kernels = {}, set(), ""
    for statement in statements(block):
        of = tile_operand_types if "tile." in statement.split("(")[0] else operand_types
        if "tile.launch" in statement:
            callee, kinds = re.search(r"(@\w+).*\s: (.*)", statement, re.DOTALL).groups()
            kernels += f"func.func private {callee}({kinds})\n"
        for value, kind in of(statement).items():
            if value not in defined:
                arguments.setdefault(value, kind)
        defined.update(VALUE.findall(statement.split("=", 1)[0]))
    signature = ", ".join(f"{value}: {kind}" for value, kind in arguments.items())
    return accepted(tool, name,
                    f"{kernels}func.func @example({signature}) {{\n{block}\n  return\n}}\n")


def accepted(tool, name, text):
    """Whether the tool takes the text, and what it prints of it."""
    for _ in range(2):
        run = subprocess.run([tool, "-"], input=text, capture_output=True, text=True)
        if run.returncode != 0:
            print(f"{name}: example failed\n{text}{run.stderr}", file=sys.stderr)
            return False
        text = run.stdout
    return True


def main():
    tool, failures, count = sys.argv[1], 0, 0
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for block in re.findall(r"```mlir\n(.*?)```", text, re.DOTALL):
            count += 1
            failures += not check(tool, path, block)
    print(f"{count - failures} of {count} examples pass")
    sys.exit(1 if failures or count == 0 else 0)


if __name__ == "__main__":
    main()
