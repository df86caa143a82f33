"""CPU seconds by stage, on the threads that work at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageMeter:
    """Adds up CPU seconds by stage. Threads may share one."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """The CPU time of the calling thread inside counts for the stage, also when it fails."""
        started = time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - started
            with self._lock:
                self._seconds[name] = self._seconds.get(name, 0.0) + spent

    def take(self) -> dict[str, float]:
        """CPU seconds by stage since the last call."""
        with self._lock:
            taken, self._seconds = self._seconds, {}
        return taken
