"""What edge and workers share: where media are kept, and what may be called."""

from __future__ import annotations

import asyncio

from deployments.config import VivaConfig
from serving.adapters import metrics
from serving.adapters.egress.client import Egress
from serving.adapters.objects.opening import S3Options, open_store
from serving.adapters.postgres.database import PostgresDatabase
from serving.records.objects import StorageClasses

_POOL_PERIOD_S = 5.0


def storage(config: VivaConfig) -> StorageClasses:
    """The object stores. Raises ValueError for an address that is none."""
    given = config.storage
    options = S3Options(given.s3_endpoint, given.s3_region, given.s3_access_key_id, given.s3_secret_access_key)
    return StorageClasses({name: open_store(url, options) for name, url in config.storage_urls.items()})


def egress(config: VivaConfig) -> Egress:
    """HTTP to addresses that tenants name."""
    return Egress(config.egress)


def database(config: VivaConfig) -> PostgresDatabase:
    """The connections of one process, still to be opened."""
    return PostgresDatabase(config.database.url, config.database.connections, metrics.TRANSACTION_SECONDS.observe)


async def publish_pool(database: PostgresDatabase) -> None:
    """Tell how its connections are used, for as long as the task runs."""
    while True:
        use = database.use()
        metrics.CONNECTIONS.labels("used").set(use.used)
        metrics.CONNECTIONS.labels("free").set(use.free)
        metrics.CONNECTION_LIMIT.set(use.most)
        metrics.CONNECTION_WAITERS.set(use.waiting)
        await asyncio.sleep(_POOL_PERIOD_S)
