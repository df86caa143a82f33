"""Log lines: one form, nothing of what a caller sent, and never a flood."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import logging.handlers
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from deployments import logs
from serving.domain.errors import InternalFault, InvalidRequest
from serving.pipeline import tracing
from serving.pipeline.tracer import Kind, NoTracer

SECRET = "Zebulon Quixworth"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """What a replica's loggers write, Serve's handler standing in front of the file as it does there."""
    root, serve = logging.getLogger(), logging.getLogger("ray.serve")
    before = root.handlers[:], root.level, serve.handlers[:], serve.propagate
    stream = io.StringIO()
    target = logging.StreamHandler(stream)
    serve.handlers = [logging.handlers.MemoryHandler(1, target=target)]
    serve.propagate = False
    logs.install_in_replica()
    yield stream
    threading.excepthook = threading.__excepthook__
    root.handlers, root.level, serve.handlers, serve.propagate = before


def _lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_ours_serves_and_librarys_lines_have_one_form_and_come_once(out: io.StringIO) -> None:
    for name in ("viva.worker", "serving.adapters.postgres.watch", "ray.serve", "grpc"):
        logging.getLogger(name).warning("seen by %s", name)
    lines = _lines(out)
    assert [line["logger"] for line in lines] == ["viva.worker", "serving.adapters.postgres.watch", "ray.serve", "grpc"]
    assert all(line["message"] == f"seen by {line['logger']}" for line in lines)
    assert {"time", "level", "logger", "message"} <= lines[0].keys()
    assert lines[0]["time"].endswith("+00:00")


def test_our_lines_are_kept_from_info_on_and_a_librarys_from_warnings_on(out: io.StringIO) -> None:
    logging.getLogger("viva.calls").info("kept")
    logging.getLogger("aiohttp.access").info("dropped")
    assert [line["message"] for line in _lines(out)] == ["kept"]


async def test_a_line_tells_the_call_and_the_trace_that_it_belongs_to(out: io.StringIO) -> None:
    async def call(request_id: str) -> str:
        with tracing.entered(NoTracer(), "call", Kind.SERVER, None, {}):
            logs.about(request_id=request_id)
            await asyncio.sleep(0)
            logging.getLogger("viva.calls").info("refused", extra={"fields": {"reason": "QUEUE_FULL"}})
            return tracing.trace_id()

    traces = await asyncio.gather(call("one"), call("two"))
    lines = {line["request_id"]: line for line in _lines(out)}
    assert [lines[name]["trace_id"] for name in ("one", "two")] == traces
    assert lines["one"]["reason"] == "QUEUE_FULL"


def test_an_exception_is_told_by_its_type_and_place_and_not_by_its_text(out: io.StringIO) -> None:
    def inner() -> None:
        raise ValueError(f"cannot convert {SECRET}")

    try:
        try:
            inner()
        except ValueError as error:
            raise InvalidRequest(f"field is {SECRET}") from error
    except InvalidRequest:
        logging.getLogger("viva.worker").exception("job %d failed", 7)
    assert SECRET not in out.getvalue()
    (line,) = _lines(out)
    assert line["message"] == "job 7 failed"
    assert [one["type"] for one in line["exception"]] == ["InvalidRequest", "ValueError"]
    assert line["exception"][1]["at"][-1].endswith(" inner")


def test_a_thread_that_an_exception_ends_is_told_in_the_same_way(out: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    (line,) = _lines(out)
    assert line["exception"][0]["type"] == "ValueError"
    assert SECRET not in out.getvalue()


def test_a_fault_of_ours_keeps_its_text(out: io.StringIO) -> None:
    fault = InternalFault("PostgreSQL refused a statement: UndefinedColumn (42703)")
    logging.getLogger("viva.faults").error("a call failed", exc_info=fault)
    assert _lines(out)[0]["exception"][0]["message"] == fault.message


def test_what_asyncio_says_of_a_lost_exception_loses_the_exceptions_text(out: io.StringIO) -> None:
    message = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>"
    logging.getLogger("asyncio").error(message)
    assert _lines(out)[0]["message"] == "Task exception was never retrieved"


def test_a_flood_is_cut_and_the_next_line_says_how_much(out: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(logs.time, "monotonic", lambda: now)
    flooded = logging.getLogger("viva.flooded")
    flooded.addFilter(logs.AtMost(3))
    for _ in range(10):
        flooded.info("refused")
    now = 101.0
    flooded.info("refused")
    assert [line.get("held_back") for line in _lines(out)] == [None, None, None, 7]
