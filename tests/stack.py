"""The whole real stack for tests: `viva up` as its user starts it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

VIVA = Path(sys.executable).with_name("viva")
READY_S = 240.0
STOP_S = 60.0


@dataclass(frozen=True)
class Stack:
    """A running `viva up`."""

    process: subprocess.Popen[str]
    port: int
    data_dir: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> str:
        """Ctrl-C, as a terminal sends it to the whole process group; what it printed until it ended."""
        os.killpg(self.process.pid, signal.SIGINT)
        out, _ = self.process.communicate(timeout=STOP_S)
        return out


def start(data_dir: Path, config: Path | None = None) -> Stack:
    """Start `viva up` and wait for its line; raises AssertionError with its output when it does not come."""
    port = free_port()
    options = [] if config is None else ["--config", str(config)]
    process = subprocess.Popen(
        [str(VIVA), "up", "--grpc-port", str(port), "--data-dir", str(data_dir), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a process group of its own, so that its Ctrl-C is not ours
    )
    assert process.stdout is not None
    deadline, printed = time.monotonic() + READY_S, ""
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        printed += line
        if line == f"viva is ready on 127.0.0.1:{port}\n":
            return Stack(process, port, data_dir)
        if not line:
            break
    process.kill()
    process.communicate()  # closes its pipe
    raise AssertionError(f"viva up did not become ready:\n{printed}")


def free_port() -> int:
    """A port below the ephemeral range, with the two above it (pages, metrics) free as well.

    One of many by chance: another run on this host would find the same first one free until a stack listens there.
    """
    for port in random.sample(range(15000, 16000, 10), 100):
        if all(_free(candidate) for candidate in range(port, port + 3)):
            return port
    raise AssertionError("no free port")


def descendants(pid: int) -> dict[int, str]:
    """Command line of every process below `pid`."""
    found: dict[int, str] = {}
    with contextlib.suppress(OSError):  # what ends meanwhile is none
        for listing in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, listing.read_text().split()):
                found |= descendants(child)
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[child] = command.strip()
    return found


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
