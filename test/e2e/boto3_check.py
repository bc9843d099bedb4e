"""What a Python program does with boto3: put, list, get, head, copy, multipart, presign, delete. Keys come from the environment."""
import hashlib, io, os, sys, urllib.request
import boto3
from boto3.s3.transfer import TransferConfig

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint)
small, large = os.urandom(10_000), os.urandom(17 << 20)
s3.put_object(Bucket=bucket, Key="boto/small ü.bin", Body=small, Metadata={"colour": "blue"}, ContentType="text/x-test")
s3.upload_fileobj(io.BytesIO(large), bucket, "boto/large.bin", Config=TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20))
keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="boto/")["Contents"]]
assert keys == ["boto/large.bin", "boto/small ü.bin"], keys
head = s3.head_object(Bucket=bucket, Key="boto/small ü.bin")
assert head["Metadata"] == {"colour": "blue"} and head["ContentType"] == "text/x-test" and head["ContentLength"] == 10_000, head
assert head["ETag"].strip('"') == hashlib.md5(small).hexdigest()
assert s3.get_object(Bucket=bucket, Key="boto/small ü.bin")["Body"].read() == small
assert s3.get_object(Bucket=bucket, Key="boto/large.bin", Range="bytes=5242870-5242890")["Body"].read() == large[5242870:5242891]
s3.copy_object(Bucket=bucket, Key="boto/copy.bin", CopySource={"Bucket": bucket, "Key": "boto/large.bin"})
assert s3.get_object(Bucket=bucket, Key="boto/copy.bin")["Body"].read() == large
url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "boto/small ü.bin"}, ExpiresIn=60)
assert urllib.request.urlopen(url).read() == small
try:
    s3.put_object(Bucket=bucket, Key="boto/small ü.bin", Body=b"x", IfNoneMatch="*")
    raise SystemExit("a conditional write over an existing object went through")
except s3.exceptions.ClientError as e:
    assert e.response["ResponseMetadata"]["HTTPStatusCode"] == 412, e
gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("boto/large.bin", "boto/small ü.bin", "boto/copy.bin")]})
assert len(gone["Deleted"]) == 3, gone
assert s3.list_objects_v2(Bucket=bucket, Prefix="boto/")["KeyCount"] == 0
print("put, multipart, list, head, get, range, copy, presign, conditional put, delete: all as expected")
