"""proxy_samples.py FOLDER KEY…: makes HDF5 files with h5py, as libhdf5 lays them out by default; KEY may have folders.

Every dataset is a little-endian array of two dimensions, which GDAL and netCDF take too.
"""
import os
import sys

import h5py
import numpy as np


def write(name, seed, **keywords):
    noise = np.random.default_rng(seed)
    with h5py.File(name, 'w') as f:
        f.attrs['title'] = 'sample %d' % seed
        f['cube'] = np.cumsum(noise.integers(0, 1000, 500_000)).astype('<f8').reshape(500, 1000) / 8
        f.create_dataset('grid', data=noise.integers(0, 9999, (700, 900)).astype('<i4'), **keywords)
        for i in range(30):
            d = f.create_dataset('group%d/member%d' % (i // 10, i), data=np.arange(i * 6, dtype='<f4').reshape(i, 6) + seed)
            d.attrs['units'] = 'K'


for i, key in enumerate(sys.argv[2:]):
    path = os.path.join(sys.argv[1], key)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write(path, i, **({'chunks': (64, 64), 'compression': 'gzip', 'shuffle': True} if i % 2 else {}))
