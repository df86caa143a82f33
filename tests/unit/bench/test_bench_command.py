"""`viva bench` as its user runs it, against the null target."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from benchmarks.harness import result_file
from benchmarks.harness.core import Modality, Sample
from deployments.cli.main import main
from tests.stack import free_port
from tests.unit.bench.corpora import write_corpus

SCENARIO: dict[str, Any] = {
    "name": "small",
    "about": "A small one.",
    "arrivals": {"shape": "poisson", "rate_per_s": 200, "duration_s": 1},
    "mix": {"text": 0.7, "audio": 0.3},
    "deadline_s": {"text": 10, "audio": 10},
    "max_lateness_s": 5,  # a busy machine is not what is tested
    "slos": {"latency": [{"percentile": 90, "limit_s": 8}]},
}


def viva(*words: object) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, words)])


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(yaml.safe_dump({**SCENARIO, **changes}))
    return path


def test_slos_that_hold_exit_0_and_leave_a_result(tmp_path: Path) -> None:
    out, raw = tmp_path / "out.json", tmp_path / "deep" / "raw.jsonl.gz"
    words = ["--null", "--null-median", 0.05, "--null-sigma", 0.2, "--json", out, "--raw", raw, "--generators", 2]
    done = viva("run", write(tmp_path, repetitions=2), *words)
    assert done.exit_code == 0, done.output
    assert "held      p90 <= 8 s" in done.output
    result = result_file.read(out)
    assert len(result.runs) == 2
    assert result.runs[0].generator.processes == 2
    assert result.runs[0].total.latency[0].value_s is not None
    assert result.runs[0].total.latency[0].value_s >= 0.03
    with gzip.open(raw, "rt") as lines:
        seen = [json.loads(line) for line in lines]
    assert len(seen) == sum(run.total.count for run in result.runs)
    assert seen[0]["intended_s"] <= seen[1]["intended_s"]
    assert viva("compare", out, out).exit_code == 2  # one target only


def test_an_slo_that_is_missed_exits_1(tmp_path: Path) -> None:
    path = write(tmp_path, slos={"goodput": [{"at_least": 5000}]})
    done = viva("run", path, "--null")
    assert done.exit_code == 1, done.output
    assert "missed    goodput >= 5e+03/s" in done.output


def test_a_generator_that_cannot_keep_up_makes_the_run_void(tmp_path: Path) -> None:
    arrivals = {"shape": "spike", "rate_per_s": 1, "spike_per_s": 100_000, "at_s": 0.1, "spike_s": 0.2, "duration_s": 1}
    done = viva("run", write(tmp_path, arrivals=arrivals, max_lateness_s=0.0005), "--null")
    assert done.exit_code == 1, done.output
    assert "VOID: the generator sent" in done.output
    assert "do not use its figures" in done.output


def test_a_search_finds_a_rate(tmp_path: Path) -> None:
    arrivals = {"shape": "server", "count": 60, "offline_count": 60, "tolerance": 0.5}
    slos = {"latency": [{"percentile": 50, "limit_s": 8}]}
    # At these rates sixty answers are sent in less time than the warm-up takes.
    path = write(tmp_path, arrivals=arrivals, slos=slos, warm_up={"seconds": 1})
    out = tmp_path / "out.json"
    done = viva("run", path, "--null", "--null-median", 0.3, "--json", out)
    assert done.exit_code == 0, done.output
    result = result_file.read(out)
    assert result.search is not None
    assert result.search.rate_per_s == pytest.approx(1.5 * result.search.offline_per_s)  # any number is served at once
    assert [probe.run for probe in result.search.probes] == [0, 1, 2]
    assert "1.50 of the offline rate" in done.output


def test_rates_are_multiples_of_a_measured_capacity(tmp_path: Path) -> None:
    arrivals = {"shape": "poisson", "rate_per_s": 0.5, "duration_s": 2}
    path, out = write(tmp_path, arrivals=arrivals, capacity_requests=50, slos={}), tmp_path / "out.json"
    done = viva("run", path, "--null", "--null-median", 0.2, "--json", out)
    assert done.exit_code == 0, done.output
    result = result_file.read(out)
    assert result.capacity_per_s is not None
    assert 0 < result.capacity_per_s < 250  # fifty answers in 0.2 s at best


@pytest.mark.parametrize(
    ("changes", "words", "problem"),
    [
        ({"colour": "red"}, ["--null"], "scenario.yaml: colour: unknown key"),
        ({"slos": {"latency": [{"percentile": 99, "limit_s": -1}]}}, ["--null"], "slos.latency[0].limit_s: "),
        ({"slos": {"latency": [{"percentile": 99.9, "limit_s": 8}]}}, ["--null"], "p99.9 needs at least 4603 answers"),
        (
            {
                "warm_up": {"count": 3},
                "max_lateness_s": 0.01,
                "slos": {"latency": [{"percentile": 50, "limit_s": 0.1}]},
            },
            ["--null", "--null-median", "0.3"],
            "slos.latency[0].limit_s: 0.1 s is impossible here",
        ),
        ({}, [], "names no corpus"),
        ({}, ["--corpus", "/nowhere"], "no corpus at /nowhere"),
        ({"corpus": "nowhere/either"}, [], "no corpus at nowhere/either"),
        ({}, ["--null", "--pid", "x"], "--pid x"),
        ({}, ["--null", "--metrics", "http://127.0.0.1:1/metrics"], "--metrics http://127.0.0.1:1/metrics: no page"),
    ],
)
def test_bad_input_exits_2_with_one_line(tmp_path: Path, changes: Any, words: list[str], problem: str) -> None:
    done = viva("run", write(tmp_path, **changes), *words)
    assert done.exit_code == 2, done.output
    assert problem in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_a_target_that_is_down_exits_2(tmp_path: Path) -> None:

    corpus = write_corpus(tmp_path / "corpus", [Sample("a", Modality.TEXT, "en", "Why?", ("teamwork",), "We did.")])
    address = f"127.0.0.1:{free_port()}"
    path = write(tmp_path, mix={"text": 1})
    done = viva("run", path, "--corpus", corpus, "--address", address)
    assert done.exit_code == 2, done.output
    assert f"no Viva server answers at {address}" in done.output
    assert len(done.output.strip().splitlines()) == 1


def test_scenarios_are_listed() -> None:
    done = viva("scenarios")
    assert done.exit_code == 0
    assert "overload" in done.output


def test_a_stack_of_its_own_and_no_server_at_all_exclude_each_other(tmp_path: Path) -> None:
    done = viva("run", write(tmp_path), "--up", "--null")
    assert done.exit_code == 2
    assert "--up and --null" in done.output
    done = viva("run", write(tmp_path), "--null", "--config", tmp_path / "viva.yaml")
    assert done.exit_code == 2
    assert "--config" in done.output
