"""A small builder for ONNX graphs that Triton serves: opset 17, dynamic batch, standard operators only.

The same calls give the same bytes: names are counted, serialisation is deterministic, and nothing of this machine or
this minute is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8  # the one that belongs to opset 17; every runtime that reads the opset reads it
BATCH = "batch"

_SHARED_BYTES = 1024

Dim = int | str
Array = npt.NDArray[Any]

_ELEMENT = {
    "UINT8": TensorProto.UINT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "FP32": TensorProto.FLOAT,
}
"""Triton's names of data types -> ONNX's."""


class GraphBuilder:
    """Collects nodes and constants; values are named by strings."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, datatype: str, *dims: Dim) -> str:
        """An input of the graph; the batch dimension is put before `dims`."""
        self._inputs.append(helper.make_tensor_value_info(name, _ELEMENT[datatype], [BATCH, *dims]))
        return name

    def output(self, name: str, value: str, *dims: Dim) -> None:
        """Names `value` (FP32) as an output of the graph; the batch dimension is put before `dims`."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"{name}/Identity"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *dims]))

    def constant(self, array: Array) -> str:
        """A constant of the graph; equal small arrays (scalars, shapes, axes) share one."""
        array = np.asarray(array, order="C")
        name = f"constant_{len(self._constants)}"
        if array.nbytes < _SHARED_BYTES:
            name = self._shared.setdefault((array.dtype.str, array.shape, array.tobytes()), name)
        self._constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def floats(self, value: float) -> str:
        """A scalar FP32 constant."""
        return self.constant(np.array(value, np.float32))

    def ints(self, *values: int) -> str:
        """A one-dimensional INT64 constant: a shape, axes, or the bounds of a slice."""
        return self.constant(np.array(values, np.int64))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Appends a node with one output and returns that output's name."""
        return self.ops(kind, 1, *inputs, **attributes)[0]

    def ops(self, kind: str, outputs: int, *inputs: str, **attributes: Any) -> tuple[str, ...]:
        """Appends a node with several outputs and returns their names."""
        name = f"{kind}_{len(self._nodes)}"
        names = tuple(name if position == 0 else f"{name}_{position}" for position in range(outputs))
        self._nodes.append(helper.make_node(kind, list(inputs), list(names), name=name, **attributes))
        return names

    def build(self) -> onnx.ModelProto:
        """The checked model, without the nodes and constants that no output needs."""
        needed = {value.name for value in self._outputs}
        nodes = []
        for node in reversed(self._nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                nodes.append(node)
        constants = [tensor for name, tensor in self._constants.items() if name in needed]
        graph = helper.make_graph(nodes[::-1], self._name, self._inputs, self._outputs, constants)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="viva")
        onnx.checker.check_model(model, full_check=True)
        return model

    def save(self, path: Path) -> None:
        """Writes the checked model, byte for byte the same whenever the graph is the same."""
        path.write_bytes(self.build().SerializeToString(deterministic=True))
