"""Writes a file of many types, as h5py makes them."""
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "w") as f:
    f["f2"] = np.array([0.5, -2, np.inf], "<f2")
    f["i8"] = np.array([-1, 2**40], ">i8")
    f["bool"] = np.array([True, False, True])
    f["c8"] = np.array([1 + 2j, -1j], "c8")
    f["fixed"] = np.array([b"ab", b"abcd"], "S4")
    f["text"] = ["eins", "", "zwei \u00e9"]
    f["scalar"] = np.float32(2.5)
    f["empty"] = h5py.Empty("f4")
    f["time"] = np.array(["2020-01-01T00:00:00"], "M8[s]").astype(h5py.opaque_dtype("M8[s]"))
    f["enum"] = np.array([0, 2], h5py.enum_dtype({"RED": 0, "BLUE": 2}, "i2"))
    grid = f.create_dataset("grid", data=np.arange(600, dtype=">u2").reshape(20, 30), chunks=(7, 11), compression="gzip", shuffle=True)
    vlen = f.create_dataset("vlen", (3,), h5py.vlen_dtype("<i4"))
    vlen[0], vlen[2] = [1, -2, 3], [70000]
    table = np.zeros(2, [("id", ">i4"), ("pos", "<f4", (3,)), ("name", h5py.string_dtype()), ("in", [("a", "u1"), ("b", "S3")]),
                         ("many", h5py.vlen_dtype("<f8")), ("ok", "?")])
    table[0] = (7, (1, 2, 3), "seven", (8, b"xyz"), np.array([1.5, 2.5]), True)
    table[1] = (-9, (4, 5, 6), "", (255, b"q"), np.array([], "<f8"), False)
    f["table"] = table
    refs = f.create_dataset("refs", (2,), h5py.ref_dtype)
    refs[0] = grid.ref
    regions = f.create_dataset("regions", (2,), h5py.regionref_dtype)
    regions[0] = grid.regionref[1:3, 28:]
    grid.attrs["units"] = "K"
    grid.attrs["range"] = np.array([0, 599], ">u2")
    # What h5py makes of selections.
    for i, sel in enumerate([np.s_[::3, 4:20:5], np.s_[5], np.s_[-1, -30:-3:7], np.s_[..., 29], np.s_[[1, 4, 18], 3:5], np.s_[2, [0, 3, 29]]]):
        f["selected/%d" % i] = grid[sel]
        f["selected/%d" % i].attrs["shape"] = np.array(grid[sel].shape, "i8")
