"""From the address of a store to the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from obstore.store import S3Store

from serving.adapters.objects.bucket import Bucket
from serving.adapters.objects.folder import Folder
from serving.records.objects import ObjectStore

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

# Short enough that a caller hears of an outage within its own deadline; what is worth more attempts is a job.
_RETRIES: Final[RetryConfig] = {
    "max_retries": 3,
    "retry_timeout": timedelta(seconds=10),
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=1), "base": 2},
}
# The first covers a whole object with its body, the second a silence.
_REQUEST_TIMEOUT: Final = timedelta(minutes=10)
_READ_TIMEOUT: Final = timedelta(seconds=30)
_CONNECT_TIMEOUT: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class S3Options:
    """How to reach S3. What is empty comes from the environment (`AWS_REGION`, `AWS_ACCESS_KEY_ID` and their like) or,
    for credentials, from the identity of the machine or pod.

    Attributes:
        endpoint: of a store that is not Amazon's, such as `http://minio:9000`; http only where it says so.
    """

    endpoint: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)


def open_store(url: str, options: S3Options | None = None) -> ObjectStore:
    """A store by its address.

    Args:
        url: `file:///folder`, a plain path, or `s3://bucket/prefix`.
        options: for S3.

    Raises:
        ValueError: no such kind of store, or the bucket is missing.
        OSError: the folder cannot be made.
    """
    parts = urlsplit(url)
    if not parts.scheme:
        return Folder(Path(url))
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(_s3(parts.netloc, parts.path.strip("/"), options or S3Options()))
    raise ValueError(f"{parts.scheme}://{parts.netloc} is no store: use a folder, file:///folder or s3://bucket/prefix")


def _s3(bucket: str, prefix: str, options: S3Options) -> S3Store:
    config: S3Config = {}
    if options.endpoint:
        config["endpoint"] = options.endpoint
    if options.region:
        config["region"] = options.region
    if options.access_key_id:
        config["access_key_id"] = options.access_key_id
        config["secret_access_key"] = options.secret_access_key
    if options.session_token:
        config["session_token"] = options.session_token
    client: ClientConfig = {
        "timeout": _REQUEST_TIMEOUT,
        "read_timeout": _READ_TIMEOUT,
        "connect_timeout": _CONNECT_TIMEOUT,
        "allow_http": True,  # where the endpoint says so; without one it is https
    }
    return S3Store(bucket, prefix=prefix or None, config=config, client_options=client, retry_config=_RETRIES)
