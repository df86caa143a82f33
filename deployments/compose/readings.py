"""What a node measures for its metrics page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from deployments.config import VivaConfig
from serving.adapters.metrics import readings
from serving.adapters.metrics.readings import Values
from serving.adapters.postgres.watch import QueueWatch


def of_queue(watch: QueueWatch) -> Callable[[], Values]:
    """The queue; nothing while another node looks at it."""

    def read() -> Values:
        state = watch.state
        if state is None:
            return {}
        return {
            readings.QUEUE_WAITING: {(lane.value, rank.name.lower()): n for (lane, rank), n in state.waiting.items()},
            readings.QUEUE_OLDEST: {(lane.value, rank.name.lower()): s for (lane, rank), s in state.oldest_s.items()},
            readings.QUEUE_LEASED: {(lane.value,): count for lane, count in state.leased.items()},
            readings.QUEUE_DELAYED: {(lane.value,): count for lane, count in state.delayed.items()},
        }

    return read


def of_spool(config: VivaConfig) -> Callable[[], Values]:
    """The folder of media on their way: few files, for their number is bounded."""

    def read() -> Values:
        try:
            disk = shutil.disk_usage(config.spool_dir)
        except OSError:
            return {}
        return {
            readings.SPOOL_BYTES: {(): sum(map(_size, config.spool_dir.iterdir()))},
            readings.SPOOL_FREE_BYTES: {(): disk.free},
            readings.SPOOL_SIZE_BYTES: {(): disk.total},
        }

    return read


def of_certificate(config: VivaConfig) -> Callable[[], Values]:
    """The end of the API's certificate, where it has one."""

    def read() -> Values:
        if not config.gateway.tls:
            return {}
        try:
            certificate = x509.load_pem_x509_certificates(config.gateway.tls_cert.read_bytes())[0]
        except (OSError, ValueError):
            return {}  # at the moment of its renewal; the gateways tell what is wrong with it
        end = certificate.not_valid_after_utc.timestamp()
        return {readings.CERTIFICATE_END: {(): end}}

    return read


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # it is gone by now
