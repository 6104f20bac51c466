"""Makes virtual datasets of variable-length elements, and such that lead to themselves, in the folder given.

Prints as JSON how h5py reads the former: file, path, shape, and the elements as lists.
"""
import json, os, sys
import h5py, numpy as np

os.chdir(sys.argv[1])
text, numbers = h5py.string_dtype(), h5py.vlen_dtype('i4')
deep = h5py.vlen_dtype(numbers)
pair = np.dtype([('name', text), ('n', 'i4'), ('values', numbers)])


def ragged(lists):
    out = np.empty(len(lists), object)
    for i, x in enumerate(lists):
        out[i] = np.array(x, 'i4')
    return out


for i in range(3):
    with h5py.File(f'part{i}.h5', 'w', libver='latest') as f:
        f['texts'] = [f'file {i} text {k}' * (k % 3) for k in range(6)]
        f.create_dataset('chunked', data=[f'{i}{k}' * 40 for k in range(6)], dtype=text, chunks=(4,), compression='gzip')
        f.create_dataset('numbers', data=ragged([range(k * i) for k in range(6)]), dtype=numbers)
        nested = f.create_dataset('nested', (6,), deep)
        for k in range(6):
            nested[k] = ragged([range(j + i) for j in range(k)])
        records = np.empty(6, pair)
        for k in range(6):
            records[k] = (f'r{i}{k}', 10 * i + k, np.arange(k, dtype='i4'))
        f.create_dataset('pairs', data=records, dtype=pair)
        if i:
            layout = h5py.VirtualLayout((8,), text)
            layout[1:7] = h5py.VirtualSource(f'part{i - 1}.h5', 'through' if i > 1 else 'texts', (8,) if i > 1 else (6,))[:6]
            f.create_virtual_dataset('through', layout)

with h5py.File('virtual.h5', 'w', libver='latest') as f:
    f['own'] = [f'own text {k}' for k in range(6)]
    for name, dtype in dict(texts=text, chunked=text, numbers=numbers, nested=deep, pairs=pair).items():
        layout = h5py.VirtualLayout((3, 6), dtype)
        for i in range(3):
            layout[i] = h5py.VirtualSource(f'part{i}.h5', name, (6,))
        f.create_virtual_dataset(name, layout)
    layout = h5py.VirtualLayout((12, 3), text)
    for i in range(2):
        layout[i:12:2, 1] = h5py.VirtualSource(f'part{i}.h5', 'texts', (6,))
    layout[0:6, 2] = h5py.VirtualSource('.', 'own', (6,))
    layout[6:9, 2] = h5py.VirtualSource('missing.h5', 'own', (3,))
    f.create_virtual_dataset('mixed', layout)
    layout = h5py.VirtualLayout((6,), text)
    layout[:] = h5py.VirtualSource('.', 'own', (6,))
    f.create_virtual_dataset('same file', layout)
    layout = h5py.VirtualLayout((8,), text)
    layout[:] = h5py.VirtualSource('part2.h5', 'through', (8,))
    f.create_virtual_dataset('through', layout)


def plain(x):
    if isinstance(x, bytes):
        return x.decode()
    if isinstance(x, np.void):
        return [plain(v) for v in x]
    if isinstance(x, np.ndarray):
        return [plain(v) for v in x]
    return x.item() if isinstance(x, np.generic) else x


out = []
with h5py.File('virtual.h5') as f:
    for name in f:
        out.append(dict(file='virtual.h5', path=name, shape=f[name].shape, values=[plain(v) for v in f[name][()].ravel()]))


def virtual(f, name, *sources):
    layout = h5py.VirtualLayout((4,), 'i4')
    for i, (file, path) in enumerate(sources):
        layout[i:4] = h5py.VirtualSource(file, path, (4,))[i:4]
    f.create_virtual_dataset(name, layout)


for name, other in (('a.h5', 'b.h5'), ('b.h5', 'a.h5')):
    with h5py.File(name, 'w', libver='latest') as f:
        virtual(f, 'far', (other, 'far'))
        virtual(f, 'itself', ('.', 'itself'))
        virtual(f, 'self by name', (name, 'self by name'))
        virtual(f, 'one', ('.', 'two'))
        virtual(f, 'two', ('.', 'three'))
        virtual(f, 'three', ('.', 'one'))
        f['x'] = np.arange(4, dtype='i4')
        for i in range(10):
            virtual(f, f'deep{i}', ('.', f'deep{i + 1}' if i < 9 else 'x'))
        virtual(f, 'twice', ('.', 'deep9'), ('.', 'deep9'))
        space = h5py.h5s.create_simple((4,), (h5py.h5s.UNLIMITED,))
        space.select_hyperslab((0,), (h5py.h5s.UNLIMITED,), (1,), (1,))
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_virtual(space, b'.', b'grows', space)
        h5py.h5d.create(f.id, b'grows', h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((4,), (h5py.h5s.UNLIMITED,)), plist)
json.dump(out, sys.stdout)
