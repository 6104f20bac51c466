"""Writes pairs of datasets: "src" holds elements as they are, "dst" what the C library makes of them in another type."""
import itertools
import random
import sys

import h5py
import numpy as np
from h5py import h5d, h5s, h5t

random.seed(int(sys.argv[2]))
N = 40


def integer(base, precision, offset):
    t = base.copy()
    t.set_precision(precision)
    t.set_offset(offset)
    return t


def floating(size, precision, fields, bias, order=h5t.ORDER_LE, norm=h5t.NORM_IMPLIED):
    t = h5t.IEEE_F64LE.copy()
    if size > 8:
        t.set_size(size)
        t.set_precision(precision)
    t.set_fields(*fields)
    t.set_offset(0)
    t.set_precision(precision)
    if size < 8:
        t.set_size(size)
    t.set_ebias(bias)
    t.set_norm(norm)
    t.set_order(order)
    return t


def text(size, pad):
    t = h5t.C_S1.copy()
    t.set_size(size)
    t.set_strpad(pad)
    return t


def enum(base, members):
    t = h5t.enum_create(base)
    for name, value in members:
        t.enum_insert(name, value)
    return t


def compound(size, *members):
    t = h5t.create(h5t.COMPOUND, size)
    for name, offset, kind in members:
        t.insert(name, offset, kind)
    return t


INTEGERS = [h5t.STD_I8LE, h5t.STD_U8LE, h5t.STD_I16BE, h5t.STD_U16LE, h5t.STD_I32LE, h5t.STD_U32BE, h5t.STD_I64LE,
            h5t.STD_U64LE, h5t.STD_I64BE, integer(h5t.STD_I32LE, 17, 3), integer(h5t.STD_U32BE, 21, 11)]
# What goes between these is rounded by the machine, as IEEE 754 wants it.
NATIVE = [h5t.IEEE_F32LE, h5t.IEEE_F64LE]
FLOATS = NATIVE + [h5t.IEEE_F32BE, h5t.IEEE_F64BE, floating(2, 16, (15, 10, 5, 0, 10), 15),
                   floating(2, 16, (15, 7, 8, 0, 7), 127), floating(16, 128, (127, 112, 15, 0, 112), 16383)]
TEXTS = [text(n, p) for n in (3, 6) for p in (h5t.STR_NULLTERM, h5t.STR_NULLPAD, h5t.STR_SPACEPAD)]
BITS = [h5t.STD_B8LE, h5t.STD_B16BE, h5t.STD_B32LE]
POINT = compound(16, (b"x", 0, h5t.IEEE_F32LE), (b"n", 4, h5t.STD_I16BE), (b"in", 8, compound(8, (b"a", 0, h5t.STD_U8LE), (b"b", 4, h5t.STD_I32LE))))
MOVED = compound(21, (b"in", 0, compound(4, (b"b", 0, h5t.STD_I16LE), (b"a", 2, h5t.STD_I8LE))), (b"n", 4, h5t.IEEE_F64LE), (b"x", 12, h5t.IEEE_F64LE))
OTHERS = [(POINT, MOVED), (MOVED, POINT),
          (h5t.array_create(h5t.STD_I16BE, (2, 3)), h5t.array_create(h5t.IEEE_F32LE, (2, 3))),
          (enum(h5t.STD_I8LE, [(b"a", 1), (b"b", 2), (b"c", 7)]), h5t.STD_I32LE),
          (enum(h5t.STD_I16LE, [(b"a", 1), (b"b", 2)]), h5t.IEEE_F32LE)]


def elements(t, to):
    """Elements of every kind: all zeros, all ones, those near powers of two, and anything."""
    size, out = t.get_size(), bytearray()
    special = [bytes(size), b"\xff" * size, b"\x80" + bytes(size - 1), bytes(size - 1) + b"\x80", bytes(size - 1) + b"\x7f"]
    for i in range(N):
        out += special[i] if i < len(special) else random.randbytes(size) if i % 2 else bytes(
            random.choice((0, 0, 1, 0x20, 0x3f, 0x40, 0x41, 0x80, 0xbf, 0xff)) for _ in range(size))
    return bytes(out)


def numbers(t, to):
    """Floats whose integers the C library defines: none between -1 and 0, no NaN, none of two bytes that is
    negative and becomes four times as wide, and beyond the limits only those that it holds there."""
    small = [1.0, 1.5, 2.5, 3.999, 127.0, 255.5, 256.0] + [random.uniform(1, 30000) for _ in range(N)]
    negative = signed(to) and to.get_size() <= 2 * t.get_size()
    values = [0.0] + [v * (random.choice((-1, 1)) if negative else 1) for v in small]
    if t in NATIVE:
        values[-2:] = [1e30, -1e30 if signed(to) else 1e20]
    return as_type(values[:N - 2] + values[-2:], t)


def floats(t, to):
    """Floats of every kind, for pairs that the machine rounds."""
    values = [0.0, -0.0, 65536.0, 2.0**-126, 2.0**-149, 2.0**-150, 1 + 2.0**-24, 1 + 3 * 2.0**-24, 1e30, -1e300,
              float("inf"), float("-inf"), float("nan")]
    return as_type(values + [random.uniform(-1, 1) * 2.0 ** random.randint(-160, 130) for _ in range(N - len(values))], t)


def as_type(values, t):
    size = max(t.get_size(), 8)
    buf = np.zeros(N * size, np.uint8)
    buf[:8 * N] = np.frombuffer(np.array(values, "<f8").tobytes(), np.uint8)
    h5t.convert(h5t.IEEE_F64LE, t, N, buf)
    return buf[:N * t.get_size()].tobytes()


def signed(t):
    return t.get_sign() == h5t.SGN_2


def turned(a, b):
    """The C library only swaps the bytes of integers that differ in nothing but order and sign."""
    return a.get_order() != b.get_order() and signed(a) != signed(b) and a.get_size() == b.get_size() and (
        a.get_precision() == b.get_precision() and a.get_offset() == b.get_offset())


def tame(t, to):
    """Elements without a negative float, an infinity or a NaN in them."""
    return bytes(random.randrange(0x70) for _ in range(N * t.get_size()))


def dataset(where, name, t, memory, data):
    d = h5d.create(where, name, t, h5s.create_simple((N,)))
    d.write(h5s.ALL, h5s.ALL, np.frombuffer(data, "V%d" % memory.get_size()), memory)


with h5py.File(sys.argv[1], "w") as f:
    pairs = [(a, b, elements) for a, b in itertools.product(INTEGERS, INTEGERS) if not turned(a, b)]
    pairs += [(a, b, elements) for a, b in itertools.product(INTEGERS, NATIVE)]
    pairs += [(a, b, numbers) for a, b in itertools.product(FLOATS, INTEGERS)]
    pairs += [(a, b, floats) for a, b in itertools.product(NATIVE, NATIVE)]
    pairs += [(a, b, floats) for a, b in zip(FLOATS, FLOATS)]
    pairs += [(a, b, elements) for some in (TEXTS, BITS) for a, b in itertools.product(some, some)]
    pairs += [(a, b, tame) for a, b in OTHERS]
    for i, (a, b, make) in enumerate(pairs):
        data = make(a, b)
        g = f.create_group("%04d" % i).id
        dataset(g, b"src", a, a, data)
        dataset(g, b"dst", b, a, data)
print(len(pairs))
