"""flip.py FILE EVERY SEED: reads DS1, then flips bytes of its chunks, one at a time, and wants each read to fail.

EVERY is 1 for all bytes of all chunks, 0 for three bytes of each chunk, its last among them.
"""
import io
import random
import sys

import h5py
import numpy as np

name, every, seed = sys.argv[1], sys.argv[2] == '1', int(sys.argv[3])
random.seed(seed)
with h5py.File(name, 'r') as f:
    ds = f['DS1']
    assert ds.fletcher32 and ds.chunks == (4, 8) and ds.dtype == np.dtype('<i4')
    assert (ds[...].ravel() == np.arange(32 * 64)).all()
    spans = []
    if hasattr(ds.id, 'get_chunk_info'):
        for i in range(ds.id.get_num_chunks()):
            info = ds.id.get_chunk_info(i)
            spans.append((info.byte_offset, info.size, info.chunk_offset))
assert len(spans) == 64, len(spans)
with open(name, 'rb') as f:
    good = f.read()
flips = missed = 0
for start, size, at in spans:
    places = range(size) if every else [size - 1] + random.sample(range(size - 1), 2)
    for i in places:
        bad = bytearray(good)
        bad[start + i] ^= 1 << random.randrange(8)
        with h5py.File(io.BytesIO(bytes(bad)), 'r') as f:
            flips += 1
            try:
                f['DS1'][at[0]:at[0] + 4, at[1]:at[1] + 8]
                missed += 1
            except OSError:
                pass
assert missed == 0, '%d of %d flips were not noticed' % (missed, flips)
print('%d flips, each noticed' % flips)
