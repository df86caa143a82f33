"""Runs a speech encoder and its token-by-token decoder in ONNX Runtime, the caches handed on by reference.

Both speech models have the same face (see their ONNX files): the encoder gives `cross_key_n` and `cross_value_n`,
the decoder takes them with `ids`, `time_bias` and its own cache `past_*_n`, and gives `logits`, `alignment` and
`present_*_n`.

A token of one row costs a look at every weight of the decoder; of eight rows together it costs less than half of that.
Rows do not change each other, bit for bit: products of matrices add up in the same order for any number of rows, and
softmax too, if each row is filled up to whole blocks of time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

Float = npt.NDArray[np.float32]

BLOCK = 64
"""Steps of time that rows are filled up to a multiple of: no fewer than a vector register holds, several times over."""
FILLED_UP = np.float32(-1e4)


@dataclass(frozen=True, slots=True)
class Step:
    """What the decoder said about the tokens it was fed."""

    logits: Float
    """[rows, vocabulary], of the token that follows the last one fed."""
    attention: Float
    """[rows, alignment heads, time], how the last fed token looked at the audio; each head sums to 1."""


class SpeechEngine:
    """An encoder and a decoder session on one thread each; not for use by two threads at once."""

    def __init__(self, encoder: Path, decoder: Path) -> None:
        self._encoder = _session(encoder)
        self._decoder = _session(decoder)
        self._cross_names = [output.name for output in self._encoder.get_outputs()]
        self._output_names = [output.name for output in self._decoder.get_outputs()]
        self._feature_name = self._encoder.get_inputs()[0].name
        self._past_names = [name for name in _input_names(self._decoder) if name.startswith("past_")]
        _, heads, _, width = next(one.shape for one in self._decoder.get_inputs() if one.name.startswith("past_"))
        self._past_shape = (heads, 0, width)

    def encode(self, features: Sequence[Float]) -> "Decoding":
        """Encode rows of features (each the encoder's input, with a leading axis of 1) and make ready to decode."""
        rows = [self._encoder.run(self._cross_names, {self._feature_name: row}) for row in features]
        times = [row[0].shape[_time_axis(self._cross_names[0])] for row in rows]
        width = -(-max(times) // BLOCK) * BLOCK
        audio = {
            name: _filled([row[index] for row in rows], _time_axis(name), width)
            for index, name in enumerate(self._cross_names)
        }
        audio["time_bias"] = np.where(np.arange(width) < np.array(times)[:, None, None, None], 0.0, FILLED_UP).astype(
            np.float32
        )
        return Decoding(self, audio)

    def run(
        self, ids: Sequence[Sequence[int]], audio: Mapping[str, ort.OrtValue], past: Mapping[str, ort.OrtValue]
    ) -> tuple[Step, dict[str, ort.OrtValue]]:
        """Feed `ids` [rows, tokens]; an empty `past` starts sequences. Returns the step and the grown cache."""
        feed = {"ids": _value(np.array(ids, np.int32)), **audio, **past}
        if not past:
            empty = _value(np.zeros((len(ids), *self._past_shape), np.float32))
            feed |= dict.fromkeys(self._past_names, empty)
        values = self._decoder.run_with_ort_values(self._output_names, feed)
        outputs = dict(zip(self._output_names, values, strict=True))
        step = Step(outputs.pop("logits").numpy(), outputs.pop("alignment").numpy()[:, :, -1])
        return step, {name.replace("present_", "past_", 1): value for name, value in outputs.items()}


class Decoding:
    """Sequences being decoded side by side, each over its own encoded segment."""

    def __init__(self, engine: SpeechEngine, audio: Mapping[str, Float]) -> None:
        self._engine = engine
        self._audio = {name: _value(array) for name, array in audio.items()}
        self._past: dict[str, ort.OrtValue] = {}

    def feed(self, ids: Sequence[Sequence[int]]) -> Step:
        """Append as many tokens to each sequence."""
        step, self._past = self._engine.run(ids, self._audio, self._past)
        return step

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these sequences alone, in this order."""
        self._audio = {name: _value(value.numpy()[rows]) for name, value in self._audio.items()}
        self._past = {name: _value(value.numpy()[rows]) for name, value in self._past.items()}


def _time_axis(name: str) -> int:
    return 3 if name.startswith("cross_key_") else 2


def _filled(rows: Sequence[Float], axis: int, width: int) -> Float:
    """Rows, each with a leading axis of 1, as one array, filled up with zeros to `width` along `axis`."""
    shape = list(rows[0].shape)
    shape[0], shape[axis] = len(rows), width
    filled = np.zeros(shape, np.float32)
    for place, row in zip(filled, rows, strict=True):
        np.moveaxis(place, axis - 1, 0)[: row.shape[axis]] = np.moveaxis(row[0], axis - 1, 0)
    return filled


def _session(path: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    # Parallelism comes from instances, one thread each; a spinning thread would take its neighbour's core.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Memory plans are kept for every shape seen, and every token is a new shape.
    options.enable_mem_pattern = False
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _input_names(session: ort.InferenceSession) -> list[str]:
    return [value.name for value in session.get_inputs()]


def _value(array: npt.NDArray[np.generic]) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_numpy(array)
