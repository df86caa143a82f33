"""A server as a child process: started, waited for, and ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from benchmarks.harness.core import TargetDown
from deployments import reaper
from serving.adapters.triton import launch

_START_S: Final = 300.0
_STOP_S: Final = 30.0
_POLL_S: Final = 0.25
_TAIL_LINES: Final = 12


@dataclass
class ServerProcess:
    """Runs inside its context, in a process group of its own. Enter and leave on the main thread.

    Attributes:
        name: of the server, for messages.
        command: its command line.
        environment: beside that of this process.
        log: file that takes its output.
        ready: whether it takes requests now.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    ready: Callable[[], bool]
    _undo: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False, repr=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int:
        """Root of the server's tree of processes."""
        assert self._child is not None, "it was not started"
        return self._child.pid

    def __enter__(self) -> ServerProcess:
        """Start it and wait until it takes requests.

        Raises:
            TargetDown: it ended, or was not ready in time; quotes the end of its log.
        """
        with contextlib.ExitStack() as undo:
            # Some frameworks start daemons, in sessions of their own: they come to us when their parents end.
            undo.enter_context(reaper.adopting(spare_own_group=True))
            with self.log.open("ab") as log:
                self._child = subprocess.Popen(
                    [sys.executable, "-I", launch.__file__, str(os.getpid()), *self.command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **self.environment},
                )
            undo.callback(_end, self._child)
            self._wait_ready(self._child)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def _wait_ready(self, child: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        while not self.ready():
            if child.poll() is not None:
                raise TargetDown(f"{self.name} ended while it started, with code {child.returncode}: {self._tail()}")
            if time.monotonic() >= deadline:
                raise TargetDown(f"{self.name} was not ready within {_START_S:.0f} s: {self._tail()}")
            time.sleep(_POLL_S)

    def _tail(self) -> str:
        return "\n".join(["", *self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]])


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)  # launch.py made the group
    child.wait()
