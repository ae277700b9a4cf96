"""Compares the f32 .npy files of two folders: every number within 1e-5 of the largest one."""
import array
import pathlib
import sys


def numbers(path):
    data = path.read_bytes()
    header_bytes = int.from_bytes(data[8:10], "little")
    header = data[10:10 + header_bytes].decode("latin1")
    if "'<f4'" not in header:
        sys.exit(f"{path}: expected f32, but got {header}")
    values = array.array("f")
    values.frombytes(data[10 + header_bytes:])
    return header.split("shape")[1], values


before, after = (pathlib.Path(folder) for folder in sys.argv[1:3])
names = sorted(path.name for path in before.glob("*.npy"))
if not names or names != sorted(path.name for path in after.glob("*.npy")):
    sys.exit(f"expected the same files, but got {names} in {before} only")
for name in names:
    shape, old = numbers(before / name)
    other_shape, new = numbers(after / name)
    if shape != other_shape:
        sys.exit(f"{name}: expected shape {shape}, but got {other_shape}")
    largest = max(map(abs, old))
    error = max(abs(x - y) for x, y in zip(old, new))
    # Written so that NaN fails too.
    if not (largest > 0 and error <= 1e-5 * largest):
        sys.exit(f"{name}: differs by {error}, the largest number being {largest}")
