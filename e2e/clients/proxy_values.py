"""proxy_values.py HOW BASE KEY…: reads each file below BASE with h5py, and prints the SHA-256 of every dataset's values.

    local   BASE is a folder
    http    fsspec's http file system; BASE is a URL
    s3fs    fsspec's S3 file system; BASE is a bucket, AWS_ENDPOINT_URL_S3 and the rest come from the environment
    ros3    libhdf5's own driver; BASE is http://HOST/BUCKET, or s3://BUCKET where the environment has an endpoint
"""
import contextlib
import hashlib
import json
import os
import sys
from urllib.parse import quote

import h5py


def ros3(base, key):
    names = 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'
    keywords = {}
    if names[1] in os.environ:
        keywords = dict(zip(('aws_region', 'secret_id', 'secret_key'), (os.environ[name].encode() for name in names)))
    return h5py.File(base + '/' + quote(key), 'r', driver='ros3', **keywords)


@contextlib.contextmanager
def opened(how, base, key):
    if how == 'local':
        file = h5py.File(os.path.join(base, key), 'r')
    elif how == 'ros3':
        file = ros3(base, key)
    else:
        import fsspec
        if how == 'http':
            remote = fsspec.open(base + '/' + quote(key), mode='rb')
        else:
            remote = fsspec.open('s3://' + base + '/' + key, mode='rb', anon='AWS_ACCESS_KEY_ID' not in os.environ)
        with remote as stream, h5py.File(stream, 'r') as file:
            yield file
        return
    with file:
        yield file


def values(file):
    found = {'title': str(file.attrs.get('title', ''))}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            found[name] = hashlib.sha256(item[()].tobytes()).hexdigest()

    file.visititems(visit)
    return found


def main(how, base, *keys):
    answer = {}
    for key in keys:
        with opened(how, base, key) as file:
            answer[key] = values(file)
    print(json.dumps(answer))


main(*sys.argv[1:])
