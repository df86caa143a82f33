"""What stands for a host on one machine: an address of the loopback network, a folder, and processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from serving.adapters.triton import launch
from tests import stack

ROOT: Final = Path(__file__).parents[1]
API_PORT: Final = 18500


@dataclass
class Host:
    """A node of the cluster, or what else has an address.

    Attributes:
        address: IPv4 address.
        folder: its files.
    """

    name: str
    address: str
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def api(self) -> str:
        """Where its gateways listen."""
        return f"{self.address}:{API_PORT}"

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a command and all that comes of it."""
        self.folder.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", launch.__file__, str(os.getpid()), sys.executable, "-m", "tests.host", *command],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def pids(self, marker: str = "") -> list[int]:
        """Its processes that have `marker` in their command lines."""
        assert self.process is not None
        return [pid for pid, command in stack.descendants(self.process.pid).items() if marker in command]

    def cut_off(self) -> None:
        """What a power cut is to the others: nothing answers any more, and no connection is closed."""
        assert self.process is not None
        for pid in (self.process.pid, *self.pids()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def kill(self) -> None:
        """All of it ends at once."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)  # nothing is started again meanwhile
        while pids := [pid for pid in self.pids() if not _ended(pid)]:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.send_signal(signal.SIGCONT)  # it may be cut off
            self.process.wait()


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
