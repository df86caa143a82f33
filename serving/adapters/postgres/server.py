"""The PostgreSQL server of one machine: made, started, kept alive and stopped by the process that owns it."""

from __future__ import annotations

import logging
import random
import signal
import socket
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Final

from serving.adapters.postgres.data_folder import DataFolder, Passwords
from serving.adapters.postgres.installation import PostgresError
from serving.adapters.postgres.process import HOST, PostgresProcess, PredecessorError
from serving.adapters.postgres.provisioning import APP, DATABASE, OWNER, provision

_log = logging.getLogger(__name__)

# Below Linux's ephemeral range (32768 up), where an outgoing connection could take a port before we do.
_PORTS: Final = range(20_000, 21_000)

_READY_TIMEOUT_S: Final = 120.0  # a killed server replays at most 1 GB of log
_PREDECESSOR_S: Final = 10.0  # for the server of an owner that was killed to shut down
_BACKOFF_FIRST_S: Final = 0.1
_BACKOFF_LAST_S: Final = 10.0
_STEADY_S: Final = 30.0  # a server that ran so long has not failed to start
_QUIT_GRACE_S: Final = 6.0  # upon SIGQUIT the server itself kills its children after 5 s
_KILL_GRACE_S: Final = 5.0


class PostgresServer:
    """Owner of one PostgreSQL server on loopback, and of the folder that holds its data.

    A thread starts it, and starts it again on the same port whenever it ends. The server ends with this process,
    however this process ends. Blocking; `start` and `stop` are for one thread.

    Args:
        folder: data folder, made when it is not there. As root it belongs to nobody, whom the server runs as. The
            passwords and a lock are beside it.
        port: TCP port on 127.0.0.1; None takes a free one at each start.
        log_folder: takes `postgres.log`; None for the parent of `folder`.
    """

    def __init__(self, folder: Path, port: int | None = None, *, log_folder: Path | None = None) -> None:
        self._folder = DataFolder(folder)
        self._wanted_port = port
        self._port = 0
        self._log_path = (log_folder or folder.parent).absolute() / "postgres.log"
        self._passwords: Passwords | None = None
        self._process: PostgresProcess | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()  # a process is not started once we are stopping
        self._stopping = threading.Event()
        self._restarts = 0

    @property
    def owner_url(self) -> str:
        """URL of the database for migrations, password included. Raises `RuntimeError` before `start`."""
        return self._url(OWNER)

    @property
    def app_url(self) -> str:
        """URL of the database for serving, password included. Raises `RuntimeError` before `start`."""
        return self._url(APP)

    @property
    def log_path(self) -> Path:
        """The server's log, which holds nothing of statements."""
        return self._log_path

    @property
    def restarts(self) -> int:
        """How often the server was brought back since `start`."""
        return self._restarts

    def start(self) -> None:
        """Return when the server takes queries, and the roles and the database are there.

        Raises:
            PostgresError: it cannot; nothing is left running.
        """
        if self._thread is not None:
            raise RuntimeError("the server was started already")
        try:
            self._folder.lock()
            try:
                self._start()
            except BaseException:
                self.stop()
                raise
        except OSError as error:
            path = error.filename or self._folder.path
            raise PostgresError(f"PostgreSQL cannot use {path}: {error.strerror or error}") from None

    def stop(self, grace_s: float = 10.0) -> None:
        """End the server; no error when it is not running.

        Queries are broken off and what was committed is flushed; after `grace_s` seconds the server is made to leave
        its folder as it is, which the next start mends.
        """
        with self._starting:
            self._stopping.set()
        if self._process is not None:
            if self._thread is not None:
                for number, patience_s in (
                    (signal.SIGINT, grace_s),
                    (signal.SIGQUIT, _QUIT_GRACE_S),
                    (signal.SIGKILL, _KILL_GRACE_S),
                ):
                    self._process.signal(number)
                    self._thread.join(patience_s)
                    if not self._thread.is_alive():
                        break
            with suppress(FileNotFoundError):  # someone removed the folder
                self._folder.make_way()
        self._thread = self._process = self._passwords = None
        self._folder.unlock()

    def _start(self) -> None:
        self._log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._passwords = self._folder.prepare()
        self._folder.make_way(_PREDECESSOR_S)
        self._port = _free_port() if self._wanted_port is None else self._wanted_port
        if fault := _fault(self._port):
            raise PostgresError(f"PostgreSQL cannot listen on port {self._port} of {HOST}: {fault}")
        self._process = PostgresProcess(self._folder, self._port, self._log_path)
        self._stopping.clear()
        self._restarts = 0
        first: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._supervise, args=(self._process, first), name="postgres-supervisor", daemon=True
        )
        self._thread.start()
        try:
            first.result(_READY_TIMEOUT_S)
        except TimeoutError:
            raise PostgresError(f"PostgreSQL is not ready in {_READY_TIMEOUT_S:.0f} s; see {self._log_path}") from None
        provision(HOST, self._port, self._passwords)

    def _supervise(self, process: PostgresProcess, first: Future[None]) -> None:
        """Start the server and start it again until we stop; `first` takes the outcome of the first start."""
        blocked_until = time.monotonic() + _PREDECESSOR_S
        failures = 0
        while True:
            began = time.monotonic()
            try:
                self._folder.make_way()
                with self._starting:
                    if self._stopping.is_set():
                        break
                    process.start()
                process.wait_ready()
                if first.done():
                    self._restarts += 1
                else:
                    first.set_result(None)
                status = process.wait()
                outcome = f"PostgreSQL ended with status {status}"
            except Exception as error:  # the watch must outlive whatever a start runs into
                waits = isinstance(error, PredecessorError) and began < blocked_until
                if not first.done() and not waits:
                    first.set_exception(error)
                    return
                outcome = str(error)
            if self._stopping.is_set():
                break
            _log.warning("%s; it is started again", outcome)
            failures = 0 if time.monotonic() - began >= _STEADY_S else failures + 1
            if self._stopping.wait(min(_BACKOFF_LAST_S, _BACKOFF_FIRST_S * 2**failures) if failures else 0.0):
                break
        if not first.done():
            first.set_exception(PostgresError("PostgreSQL was stopped while it started"))

    def _url(self, role: str) -> str:
        if self._passwords is None or self._thread is None:
            raise RuntimeError("the server was not started")
        password = {OWNER: self._passwords.viva_owner, APP: self._passwords.viva_app}[role]
        return f"postgresql://{role}:{password}@{HOST}:{self._port}/{DATABASE}"


def _free_port() -> int:
    """A port that nothing listens on.

    Raises:
        PostgresError: there is none.
    """
    for port in random.sample(_PORTS, len(_PORTS)):
        if _fault(port) is None:
            return port
    raise PostgresError(f"no free port in {_PORTS.start}-{_PORTS.stop - 1}")


def _fault(port: int) -> str | None:
    """Why the server could not listen on `port`; None when it can."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sockets in TIME_WAIT do not count
            probe.bind((HOST, port))
    except OSError as error:
        return error.strerror or str(error)
    return None
