"""by_h5py.py SPEC FILE: makes the benchmarks' files with h5py, as a server in Python would."""
import json
import sys

import h5py
import numpy as np

with open(sys.argv[1], encoding='utf-8') as f:
    spec = json.load(f)
with h5py.File(sys.argv[2], 'w') as f:
    for path, d in spec['datasets'].items():
        if isinstance(d, list):
            f[path] = np.asarray(d)
        elif 'linspace' in d['data']:
            keys = ('compression', 'compression_opts', 'shuffle')
            f.create_dataset(path, data=np.linspace(*d['data']['linspace'], d['shape'][0]), chunks=tuple(d['chunks']),
                             **{k: d[k] for k in keys})
        else:
            dt = np.dtype([tuple(m) for m in d['dtype']])
            columns = d['data']['columns']
            rows = np.empty(len(columns['id']), dt)
            for name in dt.names:
                rows[name] = columns[name]
            f[path] = rows
