"""Asks h5grove and h5serve the same, and compares what they mean.

    h5grove_compare.py URL STORE FOLDER SEED < keys

URL is h5serve's, whose store STORE has the FOLDER. Each line of the answer is a JSON object: a difference, or at the end of each
file how many answers were compared. A file at which h5grove dies is told, and no difference.
"""
import http.client
import io
import json
import math
import os
import random
import resource
import sys
import warnings
from urllib.parse import urlencode, urlsplit

import h5py
import numpy as np
import tifffile
from flask import Flask
from h5grove.flask_utils import BLUEPRINT

warnings.simplefilter("ignore")
MOST = 300_000  # elements of one answer
OBJECTS = 25  # of one file
SECONDS = 100  # of one file


class Reply:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers


class Both:
    """The two servers."""

    def __init__(self, url, store, folder):
        app = Flask("reference")
        app.config["H5_BASE_DIR"] = folder
        app.register_blueprint(BLUEPRINT, url_prefix="/h5grove")
        self.reference, self.store = app.test_client(), store
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)

    def h5grove(self, endpoint, key, query):
        answer = self.reference.get(f"/h5grove/{endpoint}?" + urlencode([("file", key), *query]))
        return Reply(answer.status_code, answer.get_data(), answer.headers)

    def h5serve(self, endpoint, key, query, headers={}):
        self.connection.request("GET", f"/h5grove/{endpoint}?" + urlencode([("file", f"{self.store}/{key}"), *query]), headers=headers)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.read(), answer.headers)


class Differs(Exception):
    pass


def hold(right, *what):
    if not right:
        raise Differs(" ".join(str(w)[:200] for w in what))


def same(a, b, single, at=""):
    """JSON values. Floats of at most 4 bytes are equal when they are as such: h5grove writes them with more digits or fewer."""
    if isinstance(a, dict) and isinstance(b, dict):
        hold(a.keys() == b.keys(), at, "keys", list(a), list(b))
        for key in a:
            same(a[key], b[key], single, f"{at}/{key}")
    elif isinstance(a, list) and isinstance(b, list):
        hold(len(a) == len(b), at, "lengths", len(a), len(b))
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, single, f"{at}/{i}")
    else:
        hold(isinstance(a, bool) == isinstance(b, bool), at, a, b)
        if a != b:
            numbers = isinstance(a, float) and isinstance(b, (int, float)) or isinstance(b, float) and isinstance(a, int)
            hold(numbers and single and np.float32(a) == np.float32(b), at, a, b)


def equal_arrays(a, b, *at):
    hold(a.shape == b.shape, *at, "shapes", a.shape, b.shape)
    if a.dtype.names:
        for name in a.dtype.names:
            equal_arrays(a[name], b[name], *at, name)
    elif a.dtype.kind in "fc":
        hold(np.array_equal(a, b, equal_nan=True), *at, a, b)
    elif a.dtype.kind in "Mm":
        hold(np.array_equal(a.view("i8"), b.view("i8")), *at, a, b)
    else:
        hold(a.tobytes() == b.tobytes(), *at, a, b)


def singles(dtype):
    """Whether there are floats of at most 4 bytes anywhere in a type."""
    if dtype is None:
        return False
    vlen = h5py.check_vlen_dtype(dtype)
    if isinstance(vlen, np.dtype):
        return singles(vlen)
    if dtype.subdtype:
        return singles(dtype.subdtype[0])
    if dtype.names:
        return any(singles(dtype[n]) for n in dtype.names)
    return dtype.kind == "f" and dtype.itemsize <= 4 or dtype.kind == "c" and dtype.itemsize <= 8


def complex_as_compound(t):
    """What h5serve makes of the class that nobody knows who speaks with h5grove."""
    if isinstance(t, list):
        return [complex_as_compound(x) for x in t]
    if not isinstance(t, dict):
        return t
    t = {k: complex_as_compound(v) for k, v in t.items()}
    if t.get("class") == 11:
        if t["size"] == 32:  # of the four-fold floats; h5py takes them for numpy's
            t["dtype"] = t["dtype"][0] + "c16"
        part = f"{t['dtype'][0]}f{int(t['dtype'][2:]) // 2}"
        base = {"class": 1, "dtype": part, "size": t["size"] // 2, "order": int(part[0] == ">")}
        t.update({"class": 6, "members": [{"name": "r", **base}, {"name": "i", **base}]})
    return t


def in_order(t):
    if isinstance(t, list):
        return [in_order(x) for x in t]
    if not isinstance(t, dict):
        return t
    t = {k: in_order(v) for k, v in t.items()}
    if isinstance(t.get("members"), list):
        t["members"].sort(key=lambda m: m["name"])
    return t


def number(text):
    return complex(text.strip().strip("()")) if "j" in text else float(text)


def rows(body):
    return [[number(c) for c in line.split(",")] if line else [] for line in body.decode().splitlines()]


def same_rows(a, b):
    a, b = rows(a), rows(b)
    hold([len(r) for r in a] == [len(r) for r in b], "rows", a[:3], b[:3])
    flat = lambda x: np.array([v for r in x for v in r])
    hold(np.array_equal(flat(a), flat(b), equal_nan=True), "csv", a[:3], b[:3])


def near(a, b, dtype, scale):
    """Sums of h5grove's, and squares, are rounded to the type as they are made; h5serve's are not."""
    if a is None or b is None:
        return a is b or dtype.kind == "f" and dtype.itemsize < 8  # an overflow of the type
    slack, least = {2: (2e-2, 1e-18), 4: (1e-4, 1e-18)}.get(dtype.itemsize, (1e-9, 1e-160)) if dtype.kind == "f" else (1e-9, 0)
    return math.isclose(a, b, rel_tol=slack, abs_tol=max(slack * scale, least)) or dtype.kind in "iub" and abs(a - b) <= 1 + 1e-9 * scale


def same_stats(a, b, dtype):
    for key in ("strict_positive_min", "positive_min", "min", "max"):
        same(a[key], b[key], singles(dtype), key)
    scale = max(abs(a["min"]), abs(a["max"])) if a["min"] is not None and a["max"] is not None else 0
    for key in ("mean", "std"):
        hold(near(a[key], b[key], dtype, scale), key, a[key], b[key])


class File:
    def __init__(self, both, key, rng):
        self.both, self.key, self.rng, self.compared, self.refused, self.failed = both, key, rng, 0, 0, 0

    def ask(self, endpoint, query, compare, refusable=lambda body: False):
        """One question. What h5grove fails at, h5serve may answer or refuse, but not fail at."""
        ours = self.both.h5serve(endpoint, self.key, query)
        try:
            theirs = self.both.h5grove(endpoint, self.key, query)
        except MemoryError:
            theirs = Reply(500, b"", {})
        try:
            self.judge(theirs, ours, compare, refusable)
            self.conditional(endpoint, query, ours)
        except Differs as wrong:
            print(json.dumps({"file": self.key, "asked": f"{endpoint} {query}", "difference": str(wrong)}), flush=True)

    def judge(self, theirs, ours, compare, refusable):
        hold(int(ours.headers["Content-Length"]) == len(ours.body), "Content-Length", ours.headers["Content-Length"], len(ours.body))
        problem = json.loads(ours.body) if ours.status >= 400 else {}
        hold(ours.status < 500 or ours.status == 501, ours.status, problem)
        hold(ours.status < 400 or problem["message"], "no message", problem)
        if theirs.status >= 500 or theirs.status == 404 and b"/b'" in theirs.body:  # Python's spelling of a name in bytes
            self.failed += 1
        elif ours.status == 422 and problem["code"] == "malformed_hdf5" and (theirs.status == 404 or self.key.startswith("damaged")):
            hold("structure" in problem and "offset" in problem, problem)
            self.refused += 1
        elif theirs.status >= 400:
            self.refused += 1
            hold(ours.status == theirs.status, theirs.status, ours.status, theirs.body, ours.body)
            for phrase in ("File not found", "Permission denied", "not a valid path", "Cannot resolve"):
                hold((phrase in problem["message"]) == (phrase in json.loads(theirs.body)["message"]), phrase, problem["message"])
        elif ours.status == 403 and problem["code"] == "external_reference_refused":
            self.refused += 1  # h5grove fills up what lies in files that are not there
        elif ours.status == 422 and refusable(theirs.body):
            self.refused += 1
        else:
            if compare is None:  # what h5grove sends is not the data
                hold(ours.status == 422, ours.status, problem)
                self.refused += 1
                return
            hold(ours.status == 200, ours.status, problem)
            hold(ours.headers["ETag"] and ours.headers["Cache-Control"] == "no-cache", ours.headers)
            for name in ("Content-Type", "Content-Disposition"):
                mine = theirs.headers.get(name)
                hold(ours.headers.get(name) == mine, name, mine, ours.headers.get(name))
            compare(theirs.body, ours.body)
            self.compared += 1

    def conditional(self, endpoint, query, ours):
        if ours.status == 200 and self.rng.random() < 0.05:
            again = self.both.h5serve(endpoint, self.key, query, {"If-None-Match": ours.headers["ETag"]})
            hold(again.status == 304 and not again.body, "304", again.status)

    def everything(self, path):
        with h5py.File(path, "r") as f:
            names = ["/"]
            self.ask("paths", [("path", "/")], self.json())
            root = f["/"].id
            try:
                root.links.visit(lambda n: names.append("/" + n.decode()) if len(names) < 2000 else 1)
            except Exception:
                pass
            if len(names) > OBJECTS:
                names = ["/"] + self.rng.sample(names[1:], OBJECTS - 1)
            for name in names:
                self.entity(f, name)
            self.ask("meta", [("path", "/no such path")], self.json())
            self.ask("meta", [("path", names[-1].lstrip("/") + "/")], self.meta)
            self.ask("meta", [("resolve_links", "some")], self.meta)

    def json(self, single=False):
        return lambda a, b: same(json.loads(a), json.loads(b), single)

    def meta(self, a, b):
        a, b = complex_as_compound(json.loads(a)), json.loads(b)
        try:
            same(a, b, False)
        except Differs:  # libhdf5 puts the members of a compound in order once it has converted elements
            same(in_order(a), in_order(b), False)

    def entity(self, f, name):
        path = ("path", name)
        try:
            entity = f[name]
            single = any(singles(v.dtype) for v in (entity.attrs.get_id(k) for k in entity.attrs))
        except Exception:
            entity, single = None, True
        self.ask("meta", [path], self.meta)
        self.ask("meta", [path, ("resolve_links", self.rng.choice(["none", "all", "ALL", "true", "false"]))], self.meta)
        self.ask("attr", [path], self.json(single))
        try:
            keys = self.rng.sample(list(entity.attrs), 2)
            self.ask("attr", [path, ("attr_keys", keys[0]), ("attr_keys", keys[1])], self.json(single))
        except Exception:
            pass
        if isinstance(entity, h5py.Group):
            self.ask("paths", [path], self.json())
            self.ask("data", [path], self.json())
        if isinstance(entity, h5py.Dataset) and not (entity.id.get_type().get_class() == 11 and entity.id.get_type().get_size() == 32):
            self.dataset(entity, path)

    def dataset(self, d, path):
        try:
            dtype, shape, size = d.dtype, d.shape, d.size
        except Exception:
            dtype, shape, size = None, None, None
        inner = math.prod(dtype.subdtype[1]) if dtype is not None and dtype.subdtype else 1
        choices = [None] if (size or 0) * inner <= MOST else []
        for _ in range(2):
            text, count = self.selection(shape or ())
            if count * inner <= MOST:
                choices.append(text)
        choices.append(self.rng.choice(["x", "5,5,5,5,5,5", "99999999999", "::-1", "1:2:3:4", ":"]))
        for selection in choices:
            query = [path] + ([("selection", selection)] if selection is not None else [])
            self.formats(query, dtype, shape)

    def selection(self, shape):
        """Some of each axis, now and then with blanks and from the end."""
        members, count = [], 1
        for n in shape[: self.rng.randint(0, len(shape))] if self.rng.random() < 0.3 else shape:
            a, b, step = sorted([self.rng.randint(0, n), self.rng.randint(0, n)]) + [self.rng.choice([1, 1, 2, 3])]
            kind = self.rng.random()
            if kind < 0.3 and n:
                members.append(str(self.rng.randint(-n, n - 1)))
            elif kind < 0.5:
                members.append(":")
                count *= n
            else:
                members.append(f"{a}:{b}" + (f":{step}" if step > 1 else ""))
                count *= (b - a + step - 1) // step
        for n in shape[len(members):]:
            count *= n
        return self.rng.choice([",", ", "]).join(members) or ":", count

    def formats(self, query, dtype, shape):
        single = singles(dtype)
        self.ask("data", query, self.json(single))
        self.ask("data", query + [("format", "json"), ("flatten", "true")], self.json(single))
        plain = dtype is not None and shape is not None and not dtype.hasobject
        for more in ([], [("dtype", "safe")]):
            kind = None
            if plain:
                item = dtype.subdtype[0] if dtype.subdtype else dtype
                kind = self.array(safe(item) if more else item)
            elif lone(query, shape) and isinstance(h5py.check_vlen_dtype(dtype), np.dtype):
                kind = same_bytes
            self.ask("data", query + [("format", "bin")] + more, kind)
        more = self.rng.choice([[], [("dtype", "safe")], [("flatten", "true")]])
        self.ask("data", query + [("format", "npy")] + more, lambda a, b: same_npy(a, b))
        self.ask("data", query + [("format", "csv")], same_rows)
        self.ask("data", query + [("format", "tiff")] + more, same_tiff, refusable=empty_tiff)
        self.ask("data", query + [("format", self.rng.choice(["xml", "JSON"]))], None)
        if dtype is not None:
            item = dtype.subdtype[0] if dtype.subdtype else h5py.check_vlen_dtype(dtype) or dtype
            part = np.dtype(item)
            # Of complex numbers h5grove drops the imaginary part.
            self.ask("stats", query, lambda a, b: same_stats(json.loads(a), json.loads(b), part), refusable=lambda body: part.kind == "c")

    def array(self, item):
        def compare(a, b):
            hold(len(a) == len(b), "bytes", len(a), len(b))
            if item.kind == "S":  # a single one is as long as its text
                return hold(a == b, "bytes", a, b)
            equal_arrays(np.frombuffer(a, item), np.frombuffer(b, item), "bin")
        return compare


def lone(query, shape):
    """Whether one element is asked for: of sequences that is an array, of many of them h5grove sends addresses."""
    members = dict(query).get("selection", ":").split(",")
    return shape is not None and (shape == () or len(members) == len(shape) and not any(":" in m for m in members))


def same_bytes(a, b):
    hold(a == b, "bytes", a, b)


def safe(dtype):
    """h5grove's rule (h5grove.utils._sanitize_dtype)."""
    if dtype.kind == "f" and dtype.itemsize < 4:
        return np.dtype("<f4")
    if dtype.kind == "f" and dtype.itemsize > 8:
        return np.dtype("<f8")
    return dtype.newbyteorder("<") if dtype.byteorder in "=>" else dtype


def same_npy(a, b):
    a, b = np.load(io.BytesIO(a)), np.load(io.BytesIO(b))
    hold(a.dtype == b.dtype, "dtype", a.dtype, b.dtype)
    equal_arrays(a, b, "npy")


def same_tiff(a, b):
    a, b = tifffile.imread(io.BytesIO(a)), tifffile.imread(io.BytesIO(b))
    if a.size == 0:
        return  # of floats that TIFF has not; h5serve makes doubles of them
    hold(a.dtype.newbyteorder("<") == b.dtype.newbyteorder("<"), "dtype", a.dtype, b.dtype)
    equal_arrays(a.astype(a.dtype.newbyteorder("<")), b.astype(b.dtype.newbyteorder("<")), "tiff")


def empty_tiff(body):
    """h5grove sends one without a picture, which tifffile calls nonconformant."""
    return tifffile.imread(io.BytesIO(body)).size == 0


def compare(url, store, folder, key, seed):
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    import signal
    signal.alarm(SECONDS)
    one = File(Both(url, store, folder), key, random.Random(f"{seed} {key}"))
    try:
        one.everything(os.path.join(folder, key))
    except OSError as e:
        print(json.dumps({"file": key, "unreadable": str(e)[:200]}), flush=True)
    print(json.dumps({"file": key, "compared": one.compared, "refused": one.refused, "failed": one.failed}), flush=True)


def main():
    url, store, folder, seed = sys.argv[1:]
    for key in sys.stdin.read().splitlines():
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            sys.stderr = open(os.devnull, "w") if not os.environ.get("LOUD") else sys.stderr
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2) if not os.environ.get("LOUD") else None
            try:
                compare(url, store, folder, key, seed)
                code = 0
            except BaseException as e:
                print(json.dumps({"file": key, "broken": repr(e)[:300]}), flush=True)
                code = 0
            os._exit(code)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            print(json.dumps({"file": key, "died": os.WTERMSIG(status)}), flush=True)


if __name__ == "__main__":
    main()
