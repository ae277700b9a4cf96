#!/usr/bin/env python3
"""Draws a face for BlazeFace (front), and says in words what its outputs mean.

    blazeface.py draw FACE.npy      writes the input, 1x128x128x3 floats from -1 to 1
    blazeface.py explain FOLDER     reads output_0.npy to output_3.npy from there

Needs nothing but Python's own library.
"""
import math
import struct
import sys

SIZE = 128


def write_npy(path, shape, values):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(shape)}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(values)}f", *values))


def read_npy(path):
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<H", data[8:10])[0]
    body = data[10 + length:]
    return struct.unpack(f"<{len(body) // 4}f", body)


# Ellipses from back to front: centre, radii, colour, softness of the edge, all in pixels and 0..1.
SKIN, HAIR = (0.87, 0.67, 0.55), (0.22, 0.15, 0.11)
ELLIPSES = [
    ((64, 138), (52, 34), (0.25, 0.33, 0.47), 2),    # shoulders
    ((64, 104), (13, 20), (0.74, 0.55, 0.45), 2),    # neck
    ((64, 56), (35, 40), HAIR, 3),
    ((33, 66), (5, 9), SKIN, 2),                     # ears
    ((95, 66), (5, 9), SKIN, 2),
    ((64, 66), (29, 36), SKIN, 2),                   # face
    ((64, 44), (24, 12), (0.90, 0.71, 0.59), 8),     # light on the forehead
    ((48, 78), (9, 7), (0.90, 0.62, 0.53), 6),       # cheeks
    ((80, 78), (9, 7), (0.90, 0.62, 0.53), 6),
    ((64, 32), (27, 9), HAIR, 3),                    # hair over the forehead
    ((51, 60), (9, 5), (0.74, 0.55, 0.46), 4),       # shade around the eyes
    ((77, 60), (9, 5), (0.74, 0.55, 0.46), 4),
    ((51, 61), (6, 3), (0.95, 0.94, 0.93), 1),       # eyes
    ((77, 61), (6, 3), (0.95, 0.94, 0.93), 1),
    ((51, 61), (3, 3), (0.30, 0.20, 0.13), 1),
    ((77, 61), (3, 3), (0.30, 0.20, 0.13), 1),
    ((51, 53), (8, 1.6), HAIR, 1.5),                 # brows
    ((77, 53), (8, 1.6), HAIR, 1.5),
    ((64, 68), (2.5, 10), (0.92, 0.74, 0.63), 3),    # nose
    ((60, 77), (2.2, 1.4), (0.48, 0.30, 0.25), 1.5),
    ((68, 77), (2.2, 1.4), (0.48, 0.30, 0.25), 1.5),
    ((64, 80), (6, 2), (0.73, 0.53, 0.44), 3),
    ((64, 87), (10, 3.2), (0.72, 0.33, 0.32), 1.5),  # mouth
    ((64, 87), (9, 0.8), (0.42, 0.17, 0.17), 1),
    ((64, 97), (8, 2), (0.77, 0.57, 0.47), 4),       # chin
]


def pixel(x, y):
    colour = [0.55 + 0.2 * y / SIZE, 0.60 + 0.15 * y / SIZE, 0.62 + 0.1 * y / SIZE]
    for (cx, cy), (rx, ry), paint, soft in ELLIPSES:
        distance = math.hypot((x - cx) / rx, (y - cy) / ry)
        inside = min(1.0, max(0.0, (1 - distance) * min(rx, ry) / soft + 0.5))
        colour = [old + (new - old) * inside for old, new in zip(colour, paint)]
    return colour


def draw(path):
    values = []
    for y in range(SIZE):
        for x in range(SIZE):
            values += [2 * channel - 1 for channel in pixel(x + 0.5, y + 0.5)]
    write_npy(path, (1, SIZE, SIZE, 3), values)
    print(f"drew a face of {SIZE}x{SIZE} pixels into {path}")


def anchors():
    """Centres of the 896 candidates: 2 per cell of a 16x16 grid, then 6 per cell of an 8x8 grid."""
    for cells, count in ((16, 2), (8, 6)):
        for y in range(cells):
            for x in range(cells):
                yield from [((x + 0.5) / cells, (y + 0.5) / cells)] * count


def explain(folder):
    outputs = [read_npy(f"{folder}/output_{i}.npy") for i in range(4)]
    # The outputs are scores and boxes of either grid; sizes tell them apart.
    scores = sorted((out for out in outputs if len(out) in (512, 384)), key=len, reverse=True)
    boxes = sorted((out for out in outputs if len(out) in (8192, 6144)), key=len, reverse=True)
    logits = [score for grid in scores for score in grid]
    numbers = [number for grid in boxes for number in grid]
    best = max(range(len(logits)), key=lambda i: logits[i])
    confidence = 1 / (1 + math.exp(-max(-80.0, min(80.0, logits[best]))))
    cx, cy = list(anchors())[best]
    dx, dy, width, height = numbers[16 * best:16 * best + 4]
    x, y = cx * SIZE + dx - width / 2, cy * SIZE + dy - height / 2
    near = sum(logit > 0 for logit in logits)
    if confidence < 0.5:
        print(f"no face: the best of 896 candidate boxes has a confidence of {confidence:.3f}")
        return
    print(f"a face with confidence {confidence:.3f}: {width:.0f}x{height:.0f} pixels, its corner at "
          f"({x:.0f}, {y:.0f}); {near} of 896 candidate boxes agree")
    parts = ("right eye", "left eye", "nose", "mouth", "right ear", "left ear")
    points = numbers[16 * best + 4:16 * best + 16]
    print("; ".join(f"{part} at ({cx * SIZE + points[2 * i]:.0f}, {cy * SIZE + points[2 * i + 1]:.0f})"
                    for i, part in enumerate(parts)))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("draw", "explain"):
        sys.exit(__doc__)
    (draw if sys.argv[1] == "draw" else explain)(sys.argv[2])
