"""Scenario files: YAML with the fields of `Scenario`, read strictly; what cannot come true is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import TypeAdapter, ValidationError

from benchmarks.harness.core import BenchError, Modality, Priority
from benchmarks.harness.scenario import ErrorSlo, LatencySlo, Scenario
from benchmarks.harness.shapes import Offline, Poisson, Ramp, Server, Spike

FOLDER: Final = Path(__file__).parents[1] / "scenarios"
_ADAPTER: Final = TypeAdapter(Scenario)
_UNKNOWN: Final = ("extra_forbidden", "unexpected_keyword_argument")


def find(name: str) -> Path:
    """The file of a scenario: a path, or the name of one that is shipped."""
    path, shipped = Path(name), FOLDER / f"{name}.yaml"
    return shipped if not path.exists() and shipped.exists() else path


def load(path: Path) -> Scenario:
    """Read a scenario.

    Raises:
        BenchError: one line with the file, the key and its limit.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}; `viva bench scenarios` lists those that are shipped") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    try:
        # Strict values of JSON: a text is no number, `yes` is no number either, and enums have names.
        scenario = _ADAPTER.validate_json(json.dumps(content), strict=True)
    except TypeError as error:
        raise BenchError(f"{path}: holds a value that is no number, text, list or mapping: {error}") from None
    except ValidationError as error:
        raise BenchError(f"{path}: {_first(error)}") from None
    for problem in _impossible(scenario):
        raise BenchError(f"{path}: {problem}")
    return scenario


def _first(error: ValidationError) -> str:
    """`key: what is wrong`; an unknown key before what is missing for it, as it mostly is a slip of the pen."""
    errors = sorted(error.errors(include_url=False), key=lambda one: one["type"] not in _UNKNOWN)
    first: Any = errors[0]
    where = list(first["loc"])
    if where[:1] == ["arrivals"] and len(where) > 1:
        del where[1]  # the tag of the union
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".") or "the file"
    if first["type"] in _UNKNOWN:
        return f"{key}: unknown key"
    if first["type"] == "missing":
        return f"{key}: is required"
    given = "" if isinstance(first["input"], dict | list) else f", not {first['input']!r}"
    message = first["msg"]
    return f"{key}: {message[0].lower()}{message[1:]}{given}"


def _impossible(scenario: Scenario) -> Iterator[str]:
    """What no run of a scenario can do, key first."""
    total = sum(scenario.mix.values())
    if abs(total - 1) > 1e-6:
        yield f"mix: the shares must sum to 1, not to {total:g}"
    for modality, share in scenario.mix.items():
        if share and modality not in scenario.deadline_s:
            yield f"deadline_s.{modality.value}: is required, since the mix has {modality.value} answers"
    yield from _impossible_times(scenario)
    for index, slo in enumerate(scenario.slos.latency):
        key = f"slos.latency[{index}]"
        yield from _matches_nothing(scenario, slo, key)
        if slo.limit_s <= scenario.max_lateness_s:
            floor = f"the generator itself may be {scenario.max_lateness_s:g} s late (max_lateness_s)"
            yield f"{key}.limit_s: {slo.limit_s:g} s cannot be shown: {floor}"
        longest = max(scenario.deadline(modality, priority) for modality, priority in _groups(scenario, slo))
        if slo.limit_s > longest:
            yield f"{key}.limit_s: {slo.limit_s:g} s is above the deadline of {longest:g} s, after which nobody waits"
    for index, bound in enumerate(scenario.slos.errors):
        yield from _matches_nothing(scenario, bound, f"slos.errors[{index}]")


def _impossible_times(scenario: Scenario) -> Iterator[str]:
    match scenario.arrivals:
        case Offline() if scenario.warm_up.seconds:
            yield "warm_up.seconds: must be 0 when all answers are sent at once; use warm_up.count"
        case Server() if not scenario.slos.latency:
            yield "slos.latency: is required for a search: it says what a rate must hold"
        case Ramp(from_per_s=0, to_per_s=0):
            yield "arrivals.to_per_s: a ramp from 0 to 0 sends nothing"
        case Spike() as spike if spike.at_s + spike.spike_s > spike.duration_s:
            yield f"arrivals.at_s: the spike ends after duration_s ({spike.duration_s:g} s)"
        case _:
            pass
    duration_s = getattr(scenario.arrivals, "duration_s", float("inf"))
    if scenario.warm_up.seconds >= duration_s:
        yield f"warm_up.seconds: must be less than arrivals.duration_s ({duration_s:g} s)"
    if scenario.capacity_requests and not isinstance(scenario.arrivals, Poisson | Ramp | Spike):
        yield "capacity_requests: only rates are multiples of a capacity; this shape of arrivals has none"


def _matches_nothing(scenario: Scenario, slo: LatencySlo | ErrorSlo, key: str) -> Iterator[str]:
    if not any(True for _ in _groups(scenario, slo)):
        yield f"{key}: the scenario sends no such answers (mix, bulk_share)"


def _groups(scenario: Scenario, slo: LatencySlo | ErrorSlo) -> Iterator[tuple[Modality, Priority]]:
    """The kinds of answers that an SLO is about."""
    for modality, share in scenario.mix.items():
        for priority, part in ((Priority.INTERACTIVE, 1 - scenario.bulk_share), (Priority.BULK, scenario.bulk_share)):
            if share * part > 0 and slo.modality in (None, modality) and slo.priority in (None, priority):
                yield modality, priority
