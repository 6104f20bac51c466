# Makes a file with dimension scales, or says how those of its subsets stand.
import sys
import h5py
import numpy as np

name = sys.argv[1]
if len(sys.argv) == 3:
    with h5py.File(name, "w") as f:
        for axis, n in ("time", 20), ("lat", 6), ("lon", 8):
            f[axis] = np.arange(n) * 1.5
            f[axis].make_scale(axis)
            f[axis].attrs["units"] = "u" + axis
        other = f.create_dataset("g/hidden", data=np.arange(20))
        other.make_scale("other")
        t = f.create_dataset("g/t", data=np.arange(20 * 6 * 8).reshape(20, 6, 8), chunks=(5, 3, 8), compression="gzip", maxshape=(None, 6, 8))
        for i, axis in enumerate(("time", "lat", "lon")):
            t.dims[i].attach_scale(f[axis])
            t.dims[i].label = axis
        t.dims[0].attach_scale(other)
        m = f.create_dataset("cov", data=np.arange(64).reshape(8, 8))
        m.dims[0].attach_scale(f["lon"])
        m.dims[1].attach_scale(f["lon"])
    sys.exit()

with h5py.File(name) as f:
    seen = []

    def say(path, o):
        if not isinstance(o, h5py.Dataset):
            return
        dims = ["+".join(f"{s.name}={s[()].tolist()}" for s in d.values()) for d in o.dims]
        back = [f"{f[r].name}.{i}" for r, i in o.attrs.get("REFERENCE_LIST", [])]
        print(path, o.shape, [d.label for d in o.dims], dims, sorted(back), o.attrs.get("units", ""), sep="|")

    f.visititems(say)
