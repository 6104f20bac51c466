"""far_stranger.py NAME GROUPS DATASETS: writes a file that nobody laid out for reading from afar.

Gzip datasets of 20 chunks with 4 attributes each, in groups, with libhdf5's defaults. The first elements of each
dataset tell which one it is.
"""
import sys

import h5py
import numpy as np

name, groups, datasets = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)
with h5py.File(name, 'w') as f:
    for g in range(groups):
        group = f.create_group(f'gt{g:02}')
        for v in range(datasets):
            x = rng.normal(size=20000).astype('<f4')
            x[::1000] = 1000 * g + v
            d = group.create_dataset(f'v{v:02}', data=x, chunks=(1000,), compression='gzip', shuffle=True)
            d.attrs['units'], d.attrs['long_name'] = 'm', f'variable {v} of {g}'
            d.attrs['scale'], d.attrs['valid'] = 0.5, [0, v]
