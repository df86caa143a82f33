"""A load run that starts the stack itself, and ends it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import yaml

from benchmarks.harness import result_file
from benchmarks.harness.core import Modality, Outcome, Sample
from tests.unit.bench.corpora import write_corpus

TEXTS = (
    "I led four people. I planned the work with them, and we finished a week early.",
    "Our release failed. I found the cause in the logs, and the tests I added caught it twice since.",
)
VIVA = Path(sys.executable).with_name("viva")


def test_a_run_with_a_stack_of_its_own_records_it_and_leaves_no_process(tmp_path: Path) -> None:
    scenario = {
        "name": "small",
        "about": "Ten seconds of texts.",
        "arrivals": {"shape": "poisson", "rate_per_s": 2, "duration_s": 10},
        "mix": {"text": 1.0},
        "bulk_share": 0.5,
        "deadline_s": {"text": 60},
        "warm_up": {"count": 1},
        "max_lateness_s": 5,  # a busy machine is not what is tested
        "slos": {"errors": [{"at_most": 0.0}]},
    }
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(scenario))
    samples = [
        Sample(f"t{at}", Modality.TEXT, "en", "What did you do?", ("teamwork",), text) for at, text in enumerate(TEXTS)
    ]
    corpus = write_corpus(tmp_path / "corpus", samples)
    out = tmp_path / "out.json"
    command = [str(VIVA), "bench", "run", str(tmp_path / "small.yaml"), "--corpus", str(corpus), "--up"]
    done = subprocess.run([*command, "--json", str(out)], capture_output=True, text=True, timeout=300)
    assert out.exists(), done.stdout + done.stderr
    result = result_file.read(out)
    (run,) = result.runs
    assert run.total.outcomes.get(Outcome.OK) == run.total.count, done.stdout + done.stderr
    assert {group.modality for group in run.groups} <= {None, Modality.TEXT}
    memory = [track for track in run.tracks if track.name == "process_pss_bytes" and track.labels["tree"] == "stack"]
    assert memory and max(memory[0].values) > 1e9
    assert any(track.name.startswith("viva_") for track in run.tracks)
    address = result.address
    ours = [p.pid for p in psutil.process_iter(["cmdline"]) if address.rpartition(":")[2] in (p.info["cmdline"] or [])]
    assert ours == []
