"""Damages ONNX models at random and imports them: each must be read or refused with a message.

usage: damaged.py TESSERA SCHEMA_FOLDER [COUNT [SEED]]"""
import glob
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BYTES = [0, 1, 2, 8, 10, 18, 0x7F, 0x80, 0xFF]


def damage(data, chance):
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 4, 8])):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.randrange(1, 9)
        kind = chance.randrange(5)
        if kind <= 1:
            data[at] = chance.choice(BYTES + [chance.randrange(256)])
        elif kind == 2:
            del data[at:at + length]
        elif kind == 3:
            data[at:at] = bytes(chance.choices(BYTES, k=length))
        else:
            del data[at:]
    return bytes(data)


def problem_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "did not end"
    if done.returncode not in (0, 1):
        return f"exit code {done.returncode}: {done.stderr[-300:]}"
    if any(ord(c) < 32 and c != "\n" for c in done.stderr):
        return "its message holds control characters"
    if done.returncode == 1 and "error:" not in done.stderr:
        return "refused without a message"
    return None


def main():
    tool, schema = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 150
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        models = []
        for source in sorted(glob.glob(os.path.join(HERE, "*.model"))):
            path = os.path.join(folder, os.path.basename(source) + ".onnx")
            subprocess.run([sys.executable, os.path.join(HERE, "write-onnx.py"), source, "-o", path,
                            "--schema", schema], check=True)
            with open(path, "rb") as model:
                models.append(model.read())
        path = os.path.join(folder, "damaged.onnx")
        for index in range(count):
            with open(path, "wb") as model:
                model.write(damage(chance.choice(models), chance))
            if problem := problem_of([tool, "import", path]):
                kept = os.path.join(os.getcwd(), f"damaged-{seed}-{index}.onnx")
                os.replace(path, kept)
                sys.exit(f"{kept}: {problem}")
    print(f"{count} damaged models were read or refused (seed {seed})")


if __name__ == "__main__":
    main()
