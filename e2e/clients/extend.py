"""extend.py FILE...: opens range(10) files r+ in copies, adds 50 groups, 50 datasets and a 300-byte attribute to each."""
import shutil
import sys

import h5py
import numpy as np

for name in sys.argv[1:]:
    with h5py.File(name, 'r') as f:
        assert f['dataset'].dtype == np.int64 and list(f['dataset']) == list(range(10)), name
        assert f['dataset'].chunks is None, 'contiguous'
    copy = name + '.more'
    shutil.copy(name, copy)
    with h5py.File(copy, 'r+') as f:
        for i in range(50):
            f.create_group('group%d' % i)
            f['more%d' % i] = np.arange(i)
        f['dataset'].attrs['note'] = np.bytes_(b'x' * 300)
        f.attrs['note'] = np.bytes_(b'y' * 300)
    with h5py.File(copy, 'r') as f:
        assert len(f) == 101, name
        assert list(f['dataset']) == list(range(10)), name
        assert all(list(f['more%d' % i]) == list(range(i)) for i in range(50)), name
        assert f['dataset'].attrs['note'] == b'x' * 300 and f.attrs['note'] == b'y' * 300, name
