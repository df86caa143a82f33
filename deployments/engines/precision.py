"""Precision is put into the graph: TensorRT 11 is strongly typed and computes in the types that it finds."""

from __future__ import annotations

import warnings
from pathlib import Path

import onnx
from onnxruntime.transformers.float16 import DEFAULT_OP_BLOCK_LIST, convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from deployments.engines.recipe import GraphRecipe
from deployments.models.errors import EngineError


def with_precision(source: Path, target: Path, recipe: GraphRecipe) -> None:
    """Write the graph of `source` to `target` with weights and products in `recipe.precision`.

    Inputs and outputs keep their types: the outer model is the same in every precision. Nodes that the recipe keeps
    in float32 get casts around them.

    Raises:
        EngineError: the recipe names a node or a kind of node that the graph does not have, or the graph does not
            convert.
    """
    try:
        model = onnx.load(source)
    except Exception as error:  # protobuf's, of a damaged file
        raise EngineError(f"{source.name}: is no ONNX graph: {' '.join(str(error).split())}") from error
    _known(source, model, recipe)
    if recipe.precision == "fp16":
        try:
            with warnings.catch_warnings():
                # It tells of each weight that is closer to 0 than float16 can say and is rounded.
                warnings.simplefilter("ignore", UserWarning)
                model = convert_float_to_float16(
                    model,
                    keep_io_types=True,
                    op_block_list=[*DEFAULT_OP_BLOCK_LIST, *recipe.fp32_ops],
                    node_block_list=list(recipe.fp32_nodes),
                )
                OnnxModel(model).topological_sort()  # casts come after the nodes that read them
        except Exception as error:  # whatever the converter meets in a graph
            raise EngineError(f"{source.name}: {' '.join(str(error).split())}") from error
    onnx.save(model, target)


def _known(source: Path, model: onnx.ModelProto, recipe: GraphRecipe) -> None:
    for field, named, there in (
        ("fp32_nodes", recipe.fp32_nodes, {node.name for node in model.graph.node}),
        ("fp32_ops", recipe.fp32_ops, {node.op_type for node in model.graph.node}),
    ):
        unknown = sorted(set(named) - there)
        if unknown:
            raise EngineError(f"{source.name}: {field}: the graph has no {', '.join(unknown)}")
