"""The models of the repository in this process, in ONNX Runtime sessions of one thread each."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from benchmarks.raw.backend_utils import InferenceRequest
from benchmarks.raw.loading import load_model
from benchmarks.raw.meter import StageMeter
from serving.adapters.triton.contract import CONTRACT
from serving.domain.errors import ModelFailed

# Rows run one by one, so that a request's size costs nothing but memory.
_MOST_ROWS: Final = 1024


class RawEngines:
    """Stands where `TritonClient` stands: the same model code as in Triton's processes, on the calling thread.

    A model that was not loaded before is loaded at its first call.

    Args:
        repository: folder of the built models.
        meter: told of the CPU seconds inside each model, by the model's name.
    """

    def __init__(self, repository: Path, meter: StageMeter | None = None) -> None:
        self._repository = repository
        self._meter = meter or StageMeter()
        self._models: dict[str, Any] = {}
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load every model. Raises OSError when one was not built."""
        for model in CONTRACT:
            self._engine(model)

    def available(self) -> bool:
        return True

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        del model, timeout_s
        return _MOST_ROWS

    async def close(self) -> None:
        """Nothing to close."""

    async def infer(self, model: str, inputs: Mapping[str, NDArray[Any]], **_: object) -> dict[str, NDArray[Any]]:
        """Outputs of a model as Triton would give them, each [rows, ...]. Blocks the event loop meanwhile.

        Raises:
            ModelFailed: the model refused the request.
        """
        engine = self._engine(model)
        with self._meter.stage(model):
            (response,) = engine.execute([InferenceRequest(inputs)])
        if response.error is not None:
            raise ModelFailed(f"{model}: {response.error.message()}")
        outputs: dict[str, NDArray[Any]] = response.outputs
        return outputs

    def _engine(self, model: str) -> Any:
        with self._loading:
            if model not in self._models:
                self._models[model] = load_model(self._repository, model)
            return self._models[model]
