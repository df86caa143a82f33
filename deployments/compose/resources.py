"""What edge and workers share: where media are kept, and what may be called."""

from __future__ import annotations

from deployments.config import VivaConfig
from serving.adapters.egress.client import Egress
from serving.adapters.objects.opening import S3Options, open_store
from serving.records.objects import StorageClasses


def storage(config: VivaConfig) -> StorageClasses:
    """The object stores. Raises ValueError for an address that is none."""
    given = config.storage
    options = S3Options(given.s3_endpoint, given.s3_region, given.s3_access_key_id, given.s3_secret_access_key)
    return StorageClasses({name: open_store(url, options) for name, url in config.storage_urls.items()})


def egress(config: VivaConfig) -> Egress:
    """HTTP to addresses that tenants name."""
    return Egress(config.egress)
