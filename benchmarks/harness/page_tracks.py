"""The figures of what was read while a run went on: queues, CPU, memory and the rest of the metrics page."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.harness.page_axis import clock, from_zero
from benchmarks.harness.page_chart import Series, plot
from benchmarks.harness.page_figure import Figure, Table
from benchmarks.harness.page_format import amount, seconds
from benchmarks.harness.result import Machine, Track

_POINTS: Final = 240
_LOOKS: Final = "abcdefgh"
_CPU: Final = ("machine_cpu_cores", "process_cpu_cores")
_WHAT: Final = {
    "machine_cpu_cores": "machine",
    "machine_memory_bytes": "machine",
    "process_pss_bytes": "proportional",
    "process_rss_bytes": "resident",
}
_MEMORY: Final = ("machine_memory_bytes", "process_pss_bytes", "process_rss_bytes")


def resource_figures(tracks: Sequence[Track], machine: Machine, end_s: float) -> list[Figure]:
    """CPU and memory."""
    cpu = [track for track in tracks if track.name in _CPU]
    memory = [track for track in tracks if track.name in _MEMORY]
    about = "in use, of the machine and of each tree of processes that was watched"
    whole = (float(machine.cores), f"{machine.cores} cores")
    return [
        _figure("cpu", "CPU", f"Cores {about}.", cpu, "cores", end_s, [whole]),
        _figure(
            "memory",
            "Memory",
            f"Bytes {about}: resident counts shared pages in every process, proportional in none twice.",
            memory,
            "B",
            end_s,
        ),
    ]


def queue_figures(tracks: Sequence[Track], end_s: float) -> list[Figure]:
    """A figure for each reading of a queue on the metrics pages; one that says so when there is none."""
    found = _by_name(track for track in tracks if "queue" in track.name)
    return _figures(found, end_s) or [Figure("queues", "Queues", "No metrics page with queues was read.")]


def other_figures(tracks: Sequence[Track], end_s: float) -> list[Figure]:
    """A figure for everything else on the metrics pages that was not 0 throughout."""
    known = {*_CPU, *_MEMORY}
    rest = (track for track in tracks if track.name not in known and "queue" not in track.name and any(track.values))
    return _figures(_by_name(rest), end_s)


def binned(track: Track, width_s: float) -> dict[int, float]:
    """The largest value in each part of the run, `width_s` long, that has any."""
    largest: dict[int, float] = {}
    for at, value in zip(track.at_s, track.values, strict=True):
        if math.isfinite(value):  # a metrics page may say NaN
            part = int(at // width_s)
            largest[part] = max(value, largest.get(part, value))
    return largest


def _by_name(tracks: Iterable[Track]) -> dict[str, list[Track]]:
    found: defaultdict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        found[track.name].append(track)
    return found


def _figures(found: dict[str, list[Track]], end_s: float) -> list[Figure]:
    return [
        _figure(name, name, "By labels, as the metrics page has it.", tracks, _unit(name), end_s)
        for name, tracks in sorted(found.items())
    ]


def _figure(
    name: str,
    title: str,
    note: str,
    tracks: Sequence[Track],
    unit: str,
    end_s: float,
    limits: Sequence[tuple[float, str]] = (),
) -> Figure:
    width_s = max(end_s / _POINTS, 1.0)
    read = {_label(track): binned(track, width_s) for track in tracks}
    parts = {label: of for label, of in read.items() if of}
    if not parts:
        return Figure(name, title, "Nothing was read.")
    shown = sorted(parts, key=lambda label: max(parts[label].values()), reverse=True)[: len(_LOOKS)]
    if len(shown) < len(parts):
        note += f" The {len(shown)} largest of {len(parts)}; the table has all."
    series = [
        Series(label, look, [(part * width_s, value) for part, value in sorted(parts[label].items())])
        for label, look in zip(shown, _LOOKS, strict=False)
    ]
    values = [value for of in parts.values() for value in of.values()]
    y = from_zero([*values, *(limit for limit, _ in limits)], unit)
    times = sorted(set().union(*parts.values()))
    rows = tuple((seconds(at * width_s), *(amount(of.get(at), unit) for of in parts.values())) for at in times)
    return Figure(
        name, title, note, plot(series, clock(end_s), y, unit, limits=limits), table=Table(("time", *parts), rows)
    )


def _label(track: Track) -> str:
    """`machine`, the labels of a tree, or those of the metrics page."""
    words = [_WHAT.get(track.name, ""), *(track.labels[key] for key in sorted(track.labels))]
    return " ".join(word for word in words if word) or track.name


def _unit(name: str) -> str:
    """After the suffix of a Prometheus name."""
    return "B" if name.endswith("_bytes") else "s" if name.endswith("_seconds") else ""
