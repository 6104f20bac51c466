#!/usr/bin/env python3
"""choices.py make DIR: a hundred descriptions, NNN.json, and the file that h5py makes of each, NNN.h5py.h5.
choices.py compare DIR: how NNN.h5py.h5 and NNN.ours.h5 are stored, object by object.

Compared are the versions of superblock, object headers, dataspaces, datatypes, fill values, layouts, filter pipelines
and attributes, the index of chunks, and where links and attributes are kept. One JSON line per difference, {"file",
"object", "what", "h5py", "ours"}, and at the end {"files", "facts", "differences"}.
"""
import json
import os
import sys

import h5py
import numpy as np
from h5py import h5o

BOUNDS = ['earliest', 'v108', 'v110', 'v112', 'v200']
TYPES = {'<i4': '<i4', '>f8': '>f8', 'S5': 'S5', 'bool': 'bool', '<c16': '<c16',
         'compound': [['x', '<i4'], ['y', '<f8']], 'array': [['v', {'array': '<i2', 'dims': [3]}]],
         'str': 'str', 'enum': {'enum': {'A': 0, 'B': 1}, 'base': 'i1'}}
SHAPES = {
    'contiguous': {'shape': [12, 10]},
    'single': {'shape': [12, 10], 'chunks': [12, 10]},
    'fixed': {'shape': [12, 10], 'chunks': [5, 4]},
    'limited': {'shape': [12, 10], 'chunks': [5, 4], 'maxshape': [24, 10]},
    'unlimited': {'shape': [12, 10], 'chunks': [5, 4], 'maxshape': [None, 10]},
    'gzip': {'shape': [12, 10], 'chunks': [5, 4], 'compression': 'gzip', 'shuffle': True},
    'gzip single': {'shape': [12, 10], 'chunks': [12, 10], 'compression': 'gzip', 'fletcher32': True},
    'scalar': {'shape': []},
    'null': {'shape': None},
}


def numpy_type(dt):
    if isinstance(dt, list):
        return np.dtype([(name, numpy_type(t)) for name, t in dt])
    if isinstance(dt, dict) and 'array' in dt:
        return np.dtype((dt['array'], tuple(dt['dims'])))
    if isinstance(dt, dict):
        return h5py.enum_dtype(dt['enum'], dt['base'])
    return h5py.string_dtype() if dt == 'str' else np.dtype(dt)


def descriptions():
    """Every shape at every bound, twice; types and the other properties go round."""
    types, shapes = list(TYPES), list(SHAPES)
    for n in range(100):
        bound, i = BOUNDS[n % 5], n % 12
        typename, shape = types[(n + n // 9) % 9], shapes[n // 5 % 9]
        dataset = dict(SHAPES[shape], dtype=TYPES[typename], attrs={'a': 1, 'text': 'hello'})
        if typename == 'str':  # the C library makes no checksums of variable-length parts
            dataset.pop('fletcher32', None)
        if typename in ('<i4', '>f8') and i % 2:
            dataset['fillvalue'] = 3
        if typename in ('<i4', '>f8') and shape not in ('null',) and i % 3:
            dataset['data'] = {'full': 7}
        spec = {'libver': [bound, 'latest'], 'attrs': {'title': 'x'}, 'datasets': {'g/d': dataset},
                'groups': {'empty': {}, 'tracked': {'track_order': True, 'attrs': {'k': 1.5}}},
                'links': {'soft': {'soft': '/g/d'}, 'hard': {'hard': '/g/d'}}}
        if i == 1:
            spec['track_order'] = True
        if i == 2:
            spec['links']['g/far'] = {'external': ['o.h5', '/x']}
        if i == 3:
            spec['groups']['gr\u00fcn'] = {}
        if i == 4:
            spec['userblock_size'] = 512
        if i == 5:
            spec['groups'].update(('many/g%d' % k, {}) for k in range(12))
        if i == 6:
            dataset['attrs'].update(('a%d' % k, k) for k in range(12))
        if i == 7:
            dataset['track_order'] = True
        yield spec


def by_h5py(spec, name):
    with h5py.File(name, 'w', libver=tuple(spec['libver']), userblock_size=spec.get('userblock_size'),
                   track_order=spec.get('track_order')) as f:
        put_attrs(f, spec['attrs'])
        for path, d in spec['datasets'].items():
            put_dataset(f, path, d)
        for path, g in spec['groups'].items():
            put_attrs(f.create_group(path, track_order=g.get('track_order')), g.get('attrs', {}))
        for path, link in spec['links'].items():
            kind, to = next(iter(link.items()))
            f[path] = {'soft': h5py.SoftLink, 'hard': f.__getitem__, 'external': lambda t: h5py.ExternalLink(*t)}[kind](to)


def put_attrs(o, attrs):
    for name, v in attrs.items():
        o.attrs[name] = v


def put_dataset(f, path, d):
    dt = numpy_type(d['dtype'])
    if d['shape'] is None:
        ds = f.create_dataset(path, data=h5py.Empty(dt))
    else:
        keys = ('chunks', 'maxshape', 'compression', 'shuffle', 'fletcher32', 'fillvalue', 'track_order')
        kw = {k: tuple(d[k]) if isinstance(d[k], list) else d[k] for k in keys if k in d}
        if 'data' in d:
            kw['data'] = np.full(d['shape'], d['data']['full'], dt)
        ds = f.create_dataset(path, shape=tuple(d['shape']), dtype=dt, **kw)
    put_attrs(ds, d.get('attrs', {}))


def messages(b, base, addr):
    """Version of an object's header and its messages as (type, body)."""
    at = base + addr
    if b[at:at + 4] == b'OHDR':
        flags = b[at + 5]
        start = at + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
        width = 1 << (flags & 3)
        blocks = [(start + width, int.from_bytes(b[start:start + width], 'little'))]
        prefix, version = 6 if flags & 4 else 4, 2
    else:
        blocks, prefix, version = [(at + 16, int.from_bytes(b[at + 8:at + 12], 'little'))], 8, 1
    out = []
    for begin, size in blocks:
        p = begin
        while p + prefix <= begin + size:
            kind = b[p] if version == 2 else int.from_bytes(b[p:p + 2], 'little')
            n = int.from_bytes(b[p + 1:p + 3] if version == 2 else b[p + 2:p + 4], 'little')
            body = b[p + prefix:p + prefix + n]
            if kind == 0x10:
                to, length = int.from_bytes(body[:8], 'little'), int.from_bytes(body[8:16], 'little')
                blocks.append((base + to + 4, length - 8) if version == 2 else (base + to, length))
            out.append((kind, body))
            p += prefix + n
    return version, out


def facts(b, base, addr):
    version, found = messages(b, base, addr)
    out = {'object header': version}
    kinds = [k for k, _ in found]
    if 0x11 in kinds:
        out['links'] = 'symbol table'
    for kind, body in found:
        if kind == 0x02:
            dense = body[2 + 8 * (body[1] & 1):][:8] != b'\xff' * 8
            out['links'] = 'dense' if dense else 'in the header'
        if kind == 0x15:
            dense = body[2 + 2 * (body[1] & 1):][:8] != b'\xff' * 8
            out['attributes'] = 'dense' if dense else 'in the header'
        name = {1: 'dataspace', 5: 'fill value', 8: 'layout', 0xb: 'filters', 0xc: 'attribute'}.get(kind)
        if name:
            out[name] = body[0]
        if kind == 3:
            out['datatype'] = body[0] >> 4
        if kind == 4:
            out['old fill value'] = 'written'
        if kind == 8:
            out['layout class'] = body[1]
            if body[:2] in (b'\x04\x02', b'\x05\x02'):
                out['chunk index'] = body[5 + body[3] * body[4]]
    return out


def scan(name):
    out = {}
    with h5py.File(name, 'r') as f:
        base = f.userblock_size
        paths = {'/': f}
        f.visititems(lambda path, o: paths.__setitem__('/' + path, o))
        addrs = {path: h5o.get_info(o.id).addr for path, o in paths.items()}
    with open(name, 'rb') as f:
        b = f.read()
    out['file'] = {'superblock': b[base + 8]}
    for path, addr in addrs.items():
        out[path] = facts(b, base, addr)
    return out


def main(verb, folder):
    if verb == 'make':
        for n, spec in enumerate(descriptions()):
            stem = os.path.join(folder, '%03d' % n)
            with open(stem + '.json', 'w') as f:
                json.dump(spec, f)
            by_h5py(spec, stem + '.h5py.h5')
        return
    files = total = differences = 0
    for n in range(100):
        stem = os.path.join(folder, '%03d' % n)
        theirs, ours = scan(stem + '.h5py.h5'), scan(stem + '.ours.h5')
        files += 1
        for path in sorted(set(theirs) | set(ours)):
            a, b = theirs.get(path, {}), ours.get(path, {})
            for what in sorted(set(a) | set(b)):
                total += 1
                if a.get(what) != b.get(what):
                    differences += 1
                    print(json.dumps({'file': '%03d' % n, 'object': path, 'what': what, 'h5py': a.get(what), 'ours': b.get(what)}))
    print(json.dumps({'files': files, 'facts': total, 'differences': differences}))


if __name__ == '__main__':
    main(*sys.argv[1:])
