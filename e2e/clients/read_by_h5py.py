"""Makes the files of BenchmarkReadBesideH5py, and reads them, timing itself.

    read_by_h5py.py make FOLDER
    read_by_h5py.py read FOLDER CASE ROUNDS     prints the fastest round: wall and CPU seconds
"""
import json
import sys
import time

import h5py
import numpy as np

ROWS = 1_000_000
FLOATS = 8 << 20


def make(folder):
    noise = np.random.default_rng(1)
    ramp = np.cumsum(noise.integers(0, 1000, FLOATS)).astype("<f8") / 8
    for name, keywords in {
        "contiguous": {},
        "gzip": {"chunks": (131072,), "compression": "gzip", "shuffle": True},
        "fletcher32": {"chunks": (131072,), "fletcher32": True},
    }.items():
        with h5py.File(f"{folder}/{name}.h5", "w") as f:
            f.create_dataset("data", data=ramp, **keywords)
    with h5py.File(f"{folder}/strings.h5", "w") as f:
        f.create_dataset("data", data=[f"sample {i % 9973} of {i}" for i in range(ROWS)], dtype=h5py.string_dtype())
    with h5py.File(f"{folder}/compound.h5", "w") as f:
        rows = np.zeros(ROWS, [("id", "<i8"), ("name", "S12"), ("value", "<f8")])
        rows["id"], rows["value"] = np.arange(ROWS), np.arange(ROWS) / 7
        rows["name"] = [b"name %d" % (i % 1000) for i in range(ROWS)]
        f.create_dataset("data", data=rows)
    with h5py.File(f"{folder}/listing.h5", "w") as f:
        for i in range(10_000):
            d = f.create_dataset(f"group{i // 100:03}/dataset{i:05}", data=np.arange(10, dtype="<f4"))
            d.attrs["units"], d.attrs["offset"] = "K", 0.5
            d.attrs["shape"], d.attrs["valid"] = np.arange(3), i


def whole(f):
    f["data"][...]


def listing(f):
    def visit(name, o):
        if isinstance(o, h5py.Dataset):
            found.append((name, o.shape, o.dtype, dict(o.attrs)))

    found = []
    f.visititems(visit)
    if len(found) != 10_000:
        raise SystemExit(f"{len(found)} datasets")


def read(folder, case, rounds):
    wall, cpu = float("inf"), float("inf")
    for _ in range(int(rounds)):
        start, used = time.perf_counter(), time.process_time()
        with h5py.File(f"{folder}/{case}.h5", "r") as f:
            (listing if case == "listing" else whole)(f)
        wall = min(wall, time.perf_counter() - start)
        cpu = min(cpu, time.process_time() - used)
    print(json.dumps({"wall": wall, "cpu": cpu}))


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](*sys.argv[2:])
