"""What the converters read: CTranslate2 files, tokenizers, vocabularies."""

import struct
from pathlib import Path

import numpy as np
import pytest

from deployments.models.convert.ct2 import join_parts, read_weights
from deployments.models.convert.moonshine import HEADS, ROTARY, read_tokenizer, rotary_columns, text_of
from deployments.models.convert.whisper import read_vocabulary, token_bytes, vocabulary_document
from deployments.models.errors import ModelBuildError


def _text(value: str) -> bytes:
    return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"


def _model_bin(name: str, array: np.ndarray, code: int, version: int = 6) -> bytes:
    data = struct.pack("<I", version) + _text("WhisperSpec") + struct.pack("<II", 3, 1) + _text(name)
    data += struct.pack("<B", array.ndim) + struct.pack(f"<{array.ndim}I", *array.shape)
    return data + struct.pack("<BI", code, array.nbytes) + array.tobytes()


def test_a_variable_is_read_back_as_it_was_written() -> None:
    array = np.arange(6, dtype=np.float16).reshape(2, 3)
    weights = read_weights(_model_bin("encoder/conv1/weight", array, 4))
    assert list(weights) == ["encoder/conv1/weight"]
    assert weights["encoder/conv1/weight"].dtype == np.float16
    assert np.array_equal(weights["encoder/conv1/weight"], array)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_model_bin("a", np.zeros(2, np.float32), 0)[:-1], "ends at byte"),
        (_model_bin("a", np.zeros(2, np.float32), 0, version=5), "version 5, expected 6"),
        (_model_bin("a", np.zeros(2, np.float32), 9), "unknown dtype code 9"),
    ],
)
def test_a_file_that_is_not_understood_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ModelBuildError, match=message):
        read_weights(data)


def test_halves_of_two_different_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"ab")
    (tmp_path / "two").write_bytes(b"cd")
    with pytest.raises(ModelBuildError, match="one, two join to a file"):
        join_parts((tmp_path / "one", tmp_path / "two"), frozenset({"0" * 64}))


def test_moonshines_tokens_are_lengths_and_bytes() -> None:
    long = b"x" * 300
    assert read_tokenizer(b"\x02ab\x00\x01c") == [b"ab", b"", b"c"]
    assert read_tokenizer(bytes([128 + 300 % 128, 300 // 128]) + long) == [long]
    with pytest.raises(ModelBuildError, match="inside token 1"):
        read_tokenizer(b"\x01a\x05b")


def test_moonshines_marks_read_as_spaces_and_its_special_tokens_as_nothing() -> None:
    assert text_of("\u2581the".encode()) == b" the"
    assert [text_of(token) for token in (b"</s>", b"<<ST_767>>")] == [b"", b""]


def test_rotary_columns_bring_the_pairs_half_a_block_apart_within_each_head() -> None:
    columns = rotary_columns().reshape(HEADS.count, HEADS.width)
    assert sorted(columns.ravel()) == list(range(HEADS.dim))
    half = ROTARY // 2
    assert (columns[:, half:ROTARY] - columns[:, :half] == 1).all()
    assert columns[3, ROTARY:].tolist() == list(range(3 * HEADS.width + ROTARY, 4 * HEADS.width))


def test_gpt2_tokens_stand_for_bytes() -> None:
    assert token_bytes("Ġthe") == b" the"
    assert token_bytes("æŀĹ") == "林".encode()


_CONTROL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|transcribe|>", "<|nospeech|>"]
_CONFIG = {"lang_ids": [3, 4], "suppress_ids": [0], "suppress_ids_begin": [1]}


def test_a_vocabulary_reads_the_same_from_lines_and_from_json(tmp_path: Path) -> None:
    lines, listed = tmp_path / "lines", tmp_path / "list"
    lines.write_text("!\n[\n", encoding="utf-8")
    listed.write_text('["!", "["]', encoding="utf-8")
    assert read_vocabulary(lines) == read_vocabulary(listed) == ["!", "["]


@pytest.mark.parametrize("no_speech", ["<|nospeech|>", "<|nocaptions|>"])
def test_the_vocabulary_names_the_tokens_that_steer_decoding(no_speech: str) -> None:
    tokens = ["Ġa", *_CONTROL[:-1], no_speech, "<|notimestamps|>"]
    document = vocabulary_document(tokens, _CONFIG)
    assert document["tokens"] == ["IGE=", *[""] * 7]
    assert (document["end_of_text"], document["no_speech"], document["no_timestamps"]) == (1, 6, 7)
    assert document["languages"] == {"en": 3, "zh": 4}


def test_a_language_id_that_is_no_language_is_refused() -> None:
    tokens = ["Ġa", *_CONTROL, "<|notimestamps|>"]
    with pytest.raises(ModelBuildError, match="not a language"):
        vocabulary_document(tokens, _CONFIG | {"lang_ids": [0]})
