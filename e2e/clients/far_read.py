"""far_read.py HOW BASE KEY PATH START STOP N: opens a file below BASE and reads a slice, cold, N times.

    http    fsspec's http file system; BASE is a URL
    s3fs    fsspec's S3 file system; BASE is a bucket, AWS_ENDPOINT_URL_S3 and the rest come from the environment
    ros3    libhdf5's own driver; BASE is http://HOST/BUCKET, or s3://BUCKET where the environment has an endpoint

Prints the seconds that the fastest of them took, and the slice's first element.
"""
import contextlib
import json
import os
import sys
import time

import h5py


@contextlib.contextmanager
def opened(how, base, key):
    if how == 'ros3':
        names = 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'
        region, ident, secret = (os.environ[name].encode() for name in names)
        with h5py.File(f'{base}/{key}', 'r', driver='ros3', aws_region=region, secret_id=ident, secret_key=secret) as file:
            yield file
        return
    import fsspec
    url = f'{base}/{key}' if how == 'http' else f's3://{base}/{key}'
    with fsspec.open(url, mode='rb', skip_instance_cache=True) as stream, h5py.File(stream, 'r') as file:
        yield file


def main(how, base, key, path, start, stop, times):
    best = float('inf')
    for _ in range(int(times)):
        begun = time.perf_counter()
        with opened(how, base, key) as file:
            first = float(file[path][int(start):int(stop)][0])
        best = min(best, time.perf_counter() - begun)
    print(json.dumps({'seconds': best, 'first': first}))


main(*sys.argv[1:])
