"""What a built artifact is: size, hash, and for an ONNX graph what goes in and out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import TensorProto, ValueInfoProto

from deployments.models.fetch import sha256_of

_DATATYPE: dict[int, str] = {
    TensorProto.BOOL: "BOOL",
    TensorProto.UINT8: "UINT8",
    TensorProto.INT8: "INT8",
    TensorProto.INT16: "INT16",
    TensorProto.INT32: "INT32",
    TensorProto.INT64: "INT64",
    TensorProto.FLOAT16: "FP16",
    TensorProto.FLOAT: "FP32",
    TensorProto.DOUBLE: "FP64",
    TensorProto.STRING: "BYTES",
}
"""ONNX's element types -> Triton's names."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output of an ONNX graph; a dim is a size, or a name where it varies."""

    name: str
    datatype: str
    dims: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """What a runtime must know of an ONNX graph before it loads it."""

    opset: int
    domains: tuple[str, ...]
    """Operator sets beyond the standard one, such as `com.microsoft`."""
    precision: tuple[str, ...]
    """Data types of the weights, the most frequent by bytes first."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file that a build made."""

    sha256: str
    size_bytes: int
    graph: Graph | None = None


def describe(path: Path) -> Artifact:
    """Reads one artifact; a file that ends in `.onnx` must be a valid graph.

    Raises:
        onnx.checker.ValidationError: the graph is not valid.
    """
    graph = read_graph(path) if path.suffix == ".onnx" else None
    return Artifact(sha256_of(path), path.stat().st_size, graph)


def read_graph(path: Path) -> Graph:
    """Reads what goes in and out of an ONNX file."""
    onnx.checker.check_model(str(path))  # by path: the checker of bytes stops at 2 GiB
    model = onnx.load(path, load_external_data=False)
    opsets = {opset.domain: opset.version for opset in model.opset_import}
    elements: dict[str, int] = {}
    for tensor in model.graph.initializer:
        datatype = _DATATYPE.get(tensor.data_type, "OTHER")
        width = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
        elements[datatype] = elements.get(datatype, 0) + width * math.prod(tensor.dims)
    constants = {tensor.name for tensor in model.graph.initializer}
    return Graph(
        opset=opsets.get("", 0),
        domains=tuple(sorted(domain for domain in opsets if domain not in ("", "ai.onnx"))),
        precision=tuple(sorted(elements, key=lambda name: (-elements[name], name))),
        inputs=tuple(_tensor(value) for value in model.graph.input if value.name not in constants),
        outputs=tuple(_tensor(value) for value in model.graph.output),
    )


def _tensor(value: ValueInfoProto) -> Tensor:
    kind = value.type.tensor_type
    dims = tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in kind.shape.dim)
    return Tensor(value.name, _DATATYPE.get(kind.elem_type, "OTHER"), dims)
