"""What a python-backend model needs of Triton's `triton_python_backend_utils`, in this process.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/python_backend/README.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray


class TritonError:
    """Why a request failed."""

    CANCELLED = "cancelled"
    INVALID_ARG = "invalid argument"

    def __init__(self, message: str, code: str = "internal") -> None:
        self._message = message
        self._code = code

    def message(self) -> str:
        return self._message


class Tensor:
    """A named array."""

    def __init__(self, name: str, array: NDArray[Any]) -> None:
        self._name = name
        self._array = array

    def name(self) -> str:
        return self._name

    def as_numpy(self) -> NDArray[Any]:
        return self._array


class InferenceRequest:
    """One request of [rows, ...] inputs, which nobody gives up."""

    def __init__(self, inputs: Mapping[str, NDArray[Any]]) -> None:
        self.inputs = inputs

    def is_cancelled(self) -> bool:
        return False


class InferenceResponse:
    """Its outputs, or its error."""

    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        self.outputs = {tensor.name(): tensor.as_numpy() for tensor in output_tensors}
        self.error = error


def get_input_tensor_by_name(request: InferenceRequest, name: str) -> Tensor:
    """An input of a request; raises KeyError when there is none."""
    return Tensor(name, request.inputs[name])
