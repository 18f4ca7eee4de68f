"""`s3://bucket/key`, as people write it in commands."""

from msgspec import Struct


class S3Uri(Struct, frozen=True):
    """A bucket and a key, or a prefix of keys."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, text: str) -> "S3Uri | None":
        """Return the parts of `text`, or `None` if it is not an S3 URI with a bucket; the key may be empty."""
        scheme, _, place = text.partition("://")
        bucket, _, key = place.partition("/")
        return cls(bucket, key) if scheme == "s3" and bucket else None
