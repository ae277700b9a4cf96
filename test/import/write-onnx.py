"""Writes an ONNX model from a few lines of text, with protoc; needs no ONNX package.

  opset 15 | opset com.example 1
  input x float 1x3x8x8          dims: a number, ? or a name; 'scalar' for rank 0
  input anything                 without a type
  init w float 4x3x1x1 = 0.5     one number fills, [1, 2] lists them
  init w float 4 raw 8           that many bytes of data, right or wrong
  init w float 4 external location="w.bin" offset="0"
  y, z = Split(x) axis=1 split=[1, 2] node="first" domain="com.example"
  y = Constant() value=int64[2, 3]
  output y

An input that is left out is written _. Lines that start with # are comments."""
import argparse
import re
import subprocess
import sys

TYPES = {"float": 1, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5, "int32": 6, "int64": 7,
         "string": 8, "bool": 9, "float16": 10, "double": 11, "bfloat16": 16}
FIELDS = {"float": "float_data", "double": "double_data", "int64": "int64_data"}
ATTRIBUTE = re.compile(r'(\w+)=("[^"]*"|\w*\[[^\]]*\]|\S+)')


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def numbers(text):
    return [item.strip() for item in text.strip("[] ").split(",") if item.strip()]


def split_dims(text):
    return [] if text == "scalar" else text.split("x")


def value_info(words):
    name, *rest = words
    if not rest:
        return f"name: {quote(name)}"
    text = ""
    for dim in split_dims(rest[1]) if len(rest) > 1 else []:
        known = f"dim_value: {dim}" if re.fullmatch(r"-?\d+", dim) else (
            "" if dim == "?" else f"dim_param: {quote(dim)}")
        text += f" dim {{ {known} }}"
    shape = f"shape {{ {text} }}" if len(rest) > 1 else ""
    return (f"name: {quote(name)} type {{ tensor_type {{ elem_type: {TYPES[rest[0]]} "
            f"{shape} }} }}")


def tensor(kind, dims, values):
    text = f"data_type: {TYPES[kind]} " + " ".join(f"dims: {d}" for d in dims)
    field = FIELDS.get(kind, "int32_data")
    return text + "".join(f" {field}: {v}" for v in values)


def initializer(line):
    head, _, fill = line.partition("=") if " external " not in line else (line, "", "")
    words = head.split()
    name, kind, dims = words[0], words[1], split_dims(words[2])
    extra = words[3:]
    values = numbers(fill)
    if values and not fill.strip().startswith("["):
        count = 1
        for dim in dims:
            count *= int(dim)
        values *= count
    text = f"name: {quote(name)} " + tensor(kind, dims, values)
    if extra[:1] == ["raw"]:
        text += ' raw_data: "' + "a" * int(extra[1]) + '"'
    if extra[:1] == ["external"]:
        text += " data_location: EXTERNAL"
        for key, value in ATTRIBUTE.findall(line.partition(" external ")[2]):
            text += f" external_data {{ key: {quote(key)} value: {value} }}"
    return text


def attribute(name, value):
    if value.startswith('"'):
        body = f"type: STRING s: {value}"
    elif value.startswith("["):
        items = numbers(value)
        real = any("." in item for item in items)
        body = "type: " + ("FLOATS" if real else "INTS")
        body += "".join(f" {'floats' if real else 'ints'}: {item}" for item in items)
    elif "[" in value:
        kind, _, rest = value.partition("[")
        items = numbers(rest)
        body = f"type: TENSOR t {{ {tensor(kind, [len(items)], items)} }}"
    elif re.fullmatch(r"-?\d+", value):
        body = f"type: INT i: {value}"
    else:
        body = f"type: FLOAT f: {value}"
    return f"attribute {{ name: {quote(name)} {body} }}"


def node(line):
    results, call = (part.strip() for part in line.split("=", 1))
    match = re.match(r"(\w+)\(([^)]*)\)(.*)", call)
    op, inputs, rest = match.groups()
    text = f"op_type: {quote(op)}"
    for item in filter(None, (part.strip() for part in inputs.split(","))):
        text += f" input: {quote('' if item == '_' else item)}"
    for item in (part.strip() for part in results.split(",")):
        text += f" output: {quote('' if item == '_' else item)}"
    for key, value in ATTRIBUTE.findall(rest):
        if key in ("node", "domain"):
            text += f" {'name' if key == 'node' else key}: {value}"
        else:
            text += " " + attribute(key, value)
    return text


def model_text(lines):
    opsets, graph = [], ""
    for line in (line.strip() for line in lines):
        word, _, rest = line.partition(" ")
        if not line or line.startswith("#"):
            continue
        if word == "opset":
            *domain, version = rest.split()
            opsets.append(f"domain: {quote(domain[0] if domain else '')} version: {version}")
        elif word in ("input", "output"):
            graph += f"  {word} {{ {value_info(rest.split())} }}\n"
        elif word == "init":
            graph += f"  initializer {{ {initializer(rest)} }}\n"
        else:
            graph += f"  node {{ {node(line)} }}\n"
    header = "".join(f"opset_import {{ {o} }}\n" for o in opsets or ['version: 15'])
    return f"ir_version: 8\n{header}graph {{\n{graph}}}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source")
    parser.add_argument("-o", required=True)
    parser.add_argument("--schema", required=True, help="the folder that holds onnx_lite.proto")
    arguments = parser.parse_args()
    with open(arguments.source, encoding="utf-8") as source:
        text = model_text(source)
    encoded = subprocess.run(
        ["protoc", "--encode=tessera_onnx.ModelProto", f"-I{arguments.schema}",
         f"{arguments.schema}/onnx_lite.proto"], input=text.encode(), capture_output=True)
    if encoded.returncode:
        sys.exit(encoded.stderr.decode() + text)
    with open(arguments.o, "wb") as target:
        target.write(encoded.stdout)


if __name__ == "__main__":
    main()
