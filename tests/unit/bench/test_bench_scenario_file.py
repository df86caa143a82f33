"""Scenario files are read strictly; what is wrong is said in one line with file, key and limit."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.harness import scenario_file
from benchmarks.harness.core import BenchError, Modality, Priority
from benchmarks.harness.plan import Placeholders, check_counts, plan
from benchmarks.harness.shapes import Poisson, Server

BASE: dict[str, Any] = {
    "name": "small",
    "about": "A small one.",
    "arrivals": {"shape": "poisson", "rate_per_s": 10, "duration_s": 100},
    "mix": {"text": 0.7, "audio": 0.3},
    "bulk_share": 0.5,
    "deadline_s": {"text": 10, "audio": 60},
    "warm_up": {"seconds": 10},
    "slos": {"latency": [{"percentile": 95, "limit_s": 2, "modality": "text", "priority": "interactive"}]},
}


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({**BASE, **changes}))
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    scenario = scenario_file.load(write(tmp_path))
    assert scenario.arrivals == Poisson("poisson", 10.0, 100.0)
    assert scenario.kind == "open"
    assert scenario.deadline(Modality.AUDIO, Priority.INTERACTIVE) == 60
    assert scenario.deadline(Modality.AUDIO, Priority.BULK) == scenario.bulk_deadline_s


@pytest.mark.parametrize("path", sorted(scenario_file.FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_what_is_shipped_can_be_run_and_is_long_enough(path: Path) -> None:
    scenario = scenario_file.load(path)
    assert scenario.name == path.stem
    assert scenario_file.find(path.stem) == path
    shape = scenario.arrivals
    if isinstance(shape, Server):
        shape = Poisson("poisson", 1.0, scenario.warm_up.seconds + shape.count)
    if not scenario.capacity_requests:
        check_counts(scenario, plan(scenario, shape, Placeholders(), 0).requests)


SLO = {"percentile": 95, "limit_s": 2}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rate": 3}, "rate: unknown key"),
        ({"arrivals": {"shape": "poisson", "rate_per_s": 1, "duration": 5}}, "arrivals.duration: unknown key"),
        ({"arrivals": {"shape": "poisson", "rate_per_s": 1}}, "arrivals.duration_s: is required"),
        ({"arrivals": {"shape": "steps"}}, "arrivals: .*'poisson'"),
        ({"arrivals": {"shape": "poisson", "rate_per_s": "1", "duration_s": 5}}, "arrivals.rate_per_s: .*number"),
        ({"arrivals": {"shape": "poisson", "rate_per_s": 0, "duration_s": 5}}, "rate_per_s: .*greater than 0, not 0"),
        ({"arrivals": {"shape": "ramp", "from_per_s": 0, "to_per_s": 0, "duration_s": 50}}, "arrivals.to_per_s"),
        (
            {
                "arrivals": {
                    "shape": "spike",
                    "rate_per_s": 1,
                    "spike_per_s": 2,
                    "at_s": 50,
                    "spike_s": 20,
                    "duration_s": 60,
                }
            },
            "arrivals.at_s: the spike ends after duration_s",
        ),
        ({"seed": True}, "seed: .*integer, not True"),
        ({"repetitions": 0}, "repetitions: .*greater than or equal to 1, not 0"),
        ({"mix": {"text": 0.5, "audio": 0.3}}, "mix: the shares must sum to 1, not to 0.8"),
        ({"mix": {"smell": 1}}, "mix.smell"),
        ({"deadline_s": {"text": 10}}, "deadline_s.audio: is required"),
        ({"slos": {"latency": [{"percentile": 99, "limit_s": 0}]}}, r"latency\[0\].limit_s: .*greater than 0, not 0"),
        ({"slos": {"latency": [SLO, {"percentile": 100, "limit_s": 1}]}}, r"latency\[1\].percentile: .*less than 100"),
        ({"slos": {"latency": [{"percentile": 0, "limit_s": 1}]}}, r"latency\[0\].percentile: .*greater than 0"),
        ({"slos": {"latency": [{**SLO, "limit_s": 0.05}]}}, r"latency\[0\].limit_s: 0.05 s cannot be shown"),
        ({"slos": {"latency": [{**SLO, "limit_s": 5000}]}}, r"latency\[0\].limit_s: .*above the deadline of 3600 s"),
        ({"slos": {"latency": [{**SLO, "modality": "video"}]}}, r"latency\[0\]: the scenario sends no such answers"),
        ({"bulk_share": 1.0}, r"latency\[0\]: the scenario sends no such answers"),
        ({"slos": {"errors": [{"at_most": 2}]}}, r"errors\[0\].at_most: .*less than or equal to 1"),
        ({"slos": {"goodput": [{"at_least": 0}]}}, r"goodput\[0\].at_least: .*greater than 0"),
        ({"warm_up": {"seconds": 100}}, "warm_up.seconds: must be less than arrivals.duration_s"),
        (
            {"warm_up": {"seconds": 60}, "arrivals": {"shape": "campus_day", "count": 900, "duration_s": 60}},
            "warm_up.seconds: must be less than arrivals.duration_s",
        ),
        ({"warm_up": {"seconds": 10, "minutes": 1}}, "warm_up.minutes: unknown key"),
        ({"arrivals": {"shape": "offline", "count": 9}}, "warm_up.seconds: must be 0"),
        (
            {"arrivals": {"shape": "server", "count": 9, "offline_count": 9}, "slos": {}},
            "slos.latency: is required for a search",
        ),
        ({"capacity_requests": 9, "arrivals": {"shape": "offline", "count": 9}, "warm_up": {}}, "capacity_requests"),
        ({"about": __import__("datetime").date(2026, 1, 1)}, "no number, text, list or mapping"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    path = write(tmp_path, **changes)
    with pytest.raises(BenchError, match=problem) as caught:
        scenario_file.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "problem"), [("a: [", "not YAML"), ("", "the file: "), ("- 1", "the file: ")])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(text)
    with pytest.raises(BenchError, match=problem):
        scenario_file.load(path)
    with pytest.raises(BenchError, match="No such file"):
        scenario_file.load(tmp_path / "none.yaml")


def test_a_run_too_short_for_its_percentile_is_refused(tmp_path: Path) -> None:
    slos = {"latency": [{"percentile": 99, "limit_s": 2, "modality": "text", "priority": "interactive"}]}
    scenario = scenario_file.load(write(tmp_path, slos=slos))
    requests = plan(scenario, scenario.arrivals, Placeholders(), 0).requests
    with pytest.raises(BenchError, match=r"slos.latency\[0\].percentile: p99 needs at least 459 answers, this run"):
        check_counts(scenario, requests)


def test_a_run_that_ends_with_its_warm_up_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("time_s\n0\n5\n")
    scenario = scenario_file.load(write(tmp_path, arrivals={"shape": "replay", "path": str(trace)}, slos={}))
    requests = plan(scenario, scenario.arrivals, Placeholders(), 0).requests
    with pytest.raises(BenchError, match=r"warm_up.seconds: no answer of this run is sent after it"):
        check_counts(scenario, requests)


def test_plans_repeat_and_follow_the_mix(tmp_path: Path) -> None:
    scenario = scenario_file.load(write(tmp_path, warm_up={"count": 6}))
    made = plan(scenario, scenario.arrivals, Placeholders(), 0)
    assert made == plan(scenario, scenario.arrivals, Placeholders(), 0)
    assert made != plan(scenario, scenario.arrivals, Placeholders(), 1)
    assert len(made.warm_up) == 6
    count = len(made.requests)
    assert made.rate_per_s == count / 100
    texts = [request for request in made.requests if request.sample.modality is Modality.TEXT]
    bulk = [request for request in made.requests if request.priority is Priority.BULK]
    assert 0.6 < len(texts) / count < 0.8
    assert 0.4 < len(bulk) / count < 0.6
    assert {request.deadline_s for request in bulk} == {3600.0}
