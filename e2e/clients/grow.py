"""grow.py FILE...: copies of files whose datasets may grow for ever are grown, filled in places, cut and filled again."""
import random
import shutil
import sys

import h5py
import numpy as np


def grow(d, model, dice):
    for _ in range(12):
        shape = tuple(dice.randrange(1, 2 * n + 2) if m is None else n for n, m in zip(d.shape, d.maxshape))
        kept = tuple(slice(0, min(a, b)) for a, b in zip(shape, d.shape))
        new = np.zeros(shape, d.dtype)
        new[kept] = model[kept]
        d.resize(shape)
        model = new
        for _ in range(20):
            at = tuple(dice.randrange(n) for n in shape)
            d[at] = model[at] = dice.randrange(1, 1000)
        assert np.array_equal(d[...], model), d.name
    return model


for name in sys.argv[1:]:
    copy = name + '.grown'
    shutil.copy(name, copy)
    dice = random.Random(7)
    with h5py.File(copy, 'r+') as f:
        models = {k: grow(d, d[...], dice) for k, d in f.items()}
    with h5py.File(copy, 'r') as f:
        for k, model in models.items():
            assert np.array_equal(f[k][...], model), (name, k)
