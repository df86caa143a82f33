"""aiohttp's errors as ours."""

from __future__ import annotations

import errno
from typing import Final

import aiohttp

from serving.domain.errors import InvalidRequest, Reason, StoreUnavailable, VivaError
from serving.records.egress import EgressError, EgressFault

FIELD: Final = "media_uri"
_RETRY_S: Final = 30.0
_NOT_ALLOWED: Final = (EgressFault.URI_NOT_ALLOWED, EgressFault.PRIVATE_ADDRESS)
_RETRIED: Final = (408, 425, 429)  # Request Timeout, Too Early, Too Many Requests


def fault_of(error: Exception) -> EgressFault:
    """What a request met."""
    if isinstance(error, EgressError):
        return error.kind
    if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno == errno.ETIMEDOUT):
        return EgressFault.TIMEOUT
    if isinstance(error, aiohttp.ClientSSLError):
        return EgressFault.TLS
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return EgressFault.CONNECTION_REFUSED
    return EgressFault.CONNECTION


def uri_refused(error: EgressError, field: str) -> VivaError | None:
    """The caller's error where it was the URI that was at fault."""
    if error.kind not in _NOT_ALLOWED:
        return None
    return InvalidRequest(f"{field} {error.detail}", reason=Reason.URI_NOT_ALLOWED, field=field)


def fetch_failed(fault: EgressFault) -> VivaError:
    """A download that broke off. Who holds the wrong certificate will hold it at the next attempt too."""
    if fault is EgressFault.TLS:
        return refused_for_good("TLS could not be agreed with the host, or its certificate is not valid")
    return StoreUnavailable(
        f"{FIELD} could not be fetched: {fault.value}",
        reason=Reason.MEDIA_FETCH_FAILED,
        field=FIELD,
        retry_after_s=_RETRY_S,
    )


def status_refused(status: int) -> VivaError:
    """A status that is neither 200 nor a redirect."""
    if status not in _RETRIED and status < 500:
        return refused_for_good(f"the host answered {status}", status)
    return StoreUnavailable(
        f"{FIELD} could not be fetched: the host answered {status}",
        reason=Reason.MEDIA_FETCH_FAILED,
        field=FIELD,
        metadata={"status": str(status)},
        retry_after_s=_RETRY_S,
    )


def refused_for_good(why: str, status: int | None = None) -> InvalidRequest:
    """A download that another attempt would not mend."""
    metadata = {} if status is None else {"status": str(status)}
    return InvalidRequest(
        f"{FIELD} could not be fetched: {why}", reason=Reason.MEDIA_FETCH_FAILED, field=FIELD, metadata=metadata
    )


def too_large(limit: int, actual: int | None = None) -> InvalidRequest:
    """`actual` is None where the host did not say and reading stopped at the limit."""
    metadata = {"limit": str(limit)} if actual is None else {"limit": str(limit), "actual": str(actual)}
    size = f"more than {limit}" if actual is None else str(actual)
    return InvalidRequest(
        f"{FIELD} holds {size} bytes, the limit is {limit}",
        reason=Reason.MEDIA_TOO_LARGE,
        field=FIELD,
        metadata=metadata,
    )
