"""What a careful boto3 program does, against the endpoint given: URL, bytes of the large file, number of small ones."""
import base64
import concurrent.futures
import hashlib
import io
import os
import sys
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

url, large, small = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
s3 = boto3.client("s3", endpoint_url=url, config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))


def refused(code, call, **args):
    try:
        call(**args)
    except ClientError as e:
        got = e.response["Error"]["Code"]
        assert got == code, f"{got}, want {code}"
        return
    raise AssertionError(f"not refused with {code}")


s3.create_bucket(Bucket="demo")
refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket="demo")
assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["demo"]

# Round trips with each checksum that boto3 computes by itself.
body = os.urandom(70000)
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    put = s3.put_object(Bucket="demo", Key=f"sums/{algorithm}", Body=body, ChecksumAlgorithm=algorithm, Metadata={"Owner": "me"})
    got = s3.get_object(Bucket="demo", Key=f"sums/{algorithm}", ChecksumMode="ENABLED")
    assert got["Body"].read() == body and got["Metadata"] == {"owner": "me"}
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
s3.put_object(Bucket="demo", Key="sums/stream", Body=io.BytesIO(body))  # a signed or unsigned stream with trailer
refused("BadDigest", s3.put_object, Bucket="demo", Key="bad", Body=b"x", ChecksumCRC32=base64.b64encode(zlib.crc32(b"y").to_bytes(4, "big")).decode())

# Conditions.
refused("PreconditionFailed", s3.put_object, Bucket="demo", Key="sums/SHA1", Body=b"", IfNoneMatch="*")
refused("304", s3.get_object, Bucket="demo", Key="sums/SHA1", IfNoneMatch=put["ETag"])
refused("PreconditionFailed", s3.get_object, Bucket="demo", Key="sums/SHA1", IfMatch='"other"')
refused("404", s3.head_object, Bucket="demo", Key="none")
refused("NoSuchKey", s3.get_object, Bucket="demo", Key="none")
refused("NoSuchBucket", s3.get_object, Bucket="nothere", Key="none")

# A large file in parts, written and read by several threads.
data = os.urandom(1 << 20) * (large >> 20)
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
s3.upload_fileobj(io.BytesIO(data), "demo", "large", Config=config)
back = io.BytesIO()
s3.download_fileobj("demo", "large", back, Config=config)
assert back.getvalue() == data
assert s3.get_object(Bucket="demo", Key="large", Range="bytes=5-9")["Body"].read() == data[5:10]
part = s3.get_object(Bucket="demo", Key="large", PartNumber=2)
assert part["Body"].read() == data[8 << 20 : 16 << 20] and part["PartsCount"] == -(-len(data) // (8 << 20))

# An upload by hand: a part that is replaced, one that is copied, listing, errors.
up = s3.create_multipart_upload(Bucket="demo", Key="by hand", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")["UploadId"]
where = dict(Bucket="demo", Key="by hand", UploadId=up)
s3.upload_part(**where, PartNumber=1, Body=b"replaced")
one = s3.upload_part(**where, PartNumber=1, Body=data[: 5 << 20])
two = s3.upload_part_copy(**where, PartNumber=2, CopySource="demo/large", CopySourceRange=f"bytes=0-{(5 << 20) - 1}")["CopyPartResult"]
three = s3.upload_part(**where, PartNumber=3, Body=b"end")
assert [p["PartNumber"] for p in s3.list_parts(**where)["Parts"]] == [1, 2, 3]
assert [u["Key"] for u in s3.list_multipart_uploads(Bucket="demo")["Uploads"]] == ["by hand"]
parts = [{"PartNumber": i + 1, "ETag": p["ETag"]} for i, p in enumerate([one, two, three])]
refused("InvalidPartOrder", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": parts[::-1]})
refused("InvalidPart", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": parts + [{"PartNumber": 4, "ETag": one["ETag"]}]})
refused("InvalidPart", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [dict(parts[0], ETag="0" * 32)]})
refused("EntityTooSmall", s3.complete_multipart_upload, **where, MultipartUpload={"Parts": [parts[2]] and [parts[0], parts[2], {"PartNumber": 5, "ETag": s3.upload_part(**where, PartNumber=5, Body=b"x")["ETag"]}]})
done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
want = data[: 5 << 20] * 2 + b"end"
md5s = b"".join(hashlib.md5(p).digest() for p in (data[: 5 << 20], data[: 5 << 20], b"end"))
assert done["ETag"] == f'"{hashlib.md5(md5s).hexdigest()}-3"'
assert done["ChecksumCRC32"] == base64.b64encode(zlib.crc32(want).to_bytes(4, "big")).decode()
assert s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})["ETag"] == done["ETag"]  # repeated by a client that lost the answer
assert s3.get_object(Bucket="demo", Key="by hand")["Body"].read() == want
gone = s3.create_multipart_upload(Bucket="demo", Key="aborted")["UploadId"]
s3.abort_multipart_upload(Bucket="demo", Key="aborted", UploadId=gone)
refused("NoSuchUpload", s3.upload_part, Bucket="demo", Key="aborted", UploadId=gone, PartNumber=1, Body=b"x")

# Copies, tags, presigned calls.
s3.copy_object(Bucket="demo", Key="copy ü", CopySource={"Bucket": "demo", "Key": "sums/SHA1"})
assert s3.head_object(Bucket="demo", Key="copy ü")["Metadata"] == {"owner": "me"}
s3.copy_object(Bucket="demo", Key="copy ü", CopySource={"Bucket": "demo", "Key": "copy ü"}, Metadata={"new": "1"}, MetadataDirective="REPLACE")
assert s3.head_object(Bucket="demo", Key="copy ü")["Metadata"] == {"new": "1"}
refused("InvalidRequest", s3.copy_object, Bucket="demo", Key="copy ü", CopySource={"Bucket": "demo", "Key": "copy ü"})
assert s3.get_object_tagging(Bucket="demo", Key="copy ü")["TagSet"] == []
s3.put_object_tagging(Bucket="demo", Key="copy ü", Tagging={"TagSet": [{"Key": "a b", "Value": "ü"}]})
assert s3.get_object_tagging(Bucket="demo", Key="copy ü")["TagSet"] == [{"Key": "a b", "Value": "ü"}]
assert s3.head_object(Bucket="demo", Key="copy ü")["Metadata"] == {"new": "1"}
get = s3.generate_presigned_url("get_object", Params={"Bucket": "demo", "Key": "copy ü", "ResponseContentType": "text/x"})
with urllib.request.urlopen(get) as answer:
    assert answer.read() == body and answer.headers["Content-Type"] == "text/x"
put = s3.generate_presigned_url("put_object", Params={"Bucket": "demo", "Key": "presigned", "ContentType": "text/x"})
with urllib.request.urlopen(urllib.request.Request(put, data=b"by link", method="PUT", headers={"Content-Type": "text/x"})) as answer:
    assert answer.status == 200
assert s3.get_object(Bucket="demo", Key="presigned")["Body"].read() == b"by link"

# Many small ones, listed in pages and by folders, deleted in batches.
names = [f"many/{i % 5}/{i:05d} +&=ä" for i in range(small)]
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda k: s3.put_object(Bucket="demo", Key=k, Body=k.encode()), names))
listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="demo", Prefix="many/", PaginationConfig={"PageSize": 7}) for o in page.get("Contents", [])]
assert listed == sorted(names), (len(listed), len(names))
listed = [o["Key"] for page in s3.get_paginator("list_objects").paginate(Bucket="demo", Prefix="many/", PaginationConfig={"PageSize": 9}) for o in page.get("Contents", [])]
assert listed == sorted(names)
folders = s3.list_objects_v2(Bucket="demo", Prefix="many/", Delimiter="/")
assert [p["Prefix"] for p in folders["CommonPrefixes"]] == [f"many/{i}/" for i in range(5)] and "Contents" not in folders
bucket = boto3.resource("s3", endpoint_url=url).Bucket("demo")
bucket.objects.filter(Prefix="many/").delete()
assert s3.list_objects_v2(Bucket="demo", Prefix="many/")["KeyCount"] == 0
bucket.object_versions.delete()
s3.delete_bucket(Bucket="demo")
refused("404", s3.head_bucket, Bucket="demo")
print("ok")
