"""The target's Prometheus page: which of its numbers are kept, and what they gained."""

from __future__ import annotations

import http.client
import itertools
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.harness.core import TargetDown
from benchmarks.harness.result import HistogramChange, Track

PREFIX: Final = "viva_"
_TIMEOUT_S: Final = 2.0

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


@dataclass(frozen=True, slots=True)
class Page:
    """A page at one time; values by name and labels.

    Attributes:
        at_s: seconds from the start of the run.
        histograms: cumulative count by upper bound, as the page writes them, and the sum under `sum`.
    """

    at_s: float
    gauges: Mapping[Key, float]
    counters: Mapping[Key, float]
    histograms: Mapping[Key, Mapping[str, float]]


def read(url: str, at_s: float, extra: Mapping[str, str] | None = None) -> Page:
    """The `viva_` series of the page at a URL, as `parse` gives them.

    Raises:
        TargetDown: it does not come, or is none of Prometheus.
    """
    try:
        return parse(_fetch(url), at_s, extra)
    except ValueError as error:
        raise TargetDown(f"--metrics {url}: no metrics page: {error}") from None


def _fetch(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as response:
            content: bytes = response.read()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise TargetDown(f"--metrics {url}: no page there: {reason}") from None
    return content.decode(errors="replace")


def parse(text: str, at_s: float, extra: Mapping[str, str] | None = None) -> Page:
    """The `viva_` series of a page.

    Args:
        extra: labels added to each, which tell pages apart.
    """
    gauges: dict[Key, float] = {}
    counters: dict[Key, float] = {}
    histograms: dict[Key, dict[str, float]] = {}
    for family in text_string_to_metric_families(text):
        if not family.name.startswith(PREFIX):
            continue
        for sample in family.samples:
            labels = {**sample.labels, **(extra or {})}
            bound = labels.pop("le", None)
            key = family.name, tuple(sorted(labels.items()))
            if sample.name.endswith("_created"):
                continue
            if family.type == "histogram":
                name = bound if bound is not None else sample.name.removeprefix(f"{family.name}_")
                histograms.setdefault(key, {})[name] = sample.value
            elif family.type == "counter":
                counters[sample.name, key[1]] = sample.value
            else:
                gauges[sample.name, key[1]] = sample.value
    return Page(at_s, gauges, counters, histograms)


def merged(pages: Sequence[Page]) -> Page:
    """Several pages of one time as one; their labels tell them apart."""
    return Page(
        pages[0].at_s,
        {key: value for page in pages for key, value in page.gauges.items()},
        {key: value for page in pages for key, value in page.counters.items()},
        {key: value for page in pages for key, value in page.histograms.items()},
    )


def tracks(pages: Sequence[Page]) -> list[Track]:
    """Gauges as they are, counters as increase a second; a counter that never moved is left out."""
    found: list[Track] = []
    for name, labels in sorted({key for page in pages for key in page.gauges}):
        there = [(page.at_s, page.gauges[name, labels]) for page in pages if (name, labels) in page.gauges]
        found.append(_track(name, labels, there))
    for name, labels in sorted({key for page in pages for key in page.counters}):
        counted = [(page.at_s, page.counters.get((name, labels), 0.0)) for page in pages]
        rates = [
            # A counter that fell belongs to a process that was started anew.
            (at_s, max(0.0, value - before) / (at_s - before_s))
            for (before_s, before), (at_s, value) in itertools.pairwise(counted)
            if at_s > before_s
        ]
        if any(rate for _, rate in rates):
            found.append(_track(name, labels, rates))
    return found


def changes(before: Page, after: Page) -> list[HistogramChange]:
    """What each histogram gained between two pages; those that gained nothing are left out."""
    found = []
    for (name, labels), now in sorted(after.histograms.items()):
        then = before.histograms.get((name, labels), {})
        gained = {key: value - then.get(key, 0.0) for key, value in now.items()}
        bounds = sorted((key for key in gained if key not in ("sum", "count")), key=float)
        if gained.get("count", 0.0) > 0:
            buckets = tuple((bound, int(gained[bound])) for bound in bounds)
            found.append(HistogramChange(name, dict(labels), int(gained["count"]), gained["sum"], buckets))
    return found


def _track(name: str, labels: Labels, points: Sequence[tuple[float, float]]) -> Track:
    return Track(name, dict(labels), tuple(at_s for at_s, _ in points), tuple(value for _, value in points))
