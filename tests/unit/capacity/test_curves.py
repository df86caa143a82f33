from pathlib import Path

import numpy as np
import pytest

from benchmarks.capacity import curves, evidence, inputs, published
from benchmarks.capacity.curves import Curves, Line, Machine, Stage
from benchmarks.capacity.evidence import StageTimes
from benchmarks.capacity.fit import fit, fit_claim, fit_demand, fit_line
from benchmarks.capacity.measure import Alone, Beside, Full, Measured
from benchmarks.capacity.plant import Plant, Slots, on_a_fleet, on_one_host
from benchmarks.capacity.published import Gpu
from benchmarks.harness.core import BenchError, Modality
from tests.unit.capacity.plans import some_curves

SLOTS = Slots(8, 2)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "curves.json"
    path.write_text(text)
    return path


def test_curves_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    assert curves.load(written(tmp_path, some_curves().model_dump_json())) == some_curves()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('"cores":2', '"cores":0'), "machine.cores: Input should be greater than or equal to 1"),
        (('"demand_cores":1.2', '"demand_cores":-1'), "modalities.text.demand_cores: Input should be greater than 0"),
        (('"demand_cores":1.2', '"demand_cores":NaN'), "modalities.text.demand_cores: Input should be a finite number"),
        (('"decode":0.3', '"decode":0.9'), "modalities.video: Value error, shares: they sum to 1.600, not to 1"),
        (('"machine"', '"machines"'), "machine: Field required"),
        (('"edge_core_s"', '"edge_cpu_s"'), "edge_cpu_s: Extra inputs are not permitted"),
        (('"format":1', '"format":2'), "format: Input should be 1"),
    ],
)
def test_a_file_that_does_not_follow_the_format_is_refused_with_its_field(
    tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = some_curves().model_dump_json()
    assert change[0] in text
    with pytest.raises(BenchError, match=f": {message}"):
        curves.load(written(tmp_path, text.replace(*change)))


def test_curves_that_are_not_there_are_named() -> None:
    with pytest.raises(BenchError, match="^no curves at nowhere.json: No such file or directory$"):
        inputs.curves_of("nowhere.json")
    with pytest.raises(BenchError, match="^no curves named h300; known are cpu, b200, "):
        inputs.curves_of("h300")
    with pytest.raises(BenchError, match="^h100: speech on this GPU is not known"):
        inputs.curves_of("h100")


def test_curves_and_a_gpu_are_named_together_or_apart(tmp_path: Path) -> None:
    installed, none = inputs.curves_of("cpu")
    assert none is None
    same, gpu = inputs.curves_of("l4")
    assert (same, gpu) == (installed, published.gpu("l4")) == inputs.curves_of("cpu", "l4")
    ours, gpu = inputs.curves_of(str(written(tmp_path, some_curves().model_dump_json())), "l40s")
    assert (ours, gpu) == (some_curves(), published.gpu("l40s"))


@pytest.mark.parametrize("name", ["l40s", "curves.jsn"])
def test_curves_that_are_none_are_refused_also_beside_a_gpu(name: str) -> None:
    with pytest.raises(BenchError, match=f"^no curves named {name}; beside --gpu"):
        inputs.curves_of(name, "l4")


def test_every_published_figure_says_where_it_is_from_and_what_it_stands_for() -> None:
    for entry in published.read().gpus.values():
        figure = entry.speech_rtfx
        assert figure is None or (figure.source and figure.stands_for)
    assert published.gpu("h200").speech_rtfx == pytest.approx(67 * 2070 / 89, rel=0.001)
    assert published.gpu("l4").speech_rtfx == pytest.approx(5.5 * 2070 / 89, rel=0.001)


def test_a_line_is_found_again_with_what_it_does_not_explain() -> None:
    dice = np.random.default_rng(1)
    media_s = dice.uniform(20, 200, 400)
    seconds = (0.5 + 0.04 * media_s) * np.tile([0.8, 1.2], 200)
    line, ratios = fit_line([Alone(m, 0, s) for m, s in zip(media_s, seconds, strict=True)])
    assert line.base_s == pytest.approx(0.5, abs=0.25)
    assert line.per_media_s == pytest.approx(0.04, rel=0.06)
    assert len(ratios) == 200
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.002)
    assert (ratios[20], ratios[-20]) == (pytest.approx(0.8, rel=0.1), pytest.approx(1.2, rel=0.1))


@pytest.mark.parametrize("seconds", [(2.0, 1.0, 2.1, 1.1), (0.9, 2.2, 2.9, 4.4)], ids=["falling", "below zero at 0"])
def test_neither_part_of_a_line_is_below_zero(seconds: tuple[float, ...]) -> None:
    line, _ = fit_line([Alone(10.0 * (index + 1), 0, s) for index, s in enumerate(seconds)])
    assert line.base_s >= 0
    assert line.per_media_s >= 0
    assert line.at(25.0) == pytest.approx(np.mean(seconds), rel=0.3)


@pytest.mark.parametrize("demand", [0.7, 1.3, 2.0])
def test_the_demand_is_found_that_makes_full_runs_as_long_as_they_were(demand: float) -> None:
    line, plant = Line(base_s=0.0, per_media_s=0.05), Plant(1, 2, 0, 2, SLOTS)
    media_s = (60.0,) * 40
    # 40 answers of 3 s alone, on four slots and two cores: slots let 4 x demand cores be asked for.
    wall_s = 40 * 3.0 * max(demand / 2, 1 / 4)
    found = fit_demand(Modality.VIDEO, line, (1.0,), [Full(media_s, wall_s)], plant)
    assert found == pytest.approx(demand, rel=0.01)


@pytest.mark.parametrize("wall_s", [20.0, 200.0], ids=["faster than alone", "slower than on every core"])
def test_full_runs_that_no_demand_explains_are_refused(wall_s: float) -> None:
    line, plant = Line(base_s=0.0, per_media_s=0.05), Plant(1, 2, 0, 2, SLOTS)
    with pytest.raises(BenchError, match=f"^video: a full run took {wall_s:g} s, but .* was the machine idle"):
        fit_demand(Modality.VIDEO, line, (1.0,), [Full((60.0,) * 40, wall_s)], plant)


def test_too_little_to_fit_on_is_refused() -> None:
    seen = {Modality.AUDIO: Measured((Alone(10.0, 1, 1.0),), (Full((10.0,), 1.0),))}
    with pytest.raises(BenchError, match="^audio: 1 answers alone, at least 2 and a full run$"):
        fit(seen, Machine(cores=2, cpu="a", commit="b"), 2, SLOTS, ["a test"])


def test_the_work_of_an_answer_is_the_same_on_one_host_and_apart() -> None:
    known = some_curves()
    together, apart = on_one_host(known), on_a_fleet(known, None, 100.0)
    for kind, media_s in ((Modality.TEXT, 0.0), (Modality.VIDEO, 100.0)):
        alone = apart[kind]
        assert alone.host_core_s(media_s) + alone.edge_core_s == pytest.approx(together[kind].host_core_s(media_s))
        assert alone.alone_s(media_s) == pytest.approx(together[kind].alone_s(media_s))


def test_a_gpu_takes_speech_off_the_cores_and_nothing_else() -> None:
    known, gpu = some_curves(), Gpu(name="a GPU", speech_rtfx=500.0, label="a test")
    without, with_gpu = on_a_fleet(known, None, 100.0), on_a_fleet(known, gpu, 100.0)
    assert with_gpu[Modality.TEXT] == without[Modality.TEXT]
    moved, stayed = with_gpu[Modality.VIDEO], without[Modality.VIDEO]
    assert moved.host_core_s(100.0) == pytest.approx(0.6 * stayed.host_core_s(100.0))
    assert moved.device.at(100.0) == pytest.approx(0.2)
    bare = known.model_copy(
        update={"modalities": {k: c.model_copy(update={"shares": {}}) for k, c in known.modalities.items()}}
    )
    with pytest.raises(BenchError, match="^curves: video has no shares by stage, so nothing can be moved to a GPU$"):
        on_a_fleet(bare, gpu, 100.0)


def test_shares_by_stage_sum_to_one_and_what_no_engine_took_is_the_rest() -> None:
    work_s = some_curves().modalities[Modality.VIDEO].work_core_s(50.0)
    times = StageTimes((50.0,), {"decode_video": 0.2 * work_s, "asr_en": 0.3 * work_s, "body_pose": 0.1 * work_s})
    shares = evidence.with_stages(some_curves(), {Modality.VIDEO: times}).modalities[Modality.VIDEO].shares
    expected = {Stage.DECODE: 0.2, Stage.SPEECH: 0.3, Stage.FACE: 0.1, Stage.LANGUAGE: 0.0, Stage.REST: 0.4}
    assert shares == {stage: pytest.approx(share) for stage, share in expected.items()}


def test_edge_and_postgres_come_from_the_control_plane_s_result(tmp_path: Path) -> None:
    path = tmp_path / "control_plane.json"
    path.write_text('{"cpu_ms_per_answer": {"gateway": 3.5, "postgres": 2.5, "all": 9}}')
    known = evidence.with_control_plane(some_curves(), path)
    assert isinstance(known, Curves)
    assert known.edge_core_s is not None and known.edge_core_s.value == pytest.approx(0.0035)
    assert known.database_core_s is not None and known.database_core_s.value == pytest.approx(0.0025)
    path.write_text('{"cpu_ms_per_answer": {"gateway": 0}}')
    with pytest.raises(BenchError, match="cpu_ms_per_answer.gateway: 0 is no time above 0$"):
        evidence.with_control_plane(some_curves(), path)
    path.write_text("[]")
    with pytest.raises(BenchError, match="cpu_ms_per_answer: is missing"):
        evidence.with_control_plane(some_curves(), path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("speech=1", "mix: 'speech=1' must look like video=0.5"),
        ("video", "mix: 'video' must look like video=0.5"),
        ("video=1,video=2", "mix: 'video=2' must name each modality once"),
        ("video=-1", "mix: 'video=-1' must name each modality once, with a weight of at least 0"),
        ("video=inf", "mix: 'video=inf' must name each modality once, with a weight of at least 0"),
        ("video=0", "mix: 'video=0' has no weight above 0"),
    ],
)
def test_a_mix_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(BenchError, match=f"^{message}"):
        inputs.mix_of(text)


def test_a_mix_is_shares_and_must_be_covered() -> None:
    assert inputs.mix_of("text=1, video=3,audio=0") == {Modality.TEXT: 0.25, Modality.VIDEO: 0.75}
    with pytest.raises(BenchError, match="^mix: the curves have no audio answers, only text, video$"):
        inputs.check_covered(some_curves(), {Modality.AUDIO: 1.0})


def test_the_claim_is_found_that_slowed_answers_down_as_much_as_they_were() -> None:
    # Two others of 2 cores each on 2 cores; an answer of demand 1 and claim 4 has 4 * 2 / (4 + 4) of its speed.
    alone = (Alone(0.0, 1, 0.05), Alone(0.0, 1, 0.03))
    seen = Measured(alone, (), Beside(Modality.VIDEO, 2, (0.05, 0.03)))
    assert fit_claim(seen, demand=1.0, others=2.0, cores=2) == pytest.approx(4.0)
    slower = Measured(alone, (), Beside(Modality.VIDEO, 2, (0.125, 0.075)))
    assert fit_claim(slower, demand=1.0, others=2.0, cores=2) == pytest.approx(1.0)
    assert fit_claim(slower, demand=0.5, others=0.5, cores=2) == 1.0
