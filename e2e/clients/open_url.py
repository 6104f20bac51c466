"""open_url.py URL: reads the demo file over HTTP with h5py on fsspec and with xarray."""
import sys

import fsspec
import h5py
import numpy as np
import xarray

with fsspec.open(sys.argv[1], mode='rb') as remote, h5py.File(remote, 'r') as f:
    assert f.attrs['title'] == 'demo'
    assert np.allclose(f['x'], np.linspace(0, 1, 100))
    assert (f['grid'][...].ravel() == np.arange(60000)).all()
with fsspec.open(sys.argv[1], mode='rb') as remote, \
        xarray.open_dataset(remote, engine='h5netcdf', phony_dims='sort') as ds:
    assert ds.attrs['title'] == 'demo'
    assert ds['grid'].shape == (300, 200) and int(ds['grid'].sum()) == sum(range(60000))
