"""Writes frames.txt from the layout in ../README.md: python3 frames.py > frames.txt

It shares no code with the package, so that a frame means the same in two languages.
"""
import struct

MODALITY = {"text": 1, "image": 2, "tensor": 3}
DTYPE = {"f32": 1, "f16": 2, "bf16": 3, "int8": 4, "u8": 5}


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bf16(x):
    bits = struct.unpack("<I", struct.pack("<f", x))[0]
    upper, lower = divmod(bits, 1 << 16)
    if lower > 0x8000 or lower == 0x8000 and upper % 2:
        upper += 1
    return struct.pack("<H", upper)


def int8(xs):
    out = b""
    for start in range(0, len(xs), 64):
        block = xs[start : start + 64]
        scale = f32(max(abs(x) for x in block) / 127)
        codes = [round(x / scale) if scale else 0 for x in block]
        out += struct.pack("<f%db" % len(codes), scale, *codes)
    return out


PAYLOAD = {
    "f32": lambda xs: b"".join(struct.pack("<f", x) for x in xs),
    "f16": lambda xs: b"".join(struct.pack("<e", f32(x)) for x in xs),
    "bf16": lambda xs: b"".join(bf16(x) for x in xs),
    "int8": int8,
    "u8": bytes,
}


def frame(name, modality, dtype, shape, xs):
    dimensions = shape + [0] * (4 - len(shape))
    head = struct.pack("<4B4I", 1, MODALITY[modality], DTYPE[dtype], len(shape), *dimensions)
    payload = PAYLOAD[dtype](xs)
    print("%s: %s" % (name, (head + struct.pack("<I", crc32c(head + payload)) + payload).hex()))


LARGEST = (2 - 2**-23) * 2.0**127

frame("text tokens", "text", "u8", [2, 3], b"ab\x00\xffyz")
frame("f32", "tensor", "f32", [2, 2], [1, -2.5, -0.0, LARGEST])
frame("f16", "text", "f16", [1, 6], [1, -2.5, 1 / 3, 65519, 2**-24, 2**-25])
frame("bf16", "image", "bf16", [1, 1, 5, 1], [1, -2.5, 1 / 3, 2**-133, 1.00390625])
frame("int8 one block", "tensor", "int8", [64], [-127.0] + [2.0 * i - 63 for i in range(1, 64)])
frame("int8 two blocks", "text", "int8", [2, 35], [(i - 35) / 2 for i in range(70)])
frame("int8 zeros", "text", "int8", [3], [0.0, -0.0, 0.0])
