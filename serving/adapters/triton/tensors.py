"""NumPy arrays to Triton's tensors and back, checked against the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.adapters.triton.contract import CONTRACT, Datatype, ModelContract, TensorSpec
from serving.domain.errors import ModelFailed

Array = NDArray[Any]

NUMPY_DTYPES: Mapping[Datatype, np.dtype[Any]] = {
    "UINT8": np.dtype(np.uint8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "FP32": np.dtype(np.float32),
    "BYTES": np.dtype(np.object_),
}


def contract_of(model: str) -> ModelContract:
    """The model's contract.

    Raises:
        ModelFailed: no such model.
    """
    try:
        return CONTRACT[model]
    except KeyError:
        raise ModelFailed(f"no model is called {model}") from None


def check_inputs(model: str, inputs: Mapping[str, Array]) -> None:
    """Check names, dtypes, dims and the common batch size of `inputs`, each [batch, *dims].

    Raises:
        ModelFailed: something differs from the contract; the message says what.
    """
    specs = contract_of(model).inputs
    if set(inputs) != {spec.name for spec in specs}:
        raise ModelFailed(f"{model} takes {[spec.name for spec in specs]}, not {sorted(inputs)}")
    for spec in specs:
        _check(model, spec, inputs[spec.name])
    if len({len(inputs[spec.name]) for spec in specs}) != 1:
        raise ModelFailed(f"inputs of {model} differ in their batch size")


def check_outputs(model: str, outputs: Mapping[str, Array | None], rows: int) -> dict[str, Array]:
    """The outputs, checked: there, of the contract's dtype and dims, with `rows` rows.

    Raises:
        ModelFailed: the model broke its contract (such as an empty tensor from a stub with the wrong NumPy).
    """
    checked: dict[str, Array] = {}
    for name, array in outputs.items():
        if array is None:
            raise ModelFailed(f"{model} did not answer with {name}")
        _check(model, contract_of(model).output(name), array)
        if len(array) != rows:
            raise ModelFailed(f"{model} answered {len(array)} rows of {name} for {rows}")
        checked[name] = array
    return checked


def _check(model: str, spec: TensorSpec, array: Array) -> None:
    expected = NUMPY_DTYPES[spec.datatype]
    if array.dtype != expected:
        raise ModelFailed(f"{spec.name} of {model} is {array.dtype}, not {expected}")
    dims = array.shape[1:]
    fits = len(dims) == len(spec.dims) and all(want in (-1, have) for want, have in zip(spec.dims, dims, strict=True))
    if not fits or not len(array):
        raise ModelFailed(f"{spec.name} of {model} has shape {array.shape}, not [batch, {list(spec.dims)}]")
