"""Frames of numbers, as package tensor of the neuron writes them.

A frame is a header of 24 bytes, little endian, and the values behind it:

    0   version, 1
    1   modality: text 1, image 2, tensor 3
    2   dtype: f32 1, f16 2, bf16 3, int8 4, u8 5
    3   rank, 1 to 4
    4   four dimensions of 4 bytes, 0 for those that there are not
    20  CRC-32C of all bytes but these four
"""
import struct

import numpy as np

TEXT, IMAGE, TENSOR = 1, 2, 3
F32, F16, U8 = 1, 2, 5
DTYPES = {F32: np.dtype("<f4"), F16: np.dtype("<f2"), U8: np.dtype("u1")}
HEADER = 24
MAX_ELEMENTS = 1 << 24


def _table():
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, table >> 1 ^ np.uint32(0x82F63B78), table >> 1)
    return table


TABLE = _table()


def _push(tables, registers):
    """Applies a linear map of registers, given by what it makes of each of their bytes."""
    result = tables[0][registers & 0xFF]
    for byte in 1, 2, 3:
        result = result ^ tables[byte][registers >> np.uint32(8 * byte) & 0xFF]
    return result


def _pushes():
    """Maps that push a register on by 1, 2, 4 ... zero bytes."""
    basis = np.uint32(1) << np.arange(32, dtype=np.uint32)
    columns, numbers = TABLE[basis & 0xFF] ^ basis >> np.uint32(8), np.arange(256)
    maps = []
    for _ in range(32):
        tables = np.zeros((4, 256), np.uint32)
        for bit in range(32):
            tables[bit // 8] ^= np.where(numbers >> bit % 8 & 1, columns[bit], np.uint32(0))
        maps.append(tables)
        columns = _push(tables, columns)  # twice as far
    return maps


PUSHES = _pushes()


def crc32c(data):
    """The CRC-32C of data.

    The remainder is linear, so the data is cut into lanes of equal length that are
    divided side by side; each pair of lanes is then joined, the left one pushed on by
    as many zero bytes as the right one has. Zeros before the data change nothing.
    """
    data = np.frombuffer(data, np.uint8)
    if len(data) < 4:
        raise ValueError("a checksum of %d bytes, needed are 4" % len(data))
    log = 0  # of a lane's length
    while 1 << 2 * log < len(data):
        log += 1
    lanes = 1
    while lanes << log < len(data):
        lanes *= 2
    padded = np.zeros(lanes << log, np.uint8)
    padded[-len(data) :] = data
    padded[len(padded) - len(data) :][:4] ^= 0xFF  # the register begins with ones
    registers = np.zeros(lanes, np.uint32)
    for column in np.ascontiguousarray(padded.reshape(lanes, -1).T):
        registers = TABLE[(registers ^ column) & 0xFF] ^ registers >> np.uint32(8)
    while len(registers) > 1:
        registers = _push(PUSHES[log], registers[0::2]) ^ registers[1::2]
        log += 1
    return int(registers[0]) ^ 0xFFFFFFFF


def encode(modality, values):
    """A frame of f32 values."""
    values = np.ascontiguousarray(values, DTYPES[F32])
    shape = list(values.shape) + [0] * (4 - values.ndim)
    head = struct.pack("<4B4I", 1, modality, F32, values.ndim, *shape)
    payload = values.tobytes()
    return head + struct.pack("<I", crc32c(head + payload)) + payload


def decode(frame):
    """Modality and values of a frame of f32, f16 or u8. ValueError says what is wrong."""
    if len(frame) < HEADER:
        raise ValueError("a frame of %d bytes, the header alone has %d" % (len(frame), HEADER))
    version, modality, dtype, rank, *shape, checksum = struct.unpack_from("<4B4II", frame)
    if version != 1 or dtype not in DTYPES or not 1 <= rank <= 4:
        raise ValueError("version %d, dtype %d, rank %d: known are 1, f32 1, f16 2, u8 5, and 1 to 4" % (version, dtype, rank))
    elements = 1
    for size in shape[:rank]:
        elements *= size
    if not 0 < elements <= MAX_ELEMENTS or any(shape[rank:]):
        raise ValueError("shape %s: all dimensions are at least 1, and %d elements at most" % (shape, MAX_ELEMENTS))
    if len(frame) != HEADER + elements * DTYPES[dtype].itemsize:
        raise ValueError("a frame of %d bytes for shape %s" % (len(frame), shape[:rank]))
    if crc32c(frame[:20] + frame[HEADER:]) != checksum:
        raise ValueError("the checksum is not that of the bytes")
    values = np.frombuffer(frame, DTYPES[dtype], offset=HEADER).reshape(shape[:rank])
    if dtype != U8:
        values = values.astype(np.float32)
        if not np.isfinite(values).all():
            raise ValueError("a value that is not finite")
    return modality, values
