#!/usr/bin/env python3
"""samples.py FOLDER: files made by h5py, and manifest.jsonl that says what is in them: check.py is tested on these."""
import hashlib
import json
import os
import struct
import sys

import h5py
import numpy as np
from h5py import h5d, h5p, h5s, h5t

GZIP = {'id': 1, 'optional': True, 'values': [4]}
SHUFFLE4 = {'id': 2, 'optional': True, 'values': [4]}
FLETCHER32 = {'id': 3, 'optional': False, 'values': []}
BOTH = 3


def sha(*parts):
    return hashlib.sha256(b''.join(parts)).hexdigest()


def text(s):
    return struct.pack('<I', len(s.encode())) + s.encode()


def contiguous(dtype, data, **keys):
    return dict({'kind': 'dataset', 'dtype': dtype, 'shape': [len(data)], 'layout': 'contiguous', 'value': data}, **keys)


def numbers(f):
    """Integers and floats of both orders, canonical bytes and JSON."""
    wanted = {'/': {'kind': 'group'}}
    for name in ('<i1', '>i2', '<u4', '>i8', '<u8', '<f2', '>f4', '<f8'):
        f[name] = np.arange(3).astype(name)
        wanted['/' + name] = contiguous(name, [0, 1, 2])
    f['special'] = np.array([np.nan, np.inf, -np.inf, -0.0], '>f4')
    canonical = struct.pack('<Ifff', 0x7fc00000, np.inf, -np.inf, -0.0)
    wanted['/special'] = {'kind': 'dataset', 'dtype': '>f4', 'shape': [4], 'layout': 'contiguous', 'sha256': sha(canonical)}
    f['named'] = np.array([np.nan, np.inf, -np.inf], '<f8')
    wanted['/named'] = contiguous('<f8', ['nan', 'inf', '-inf'])
    narrow = h5t.STD_I32BE.copy()
    narrow.set_precision(17)
    d = h5d.create(f.id, b'narrow', narrow, h5s.create_simple((2,)))
    d.write(h5s.ALL, h5s.ALL, np.array([-5, 7], '<i4'))
    wanted['/narrow'] = contiguous('>i4[0:17]', [-5, 7])
    f['flags'] = np.array([True, False])
    wanted['/flags'] = contiguous('enum(<i1){FALSE=0,TRUE=1}', [1, 0])
    f['complex'] = np.array([1 + 2j], 'c8')
    wanted['/complex'] = contiguous('compound(8){r@0:<f4;i@4:<f4}', [[1, 2]])
    return {'superblock': 0}, wanted


def strings(f):
    f['fixed'] = np.array([b'a', b'', b'bcd'], 'S4')
    f.create_dataset('hashed', data=['Ann', ''], dtype=h5py.string_dtype('ascii'))
    f['variable'] = ['Ann', '', 'Bœ']
    spaced = h5t.C_S1.copy()
    spaced.set_size(4)
    spaced.set_strpad(h5t.STR_SPACEPAD)
    spaced.set_cset(h5t.CSET_UTF8)
    d = h5d.create(f.id, b'spaced', spaced, h5s.create_simple((2,)))
    d.write(h5s.ALL, h5s.ALL, np.array([b'a   ', b'bcde'], 'S4'), spaced)
    f.create_dataset('unset', (2,), h5py.string_dtype())
    f['opaque'] = np.array([b'\1\2'], 'V2')
    f['when'] = np.array([1, 2], '<i8').astype('<M8[s]').astype(h5py.opaque_dtype('<M8[s]'))
    return {'superblock': 0}, {
        '/': {'kind': 'group'},
        '/fixed': contiguous('S4 nullpad ascii', ['a', '', 'bcd']),
        '/variable': contiguous('vstr utf8', ['Ann', '', 'Bœ']),
        '/hashed': {'kind': 'dataset', 'dtype': 'vstr ascii', 'shape': [2], 'layout': 'contiguous', 'sha256': sha(text('Ann'), text(''))},
        '/spaced': contiguous('S4 spacepad utf8', ['a', 'bcde']),
        '/unset': contiguous('vstr utf8', ['', ''], unallocated=True),
        '/opaque': contiguous('opaque(2,)', ['0102']),
        '/when': contiguous('opaque(8,NUMPY:<M8[s])', ['0100000000000000', '0200000000000000']),
    }


def nested(f):
    point = np.dtype({'names': ['x', 'tag', 'c'], 'formats': ['>f4', 'S2', ('<i2', (2,))], 'offsets': [0, 6, 8], 'itemsize': 16})
    f['points'] = np.array([(1.5, b'ab', (1, 2))], point)
    ragged = f.create_dataset('ragged', (2,), h5py.vlen_dtype('<i4'))
    ragged[0] = [1, 2, 3]
    f['people'] = np.array([(1, 'Ann')], [('id', '<i8'), ('name', h5py.string_dtype())])
    f['colour'] = np.array([1, 0], h5py.enum_dtype({'RED': 0, 'BLUE': 1}, 'u1'))
    f['refs'] = np.array([f['points'].ref, h5py.Reference()], h5py.ref_dtype)
    d = f.create_dataset('matrix', (1,), np.dtype(('<f8', (2, 2))))
    d[0] = [[1, 2], [3, 4]]
    return {'superblock': 0}, {
        '/': {'kind': 'group'},
        '/points': contiguous('compound(16){x@0:>f4;tag@6:S2 nullpad ascii;c@8:array(2)(<i2)}', [[1.5, 'ab', [1, 2]]]),
        '/ragged': contiguous('vlen(<i4)', [[1, 2, 3], []]),
        '/people': contiguous('compound(16){id@0:<i8;name@8:vstr utf8}', [[1, 'Ann']]),
        '/colour': contiguous('enum(<u1){BLUE=1,RED=0}', [1, 0]),
        '/refs': contiguous('ref(object)', ['/points', '']),
        '/matrix': contiguous('array(2,2)(<f8)', [[1, 2, 3, 4]]),
    }


def layouts(f):
    f.create_dataset('filtered', data=np.arange(2048, dtype='<i4').reshape(32, 64), chunks=(4, 8), maxshape=(None, 64),
                     compression='gzip', shuffle=True, fletcher32=True, fillvalue=-1)
    f.create_dataset('unfilled', (2,), '<f8', fillvalue=2.5)
    f.create_dataset('empty', (0, 3), '<i4')
    f['scalar'] = np.int16(7)
    f['null'] = h5py.Empty('<f4')
    plist = h5p.create(h5p.DATASET_CREATE)
    plist.set_layout(h5d.COMPACT)
    plist.set_fill_time(h5d.FILL_TIME_NEVER)
    d = h5d.create(f.id, b'compact', h5t.STD_I32LE, h5s.create_simple((2,)), plist)
    d.write(h5s.ALL, h5s.ALL, np.array([3, 4], '<i4'))
    f.create_dataset('compound', (1,), [('a', '<i2'), ('b', 'S3')], fillvalue=np.array((5, b'xy'), [('a', '<i2'), ('b', 'S3')])[()])
    empty = {'kind': 'dataset', 'shape': [], 'layout': 'contiguous', 'unallocated': True}
    return {'superblock': 0}, {
        '/': {'kind': 'group'},
        '/filtered': {'kind': 'dataset', 'dtype': '<i4', 'shape': [32, 64], 'maxshape': [None, 64], 'layout': 'chunked', 'chunks': [4, 8],
                      'filters': [SHUFFLE4, GZIP, FLETCHER32], 'fill': {'status': 'user', 'value': -1}, 'sha256': sha(np.arange(2048, dtype='<i4').tobytes())},
        '/unfilled': dict(empty, dtype='<f8', shape=[2], fill={'status': 'user', 'value': 2.5}, value=[2.5, 2.5]),
        '/empty': dict(empty, dtype='<i4', shape=[0, 3], value=[]),
        '/scalar': dict(empty, dtype='<i2', space='scalar', unallocated=False, value=[7]),
        '/null': dict(empty, dtype='<f4', space='null', shape=None),
        '/compact': {'kind': 'dataset', 'dtype': '<i4', 'shape': [2], 'layout': 'compact', 'fill_time': 'never', 'value': [3, 4]},
        '/compound': dict(empty, dtype='compound(5){a@0:<i2;b@2:S3 nullpad ascii}', shape=[1], fill={'status': 'user', 'value': [5, 'xy']}, value=[[5, 'xy']]),
    }


def fills(f):
    """Fill values of each kind, and nothing stored."""
    pair = np.dtype([('a', '<f4'), ('b', '<i2', (2,))])
    wanted = {'/': {'kind': 'group'}}
    for name, dtype, value, described, js in (
            ('integer', '>i8', -3, '>i8', -3), ('half', '<f2', 1.5, '<f2', 1.5), ('bool', '?', True, 'enum(<i1){FALSE=0,TRUE=1}', 1),
            ('fixed', 'S4', b'ab', 'S4 nullpad ascii', 'ab'), ('variable', h5py.string_dtype(), 'Ann', 'vstr utf8', 'Ann'),
            ('complex', 'c8', 1 + 2j, 'compound(8){r@0:<f4;i@4:<f4}', [1, 2]), ('opaque', 'V3', np.void(b'abc'), 'opaque(3,)', '616263'),
            ('compound', pair, np.array((1.5, [1, 2]), pair)[()], 'compound(8){a@0:<f4;b@4:array(2)(<i2)}', [1.5, [1, 2]])):
        f.create_dataset(name, (2,), dtype, fillvalue=value)
        wanted['/' + name] = contiguous(described, [js, js], unallocated=True, fill={'status': 'user', 'value': js})
    return {'superblock': 0}, wanted


def vast(f):
    """More elements than anyone can read, and none of them stored."""
    f.create_dataset('unfilled', (10 ** 15,), '<f8')
    return {'superblock': 0}, {
        '/': {'kind': 'group'},
        '/unfilled': {'kind': 'dataset', 'dtype': '<f8', 'shape': [10 ** 15], 'layout': 'contiguous', 'unallocated': True},
    }


def tree(f):
    """Links of every kind, attributes, creation order, a user block, superblock 3, a name beyond ASCII."""
    g = f.create_group('größe', track_order=True)
    g['b'] = np.float32(1)
    g['a'] = h5py.SoftLink('/nowhere')
    g.attrs['z'] = 'text'
    g.attrs['y'] = np.array([1, 2], '>i2')
    f['again'] = g['b']
    f['out'] = h5py.ExternalLink('other.h5', '/x')
    f['type'] = np.dtype('<u2')
    attrs = {'z': {'dtype': 'vstr utf8', 'space': 'scalar', 'shape': [], 'value': ['text']},
             'y': {'dtype': '>i2', 'shape': [2], 'sha256': sha(struct.pack('<2h', 1, 2))}}
    return {'superblock': 3, 'userblock': 512, 'userblock_sha256': sha(b'hello'.ljust(512, b'\0'))}, {
        '/': {'kind': 'group', 'links_order': {'flags': BOTH, 'names': ['größe', 'again', 'out', 'type']}, 'attrs_order': {'flags': BOTH, 'names': []}},
        '/größe': {'kind': 'group', 'attrs': attrs, 'links_order': {'flags': BOTH, 'names': ['b', 'a']}, 'attrs_order': {'flags': BOTH, 'names': ['z', 'y']}},
        '/größe/a': {'kind': 'soft', 'target': '/nowhere'},
        '/größe/b': {'kind': 'hard', 'same_as': '/again'},
        '/again': {'kind': 'dataset', 'dtype': '<f4', 'space': 'scalar', 'shape': [], 'layout': 'contiguous', 'value': [1]},
        '/out': {'kind': 'external', 'file': 'other.h5', 'target': '/x'},
        '/type': {'kind': 'datatype', 'dtype': '<u2'},
    }


SAMPLES = {numbers: {}, strings: {}, nested: {}, layouts: {}, fills: {}, vast: {},
           tree: {'libver': ('v110', 'v110'), 'userblock_size': 512, 'track_order': True}}


def main(folder):
    with open(os.path.join(folder, 'manifest.jsonl'), 'w') as manifest:
        for make, keywords in SAMPLES.items():
            name = make.__name__ + '.h5'
            with h5py.File(os.path.join(folder, name), 'w', **keywords) as f:
                top, objects = make(f)
            if 'userblock_size' in keywords:
                with open(os.path.join(folder, name), 'r+b') as f:
                    f.write(b'hello')
            print(json.dumps(dict(top, path=name, objects=objects)), file=manifest)


if __name__ == '__main__':
    main(sys.argv[1])
