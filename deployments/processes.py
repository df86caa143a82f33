"""The processes of a one-host stack: started together, and none left behind however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final

from deployments import reaper
from deployments.config import VivaConfig, to_mapping
from serving.adapters.spool import FolderSpool
from serving.adapters.triton import launch
from serving.adapters.triton.shm import sweep_stale

_READY_TIMEOUT_S: Final = 180.0
_STOP_GRACE_S: Final = 20.0
_LOG_TAIL_LINES: Final = 15


class StackError(RuntimeError):
    """The stack cannot run; the message is one line for the person who started it."""


class SupervisedStack:
    """`deployments.stack` as a child, in a process group of its own so that Ctrl-C reaches only us.

    This process becomes the reaper of orphans, so that nothing is left even when the child itself is killed.
    """

    def __init__(self, config: VivaConfig) -> None:
        self._config = config
        self._child: subprocess.Popen[str] | None = None
        self._ray_dir: Path | None = None
        self._lock: IO[str] | None = None

    def __enter__(self) -> SupervisedStack:
        config = self._config
        for folder in (config.data_dir, config.log_dir, config.run_dir, config.spool_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(config.data_dir)
        for name, host, port in (
            ("gateway.port", config.gateway.host, config.gateway.port),
            ("metrics_port", "127.0.0.1", config.metrics_port),
        ):
            _check_free(name, host, port)
        shutil.rmtree(config.metrics_dir, ignore_errors=True)
        config.metrics_dir.mkdir()
        # By age, since a shared spool holds the media of other hosts too.
        FolderSpool(config.spool_dir).sweep(older_than_s=2 * config.scorer.timeout_s)
        reaper.become_reaper()
        # Ray's Unix sockets hold 107 bytes of path, so its folder is a short one of its own.
        self._ray_dir = Path(tempfile.mkdtemp(prefix="viva-", dir="/tmp"))
        config_file = config.run_dir / "config.json"
        config_file.write_text(json.dumps(to_mapping(config)))
        config_file.chmod(0o600)
        command = [sys.executable, "-m", "deployments.stack", str(config_file), str(self._ray_dir)]
        with self._stack_log.open("w") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-I", launch.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self

    def wait_ready(self) -> None:
        """Return when answers can be scored. Raises `StackError` when the stack ends before."""
        assert self._child is not None
        assert self._child.stdout is not None
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while self._child.poll() is None:
            told, _, _ = select.select([self._child.stdout], [], [], 0.2)
            if told and self._child.stdout.readline().strip() == "ready":
                return
            if time.monotonic() > deadline:
                raise StackError(f"not ready after {_READY_TIMEOUT_S:.0f} s; see {self._config.log_dir}")
        raise StackError(f"the stack ended while starting; see {self._stack_log}:\n{_tail(self._stack_log)}")

    def wait(self) -> None:
        """Return never: the stack runs until it is interrupted. Raises `StackError` when it ends by itself."""
        assert self._child is not None
        code = self._child.wait()
        raise StackError(f"the stack ended unexpectedly (exit code {code}); see {self._stack_log}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, signal.SIG_IGN)  # a second Ctrl-C must not leave half a stack behind
        if self._child is not None:
            _end(self._child)
        reaper.kill_descendants()
        sweep_stale()
        if self._ray_dir is not None:
            shutil.rmtree(self._ray_dir, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()

    @property
    def _stack_log(self) -> Path:
        return self._config.log_dir / "stack.log"


def _lock(data_dir: Path) -> IO[str]:
    lock = (data_dir / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StackError(f"another stack uses {data_dir}; choose another --data-dir") from error
    return lock


def _check_free(name: str, host: str, port: int) -> None:
    """A taken port would be shared silently (SO_REUSEPORT), so it is looked for before."""
    if port == 0:
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # sockets in TIME_WAIT do not count
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StackError(f"{name} {port} on {host} cannot be used: {error.strerror}") from error


def _end(child: subprocess.Popen[str]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
