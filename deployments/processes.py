"""The processes of a one-host stack: started together, and none left behind however it ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from deployments import database, ports, reaper
from deployments.config import VivaConfig, to_mapping
from deployments.errors import StackError
from serving.adapters.spool import FolderSpool
from serving.adapters.triton import launch
from serving.adapters.triton.shm import sweep_stale

_STACK: Final = ("-m", "deployments.stack")
_READY_TIMEOUT_S: Final = 180.0
_STOP_GRACE_S: Final = 20.0
_STEADY_S: Final = 300.0  # a stack that ran so long has not failed to start
_RESTART_PAUSES_S: Final = (0.0, 0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
_LOG_TAIL_LINES: Final = 15
_REPLICA_LOGS_KEPT_S: Final = 7 * 86_400.0  # every replica of every start has files of its own


class SupervisedStack:
    """`deployments.stack` as a child, in a process group of its own so that Ctrl-C reaches only us.

    Inside the context this process is the reaper of orphans, so that nothing is left even when the child is killed.
    Enter and leave on the main thread, which signals belong to, and to whose life the child's is tied.

    Args:
        config: a checked configuration.
        program: arguments of the Python interpreter that runs as the child; it is given the configuration file, a
            short temporary folder and a pipe's descriptor, as `deployments.stack` documents.
    """

    def __init__(self, config: VivaConfig, program: Sequence[str] = _STACK) -> None:
        self._config = config
        self._program = program
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> SupervisedStack:
        with contextlib.ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def wait_ready(self) -> None:
        """Return when answers can be scored. Raises `StackError` when the stack ends before."""
        told, _, _ = select.select([self._told], [], [], _READY_TIMEOUT_S)
        if not told:
            raise StackError(f"not ready after {_READY_TIMEOUT_S:.0f} s; see {self._config.log_dir}")
        if not os.read(self._told, 1):  # closed: the child is gone
            raise StackError(f"the stack ended while starting; see {self._stack_log}:\n{_tail(self._stack_log)}")

    def wait(self, tell: Callable[[str], None]) -> None:
        """Return never: a stack that ends by itself, as it does when Ray's head was killed, is started again.

        Args:
            tell: called with a line for the person who started it.

        Raises:
            StackError: it ends soon after its start, time and again.
        """
        pauses = iter(_RESTART_PAUSES_S)
        while True:
            started = time.monotonic()
            code = self._child.wait()
            if time.monotonic() - started > _STEADY_S:
                pauses = iter(_RESTART_PAUSES_S)
            pause_s = next(pauses, None)
            if pause_s is None:
                raise StackError(f"the stack keeps ending (exit code {code}); see {self._stack_log}")
            tell(f"the stack ended unexpectedly (exit code {code}); starting it again")
            self._run.close()
            time.sleep(pause_s)
            self._launch()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _uninterrupted():
            self._undo.close()

    def _start(self, undo: contextlib.ExitStack) -> None:
        config = self._config
        for folder in (config.data_dir, config.log_dir, config.run_dir, config.spool_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        undo.enter_context(_locked(config.data_dir))
        _check_free("gateway.port", config.gateway.host, config.gateway.port)
        _check_free("web.port", config.gateway.host, config.web.port)
        _check_free("metrics_port", "127.0.0.1", config.metrics_port)
        # By age, since a shared spool holds the media of other hosts too.
        FolderSpool(config.spool_dir).sweep(older_than_s=2 * config.scorer.timeout_s)
        _delete_old_files(config.replica_log_dir)
        self._callers = reaper.children()
        undo.enter_context(reaper.adopting(spare_own_group=True))
        self._config = undo.enter_context(database.ready(config))
        self._run = undo.enter_context(contextlib.ExitStack())
        self._launch()

    def _launch(self) -> None:
        """Start the child; `_run` undoes it, and ends what it left."""
        shutil.rmtree(self._config.metrics_dir, ignore_errors=True)
        self._run.callback(sweep_stale)
        # Ray's Unix sockets hold 107 bytes of path, so its folder is a short one of its own.
        temporary = tempfile.TemporaryDirectory(prefix="viva-", dir="/tmp", ignore_cleanup_errors=True)
        ray_dir = self._run.enter_context(temporary)
        self._told, ready = os.pipe()
        self._run.callback(os.close, self._told)
        try:
            self._child = self._spawn(Path(ray_dir), ready)
        finally:
            os.close(ready)
        self._run.callback(reaper.end_children, self._spares)
        self._run.callback(_end, self._child)

    def _spawn(self, ray_dir: Path, ready: int) -> subprocess.Popen[bytes]:
        config_file = self._config.run_dir / "config.json"
        config_file.touch(mode=0o600)
        config_file.write_text(json.dumps(to_mapping(self._config)))
        command = [sys.executable, *self._program, str(config_file), str(ray_dir), str(ready)]
        with self._stack_log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-I", launch.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[ready],
            )

    def _spares(self, child: reaper.Process) -> bool:
        """Whether a child of ours stays when the stack goes: the database does, and what our caller started."""
        if child in self._callers:
            return True
        try:
            command = Path(f"/proc/{child.pid}/cmdline").read_bytes()
        except OSError:
            return True  # it is gone
        return str(database.folder(self._config)).encode() in command or reaper.group_of(child) == os.getpgrp()

    @property
    def _stack_log(self) -> Path:
        return self._config.log_dir / "stack.log"


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """A second Ctrl-C must not leave half a stack behind."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    with (data_dir / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(f"another stack uses {data_dir}; choose another --data-dir") from error
        yield


def _check_free(name: str, host: str, port: int) -> None:
    fault = ports.fault(port, host) if port else None
    if fault is not None:
        raise StackError(f"{name} {port} on {host} cannot be used: {fault}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _delete_old_files(folder: Path) -> None:
    for path in folder.glob("*"):
        if time.time() - path.stat().st_mtime > _REPLICA_LOGS_KEPT_S:
            path.unlink()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])
