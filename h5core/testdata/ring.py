"""Makes seeded random files, and says what is in them without reading them.

    ring.py FOLDER SEED COUNT

Prints one JSON object a file: its name, and for every path what has to stand
in that path's line of h5serve dump --canonical, hashes made from the values
that were written. Runs with h5py 3.7 / HDF5 1.10 and with current ones.
"""
import ctypes, hashlib, json, random, struct, sys

import h5py
import numpy as np
from h5py import h5a, h5d, h5o, h5p, h5s, h5t, h5z

BOUNDS = [b for b in ("earliest", "v108", "v110", "v112", "v114", "v200") if b in h5py._hl.files.libver_dict]


class Kind:
    """A datatype: its identifier, its name in the lines, and a maker of (bytes in memory, canonical bytes)."""

    def __init__(self, tid, name, make, plain=None):
        self.tid, self.name, self.make, self.plain = tid, name, make, plain


def counted(b):
    return struct.pack("<I", len(b)) + b


class Maker:
    def __init__(self, rng):
        self.rng, self.alive, self.paths = rng, [], []  # alive: what elements in memory point to

    def pointer(self, content):
        self.alive.append(ctypes.create_string_buffer(content, max(len(content), 1)))
        return ctypes.addressof(self.alive[-1])

    def kind(self, depth):
        if depth and self.rng.random() < 0.4:
            return self.rng.choice([self.array, self.sequence, self.compound, self.compound])(depth - 1)
        return self.rng.choice([self.integer, self.integer, self.float, self.fixed, self.variable, self.enum, self.opaque,
                                self.reference, self.bool, self.complex])()

    def integer(self):
        size, signed, big = self.rng.choice([1, 2, 4, 8]), self.rng.random() < .5, self.rng.random() < .5
        tid = getattr(h5t, "STD_%s%d%s" % ("I" if signed else "U", 8 * size, "BE" if big else "LE")).copy()

        def make():
            b = self.rng.randbytes(size)
            return b, b[::-1] if big else b
        name = "%s%s%d" % (">" if big else "<", "i" if signed else "u", size)
        return Kind(tid, name, make, np.dtype(name))

    def float(self):
        size, big = self.rng.choice([2, 4, 8]), self.rng.random() < .5
        order = ">" if big else "<"
        plain = np.dtype("%sf%d" % (order, size))

        def make():
            b = np.array(self.rng.choice([0, -1.5, 3.25, 1000, float("inf"), -0.0]), "<f%d" % size).tobytes()
            return b[::-1] if big else b, b
        return Kind(h5t.py_create(plain), "%sf%d" % (order, size), make, plain)

    def fixed(self):
        size, pad, utf8 = self.rng.randint(1, 12), self.rng.randrange(3), self.rng.random() < .5
        tid = h5t.C_S1.copy()
        tid.set_size(size), tid.set_strpad(pad), tid.set_cset(utf8)

        def make():
            b = "".join(self.rng.choice("ab c") for _ in range(self.rng.randint(0, size))).encode()
            stored = b.ljust(size, b" " if pad == 2 else b"\0")
            return stored, counted(b.rstrip(b" ") if pad == 2 else b)
        return Kind(tid, "S%d %s %s" % (size, ["nullterm", "nullpad", "spacepad"][pad], ["ascii", "utf8"][utf8]), make)

    def variable(self):
        utf8 = self.rng.random() < .5
        tid = h5t.C_S1.copy()
        tid.set_size(h5t.VARIABLE), tid.set_cset(utf8)

        def make():
            b = ("xyz" if not utf8 else "\u00e9z").encode() * self.rng.choice([0, 1, 3, 2000])
            return struct.pack("<Q", self.pointer(b + b"\0")), counted(b)
        return Kind(tid, "vstr " + ["ascii", "utf8"][utf8], make)

    def enum(self):
        base = self.integer()
        tid = h5t.enum_create(base.tid)
        names = [("ONE", 1), ("zwei \u00df", 2), ("drei", 3)]
        for name, value in names:
            tid.enum_insert(name.encode(), value)
        return Kind(tid, "enum(%s){%s}" % (base.name, ",".join("%s=%d" % n for n in names)), base.make)

    def bool(self):
        def make():
            b = bytes([self.rng.randrange(2)])
            return b, b
        return Kind(h5t.py_create(np.dtype("?"), logical=True), "enum(<i1){FALSE=0,TRUE=1}", make)

    def opaque(self):
        size, tag = self.rng.randint(1, 20), self.rng.choice(["", "a tag"])
        tid = h5t.create(h5t.OPAQUE, size)
        tid.set_tag(tag.encode())

        def make():
            b = self.rng.randbytes(size)
            return b, b
        return Kind(tid, "opaque(%d,%s)" % (size, tag), make)

    def complex(self):
        def make():
            b = struct.pack("<dd", self.rng.randint(-9, 9), self.rng.random())
            return b, b
        tid = h5t.create(h5t.COMPOUND, 16)
        tid.insert(b"r", 0, h5t.IEEE_F64LE), tid.insert(b"i", 8, h5t.IEEE_F64LE)
        return Kind(tid, "compound(16){r@0:<f8;i@8:<f8}", make)

    def reference(self):
        def make():
            if not self.paths or self.rng.random() < .2:
                return bytes(8), counted(b"")
            address, path = self.rng.choice(self.paths)
            return struct.pack("<Q", address), counted(path.encode())
        return Kind(h5t.STD_REF_OBJ.copy(), "ref(object)", make)

    def several(self, base, n):
        pairs = [base.make() for _ in range(n)]
        return b"".join(p[0] for p in pairs), b"".join(p[1] for p in pairs)

    def array(self, depth):
        # HDF5 1.10 loses the heap's objects of arrays of compounds in attributes.
        base, dims = self.kind(depth if h5py.version.hdf5_version_tuple >= (1, 12) else 0), tuple(self.rng.randint(1, 3) for _ in range(self.rng.randint(1, 2)))
        name = "array(%s)(%s)" % (",".join(map(str, dims)), base.name)
        return Kind(h5t.array_create(base.tid, dims), name, lambda: self.several(base, int(np.prod(dims))))

    def sequence(self, depth):
        base = self.kind(depth)

        def make():
            n = self.rng.choice([0, 1, 2, 5])
            stored, canonical = self.several(base, n)
            return struct.pack("<QQ", n, self.pointer(stored) if n else 0), struct.pack("<I", n) + canonical
        return Kind(h5t.vlen_create(base.tid), "vlen(%s)" % base.name, make)

    def compound(self, depth):
        members, at = [], 0
        for i in range(self.rng.randint(1, 4)):
            at += self.rng.choice([0, 0, 3])
            base = self.kind(depth)
            members.append(("m%d \u00e9" % i, at, base))
            at += base.tid.get_size()
        size = at + self.rng.choice([0, 0, 4])
        tid = h5t.create(h5t.COMPOUND, size)
        for name, offset, base in members:
            tid.insert(name.encode(), offset, base.tid)

        def make():
            stored, canonical = bytearray(size), b""
            for _, offset, base in members:
                b, c = base.make()
                stored[offset:offset + len(b)] = b
                canonical += c
            return bytes(stored), canonical
        parts = ";".join("%s@%d:%s" % (n, o, b.name) for n, o, b in members)
        return Kind(tid, "compound(%d){%s}" % (size, parts), make)


def space_keys(shape):
    return {"space": "null" if shape is None else "simple" if shape else "scalar", "shape": None if shape is None else list(shape)}


def space_id(shape, maximum=None):
    if shape is None:
        return h5s.create(h5s.NULL)
    unlimited = None if maximum is None else tuple(h5s.UNLIMITED if m is None else m for m in maximum)
    return h5s.create_simple(shape, unlimited) if shape else h5s.create(h5s.SCALAR)


class Tree(Maker):
    """One file: first its objects and links, then, when paths are known, its values."""

    def __init__(self, rng, name):
        super().__init__(rng)
        self.bounds = tuple(sorted(rng.choices(range(len(BOUNDS)), k=2)))
        low, high = (BOUNDS[b] for b in self.bounds)
        self.user = rng.choice([0, 0, 512, 4096])
        self.f = h5py.File(name, "w", libver=(low, high if self.bounds[1] else "latest"), userblock_size=self.user,
                           track_order=rng.random() < .5)
        self.lines, self.groups, self.datasets, self.types = {"/": {"kind": "group"}}, [self.f["/"]], [], []
        for i in range(rng.randint(1, 10)):
            parent = rng.choice(self.groups)
            path = parent.name.rstrip("/") + "/" + rng.choice(["a", "Z", "\u00f6", "x y"]) + str(i)
            rng.choice([self.group, self.dataset, self.dataset, self.dataset, self.commit])(path)
        for i in range(rng.choice([0, 3, 3, 30])):
            self.link(rng.choice(self.groups), "link%d" % i)

    def group(self, path):
        self.groups.append(self.f.create_group(path, track_order=self.rng.random() < .5))
        self.lines[path] = {"kind": "group"}

    def commit(self, path):
        kind = self.kind(2)
        kind.tid.commit(self.f.id, path.encode())
        self.types.append((path, kind))
        self.lines[path] = {"kind": "datatype", "dtype": kind.name}

    def shape(self, side):
        return self.rng.choice([None, ()] + 6 * [tuple(self.rng.randint(1, side) for _ in range(self.rng.randint(1, 3)))] + [(0, 2)])

    def dataset(self, path):
        kind = self.rng.choice(self.types)[1] if self.types and self.rng.random() < .2 else self.kind(3)
        shape, maximum, chunk = self.shape(9), None, None
        plist = h5p.create(h5p.DATASET_CREATE)
        layout = self.rng.choice(["contiguous", "compact", "chunked", "chunked", "chunked"])
        if layout == "chunked" and not shape or layout == "compact" and shape and int(np.prod(shape)) * kind.tid.get_size() > 20000:
            layout = "contiguous"
        if layout == "compact":
            plist.set_layout(h5d.COMPACT)
        if layout == "chunked":
            chunk = tuple(self.rng.randint(1, max(n, 1)) for n in shape)
            maximum = self.rng.choice([None, tuple(self.rng.choice([None, max(n, 1) + 5, max(n, c)]) for n, c in zip(shape, chunk))])
            plist.set_chunk(chunk)
            self.filters(plist, kind)
        if kind.plain is not None and self.rng.random() < .4:
            plist.set_fill_value(np.array(42, kind.plain))
            blank = np.array(42, kind.plain.newbyteorder("<")).tobytes()
        else:
            blank = None
        d = h5d.create(self.f.id, path.encode(), kind.tid, space_id(shape, maximum), plist)
        line = {"kind": "dataset", "dtype": kind.name, "layout": layout, "chunks": chunk and list(chunk), **space_keys(shape)}
        line["maxshape"] = None if shape is None else list(maximum or shape)
        line["filter_ids"] = [plist.get_filter(i)[0] for i in range(plist.get_nfilters())] if layout == "chunked" else []
        self.lines[path] = line
        self.datasets.append((path, d, kind, shape, blank))

    def filters(self, plist, kind):
        some = lambda: self.rng.random() < .4
        if kind.plain is not None and kind.plain.kind in "iu" and kind.plain.itemsize < 8 and self.rng.random() < .2:
            if some():
                plist.set_scaleoffset(h5z.SO_INT, 0)
            else:
                plist.set_filter(h5z.FILTER_NBIT, h5z.FLAG_OPTIONAL)
        if some():
            plist.set_shuffle()
        if some():
            plist.set_deflate(self.rng.randint(0, 9))
        elif some():
            plist.set_filter(h5z.FILTER_LZF, h5z.FLAG_OPTIONAL)
        if some() and not kind.name.startswith("v"):  # the library takes no filter that must run on sequences
            plist.set_fletcher32()

    def link(self, g, name):
        path = g.name.rstrip("/") + "/" + name
        pick = self.rng.randrange(3)
        if pick == 0:
            g[name] = h5py.SoftLink("/no/where")
            self.lines[path] = {"kind": "link", "link": "soft", "target": "/no/where"}
        elif pick == 1:
            g[name] = h5py.ExternalLink("far.h5", "/x")
            self.lines[path] = {"kind": "link", "link": "external", "file": "far.h5", "target": "/x"}
        else:
            target = self.rng.choice([p for p, l in self.lines.items() if l["kind"] not in ("link", "hard")])
            g[name] = self.f[target]
            self.lines[path] = {"kind": "hard", "target": target}

    def name_all(self):
        """Lists what there is in the lines' order, so that each object gets the path that is listed first."""
        members, first, out = {}, {}, {}
        for path in self.lines:
            if path != "/":
                parent, _, name = path.rpartition("/")
                members.setdefault(parent or "/", []).append(name)

        def visit(path, made):
            line = self.lines[made]
            made = line["target"] if line["kind"] == "hard" else made
            line = self.lines[made]
            if line["kind"] != "link" and made in first:
                out[path] = {"kind": "link", "link": "hard", "same_as": first[made]}
                return
            first[made], out[path] = path, line
            for name in sorted(members.get(made, []), key=str.encode):
                visit(path.rstrip("/") + "/" + name, made.rstrip("/") + "/" + name)
        visit("/", "/")
        for made, path in first.items():
            if self.lines[made]["kind"] != "link":
                self.paths.append((h5o.get_info(self.f[made].id).addr, path))
        return out

    def write(self, target, kind, shape):
        """Writes elements, and gives their canonical bytes."""
        if shape is None or 0 in shape:
            return b""
        stored, canonical = self.several(kind, int(np.prod(shape)))
        memory = np.frombuffer(bytearray(stored), "V%d" % kind.tid.get_size()).reshape(shape)
        if isinstance(target, h5a.AttrID):
            target.write(memory, kind.tid)
        else:
            target.write(h5s.ALL, h5s.ALL, memory, kind.tid)
        return canonical

    def fill(self):
        for path, d, kind, shape, blank in self.datasets:
            if blank is not None and self.rng.random() < .3:
                canonical = b"" if shape is None else blank * int(np.prod(shape))
            else:
                canonical = self.write(d, kind, shape)
            self.lines[path]["sha256"] = hashlib.sha256(canonical).hexdigest()
        for path in [p for p, l in self.lines.items() if l["kind"] not in ("link", "hard")]:
            attrs = self.lines[path]["attrs"] = {}
            for i in range(self.rng.choice([0, 1, 2, 2, 12])):
                name, shape = "attr \u00e9%d" % i, self.shape(4)
                kind = self.rng.choice(self.types)[1] if self.types and self.rng.random() < .2 else self.kind(2)
                a = h5a.create(self.f[path].id, name.encode(), kind.tid, space_id(shape))
                canonical = self.write(a, kind, shape)
                attrs[name] = {"dtype": kind.name, "sha256": hashlib.sha256(canonical).hexdigest(), **space_keys(shape)}


folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for i in range(count):
    rng = random.Random("%d %d" % (seed, i))
    name = "%s/%d.h5" % (folder, i)
    tree = Tree(rng, name)
    lines = tree.name_all()
    tree.fill()
    for _, d, *_ in tree.datasets:
        d.close()
    tree.f.close()
    print(json.dumps({"file": name, "userblock": tree.user, "bounds": [BOUNDS[b] for b in tree.bounds], "lines": lines}))
