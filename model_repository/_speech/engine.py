"""Runs a speech encoder and its token-by-token decoder in ONNX Runtime, the caches handed on by reference.

Both speech models have the same face (see their ONNX files): the encoder gives `cross_key_n` and `cross_value_n`,
the decoder takes them with `ids` and its own cache `past_*_n`, and gives `logits`, `alignment` and `present_*_n`.
One row at a time: on a CPU a batch of sequences is no faster, and a lone row cannot be changed by its neighbours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

Float = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Step:
    """What the decoder said about the tokens it was fed."""

    logits: Float
    """[vocabulary], of the token that follows the last one fed."""
    attention: Float
    """[alignment heads, time], how the last fed token looked at the audio; each head sums to 1."""


class SpeechEngine:
    """An encoder and a decoder session on one thread each; not for use by two threads at once."""

    def __init__(self, encoder: Path, decoder: Path) -> None:
        self._encoder = _session(encoder)
        self._decoder = _session(decoder)
        self._cross_names = [output.name for output in self._encoder.get_outputs()]
        self._output_names = [output.name for output in self._decoder.get_outputs()]
        self._feature_name = self._encoder.get_inputs()[0].name
        self._past_names = [name for name in _input_names(self._decoder) if name.startswith("past_")]
        _, heads, _, width = self._decoder.get_inputs()[1].shape
        self._empty = _value(np.zeros((1, heads, 0, width), np.float32))

    def encode(self, features: Float) -> "Decoding":
        """Encode one row of features (the encoder's input with a leading axis of 1) and make ready to decode."""
        values = self._encoder.run_with_ort_values(self._cross_names, {self._feature_name: _value(features)})
        return Decoding(self, dict(zip(self._cross_names, values, strict=True)))

    def run(
        self, ids: Sequence[int], cross: Mapping[str, ort.OrtValue], past: Mapping[str, ort.OrtValue]
    ) -> tuple[Step, dict[str, ort.OrtValue]]:
        """Feed `ids`; an empty `past` starts a sequence. Returns the step and the grown cache."""
        feed = {"ids": _value(np.array([ids], np.int32)), **cross, **past}
        if not past:
            feed |= dict.fromkeys(self._past_names, self._empty)
        values = self._decoder.run_with_ort_values(self._output_names, feed)
        outputs = dict(zip(self._output_names, values, strict=True))
        step = Step(outputs.pop("logits").numpy()[0], outputs.pop("alignment").numpy()[0, :, -1])
        return step, {name.replace("present_", "past_", 1): value for name, value in outputs.items()}


class Decoding:
    """One sequence being decoded over one encoded segment."""

    def __init__(self, engine: SpeechEngine, cross: Mapping[str, ort.OrtValue]) -> None:
        self._engine = engine
        self._cross = cross
        self._past: dict[str, ort.OrtValue] = {}

    def feed(self, *ids: int) -> Step:
        """Append tokens to the sequence."""
        step, self._past = self._engine.run(ids, self._cross, self._past)
        return step


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
