"""Makes files that lead where they may not, in the folder given: first.h5 and second.h5 in its folder "in"."""
import os, sys
import h5py, numpy as np

os.chdir(sys.argv[1])
for folder in ('in', 'in/inside', 'out'):
    os.mkdir(folder)
os.symlink(os.path.abspath('out'), 'in/inside/way')
with h5py.File('out/secret.h5', 'w') as f:
    f['x'] = np.arange(4, dtype='i4')
os.chdir('in')


def lead(f, kind, spelling, file, path='/x'):
    name = f'{kind}/{spelling}'
    if kind == 'link':
        f[name] = h5py.ExternalLink(file, path)
    elif kind == 'storage':
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_external(file.encode(), 0, 16)
        f.require_group(kind)
        h5py.h5d.create(f.id, name.encode(), h5py.h5t.NATIVE_INT32, h5py.h5s.create_simple((4,)), plist)
    else:
        layout = h5py.VirtualLayout((4,), 'i4')
        layout[:] = h5py.VirtualSource(file, path, (4,))
        f.create_virtual_dataset(name, layout)


for i in range(10):
    with h5py.File(f'chain{i}.h5', 'w') as f:
        for kind in ('link', 'storage', 'virtual'):
            f.require_group(kind)
            if i < 9:
                lead(f, 'virtual' if kind == 'virtual' else 'link', kind if kind == 'storage' else 'x', f'chain{i + 1}.h5',
                     '/virtual/x' if kind == 'virtual' else '/link/x')
with h5py.File('chain9.h5', 'a') as f:
    f['link/x'] = f['virtual/x'] = np.arange(4, dtype='i4')
for own in ('first.h5', 'second.h5'):
    with h5py.File(own, 'w') as f:
        f['x'] = np.arange(4, dtype='i4')
        f['soft'] = h5py.SoftLink('/')
        f['next'] = h5py.ExternalLink('second.h5', '/')
        for kind in ('link', 'storage', 'virtual'):
            for spelling, file in dict(
                    absolute=os.path.abspath('../out/secret.h5'), up='../out/secret.h5', address='s3://bucket/secret.h5',
                    share='\\\\host\\share\\secret.h5', drive='C:/secret.h5', way='inside/way/secret.h5', own=own).items():
                lead(f, kind, spelling, file)
        lead(f, 'link', 'chain', 'chain0.h5', '/link/x')
        lead(f, 'virtual', 'chain', 'chain0.h5', '/virtual/x')
        f['storage/chain'] = h5py.ExternalLink('chain0.h5', '/link/storage')
print('[]')
