"""One run of the PostgreSQL server on a data folder."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from serving.adapters.postgres.data_folder import DataFolder
from serving.adapters.postgres.installation import PostgresError, binary, environment, last_words, tied

HOST: Final = "127.0.0.1"

_READY_POLL_S: Final = 0.02
_PREDECESSOR_MARKS: Final = ("pre-existing shared memory block", '"postmaster.pid" already exists')
_STATUS_LINE: Final = 7  # of postmaster.pid: LOCK_FILE_LINE_PM_STATUS of PostgreSQL's miscadmin.h, counted from 0

# Given at each start, so that a folder of an older Viva gets today's.
_SETTINGS: Final = {
    "max_connections": "100",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",  # in the data folder: a killed server leaves nothing in /dev/shm
    "io_method": "sync",  # no I/O worker processes
    "max_parallel_workers_per_gather": "0",
    "max_logical_replication_workers": "0",
    "autovacuum_naptime": "1min",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "restart_after_crash": "on",
    "timezone": "UTC",
    # The log tells of the server, not of statements, which hold what candidates said. An error's text quotes them too
    # (`invalid input syntax ...: "..."`), so errors are left out: the client has them. So are the details of a crash
    # (`Failed process was running: ...`).
    "log_timezone": "UTC",
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "off",
    "log_connections": "",
    "log_disconnections": "off",
    "log_checkpoints": "off",
}


class PredecessorError(PostgresError):
    """An earlier server of the folder has not ended, or not quite."""


class PostgresProcess:
    """The server's main process, which may be started again when it has ended. Blocking.

    `start` must be called from a thread that lives as long as the server should (`tied`).
    """

    def __init__(self, folder: DataFolder, port: int, log_path: Path) -> None:
        self._folder = folder
        self._port = port
        self._log_path = log_path
        self._log_start = 0  # bytes of the log before this run
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server without waiting for it.

        Raises:
            PostgresError: it is not installed.
            OSError: no process could be made, or the log not be opened.
        """
        uid, gid = self._folder.owner
        settings = {**_SETTINGS, "cluster_name": self._folder.tag}
        command = [binary("postgres"), "-D", str(self._folder.path), "-h", HOST, "-p", str(self._port), "-k", ""]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self._log_path.touch(mode=0o600)
        with self._log_path.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                tied(command, uid, gid),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
            )

    def wait_ready(self) -> None:
        """Return when the server takes queries, however long it has to recover.

        Raises:
            PredecessorError: it ended because of another server in its folder.
            PostgresError: it ended for another reason. Either message quotes its log.
        """
        while not self._ready():
            if self._started().poll() is not None:
                log = self._log()
                kind = PredecessorError if any(mark in log for mark in _PREDECESSOR_MARKS) else PostgresError
                raise kind(f"PostgreSQL cannot start in {self._folder.path}: {last_words(log)}")
            time.sleep(_READY_POLL_S)

    def wait(self) -> int:
        """Return the exit status when the process ends; negative for a signal."""
        return self._started().wait()

    def signal(self, number: int) -> None:
        """Send a signal; no error when the process is gone, or never was."""
        if self._process is not None:
            self._process.send_signal(number)

    def _ready(self) -> bool:
        with suppress(OSError, IndexError):
            lines = (self._folder.path / "postmaster.pid").read_text().splitlines()
            return lines[0] == str(self._started().pid) and lines[_STATUS_LINE].strip() == "ready"
        return False

    def _log(self) -> str:
        with self._log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process
