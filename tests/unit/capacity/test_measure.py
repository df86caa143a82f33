from pathlib import Path

import pytest

from benchmarks.capacity import measure as measuring
from benchmarks.capacity.measure import Effort, measure
from benchmarks.harness.core import BenchError, Modality, Outcome, Reply, Request, Sample
from benchmarks.harness.corpus import Corpus
from benchmarks.harness.target_null import NullTarget

EFFORT = Effort(
    warm_up=1,
    alone=dict.fromkeys(Modality, 4),
    full=dict.fromkeys(Modality, 6),
    in_flight=dict.fromkeys(Modality, 3),
    runs=2,
)


def corpus(tmp_path: Path) -> Corpus:
    media = tmp_path / "a.wav"
    media.write_bytes(b"1234")
    spoken = [
        Sample(f"{kind}-{n}", kind, "en", "", path=media, duration_s=10.0 + n)
        for kind in (Modality.AUDIO, Modality.VIDEO)
        for n in range(5)
    ]
    return Corpus(tmp_path, (*spoken, Sample("text", Modality.TEXT, "en", "", text="four")), {}, "0", {}, "0")


async def test_every_kind_is_measured_alone_and_on_a_full_machine_and_beside_the_longest_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "_SETTLING_S", 0.0)
    monkeypatch.setattr(measuring, "_PAUSE_S", 0.0)
    seen = await measure(NullTarget(median_s=0.001), corpus(tmp_path), EFFORT, 0, lambda text: None)
    assert set(seen) == set(Modality)
    for kind, found in seen.items():
        assert [one.size_bytes for one in found.alone] == [4] * 4
        assert all(one.seconds > 0 for one in found.alone)
        assert [len(one.media_s) for one in found.full] == [6, 6]
        if kind is Modality.VIDEO:
            assert found.beside is None
        else:
            assert found.beside is not None
            beside = found.beside
            assert (beside.kind, beside.in_flight, len(beside.seconds)) == (Modality.VIDEO, 2, 4)
    assert [one.media_s for one in seen[Modality.AUDIO].alone] == list(seen[Modality.AUDIO].full[0].media_s[:4])


class RefusingTarget(NullTarget):
    """Refuses everything."""

    async def send(self, request: Request) -> Reply:
        return Reply(Outcome.REFUSED, "RESOURCE_EXHAUSTED", "no room")


async def test_an_answer_that_was_not_scored_ends_it_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="^text: RESOURCE_EXHAUSTED: no room$"):
        await measure(RefusingTarget(), corpus(tmp_path), EFFORT, 0, lambda text: None)
