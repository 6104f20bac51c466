"""Makes files that lead to others, and sets of files, in the folder given.

Prints as JSON how h5py reads them: file, driver, path, shape and elements, in hex.
"""
import json, os, sys
import h5py, numpy as np

os.chdir(sys.argv[1])
os.mkdir('sub')
rng = np.random.default_rng(7)
made = []


def expect(file, path, driver='sec2', **kw):
    made.append((file, path, driver, kw))


def source(name, array, path='data', **kw):
    with h5py.File(name, 'a', libver='latest') as f:
        f.create_dataset(path, data=array, **kw)


def low_level(f, name, shape, maxshape, maps, dtype='i4', fill=None):
    """maps: (virtual slab, file, path, source shape, source slab); a slab is start, count, stride, block."""
    unlimited = h5py.h5s.UNLIMITED
    space = h5py.h5s.create_simple(shape, tuple(unlimited if m is None else m for m in maxshape))
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    if fill is not None:
        plist.set_fill_value(np.array(fill, dtype))
    for virtual, file, path, source_shape, slab in maps:
        v = space.copy()
        v.select_hyperslab(*virtual)
        s = h5py.h5s.create_simple(source_shape, tuple(unlimited for _ in source_shape))
        s.select_hyperslab(*slab)
        plist.set_virtual(v, file.encode(), path.encode(), s)
    h5py.h5d.create(f.id, name.encode(), h5py.h5t.py_create(np.dtype(dtype)), space, plist)


U = h5py.h5s.UNLIMITED
for i in range(4):
    source(f'part{i}.h5', rng.integers(0, 1000, (6, 10), 'i4'), chunks=(2, 5), compression='gzip', maxshape=(None, 10))
source('big-endian.h5', rng.integers(-99, 99, (5, 7)).astype('>i2'))
source('sub/below.h5', np.arange(30.0).reshape(5, 6))
for i in range(3):
    source(f'frame-{i}.h5', np.full((4, 5), i + 1, 'i4'))
source('100%.h5', np.arange(8, dtype='i4'))
with h5py.File('frames.h5', 'w', libver='latest') as f:
    for i in range(5):
        f[f'frame{i}'] = np.arange(12, dtype='i4').reshape(3, 4) * (i + 1)
with h5py.File('texts.h5', 'w', libver='latest') as f:
    f['data'] = ['one', '', 'drei']
    f['fixed'] = np.array([b'abc', b'de'], 'S3')

with h5py.File('virtual.h5', 'w', libver='latest') as f:
    layout = h5py.VirtualLayout((4, 6, 10), 'i4')
    for i in range(4):
        layout[i] = h5py.VirtualSource(f'part{i}.h5', 'data', (6, 10))
    f.create_virtual_dataset('stack', layout)
    layout = h5py.VirtualLayout((12, 24), 'i8')
    for i in range(4):
        layout[i % 2:12:2, i // 2 * 12:i // 2 * 12 + 10] = h5py.VirtualSource(f'part{i}.h5', 'data', (6, 10))
    f.create_virtual_dataset('interleaved', layout, fillvalue=-7)
    layout = h5py.VirtualLayout((60,), 'f4')
    layout[0:60:4] = h5py.VirtualSource('part1.h5', 'data', (6, 10))[1:4, ::2]
    f.create_virtual_dataset('flattened', layout, fillvalue=0.5)
    layout = h5py.VirtualLayout((9, 9), 'i2')
    layout[2:7, 1:8] = h5py.VirtualSource('big-endian.h5', 'data', (5, 7))
    layout[0:3, 0:3] = h5py.VirtualSource('missing.h5', 'data', (3, 3))
    layout[7:9, 0:2] = h5py.VirtualSource('part0.h5', 'no such dataset', (2, 2))
    layout[5:9, 5:9] = h5py.VirtualSource('part2.h5', 'data', (6, 10))[0:4, 3:7]
    f.create_virtual_dataset('overlapping', layout, fillvalue=99)
    layout = h5py.VirtualLayout((5, 6), 'i4')
    layout[:] = h5py.VirtualSource('sub/below.h5', 'data', (5, 6))
    f.create_virtual_dataset('narrowed', layout)
    layout = h5py.VirtualLayout((8,), 'i4')
    layout[:] = h5py.VirtualSource('100%%.h5', 'data', (8,))
    f.create_virtual_dataset('percent', layout)
    f['own'] = np.arange(20, dtype='i4')
    f['soft'] = h5py.SoftLink('/own')
    f['far'] = h5py.ExternalLink('part3.h5', 'data')
    layout = h5py.VirtualLayout((3, 10), 'i4')
    layout[0] = h5py.VirtualSource('.', 'soft', (20,))[5:15]
    layout[1] = h5py.VirtualSource('virtual.h5', 'own', (20,))[::2]
    layout[2] = h5py.VirtualSource('.', 'far', (6, 10))[3]
    f.create_virtual_dataset('links', layout)
    layout = h5py.VirtualLayout((2, 24), 'i8')
    layout[0] = h5py.VirtualSource('.', 'interleaved', (12, 24))[4]
    layout[1, 4:14] = h5py.VirtualSource('.', 'links', (3, 10))[1]
    f.create_virtual_dataset('nested', layout, fillvalue=3)
    low_level(f, 'growing', (6, 10), (None, 10), [
        (((0, 0), (U, 1), (1, 10), (1, 10)), 'part0.h5', 'data', (1, 10), ((0, 0), (U, 1), (1, 10), (1, 10)))])
    low_level(f, 'growing strides', (3, 10), (None, 10), [
        (((k, 0), (U, 1), (4, 10), (1, 10)), f'part{k}.h5', 'data', (1, 10), ((0, 0), (U, 1), (1, 10), (1, 10)))
        for k in (0, 2)], fill=-1)
    low_level(f, 'growing blocks', (10, 1), (10, None), [
        (((0, 1), (1, U), (10, 5), (10, 3)), 'part1.h5', 'data', (1, 10), ((1, 0), (U, 1), (4, 10), (2, 10)))], fill=-2)
    low_level(f, 'files', (1, 4, 5), (None, 4, 5), [
        (((0, 0, 0), (U, 1, 1), (1, 4, 5), (1, 4, 5)), 'frame-%b.h5', 'data', (4, 5), ((0, 0), (1, 1), (4, 5), (4, 5)))])
    low_level(f, 'apart', (1, 4), (None, 4), [
        (((1, 0), (U, 1), (5, 4), (3, 4)), 'frames.h5', 'frame%b', (3, 4), ((0, 0), (1, 1), (3, 4), (3, 4)))], fill=8)
    low_level(f, 'none', (4, 4), (None, 4), [
        (((0, 0), (U, 1), (1, 4), (1, 4)), 'no-%b.h5', 'data', (4,), ((0,), (1,), (4,), (4,)))], fill=8)
    irregular = h5py.h5s.create_simple((8, 8))
    irregular.select_hyperslab((0, 0), (1, 1), (1, 1), (3, 3))
    irregular.select_hyperslab((2, 2), (1, 1), (1, 1), (3, 4), op=h5py.h5s.SELECT_OR)
    irregular.select_hyperslab((7, 0), (1, 4), (1, 2), (1, 1), op=h5py.h5s.SELECT_OR)
    n = irregular.get_select_npoints()
    plain = h5py.h5s.create_simple((60,))
    plain.select_hyperslab((3,), (n,))
    for name, v, s, path in (('irregular', irregular, plain, 'line'), ('irregular source', plain, irregular, 'square')):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_virtual(v, b'.', path.encode(), s)
        h5py.h5d.create(f.id, name.encode(), h5py.h5t.NATIVE_INT32, v, plist)
    f['line'] = np.arange(60, dtype='i4')
    f['square'] = np.arange(64, dtype='i4').reshape(8, 8)
    names = [n for n in f if n not in ('soft', 'far')]
for n in names:
    expect('virtual.h5', n)

with h5py.File('external.h5', 'w') as f:
    f['a'] = h5py.ExternalLink('part0.h5', '/data')
    f['b'] = h5py.ExternalLink('sub/links.h5', 'back')
    f['groups'] = h5py.ExternalLink('virtual.h5', '/')
    f.create_dataset('raw', (3, 4), 'i4', external=[('a.bin', 4, 20), ('sub/b.bin', 0, h5py.h5f.UNLIMITED)])
    f['raw'][...] = np.arange(12).reshape(3, 4)
os.makedirs('sub/sub', exist_ok=True)
with h5py.File('sub/links.h5', 'w') as f:
    f['back'] = h5py.ExternalLink('sub/deep.h5', '/x')
with h5py.File('sub/sub/deep.h5', 'w') as f:
    f['x'] = np.arange(5, dtype='u2')
for n in ('a', 'b', 'raw', 'groups/nested'):
    expect('external.h5', n)


def fill(f):
    f['numbers'] = np.arange(3000, dtype='i4').reshape(30, 100)
    f.create_dataset('chunks', data=np.arange(900.0).reshape(30, 30), chunks=(7, 7), compression='gzip')
    f.create_dataset('g/h/empty', (5,), 'i2', fillvalue=4)


for libver in ('earliest', 'v110'):
    with h5py.File(f'family-{libver}-%02d.h5', 'w', driver='family', memb_size=4096, libver=(libver, 'latest')) as f:
        fill(f)
    with h5py.File(f'split-{libver}', 'w', driver='split', meta_ext=b'.meta', raw_ext=b'.raw', libver=(libver, 'latest')) as f:
        fill(f)
    for n in ('numbers', 'chunks', 'g/h/empty'):
        expect(f'family-{libver}-%02d.h5', n, 'family', memb_size=4096)
        expect(f'split-{libver}', n, 'split', meta_ext=b'.meta', raw_ext=b'.raw')

out = []
for file, path, driver, kw in made:
    with h5py.File(file, 'r', driver=None if driver == 'sec2' else driver, **kw) as f:
        d = f[path]
        out.append(dict(file=file, path=path, driver=driver, shape=d.shape, data=d[()].astype(d.dtype).tobytes().hex()))
json.dump(out, sys.stdout)
