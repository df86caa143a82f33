"""Looks at machine, processes and metrics pages once a second while a run goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from benchmarks.harness import metrics_page
from benchmarks.harness.core import TargetDown
from benchmarks.harness.metrics_page import Page
from benchmarks.harness.resources import Resources, Tree
from benchmarks.harness.result import HistogramChange, Track

_EVERY_S: Final = 1.0


class Watch:
    """One run's looks, in a thread of its own.

    Args:
        trees: processes to look at.
        pages: URLs of Prometheus pages.
    """

    def __init__(self, trees: Sequence[Tree], pages: Sequence[str]) -> None:
        self._resources = Resources(trees)
        self._urls = pages
        self._pages: list[Page] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bench-watch", daemon=True)
        self._start_s = 0.0

    def start(self, start_s: float) -> None:
        """Begin, with the first look right now.

        Args:
            start_s: second 0 of the run on the monotonic clock.

        Raises:
            TargetDown: a page does not come.
        """
        self._start_s = start_s
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """One more look, and no more. Does nothing when it was never started."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def tracks(self) -> list[Track]:
        """What was seen over time."""
        return [*self._resources.tracks(), *metrics_page.tracks(self._pages)]

    def histograms(self) -> list[HistogramChange]:
        """What histograms gained from the first to the last look."""
        return metrics_page.changes(self._pages[0], self._pages[-1]) if len(self._pages) > 1 else []

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(_EVERY_S)
            try:
                self._look()
            except TargetDown:
                continue  # a gap: what a restarting target shows

    def _look(self) -> None:
        self._resources.sample(time.monotonic() - self._start_s)
        several = len(self._urls) > 1
        at_s = time.monotonic() - self._start_s
        pages = [metrics_page.read(url, at_s, {"page": url} if several else None) for url in self._urls]
        if not pages:
            return
        if len(self._pages) > 1:  # of histograms only the first and the last look count, and they are most of a page
            self._pages[-1] = replace(self._pages[-1], histograms={})
        self._pages.append(metrics_page.merged(pages))
