"""Traces of arrivals: CSV with a column `time_s`, or JSON lines with that key."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness.core import BenchError


def read_trace(path: Path) -> list[float]:
    """The times of a trace, seconds.

    Raises:
        BenchError: names file and line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines: Iterator[object]
            lines = (json.loads(line) for line in file) if path.suffix == ".jsonl" else iter(csv.DictReader(file))
            times = [_time(line, path, number) for number, line in enumerate(lines, start=1)]
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, csv.Error) as error:
        raise BenchError(f"{path}: {error}") from None
    if not times:
        raise BenchError(f"{path}: holds no times")
    return times


def _time(line: object, path: Path, number: int) -> float:
    value = line.get("time_s") if isinstance(line, dict) else None
    try:
        time_s = float(value)  # type: ignore[arg-type]  # None is the TypeError below
    except (TypeError, ValueError):
        raise BenchError(f"{path}: entry {number}: time_s is {value!r}, not a number of seconds") from None
    if not math.isfinite(time_s):
        raise BenchError(f"{path}: entry {number}: time_s is {value}, not a number of seconds")
    return time_s
