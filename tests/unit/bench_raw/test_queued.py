"""Answers that are queued in multiples."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import queued
from benchmarks.harness.core import BenchError, Modality, Sample

SAMPLES = tuple(Sample(f"text-{n}", Modality.TEXT, "en", "Why?") for n in range(3))


def test_four_times_as_many_answers_are_four_times_the_same_work_in_an_order_of_the_run() -> None:
    corpus = queued.Repeated(SAMPLES)
    once, often = corpus.draw(3, 1), corpus.draw(12, 1)
    assert Counter(once) == Counter(SAMPLES)
    assert set(Counter(often).values()) == {4}
    assert len(corpus.draw(2, 1)) == 2
    assert corpus.draw(12, 1) == often
    assert corpus.draw(12, 2) != often


def test_a_base_beyond_the_corpus_is_made_of_whole_rounds_of_it() -> None:
    assert queued.based(SAMPLES, 2) == SAMPLES[:2]
    assert queued.based(SAMPLES, 6) == SAMPLES * 2
    with pytest.raises(BenchError, match="--base: 7 is no multiple of the 3 answers"):
        queued.based(SAMPLES, 7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--corpus", "nowhere"], "nowhere"),
        (["--corpus", "nowhere", "--times", "1,x"], "--times: '1,x' is not whole numbers"),
        (["--corpus", "nowhere", "--times", "4,4"], "--times: '4,4': each must be at least 1"),
    ],
)
def test_what_cannot_be_measured_is_one_line(arguments: list[str], said: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(queued.main, arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1
