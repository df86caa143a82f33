"""Logs as JSON lines: what we say, what Ray Serve says and what libraries say, in one form and one file a replica.

Nothing of what a caller sent is in them. The name of a resource may hold a vendor's id of a person, so lines name calls
by request id and jobs by number. The text of an exception may quote what it met, so it is left out unless it is one of
ours, which promises not to; where it was raised stays.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from serving.domain.errors import InvalidRequest, VivaError
from serving.pipeline import tracing

_OURS: Final = ("viva", "serving", "deployments")
_SERVE: Final = "ray.serve"
_ABOUT: Final[ContextVar[Mapping[str, str]]] = ContextVar("log_fields", default={})  # noqa: B039  # never changed


def about(**fields: str) -> None:
    """Name what this task and those that it makes work on; their lines say it."""
    _ABOUT.set({**_ABOUT.get(), **fields})


class JsonLines(logging.Formatter):
    """A record as one line: `time`, `level`, `logger`, `message`, and where they are known `request_id`, `trace_id`,
    `exception`, and the fields of `about` and of `extra={"fields": ...}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
            **_ABOUT.get(),
            **getattr(record, "fields", {}),
        }
        if trace_id := tracing.trace_id():
            line["trace_id"] = trace_id
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _chain(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class AtMost(logging.Filter):
    """Lets so many lines a second pass; the next one says how many it held back, in `held_back`."""

    def __init__(self, per_s: int) -> None:
        super().__init__()
        self._per_s = per_s
        self._second = 0
        self._passed = 0
        self._held_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._passed = second, 0
        if self._passed >= self._per_s:
            self._held_back += 1
            return False
        self._passed += 1
        if self._held_back:
            record.fields = {**getattr(record, "fields", {}), "held_back": self._held_back}
            self._held_back = 0
        return True


def install_in_replica() -> None:
    """Have all loggers of this process write JSON lines to the file that Serve gave the replica."""
    _install(logging.getLogger(_SERVE).handlers)


def install_on_stderr() -> None:
    """Have all loggers of this process write JSON lines to its standard error."""
    _install([logging.StreamHandler(sys.stderr)])
    logging.getLogger(_SERVE).handlers.clear()
    logging.getLogger(_SERVE).propagate = True


def _install(handlers: list[logging.Handler]) -> None:
    threading.excepthook = _thread_ended  # its own way prints the exception's text
    for handler in handlers:
        for one in (handler, getattr(handler, "target", None)):  # Serve's handler passes on to that of the file
            if one is not None:
                one.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = list(handlers)
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def _thread_ended(told: threading.ExceptHookArgs) -> None:
    logging.getLogger("deployments.logs").error("a thread was ended by an exception", exc_info=told.exc_value)


def _message(record: logging.LogRecord) -> str:
    """What was said; of others the first line, since asyncio's next ones show the exception with its text."""
    message = record.getMessage()
    ours = record.name == _SERVE or record.name.partition(".")[0] in _OURS
    return message if ours else message.partition("\n")[0]


def _chain(error: BaseException) -> list[dict[str, Any]]:
    """The exception and those it came of, newest first."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        at = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(one.__traceback__)]
        found.append({"type": type(one).__qualname__, "message": _said(one), "at": at})
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def _said(error: BaseException) -> str:
    """What may be quoted of an exception: faults of ours, and what the system says of a file or a connection."""
    if isinstance(error, VivaError) and not isinstance(error, InvalidRequest):
        return error.message
    return (error.strerror or "") if isinstance(error, OSError) else ""
