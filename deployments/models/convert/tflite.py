"""TFLite -> ONNX for the convolutional nets that MediaPipe ships (FP16 weights, NHWC, one subgraph).

Covers the operators of those nets and refuses any other. Inside the ONNX graph images are NCHW; a value is transposed
back to TFLite's NHWC only where a shape is changed or an output is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from deployments.models.convert.graph import Array, GraphBuilder
from deployments.models.errors import ModelBuildError

_ELEMENT = {0: np.float32, 1: np.float16, 2: np.int32}
"""tflite.TensorType -> numpy, as far as these nets go."""

_OPERATOR = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}

_TO_NCHW = (0, 3, 1, 2)
_TO_NHWC = (0, 2, 3, 1)


def append_tflite(graph: GraphBuilder, path: Path, image: str) -> Mapping[str, str]:
    """Appends the net of a `.tflite` file to `graph`.

    Args:
        graph: receives the nodes.
        path: the `.tflite` file; its one input is an image.
        image: value of that input, FP32 [batch, height, width, channels], already normalised.

    Returns:
        The values of the net's outputs in TFLite's layout, by TFLite's tensor names.

    Raises:
        ModelBuildError: the net has an operator or an option that is not covered.
    """
    return _Net(graph, path).append(image)


class _Net:
    def __init__(self, graph: GraphBuilder, path: Path) -> None:
        self.graph = graph
        self._model = tflite.Model.GetRootAsModel(path.read_bytes(), 0)
        self._net = self._model.Subgraphs(0)
        self._nchw: dict[int, str] = {}
        self._nhwc: dict[int, str] = {}
        self._weights: dict[int, Array] = {}

    def append(self, image: str) -> Mapping[str, str]:
        (source,) = self._net.InputsAsNumpy()
        self._nhwc[int(source)] = image
        for position in range(self._net.OperatorsLength()):
            operator = self._net.Operators(position)
            code = self._model.OperatorCodes(operator.OpcodeIndex())
            # Codes above 127 live in the newer field; the older one then holds a placeholder that is smaller.
            kind = _OPERATOR[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            if kind not in _HANDLERS:
                raise ModelBuildError(f"TFLite operator {kind} is not covered")
            inputs = [int(index) for index in operator.InputsAsNumpy()]
            _HANDLERS[kind](self, operator, inputs, int(operator.OutputsAsNumpy()[0]))
        return {
            self._net.Tensors(int(index)).Name().decode(): self.nhwc(int(index)) for index in self._net.OutputsAsNumpy()
        }

    def shape(self, index: int) -> list[int]:
        """TFLite's shape of a tensor: NHWC with a batch of 1."""
        return [int(size) for size in self._net.Tensors(index).ShapeAsNumpy()]

    def weights(self, index: int) -> Array:
        """A tensor that is a constant of the file, in TFLite's layout; FP16 comes back as stored."""
        if index not in self._weights:
            tensor = self._net.Tensors(index)
            if tensor.Sparsity() is not None:
                raise ModelBuildError("sparse TFLite weights are not covered")
            raw = self._model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
            self._weights[index] = np.frombuffer(raw, _ELEMENT[tensor.Type()]).reshape(self.shape(index))
        return self._weights[index]

    def dequantized(self, index: int, weights: Array) -> None:
        """Lets tensor `index` stand for `weights`."""
        self._weights[index] = weights

    def nchw(self, index: int) -> str:
        """The value of a four-dimensional tensor with channels second."""
        if index not in self._nchw:
            self._nchw[index] = self.graph.op("Transpose", self._nhwc[index], perm=_TO_NCHW)
        return self._nchw[index]

    def nhwc(self, index: int) -> str:
        """The value of a tensor in TFLite's own layout."""
        if index not in self._nhwc:
            self._nhwc[index] = self.graph.op("Transpose", self._nchw[index], perm=_TO_NHWC)
        return self._nhwc[index]

    def put(self, index: int, value: str) -> None:
        """Records the value of a four-dimensional tensor with channels second."""
        self._nchw[index] = value

    def put_tflite(self, index: int, value: str) -> None:
        """Records the value of a tensor in TFLite's own layout."""
        self._nhwc[index] = value

    def activated(self, value: str, activation: int) -> str:
        """`value` after the activation that TFLite fuses into the operator before it."""
        kinds = tflite.ActivationFunctionType
        if activation == kinds.NONE:
            return value
        if activation == kinds.RELU:
            return self.graph.op("Relu", value)
        if activation == kinds.RELU6:
            return self.graph.op("Clip", value, self.graph.floats(0.0), self.graph.floats(6.0))
        raise ModelBuildError(f"TFLite's fused activation {activation} is not covered")

    def pads(
        self, source: int, target: int, kernel: tuple[int, int], stride: tuple[int, int], padding: int
    ) -> list[int]:
        """ONNX's pads (top, left, bottom, right) of TFLite's VALID or SAME; SAME puts the odd pixel at the end."""
        if padding == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        before, after = [], []
        for axis in (0, 1):
            covered = (self.shape(target)[1 + axis] - 1) * stride[axis] + kernel[axis]
            total = max(covered - self.shape(source)[1 + axis], 0)
            before.append(total // 2)
            after.append(total - total // 2)
        return before + after


def _options(operator: Any, kind: Any) -> Any:
    options, table = kind(), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _dequantize(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    net.dequantized(target, net.weights(inputs[0]).astype(np.float32))


def _convolution(net: _Net, operator: Any, inputs: list[int], target: int, depthwise: bool) -> None:
    options = _options(operator, tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
    if (options.DilationHFactor(), options.DilationWFactor()) != (1, 1):
        raise ModelBuildError("dilated TFLite convolutions are not covered")
    # TFLite keeps [1, h, w, channels] for depthwise and [out, h, w, in] for full kernels; ONNX wants [out, in, h, w].
    kernel = net.weights(inputs[1]).transpose((3, 0, 1, 2) if depthwise else _TO_NCHW)
    size, stride = (kernel.shape[2], kernel.shape[3]), (options.StrideH(), options.StrideW())
    value = net.graph.op(
        "Conv",
        net.nchw(inputs[0]),
        net.graph.constant(kernel),
        net.graph.constant(net.weights(inputs[2])),
        kernel_shape=size,
        strides=stride,
        group=net.shape(inputs[0])[3] if depthwise else 1,
        pads=net.pads(inputs[0], target, size, stride, options.Padding()),
    )
    net.put(target, net.activated(value, options.FusedActivationFunction()))


def _conv_2d(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    _convolution(net, operator, inputs, target, depthwise=False)


def _depthwise_conv_2d(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    _convolution(net, operator, inputs, target, depthwise=True)


def _max_pool_2d(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    options = _options(operator, tflite.Pool2DOptions)
    size, stride = (options.FilterHeight(), options.FilterWidth()), (options.StrideH(), options.StrideW())
    pads = net.pads(inputs[0], target, size, stride, options.Padding())
    value = net.graph.op("MaxPool", net.nchw(inputs[0]), kernel_shape=size, strides=stride, pads=pads)
    net.put(target, net.activated(value, options.FusedActivationFunction()))


def _pad(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    pads = net.weights(inputs[1])[list(_TO_NCHW)]  # one row (before, after) a dimension
    net.put(target, net.graph.op("Pad", net.nchw(inputs[0]), net.graph.ints(*pads.T.ravel().tolist())))


def _add(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    value = net.graph.op("Add", net.nchw(inputs[0]), net.nchw(inputs[1]))
    net.put(target, net.activated(value, _options(operator, tflite.AddOptions).FusedActivationFunction()))


def _relu(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    net.put(target, net.graph.op("Relu", net.nchw(inputs[0])))


def _prelu(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    slope = net.weights(inputs[1]).reshape(-1, 1, 1)
    net.put(target, net.graph.op("PRelu", net.nchw(inputs[0]), net.graph.constant(slope)))


def _logistic(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    net.put(target, net.graph.op("Sigmoid", net.nchw(inputs[0])))


def _resize_bilinear(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    options = _options(operator, tflite.ResizeBilinearOptions)
    mode = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
    if options.AlignCorners():
        mode = "align_corners"
    before, after = net.shape(inputs[0]), net.shape(target)
    scales = np.array([1, 1, after[1] / before[1], after[2] / before[2]], np.float32)
    value = net.graph.op(
        "Resize",
        net.nchw(inputs[0]),
        "",
        net.graph.constant(scales),
        mode="linear",
        coordinate_transformation_mode=mode,
    )
    net.put(target, value)


def _reshape(net: _Net, _: Any, inputs: list[int], target: int) -> None:
    shape = net.graph.ints(-1, *net.shape(target)[1:])
    net.put_tflite(target, net.graph.op("Reshape", net.nhwc(inputs[0]), shape))


def _concatenation(net: _Net, operator: Any, inputs: list[int], target: int) -> None:
    axis = _options(operator, tflite.ConcatenationOptions).Axis()
    net.put_tflite(target, net.graph.op("Concat", *(net.nhwc(index) for index in inputs), axis=axis))


_HANDLERS: Mapping[str, Callable[[_Net, Any, list[int], int], None]] = {
    "ADD": _add,
    "CONCATENATION": _concatenation,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "DEQUANTIZE": _dequantize,
    "LOGISTIC": _logistic,
    "MAX_POOL_2D": _max_pool_2d,
    "PAD": _pad,
    "PRELU": _prelu,
    "RELU": _relu,
    "RESHAPE": _reshape,
    "RESIZE_BILINEAR": _resize_bilinear,
}
