"""Elements read through the C library, as canonical bytes (to hash) and as JSON.

Canonical bytes are little-endian, in C order:
  integer, enum, time  two's complement in the type's own size
  float                IEEE sizes 2, 4, 8 as they are, all others as double; every NaN is the quiet one without payload
  bitfield             own size, moved down to bit 0;   opaque: as stored
  string               u32 length and the bytes: fixed ones end before the first NUL (nullterm), or lose trailing NULs
                       (nullpad) or spaces (spacepad); a null pointer has length 0
  vlen                 u32 count and its elements;   array, compound: their elements and members, nothing between
  object reference     as a string: the path of the object, "" for a null reference
JSON: numbers as they are, "nan", "inf", "-inf"; strings as text; opaque and bits in hexadecimal; the rest as lists.

A Codec reads its type into a packed little-endian memory image; `plain` is the numpy type of that image
where it equals the canonical bytes but for NaNs, so that big data is hashed without a loop.
"""
import ctypes
import hashlib
import math
import struct

import numpy as np
from h5py import h5d, h5s, h5t

from dtypes import COMPLEX, describe, is_ieee, is_variable, message, text

QUIET = {2: 0x7e00, 4: 0x7fc00000, 8: 0x7ff8000000000000}


class Unreadable(Exception):
    pass


def number(x):
    x = float(x)
    return x if math.isfinite(x) else 'nan' if x != x else 'inf' if x > 0 else '-inf'


def prefixed(b):
    return struct.pack('<I', len(b)) + b


def word(image, at):
    return int.from_bytes(image[at:at + 8], 'little')


def quiet(a):
    """Makes every NaN of a numpy array, whatever its type, the quiet one."""
    if a.dtype.names:
        for name in a.dtype.names:
            quiet(a[name])
    elif a.dtype.kind == 'f':
        bits = a.view('<u%d' % a.dtype.itemsize)
        bits[np.isnan(a)] = QUIET[a.dtype.itemsize]


class Codec:
    plain = None

    def __init__(self, t):
        self.memory = t.copy()
        self.size = self.memory.get_size()


class Integer(Codec):
    def __init__(self, t):
        base = t.get_super() if t.get_class() == h5t.ENUM else t
        self.bytes, self.signed = base.get_size(), bool(base.get_sign())
        self.size = next((n for n in (1, 2, 4, 8) if n >= self.bytes), None)
        if self.size is None:
            raise Unreadable('integer of %d bytes' % self.bytes)
        image = np.dtype('<%s%d' % ('i' if self.signed else 'u', self.size))
        self.memory = h5t.py_create(image)
        self.plain = image if self.size == self.bytes else None

    def one(self, image, at):
        v = int.from_bytes(image[at:at + self.size], 'little', signed=self.signed)
        return v.to_bytes(self.bytes, 'little', signed=self.signed), v


class Float(Codec):
    def __init__(self, t):
        self.size = t.get_size() if is_ieee(t) else 8
        self.plain = np.dtype('<f%d' % self.size)
        self.memory = h5t.py_create(self.plain)

    def one(self, image, at):
        a = np.frombuffer(image, self.plain, 1, at).copy()
        quiet(a)
        return a.tobytes(), number(a[0])


class Raw(Codec):
    """Opaque, bitfield and time."""

    def __init__(self, t):
        super().__init__(t)
        self.order, self.offset, self.precision = '<', 0, 8 * self.size
        if t.get_class() != h5t.OPAQUE:
            self.order, self.offset, self.precision = message(t)
        else:
            self.plain = np.dtype('V%d' % self.size)

    def one(self, image, at):
        b = bytes(image[at:at + self.size])
        v = int.from_bytes(b, 'big' if self.order == '>' else 'little') >> self.offset
        b = (v & ((1 << self.precision) - 1)).to_bytes(self.size, 'little')
        return b, b.hex()


class Text(Codec):
    def __init__(self, t):
        super().__init__(t)
        self.variable = t.is_variable_str()
        self.pad = h5t.STR_NULLTERM if self.variable else t.get_strpad()

    def one(self, image, at):
        b = bytes(image[at:at + self.size])
        if self.variable:
            pointer = word(image, at)
            b = ctypes.string_at(pointer) if pointer else b''
        elif self.pad == h5t.STR_NULLTERM:
            b = b.split(b'\0')[0]
        else:
            b = b.rstrip(b'\0' if self.pad == h5t.STR_NULLPAD else b' ')
        return prefixed(b), text(b)


class Vlen(Codec):
    size = 16

    def __init__(self, t, paths):
        self.base = codec(t.get_super(), paths)
        self.memory = h5t.vlen_create(self.base.memory)

    def one(self, image, at):
        count, pointer = word(image, at), word(image, at + 8)
        data = ctypes.string_at(pointer, count * self.base.size) if count else b''
        b, js = each(self.base, data, count, count)
        return struct.pack('<I', count) + b, js


class Array(Codec):
    def __init__(self, t, paths):
        self.base = codec(t.get_super(), paths)
        dims = tuple(int(d) for d in t.get_array_dims())
        self.memory = h5t.array_create(self.base.memory, dims)
        self.size, self.count = self.memory.get_size(), math.prod(dims)
        self.plain = np.dtype((self.base.plain, dims)) if self.base.plain else None

    def one(self, image, at):
        return each(self.base, image[at:at + self.size], self.count, self.count)


class Compound(Codec):
    def __init__(self, t, paths):
        self.members = [codec(t.get_member_type(i), paths) for i in range(t.get_nmembers())]
        self.size = sum(m.size for m in self.members)
        self.memory = h5t.create(h5t.COMPOUND, self.size)
        at = 0
        for i, m in enumerate(self.members):
            self.memory.insert(t.get_member_name(i), at, m.memory)
            at += m.size
        if all(m.plain for m in self.members):
            self.plain = np.dtype([('m%d' % i, m.plain) for i, m in enumerate(self.members)])

    def one(self, image, at):
        parts, js = [], []
        for m in self.members:
            b, v = m.one(image, at)
            parts.append(b)
            js.append(v)
            at += m.size
        return b''.join(parts), js


class ObjectReference(Codec):
    def __init__(self, t, paths):
        if not t.equal(h5t.STD_REF_OBJ):
            raise Unreadable('only object references are read here')
        super().__init__(t)
        self.paths = paths

    def one(self, image, at):
        address = word(image, at)
        path = self.paths.get(address, '?') if address else ''
        return prefixed(path.encode('utf-8', 'surrogateescape')), path


SIMPLE = {h5t.INTEGER: Integer, h5t.ENUM: Integer, h5t.FLOAT: Float, h5t.STRING: Text,
          h5t.OPAQUE: Raw, h5t.BITFIELD: Raw, h5t.TIME: Raw}
NESTED = {h5t.VLEN: Vlen, h5t.ARRAY: Array, h5t.COMPOUND: Compound, h5t.REFERENCE: ObjectReference}


def codec(t, paths):
    """paths: header address -> path, for references."""
    c = t.get_class()
    if c in SIMPLE:
        return SIMPLE[c](t)
    if c in NESTED:
        return NESTED[c](t, paths)
    raise Unreadable('native complex' if c == COMPLEX else 'type class %d' % c)


def each(c, image, n, listed):
    """Canonical bytes of n elements and the JSON of the first `listed`."""
    if c.plain is None:
        done = [c.one(image, i * c.size) for i in range(n)]
        return b''.join(b for b, _ in done), [v for _, v in done[:listed]]
    a = np.frombuffer(image, [('element', c.plain)], n).copy() if n else np.zeros(0)
    quiet(a)
    return a.tobytes(), [c.one(image, i * c.size)[1] for i in range(min(n, listed))]


def read(source, paths, listed):
    """All elements of an open dataset or attribute: sha256 of their canonical bytes, JSON of the first `listed`."""
    space = source.get_space()
    n = 0 if space.get_simple_extent_type() == h5s.NULL else int(space.get_simple_extent_npoints())
    c = codec(source.get_type(), paths)
    image = np.zeros(space.get_simple_extent_dims() if n else 0, 'V%d' % c.size)
    if n and isinstance(source, h5d.DatasetID):
        source.read(h5s.ALL, h5s.ALL, image, c.memory)
    elif n:
        source.read(image, c.memory)
    b, js = each(c, image.tobytes(), n, listed)
    return hashlib.sha256(b).hexdigest(), js


def fill(plist, t):
    """JSON of a dataset's fill value, through h5py's own conversion: its face takes no memory type here."""
    if t.get_class() != h5t.STRING and is_variable(describe(t)):
        raise Unreadable('fill value with variable-length parts')
    if t.get_class() == h5t.ARRAY or t.get_class() == h5t.OPAQUE and t.get_tag():
        return None  # no memory type of h5py's leads there; unwritten elements show it
    a = np.zeros(1, t.dtype)
    plist.get_fill_value(a)
    return listed(a[0])


def listed(v):
    if isinstance(v, np.ndarray):
        return [listed(x) for x in v]
    if isinstance(v, np.void):
        return [listed(v[n]) for n in v.dtype.names] if v.dtype.names else v.tobytes().hex()
    if isinstance(v, bytes):
        return text(v)
    if isinstance(v, np.complexfloating):
        return [number(v.real), number(v.imag)]
    return number(v) if isinstance(v, np.floating) else int(v)
