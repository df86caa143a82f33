"""The metrics page of a node, on loopback: `/metrics` is ours, `/triton/metrics` what its model server says of itself.

The model server has other ports at each start; here it is always found at the same one.
"""

from __future__ import annotations

import http.client
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, Metric, make_wsgi_app, multiprocess
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from serving.adapters.metrics import FOLDER_VARIABLE
from serving.adapters.metrics.readings import Readings, Values

Application: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
TRITON_PATH: Final = "/triton/metrics"
_PREFIX: Final = "viva_"
_TRITON_TIMEOUT_S: Final = 5.0


def serve(port: int, folder: Path, triton: Callable[[], str], *sources: Callable[[], Values]) -> None:
    """Serve `http://127.0.0.1:port/metrics` and `/triton/metrics` from a thread, for as long as the process runs.

    Args:
        folder: where all processes of this node keep their metrics.
        triton: `host:port` of the model server's own page now; empty while there is none.
        sources: what the node itself measures; called by the page's threads.

    Raises:
        OSError: the port is taken.
        RuntimeError: this process keeps its metrics elsewhere, so the page would stay empty.
    """
    if os.environ.get(FOLDER_VARIABLE) != str(folder):
        raise RuntimeError(f"{FOLDER_VARIABLE} must be {folder} in the environment of every process of this node")
    server = make_server("127.0.0.1", port, application(folder, triton, *sources), ThreadingWSGIServer, _Quiet)
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics-page").start()


def forget_dead(folder: Path) -> None:
    """Drop the gauges of processes that are gone, so that a killed one does not count as busy for ever."""
    for path in folder.glob("gauge_live*_*.db"):
        found = re.search(r"_(\d+)\.db$", path.name)
        if found and not Path("/proc", found[1]).exists():
            multiprocess.mark_process_dead(int(found[1]), path=str(folder))  # type: ignore[no-untyped-call]


class _OfProcesses(Collector):
    """The metrics of a folder, without those of others that find the same variable in their environment, as Ray's
    dashboard and autoscaler do."""

    def __init__(self, folder: Path) -> None:
        self._all = multiprocess.MultiProcessCollector(None, path=str(folder))  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        return (metric for metric in self._all.collect() if metric.name.startswith(_PREFIX))  # type: ignore[no-untyped-call]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A scrape every few seconds is not worth a line."""


def application(folder: Path, triton: Callable[[], str], *sources: Callable[[], Values]) -> Application:
    """The page as a WSGI application; see `serve`."""
    registry = CollectorRegistry()
    registry.register(_OfProcesses(folder))
    registry.register(Readings(*sources))
    ours = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != TRITON_PATH:
            page: Iterable[bytes] = ours(environ, start_response)
            return page
        try:
            kind, content = _fetch(triton())
        except (OSError, http.client.HTTPException):
            # Prometheus then says `up` is 0 for this target, which is the truth.
            start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"the model server cannot be asked now\n"]
        start_response("200 OK", [("Content-Type", kind)])
        return [content]

    return answer


def _fetch(address: str) -> tuple[str, bytes]:
    """Content type and bytes of a page of metrics. Raises OSError, HTTPException."""
    if not address:
        raise ConnectionError("there is no model server")
    connection = http.client.HTTPConnection(address, timeout=_TRITON_TIMEOUT_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise http.client.HTTPException(f"status {answer.status}")
        return answer.getheader("Content-Type", "text/plain"), answer.read()
    finally:
        connection.close()
