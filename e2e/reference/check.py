#!/usr/bin/env python3
"""check.py MANIFEST: what h5py finds in files, against what their makers said.

The manifest has one JSON object per line and file. It comes from the model that made the file, never from a
reader of ours. A key that is left out stands for its default: everything is compared, always.

  path              the file, relative to the manifest
  superblock        version; no default
  userblock         bytes in front of the file (0)
  userblock_sha256  their hash; needed where there are any
  objects           {path: object}: every object and link but no other, "/" among them

kind               and its keys (default)
  group            links_order ({}: not kept), attrs, attrs_order
  dataset          dtype, space ("simple"; "scalar", "null"), shape (null: null space), maxshape (the shape; null in it:
                   unlimited), layout (compact, contiguous, chunked), chunks (null), filters ([], else
                   [{"id", "optional" (false), "values" ([])}] in order), fill ({"status": "default"}; "undefined",
                   "user" and "value", but no value for arrays and tagged opaque types), fill_time ("ifset", but "alloc"
                   for types with variable-length parts and no fill of their own, as the C library has it; "never"),
                   alloc_time (by layout: "early", "late", "incr"),
                   unallocated (false: the file holds storage for it), value or sha256 (neither where nothing is
                   stored: then nothing is read, however big the shape), attrs, attrs_order
  datatype         dtype, attrs, attrs_order
  soft             target           external  file, target
  hard             same_as: the path where a walk (depth first, names by their bytes) meets the object first

  attrs            {name: {dtype, space, shape, value or sha256}}, ({})
  links_order, attrs_order   {"flags": 1 tracked + 2 indexed, "names": [in order of creation]}, ({})

dtypes are written as dtypes.py says; sha256 is that of the canonical bytes in values.py; `value` is a flat list of all
elements, C order, in its JSON (it cannot tell -0 from 0: sha256 can).

Standard output: one JSON line per mismatch, {"line": of the manifest, "file", "object", "key", "expected", "found"},
and at the end {"checked": files, "h5py", "hdf5"}. Exit code: 0 all equal, 1 mismatches. The C library says its errors
on standard error. Runs with h5py 3.7 / HDF5 1.10 and newer.
"""
import hashlib
import json
import os
import sys

import h5py
from h5py import h5, h5a, h5d, h5f, h5g, h5l, h5o, h5s

from dtypes import describe, is_variable, text
from values import fill, read

SPACES = {h5s.SCALAR: 'scalar', h5s.SIMPLE: 'simple', h5s.NULL: 'null'}
LAYOUTS = {h5d.COMPACT: 'compact', h5d.CONTIGUOUS: 'contiguous', h5d.CHUNKED: 'chunked', 3: 'virtual'}
FILL_STATUS = {h5d.FILL_VALUE_UNDEFINED: 'undefined', h5d.FILL_VALUE_DEFAULT: 'default',
               h5d.FILL_VALUE_USER_DEFINED: 'user'}
FILL_TIMES = {h5d.FILL_TIME_ALLOC: 'alloc', h5d.FILL_TIME_NEVER: 'never', h5d.FILL_TIME_IFSET: 'ifset'}
ALLOC_TIMES = {h5d.ALLOC_TIME_EARLY: 'early', h5d.ALLOC_TIME_LATE: 'late', h5d.ALLOC_TIME_INCR: 'incr'}
ALLOC_BY_LAYOUT = {'compact': 'early', 'contiguous': 'late', 'chunked': 'incr'}


def with_defaults(x):
    """An expected object with everything said that its maker left to the defaults."""
    if x['kind'] not in ('group', 'dataset', 'datatype'):
        return x
    attrs = {name: dict({'space': 'simple'}, **a) for name, a in x.get('attrs', {}).items()}
    d = dict({'attrs_order': {}}, **dict(x, attrs=attrs))
    if x['kind'] == 'group':
        d.setdefault('links_order', {})
    if x['kind'] == 'dataset':
        at_once = is_variable(x.get('dtype', '')) and 'fill' not in x
        d = dict({'space': 'simple', 'maxshape': x.get('shape'), 'chunks': None,
                  'fill': {'status': 'default'}, 'fill_time': 'alloc' if at_once else 'ifset',
                  'alloc_time': ALLOC_BY_LAYOUT.get(x.get('layout')), 'unallocated': False}, **d)
        d['filters'] = [dict({'optional': False, 'values': []}, **f) for f in x.get('filters', [])]
    return d


def order(flags, names):
    return {'flags': int(flags), 'names': [text(n) for n in names()]} if flags else {}


def fill_value(status, plist, t):
    value = fill(plist, t) if status == 'user' else None
    return {'status': status} if value is None else {'status': status, 'value': value}


def extent(space):
    kind = SPACES[space.get_simple_extent_type()]
    if kind == 'null':
        return kind, None, None
    shape = [int(n) for n in space.get_simple_extent_dims()]
    most = [None if n in (h5s.UNLIMITED, -1, 2 ** 64 - 1) else int(n) for n in space.get_simple_extent_dims(True)]
    return kind, shape, most


def values(source, expected, paths):
    """{"value"} or {"sha256"}, whichever the maker gave."""
    if 'value' in expected:
        return {'value': read(source, paths, sys.maxsize)[1]}
    return {'sha256': read(source, paths, 0)[0]}


class Found:
    """One open file, told in the manifest's words; `expected` only says in which form values are wanted."""

    def __init__(self, name, expected):
        self.name, self.expected = name, expected
        self.file = h5f.open(os.fsencode(name), h5f.ACC_RDONLY)
        self.paths = {}
        self.links = {}
        self.opened = {}
        root = h5o.open(self.file, b'/')
        self.enter(root, '/')
        self.walk(root, '')

    def enter(self, oid, path):
        self.paths[h5o.get_info(oid).addr] = path
        self.opened[path] = oid

    def walk(self, group, prefix):
        names = []
        group.links.iterate(names.append)
        for name in sorted(names):
            path = prefix + '/' + text(name)
            kind = group.links.get_info(name).type
            if kind == h5l.TYPE_SOFT:
                self.links[path] = {'kind': 'soft', 'target': text(group.links.get_val(name))}
            elif kind == h5l.TYPE_EXTERNAL:
                file, target = group.links.get_val(name)
                self.links[path] = {'kind': 'external', 'file': text(file), 'target': text(target)}
            else:
                self.member(h5o.open(group, name), path)

    def member(self, oid, path):
        first = self.paths.get(h5o.get_info(oid).addr)
        if first:
            self.links[path] = {'kind': 'hard', 'same_as': first}
            return
        self.enter(oid, path)
        if isinstance(oid, h5g.GroupID):
            self.walk(oid, path)

    def top(self):
        plist = self.file.get_create_plist()
        size = int(plist.get_userblock())
        d = {'superblock': int(plist.get_version()[0]), 'userblock': size}
        if size:
            with open(self.name, 'rb') as f:
                d['userblock_sha256'] = hashlib.sha256(f.read(size)).hexdigest()
        return d

    def object(self, path):
        if path in self.links:
            return self.links[path]
        oid, expected = self.opened[path], self.expected.get(path, {})
        if isinstance(oid, h5g.GroupID):
            plist = oid.get_create_plist()
            d = {'kind': 'group', 'links_order': order(plist.get_link_creation_order(), lambda: created(oid))}
        elif isinstance(oid, h5d.DatasetID):
            plist = oid.get_create_plist()
            d = dataset(oid, plist)
            if not d['unallocated'] or 'value' in expected or 'sha256' in expected:
                d.update(values(oid, expected, self.paths))
        else:
            plist = None
            d = {'kind': 'datatype', 'dtype': describe(oid)}
        d['attrs'] = self.attrs(oid, expected.get('attrs', {}))
        d['attrs_order'] = order(plist.get_attr_creation_order() if plist else 0, lambda: attr_names(oid, h5.INDEX_CRT_ORDER))
        return d

    def attrs(self, oid, expected):
        return {text(n): self.attr(h5a.open(oid, n), expected.get(text(n), {})) for n in attr_names(oid, h5.INDEX_NAME)}

    def attr(self, a, expected):
        space, shape, _ = extent(a.get_space())
        return dict(dtype=describe(a.get_type()), space=space, shape=shape, **values(a, expected, self.paths))


def created(group):
    names = []
    group.links.iterate(names.append, idx_type=h5.INDEX_CRT_ORDER)
    return names


def attr_names(oid, index):
    return [h5a.open(oid, index=i, index_type=index).name for i in range(h5a.get_num_attrs(oid))]


def dataset(ds, plist):
    space, shape, maxshape = extent(ds.get_space())
    layout = LAYOUTS[plist.get_layout()]
    stored = [plist.get_filter(i) for i in range(plist.get_nfilters())]
    status = FILL_STATUS[plist.fill_value_defined()]
    return {
        'kind': 'dataset', 'dtype': describe(ds.get_type()), 'space': space, 'shape': shape, 'maxshape': maxshape,
        'layout': layout, 'chunks': [int(n) for n in plist.get_chunk()] if layout == 'chunked' else None,
        'filters': [{'id': int(f[0]), 'optional': bool(f[1] & 1), 'values': [int(v) for v in f[2]]} for f in stored],
        'fill': fill_value(status, plist, ds.get_type()),
        'fill_time': FILL_TIMES[plist.get_fill_time()], 'alloc_time': ALLOC_TIMES[plist.get_alloc_time()],
        'unallocated': ds.get_storage_size() == 0 or (layout == 'contiguous' and ds.get_offset() is None),
    }


def differences(expected, found):
    """(key, expected, found) of every key in which two dictionaries differ."""
    for key in sorted(set(expected) | set(found)):
        x, y = expected.get(key, 'absent'), found.get(key, 'absent')
        if isinstance(x, dict) and isinstance(y, dict):
            for inner, a, b in differences(x, y):
                yield key + '.' + inner, a, b
        elif x != y:
            yield key, x, y


def check(base, line):
    """(object, key, expected, found) of every mismatch in one file."""
    line, objects = dict(line), line['objects']
    found = Found(os.path.join(base, line.pop('path')), objects)
    del line['objects']
    for d in differences(dict({'userblock': 0}, **line), found.top()):
        yield ('',) + d
    listed = set(found.opened) | set(found.links)
    for path in sorted(listed - set(objects)):
        yield path, 'kind', 'absent', found.object(path)['kind']
    for path, x in objects.items():
        if path not in listed:
            yield path, 'kind', x['kind'], 'absent'
            continue
        try:
            y = found.object(path)
        except Exception as e:
            yield path, 'error', None, '%s: %s' % (type(e).__name__, e)
            continue
        for d in differences(with_defaults(x), y):
            yield (path,) + d


def main(manifest):
    h5py._errors.unsilence_errors()
    base, checked, wrong = os.path.dirname(manifest), 0, 0
    with open(manifest) as f:
        for line in map(json.loads, f):
            checked += 1
            try:
                mismatches = list(check(base, line))
            except Exception as e:
                mismatches = [('', 'error', None, '%s: %s' % (type(e).__name__, e))]
            for m in mismatches:
                wrong += 1
                keys = dict(zip(('object', 'key', 'expected', 'found'), m))
                print(json.dumps(dict(keys, line=checked, file=line['path'])))
    print(json.dumps({'checked': checked, 'h5py': h5py.__version__, 'hdf5': h5py.version.hdf5_version}))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
