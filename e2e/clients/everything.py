"""everything.py FILE: holds the file made of testdata/everything.json to its description, property by property."""
import sys

import h5py
import numpy as np
from h5py import h5s, h5t
from h5py._hl.filters import guess_chunk

f = h5py.File(sys.argv[1], 'r')


def holds(path, dtype, shape, values=None, maxshape=None, chunks=None):
    d = f[path]
    assert d.dtype == np.dtype(dtype), (path, d.dtype)
    assert d.shape == shape, (path, d.shape)
    assert d.maxshape == (maxshape or shape), (path, d.maxshape)
    assert chunks is None or d.chunks == chunks, (path, d.chunks)
    if chunks is None and maxshape is None:
        assert d.chunks is None, (path, d.chunks)
    if values is not None:
        got = d[()]
        assert np.array_equal(got, np.asarray(values, got.dtype), equal_nan=got.dtype.kind == 'f'), (path, got)
    return d


def strings(path, values, cset, variable=True):
    d = f[path]
    info = h5py.check_string_dtype(d.dtype)
    assert info.encoding == cset and (info.length is None) == variable, (path, info)
    got = [x.decode() if isinstance(x, bytes) else x for x in np.ravel(d[()])]
    assert got == values, (path, got)
    return d


assert f.userblock_size == 1024
with open(sys.argv[1], 'rb') as raw:
    assert raw.read(1024) == b'hello' + bytes(1019)

# Order of creation is that of the document, implied parents at first mention.
# Old h5py lists the root by name all the same.
by_name = h5py.version.version_tuple < (3, 10)
assert by_name or list(f)[:4] == ['raw', 'empty', 'simple', 'scalar'], list(f)
assert by_name or list(f)[-3:] == ['latest', 'again', 'other'], list(f)
assert list(f['raw/day1']) == ['t', 'empty', 'auto', 'limited'], list(f['raw/day1'])
assert list(f.attrs)[:3] == ['title', 'when', 'big'], list(f.attrs)

a = f.attrs
assert a['title'] == 'a file' and a['when'] == 1700000000 and a['when'].dtype == np.int64
assert a['big'] == 2 ** 64 - 1 and a['big'].dtype == np.uint64
assert a['flags'].dtype == np.bool_ and list(a['flags']) == [True, False]
assert isinstance(a['none'], h5py.Empty) and a['none'].dtype == np.dtype('<f4')
assert a['empty'].shape == (0,) and a['empty'].dtype == np.float64
assert a['matrix'].dtype == np.float64 and (a['matrix'] == [[1, 2], [3, 4.5]]).all()
assert list(a['names']) == ['Ann', '', 'Bö'] and list(a['fixed']) == [b'ab', b'cdef'] and a['grün'] == 1
assert f['raw/day1'].attrs['station'] == 'S1'
assert isinstance(f['empty'], h5py.Group) and len(f['empty']) == 0

holds('simple', '<i8', (4,), [0, 1, 2, 3])
holds('scalar', '<i8', (), 5)
strings('text', ['one'], 'utf-8')
holds('truth', bool, (3,), [True, False, True])
holds('float', '<f8', (3,), [1, 2.5, 1000])
holds('huge', '<u8', (2,), [1, 2 ** 63])
t = holds('raw/day1/t', '<f4', (32, 64), np.linspace(0, 1, 2048).reshape(32, 64).astype('f4'), (None, 64), (4, 8))
assert t.compression == 'gzip' and t.compression_opts == 4 and t.shuffle and t.fletcher32 and t.fillvalue == -1
assert t.attrs['units'] == 'K'
plist = t.id.get_create_plist()
assert [plist.get_filter(i)[0] for i in range(plist.get_nfilters())] == [2, 1, 3]
assert plist.get_attr_creation_order() == 3
e = holds('raw/day1/empty', '<f8', (10, 10), np.full((10, 10), 2.5), (20, None), f['raw/day1/empty'].chunks)
assert e.fillvalue == 2.5 and e.chunks and e.id.get_storage_size() == 0
auto = holds('raw/day1/auto', '>i2', (1000, 1000), np.full((1000, 1000), 3), None, guess_chunk((1000, 1000), None, 2))
assert auto.compression_opts == 9
limited = holds('raw/day1/limited', 'u1', (10,), range(0, 20, 2), (30,), f['raw/day1/limited'].chunks)
assert limited.chunks

p = f['people'][()]
assert p.dtype.names == ('id', 'name', 'tall') and list(p['id']) == [1, 2] and list(p['tall']) == [True, False]
assert [x.decode() for x in p['name']] == ['Ann', 'Bo']
p = f['points'][()]
assert p.dtype == np.dtype([('x', '<f4'), ('y', '>f8')]) and list(p['x']) == [1, 3] and p['y'][0] == 2 and np.isnan(p['y'][1])
g = f['gaps'].id.get_type()
assert g.get_size() == 20 and [g.get_member_offset(i) for i in (0, 1)] == [2, 8]
assert f['gaps'][0]['a'] == 1 and f['gaps'][0]['b'] == 2.5
holds('ramp', '<f8', (100000,), 0.5 + 0.25 * np.arange(100000))
holds('pixels', '<u2', (16, 16), (3 * np.arange(256)).reshape(16, 16))
holds('array', '<i4', (3, 4), np.arange(12).reshape(3, 4))
holds('fortran', '<i4', (3, 4), np.arange(12).reshape(4, 3).T)
holds('bytes', '<u4', (2,), [1, 2])
c = holds('color', 'i1', (2,), [1, 0])
assert h5py.check_enum_dtype(c.dtype) == {'RED': 0, 'GREEN': 1}
s = f['steps']
assert h5py.check_vlen_dtype(s.dtype) == np.dtype('<i4') and [list(x) for x in s[()]] == [[1], [], [2, 3]]
v = f['vectors']
assert v.id.get_type().get_class() == h5t.ARRAY and v.shape == (2,)
assert (v[()] == [[1, 2, 3], [4, 5, 6]]).all()
holds('wave', '<c16', (2,), [1 - 1j, 0.5 + 2j])
holds('half', '<f2', (3,), [0.5, np.inf, -np.inf])
stamp = f['stamp']
assert stamp.dtype == np.dtype('<M8[s]'), stamp.dtype
assert list(stamp[()]) == [np.datetime64('2024-02-29T12:00:00'), np.datetime64(0, 's')]
tagged, raw = f['tagged'].id, np.zeros(2, 'V3')
tagged.read(h5s.ALL, h5s.ALL, raw, tagged.get_type())
assert tagged.get_type().get_tag() == b'three bytes' and raw.tobytes() == bytes(range(1, 7))
assert f['void'].dtype == np.dtype('V2') and f['void'][0].tobytes() == b'\x01\x02'
d = f['latin']
assert d.id.get_type().get_strpad() == h5t.STR_SPACEPAD and d.id.get_type().get_cset() == h5t.CSET_ASCII
assert f['utf8'].id.get_type().get_strpad() == h5t.STR_NULLTERM and f['utf8'][0].decode() == 'grün'
strings('strings', ['a', '', ''], 'utf-8')
strings('ascii', ['x', 'yy'], 'ascii')
n = f['nothing']
assert n.shape is None and n.dtype == np.dtype('<f4')
holds('zero', '<i4', (0, 3))

assert f.get('latest', getlink=True).path == '/raw/day1/t' and f['latest'] == t
assert f['again'] == f['simple']
other = f.get('other', getlink=True)
assert other.filename == 'other.h5' and other.path == '/x'
