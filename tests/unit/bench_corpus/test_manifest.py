"""A corpus on disk: written complete, read strictly, drawn from evenly."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.corpus.__main__ import main
from benchmarks.corpus.build import build
from benchmarks.corpus.plan import Settings
from benchmarks.harness.core import BenchError, Modality
from benchmarks.harness.corpus import MANIFEST, Corpus, load

SETTINGS = Settings(seed=2, count=6, mix={Modality.TEXT: 2, Modality.AUDIO: 1}, mean_seconds=10)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "corpus"
    build(SETTINGS, folder)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return shutil.copytree(built, tmp_path / "corpus")


def change(folder: Path, **fields: object) -> None:
    """Overwrite fields of the first audio answer of the manifest."""
    content = json.loads((folder / MANIFEST).read_text())
    next(entry for entry in content["samples"] if entry["file"]).update(fields)
    (folder / MANIFEST).write_text(json.dumps(content))


def test_what_is_written_is_what_is_read(folder):
    corpus = load(folder)
    assert Counter(sample.modality for sample in corpus.samples) == {Modality.TEXT: 4, Modality.AUDIO: 2}
    assert all(sample.text if sample.path is None else sample.path.is_file() for sample in corpus.samples)
    assert corpus.settings["seed"] == 2
    assert corpus.versions["pyav"]


def test_equal_settings_give_equal_bytes(folder, tmp_path):
    build(SETTINGS, tmp_path / "again")
    first, second = ({path.name: path.read_bytes() for path in one.iterdir()} for one in (folder, tmp_path / "again"))
    assert first == second


def test_a_corpus_is_never_written_over(folder):
    with pytest.raises(BenchError, match="holds a corpus already"):
        build(SETTINGS, folder)


def test_a_missing_corpus_says_how_to_make_one(tmp_path):
    with pytest.raises(BenchError) as failure:
        load(tmp_path / "nowhere")
    assert str(failure.value).startswith(f"no corpus at {tmp_path}/nowhere: corpus.json: No such file or directory;")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"file": "gone.wav"}, r"gone\.wav: No such file or directory"),
        ({"file": "../out.wav"}, r"samples\.\d\.file: String should match"),
        ({"sha256": "0" * 64}, r"audio-\w\w-0000: the content is another one"),
        ({"colour": "red"}, r"samples\.\d\.colour: Extra inputs"),
        ({"language": "fr"}, r"samples\.\d\.language: Input should be 'en' or 'zh'"),
        ({"text": "Both."}, r"samples\.\d: .*has a file and a duration, and no text"),
        ({"duration_s": -1}, r"samples\.\d\.duration_s: Input should be greater"),
    ],
)
def test_a_manifest_that_does_not_hold_is_one_line_with_the_field(folder, fields, message):
    change(folder, **fields)
    with pytest.raises(BenchError, match=message) as failure:
        load(folder)
    assert "\n" not in str(failure.value)


def test_an_answer_that_is_named_twice_is_refused(folder):
    change(folder, sample_id=load(folder).samples[0].sample_id)
    content = json.loads((folder / MANIFEST).read_text())
    content["samples"].append(content["samples"][0])
    (folder / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(BenchError, match="is there twice"):
        load(folder)


def test_text_that_was_edited_is_found_out(folder):
    content = json.loads((folder / MANIFEST).read_text())
    next(entry for entry in content["samples"] if entry["text"])["text"] += " And more."
    (folder / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(BenchError, match="the content is another one"):
        load(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 2}'])
def test_a_manifest_that_is_none_is_one_line(folder, content):
    (folder / MANIFEST).write_text(content)
    with pytest.raises(BenchError) as failure:
        load(folder)
    assert "\n" not in str(failure.value)


def test_draws_repeat_with_their_seed_and_use_every_answer_alike(folder):
    corpus = load(folder)
    drawn = corpus.draw(600, seed=1)
    assert drawn == corpus.draw(600, seed=1)
    assert drawn != corpus.draw(600, seed=2)
    uses = Counter(sample.sample_id for sample in drawn if sample.modality is Modality.TEXT)
    assert len(uses) == 4 and max(uses.values()) - min(uses.values()) <= 1
    assert sum(uses.values()) == pytest.approx(400, abs=50)


def test_a_mix_overrides_the_corpus_s_own(folder):
    corpus = load(folder)
    assert {sample.modality for sample in corpus.draw(50, 1, {Modality.AUDIO: 1})} == {Modality.AUDIO}
    half = corpus.draw(1000, 1, {Modality.AUDIO: 0.5, Modality.TEXT: 0.5})
    assert sum(sample.modality is Modality.AUDIO for sample in half) == pytest.approx(500, abs=60)


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({Modality.VIDEO: 1.0}, "has no video answers"),
        ({Modality.TEXT: 0.0}, "not all 0, not text=0"),
        ({Modality.TEXT: -1.0, Modality.AUDIO: 2.0}, "at least 0"),
    ],
)
def test_an_impossible_mix_is_refused(folder, mix, message):
    corpus: Corpus = load(folder)
    with pytest.raises(BenchError, match=message):
        corpus.draw(1, 1, mix)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mix", "text=1,speech=1"], "'speech=1' does not name one of text, audio, video"),
        (["--mix", "text=x"], "'text=x' has no number"),
        (["--languages", "en=1,en=1"], "each at most once"),
        (["--count", "0"], "count: must be between 1 and 100000"),
        (["--mean-seconds", "1"], "mean-seconds: must be between 10 and 240"),
    ],
)
def test_bad_options_end_with_one_line_and_exit_code_2(tmp_path, arguments, message):
    result = CliRunner().invoke(main, [str(tmp_path / "out"), *arguments])
    assert result.exit_code == 2
    assert message in result.output.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_the_command_writes_a_corpus_that_loads(tmp_path):
    result = CliRunner().invoke(main, [str(tmp_path / "out"), "--count", "3", "--mix", "text=1", "--languages", "zh=1"])
    assert result.exit_code == 0, result.output
    assert [sample.language for sample in load(tmp_path / "out").samples] == ["zh"] * 3
