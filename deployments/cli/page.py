"""Fetches the page behind a report's link."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from deployments.cli.output import Failure

_TIMEOUT_S: Final = 60.0


def fetch(uri: str) -> str:
    """The page. Links are credentials: errors name the host alone.

    Raises:
        Failure: it cannot be fetched.
    """
    where = urlsplit(uri)
    if where.scheme not in ("http", "https"):
        raise Failure("the server's link is no web address")
    try:
        with urllib.request.urlopen(uri, timeout=_TIMEOUT_S) as response:
            page: bytes = response.read()
            return page.decode("utf-8")
    except urllib.error.HTTPError as error:
        error.close()
        raise Failure(f"the page server at {where.netloc} answers {error.code}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Failure(f"cannot fetch the page from {where.netloc}: {reason}") from None
