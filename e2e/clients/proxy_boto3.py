"""proxy_boto3.py FOLDER BUCKET KEY…: holds what boto3 gets of a bucket against the files of a folder.

The endpoint and keys come from the environment, as boto3 reads them.
"""
import os
import sys
import tempfile

import boto3
import requests
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.client import Config
from botocore.exceptions import ClientError

folder, bucket, *keys = sys.argv[1:]
signed = 'AWS_ACCESS_KEY_ID' in os.environ
version = 's3v4' if signed else UNSIGNED
s3 = boto3.client('s3', config=Config(signature_version=version, s3={'addressing_style': 'path'}, retries={'total_max_attempts': 1}))


def refused(status, call, **arguments):
    try:
        call(**arguments)
    except ClientError as e:
        got = e.response['ResponseMetadata']['HTTPStatusCode']
        assert got == status, (got, arguments)
        return e.response['Error']['Code']
    raise AssertionError(arguments)


def hold_lists():
    assert bucket in [b['Name'] for b in s3.list_buckets()['Buckets']]
    s3.head_bucket(Bucket=bucket)
    want = {key: os.path.getsize(os.path.join(folder, key)) for key in keys}
    for operation in 'list_objects_v2', 'list_objects':
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={'PageSize': 3}))
        got = {entry['Key']: entry['Size'] for page in pages for entry in page.get('Contents', [])}
        assert len(pages) > 1 and got == want, (operation, got)
    page = s3.list_objects_v2(Bucket=bucket, Delimiter='/')
    prefixes = {p['Prefix'] for p in page['CommonPrefixes']}
    assert prefixes == {key.split('/')[0] + '/' for key in keys if '/' in key}, prefixes
    for prefix in prefixes:
        below = [entry['Key'] for entry in s3.list_objects_v2(Bucket=bucket, Prefix=prefix)['Contents']]
        assert below == sorted(key for key in keys if key.startswith(prefix)), below


def hold_object(key):
    with open(os.path.join(folder, key), 'rb') as f:
        want = f.read()
    at = {'Bucket': bucket, 'Key': key}
    head = s3.head_object(**at)
    assert head['ContentLength'] == len(want) and head['AcceptRanges'] == 'bytes' and head['ETag'].startswith('"')
    for given, part in ('bytes=512-1535', want[512:1536]), ('bytes=-700', want[-700:]), ('bytes=%d-' % (len(want) - 9), want[-9:]):
        got = s3.get_object(**at, Range=given, IfMatch=head['ETag'])
        assert got['ResponseMetadata']['HTTPStatusCode'] == 206 and got['Body'].read() == part, given
    refused(304, s3.get_object, **at, IfNoneMatch=head['ETag'])
    refused(304, s3.head_object, **at, IfModifiedSince=head['LastModified'])
    refused(412, s3.get_object, **at, IfMatch='"another"')
    assert refused(416, s3.get_object, **at, Range='bytes=%d-' % len(want)) == 'InvalidRange'
    with tempfile.TemporaryFile() as f:  # ranges side by side
        s3.download_fileobj(bucket, key, f, Config=TransferConfig(multipart_threshold=1 << 20, multipart_chunksize=1 << 20))
        f.seek(0)
        assert f.read() == want
    if signed:
        url = s3.generate_presigned_url('get_object', Params=at)
        assert requests.get(url, headers={'Range': 'bytes=0-99'}).content == want[:100]
        assert requests.get(url.replace('Signature=', 'Signature=0')).status_code == 403


hold_lists()
for key in keys:
    hold_object(key)
assert refused(404, s3.get_object, Bucket=bucket, Key='nothing') == 'NoSuchKey'
assert refused(404, s3.list_objects_v2, Bucket='elsewhere') == 'NoSuchBucket'
assert refused(403, s3.put_object, Bucket=bucket, Key=keys[0], Body=b'no') == 'AccessDenied'
