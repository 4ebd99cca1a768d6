"""What Google's library for Python does with a storage: python-client.py ORIGIN BUCKET, the token in TOKEN. Fails loudly."""

import os
import sys

from google.api_core.exceptions import NotFound
from google.cloud import storage
from google.oauth2.credentials import Credentials

_, origin, bucket_name = sys.argv
client = storage.Client(
    project="none",
    credentials=Credentials(token=os.environ["TOKEN"]),
    client_options={"api_endpoint": origin},
)
assert [each.name for each in client.list_buckets()] == [bucket_name]
bucket = client.get_bucket(bucket_name)

small, large = os.urandom(1000), os.urandom(20_000_000)
for name, data in {"dir/small": small, "dir/ü #?%": small}.items():
    bucket.blob(name).upload_from_string(data)
    assert bucket.blob(name).download_as_bytes() == data
chunked = bucket.blob("large", chunk_size=4 * 1024 * 1024)
chunked.upload_from_string(large, if_generation_match=0)
assert bucket.blob("large").download_as_bytes(checksum="crc32c") == large
assert bucket.blob("large").download_as_bytes(start=5, end=9) == large[5:10]
with bucket.blob("streamed").open("wb") as stream:
    stream.write(large)
assert bucket.get_blob("streamed").size == len(large)

both = bucket.blob("both")
both.compose([bucket.blob("dir/small"), bucket.blob("large")])
assert both.download_as_bytes() == small + large
both.reload()
both.metadata = {"colour": "blue"}
both.patch()
copy = bucket.copy_blob(both, bucket, "copy")
assert bucket.get_blob("copy").metadata == {"colour": "blue"}
assert bucket.blob("rewritten").rewrite(copy)[0] is None
assert [each.name for each in client.list_blobs(bucket, prefix="dir/")] == ["dir/small", "dir/ü #?%"]

names = [f"batch/{number}" for number in range(40)]
for name in names:
    bucket.blob(name).upload_from_string(name)
with client.batch():
    for name in names:
        blob = bucket.blob(name)
        blob.metadata = {"batched": "ü"}
        blob.patch()
assert {bucket.get_blob(name).metadata["batched"] for name in names} == {"ü"}
with client.batch():
    bucket.delete_blobs([bucket.blob(name) for name in names[:20]])
bucket.delete_blobs([bucket.blob(name) for name in names[20:]])
assert list(client.list_blobs(bucket, prefix="batch/")) == []
with client.batch(raise_exception=False) as batch:
    bucket.delete_blob("copy")
    bucket.delete_blob("missing")
assert [each.status_code for each in batch._responses] == [204, 404]
try:
    bucket.blob("missing").download_as_bytes()
    raise AssertionError("a missing object was read")
except NotFound:
    pass
print("done")
