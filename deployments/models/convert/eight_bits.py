"""A copy of a graph whose matrix products have weights of 8 bits."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

BLOCK: Final = 32
"""Weights that share a scale. With larger blocks, ONNX Runtime adds the rows of a batch up in another order than a
single row, which moves their last bits."""

_INT8_PRODUCTS: Final = 4  # MatMulNBits' accuracy level at which inputs are brought to 8 bits too, each row by itself
_LEVELS: Final = 255


def write_eight_bits(source: Path, out: Path) -> None:
    """Write `out` from the float32 graph `source`: products with a constant [in, out] become `MatMulNBits`.

    That is ONNX Runtime's own (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). With
    standard operators, all rows of a batch share the scale of their inputs, and so change each other.
    """
    model = onnx.load(source)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.input[1] in constants:
            weight = constants[node.input[1]]
            names = [f"{weight.name}/{part}" for part in ("int8", "scale", "zero")]
            if names[0] not in constants:
                arrays: Iterable[npt.NDArray[Any]] = in_blocks(numpy_helper.to_array(weight))
                for name, array in zip(names, arrays, strict=True):
                    constants[name] = numpy_helper.from_array(array, name)
                    model.graph.initializer.append(constants[name])
            product = helper.make_node(
                "MatMulNBits",
                [node.input[0], *names],
                node.output,
                name=node.name,
                domain="com.microsoft",
                K=weight.dims[0],
                N=weight.dims[1],
                bits=8,
                block_size=BLOCK,
                accuracy_level=_INT8_PRODUCTS,
            )
            node.CopyFrom(product)
    used = {name for node in model.graph.node for name in node.input}
    for tensor in [tensor for tensor in model.graph.initializer if tensor.name not in used]:
        model.graph.initializer.remove(tensor)
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, out)


def in_blocks(
    weight: npt.NDArray[np.float32],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """A weight [in, out] as `MatMulNBits` takes it: values [out, blocks, BLOCK], scales and zero points [out, blocks].

    A weight is (value - zero point) x scale; zero itself is always a level. `in` must be a multiple of BLOCK.
    """
    rows, columns = weight.shape
    blocks = weight.T.reshape(columns, rows // BLOCK, BLOCK)
    low, high = np.minimum(blocks.min(axis=2), 0.0), np.maximum(blocks.max(axis=2), 0.0)
    scale = np.maximum((high - low) / _LEVELS, np.float32(1e-12)).astype(np.float32)
    zero = np.rint(-low / scale).astype(np.uint8)
    values = np.rint(blocks / scale[..., None]) + zero[..., None]
    return np.clip(values, 0, _LEVELS).astype(np.uint8), scale, zero
