"""The models of the repository in this process, in ONNX Runtime sessions of one thread each."""

from __future__ import annotations

import importlib
import sys
import time
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from serving.adapters.triton.contract import CONTRACT

# Inputs of ones and then zeros that tell how much of a row is there, as the models' configs name them.
_MASKS = {"sentence_encoder": "attention_mask", "star_tagger": "mask", "answer_judge": "mask"}


class RawEngines:
    """Stands where `TritonClient` stands: runs a model's graph right here, rows one at a time.

    English speech only: both recognisers name their modules alike, and one process loads one of them.

    Attributes:
        cpu_s: CPU seconds spent inside each model.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._sessions: dict[str, ort.InferenceSession] = {}
        self.cpu_s: Counter[str] = Counter()

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        del model, timeout_s
        return 1024

    async def close(self) -> None:
        """Nothing to close."""

    async def infer(self, model: str, inputs: Mapping[str, NDArray[Any]], **_: object) -> dict[str, NDArray[Any]]:
        """Outputs of a model as Triton would give them; the CPU time of the engine is added up."""
        started = time.thread_time()
        if model == "asr_en":
            outputs = self._transcribe(inputs["audio"][0])
        else:
            rows = [self._row(model, inputs, index) for index in range(len(next(iter(inputs.values()))))]
            outputs = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
        self.cpu_s[model] += time.thread_time() - started
        return outputs

    def _row(self, model: str, inputs: Mapping[str, NDArray[Any]], index: int) -> dict[str, NDArray[Any]]:
        row = {name: value[index : index + 1] for name, value in inputs.items()}
        contract = CONTRACT[model]
        names = [spec.name for spec in contract.outputs]
        if model not in _MASKS:
            return dict(zip(names, self._session(model).run(names, row), strict=True))
        padded = row[_MASKS[model]].shape[1]
        length = int(row[_MASKS[model]].sum())
        varying = {spec.name for spec in contract.inputs if spec.dims[0] == -1}
        row = {name: value[:, :length] if name in varying else value for name, value in row.items()}
        outputs = dict(zip(names, self._session(model).run(names, row), strict=True))
        for spec in contract.outputs:
            if spec.dims[0] == -1:
                missing = [(0, 0), (0, padded - length), *[(0, 0)] * (len(spec.dims) - 1)]
                outputs[spec.name] = np.pad(outputs[spec.name], missing)
        return outputs

    def _session(self, model: str) -> ort.InferenceSession:
        if model not in self._sessions:
            options = ort.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            path = self._repository / model / "1/model.onnx"
            self._sessions[model] = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return self._sessions[model]

    @cached_property
    def _recogniser(self) -> Any:
        version = self._repository / "asr_en/1"
        sys.path.insert(0, str(version))
        return importlib.import_module("transcriber").Moonshine(version, "encoder.onnx", "decoder.onnx")

    def _transcribe(self, pcm: NDArray[np.int16]) -> dict[str, NDArray[Any]]:
        heard = self._recogniser.transcribe(pcm.astype(np.float32) / 32768, "en")
        words = heard.words
        return {
            "text": np.array([[heard.text.encode()]], np.object_),
            "language": np.array([[b"en"]], np.object_),
            "language_probability": np.array([[1.0]], np.float32),
            "word": np.array([[word.text.encode() for word in words]], np.object_),
            "word_start_s": np.array([[word.start_s for word in words]], np.float32),
            "word_end_s": np.array([[word.end_s for word in words]], np.float32),
            "word_probability": np.array([[word.probability for word in words]], np.float32),
        }
